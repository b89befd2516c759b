# SPDX-License-Identifier: MIT
"""The example application before those who do not click through its pages as they were meant:
forged and odd requests, no scripts, keyboards and readers of pages aloud."""
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
from browser import LOOK, Browser  # noqa: E402
from example import ADDRESS, PAM, PAM_REST, Client, Example, expired, needs  # noqa: E402
from lab import ROOT, check, equal  # noqa: E402

OTHER = "bob@example.org"


def forged_requests_do_nothing(w):
    with Example(w) as shop:
        shop.register()
        cookie = shop.cookie()
        mine = {"__Host-shop": cookie["value"]}
        client, stranger = Client(shop), Client(shop)
        foreign = stranger.csrf("/register")
        client.cookies = dict(mine)
        own = client.csrf("/account")
        for path in ("/sign-out", "/account/refresh", "/account/recovery", "/account/profile",
                     "/sign-out-everywhere", "/register", "/sign-in", "/forgot"):
            for form in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": own[:-1]},
                         {"csrf": "ö" * 64}):
                client.cookies = dict(mine)
                answer, text = client.ask("POST", path, {**form, "address": OTHER})
                equal(answer.status, 403, path + " " + json.dumps(form))
            answer, _ = client.ask("POST", path, {"csrf": own}, **{"Sec-Fetch-Site": "cross-site"})
            equal(answer.status, 403, path + " from another site")
            equal(client.ask("GET", path)[0].status < 500, True, path)
        equal(w.mails(OTHER), [], "mails")
        shop.browser.reload()
        shop.at("/account")  # still there
        # A name that somebody else has chosen is not the name of a session.
        fixed = Client(shop)
        fixed.cookies = {"__Host-shop": "A" * 43}
        fixed.ask("POST", "/register", {"csrf": fixed.csrf("/register"), "address": OTHER})
        equal(fixed.cookies["__Host-shop"], "A" * 43, "before signing in")
        page = fixed.ask("GET", "/account")[0]
        equal(page.status, 303, "the account of a made-up name")


def requests_out_of_the_ordinary_get_plain_answers(w):
    with Example(w) as shop:
        client = Client(shop)
        csrf = client.csrf("/sign-in")
        ask = lambda **form: client.ask("POST", "/sign-in", {"csrf": csrf, **form})[0].status
        equal(ask(), 422, "nothing")
        equal(ask(login="a\0b", password="x"), 422, "a NUL")
        equal(ask(login="x" * 300, password="x"), 422, "a long login")
        equal(ask(login="ada", password="x" * 1025), 422, "a long password")
        equal(ask(login="ö" * 20, password="\U0001f40e" * 9), 422, "other letters")
        equal(ask(login="-", password="x" * 17000), 413, "a long form")
        for path in ("/nothing", "/code/..%2f..%2fetc", "/code/x", "/password/x",
                     "/register/x/details", "/static/../app.py", "/static/app.py"):
            check(client.ask("GET", path)[0].status in (404, 410), path)
        equal(client.ask("GET", "/sign-out")[0].status, 405, "signing out by a link")
        # otpd is gone: it is said, and nobody gets in.
        w.stop(w.otpd)
        shop.browser.go(shop.url("/register"))
        shop.browser.type(address=ADDRESS)
        shop.browser.press("Send the code")
        shop.shows("That does not work at the moment.")
        shop.picture("unavailable")
        equal(ask(login="ada", password="x"), 503, "without otpd")


def a_crowd_from_one_host_keeps_no_other_out(w):
    with Example(w) as shop:
        client = Client(shop)
        csrf = client.csrf("/sign-in")
        nobody = dict(client.cookies)
        for _ in range(150):  # nothing is kept of those
            client.cookies = dict(nobody)
            equal(client.ask("POST", "/sign-out", {"csrf": csrf})[0].status, 303, "signing out")

        def forgot(login, source):
            one = Client(shop, source)
            csrf = one.csrf("/forgot")
            return one.ask("POST", "/forgot", {"csrf": csrf, "login": login})[0].status

        for n in range(100):  # one mail's worth of a budget: the rest goes on with the first
            equal(forgot("nobody", "127.0.0.1"), 303, "browser %d of the host" % n)
        equal(forgot("nobody", "127.0.0.1"), 503, "one too many")
        equal(forgot("somebody", "127.0.0.2"), 303, "another host")


def what_the_administrator_forgot_is_said(w):
    with Example(w) as shop:
        shop.register()
        shop.browser.press("Sign out")
        w.pam("shop", PAM.replace(" token", ""), PAM_REST % w.module)
        shop.password()
        shop.enter_code(shop.code())
        shop.shows("That does not work at the moment. Please try again in")
        check("lacks token" in w.log("gunicorn"), w.log("gunicorn"))
    (w.dir / "etc/pam.d/shop").unlink()
    done = subprocess.run(["/usr/bin/python3", "-B", "-c", "import app"], capture_output=True,
                          text=True, cwd=ROOT / "conf/examples/webapp")
    equal(done.returncode, 1, "without a PAM file")
    check("/etc/pam.d/shop is missing" in done.stderr, done.stderr)


def works_without_scripts(w):
    with Example(w) as shop:
        b = shop.browser
        b.call("Emulation.setScriptExecutionDisabled", value=True)
        shop.register()
        equal(b.has(".reveal"), False, "scripts ran")
        b.press("Sign out")
        shop.password()
        shop.shows("The code is good for")
        check(re.search(r"good for\s+(10:00|9:\d\d)", b.text()), b.text())
        b.press("Send another")
        shop.mailed()
        shop.enter_code(shop.code())
        shop.at("/account")


def people_with_their_hands_on_the_keyboard(w):
    """What a reader of pages aloud, and the keyboard, find."""
    with Example(w) as shop:
        b = shop.browser
        b.go(shop.url("/sign-in"))
        key = lambda name: [b.call("Input.dispatchKeyEvent", type=t, key=name, code=name,
                                   windowsVirtualKeyCode=9) for t in ("keyDown", "keyUp")]
        order = []
        for _ in range(9):
            key("Tab")
            order.append(b.run("document.activeElement.name || "
                               "document.activeElement.textContent.trim()"))
            outline = b.run("getComputedStyle(document.activeElement).outlineStyle")
            check(outline == "solid" or order[-1] == "", "no focus is seen at", order[-1])
        equal(order[:1], ["To the content"], "the first stop")
        inner = [o for o in order if o in ("login", "password", "Show", "Continue")]
        equal(inner, ["login", "password", "Show", "Continue"], "the order")
        shop.register()
        b.press("Sign out")
        shop.password()
        equal(b.value("#code", "autocomplete"), "one-time-code", "autocomplete")
        equal(b.value("#code", "inputMode"), "numeric", "inputmode")
        equal(b.run("document.activeElement.id"), "code", "the field in focus")
        equal(b.value("#spoken", "ariaLive"), "polite", "aria-live")
        expired(b, 571)
        b.wait("the time to be spoken", lambda: b.value("#spoken", "textContent"))
        check(re.search(r"good for 0:\d\d", b.value("#spoken", "textContent")),
              b.value("#spoken", "textContent"))
        b.go(shop.url("/sign-in"))
        b.type(login="x", password="y")
        b.run("document.querySelector('.reveal').click()")
        equal(b.value("#password", "type"), "text", "the password that is shown")


# A page with every fault that the rules for pages must find.
_BAD = """<!DOCTYPE html><html><body style="background:#fff;margin:0"><h1>a</h1><h1>b</h1>
<p style="color:#888">pale</p><p style="font-size:9px">tiny</p>
<p style="white-space:nowrap;width:90px;overflow:hidden">%s</p><p style="width:2000px">wide</p>
<input name="plain" id="twice"><input name="described" aria-describedby="nobody" id="twice"
style="border:1px solid #eee;color:#aaa;font-size:12px"><button style="width:9px;padding:0">
</button></body></html>""" % ("long " * 40)
_SAYS = ("the page is 2000 wide", "contrast 3.54", "small: ", "overflows: ", "no label: plain",
         "no autocomplete: plain", "contrast of what is typed: described",
         "contrast of the border: described", "a phone would zoom in at described",
         "described by nothing: described", "too small to hit", "a button says nothing",
         "no heading, title or language", "an id stands twice", "something stands in the page")


def the_rules_for_pages_find_every_fault(w):
    needs()
    page = w.write("bad.html", _BAD)
    browser = Browser()
    try:
        browser.go("file://%s" % page)
        found = browser.run(LOOK)
    finally:
        browser.close()
    for what in _SAYS:
        check(any(text.startswith(what) for text in found), what, "is not in", found)
