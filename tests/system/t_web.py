# SPDX-License-Identifier: MIT
"""The example application in a real browser: rows B1 to B7 and C1 to C5 of what people do
with it, clicked through. tests/web/example.py looks through everything afterwards."""
import concurrent.futures
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
from example import ADDRESS, SECRET, TITLE, Client, Example, expired  # noqa: E402
from lab import check, equal, wrong  # noqa: E402

OTHER = "bob@example.org"
NEXT = "another long horse"


# ---- B: proving an address, opening an account


def registers_code_first(w):
    with Example(w) as shop:
        b = shop.browser
        shop.picture("home")
        b.press("Create an account")
        shop.picture("register")
        b.type(address="nonsense@localhost")
        b.press("Send the code")
        shop.shows("Mail cannot be sent to this address")
        shop.picture("register-bad")
        equal(w.queue(), [], "mails for what is no address")
        b.type(address=ADDRESS)
        b.press("Send the code")
        shop.shows("If %s can receive mail" % ADDRESS)
        shop.picture("register-code")
        code = shop.code()
        shop.enter_code("12345")
        shop.shows("The code has 6 digits.")
        shop.enter_code(wrong(code))
        shop.shows("That is not the code of this mail. You have 4 tries left.")
        shop.picture("register-code-wrong")
        b.reload()  # and it is not tried again
        check("tries left" not in b.text(), "the note stayed")
        shop.enter_code(code[:3] + " " + code[3:])
        shop.at("/register/.*/details")
        shop.picture("register-details")
        b.type(name="Ada Lovelace", password="12345678")
        b.press("Create the account")
        shop.shows("Please choose another password")
        equal(b.value("#name"), "Ada Lovelace", "what was typed")
        equal(b.value("#password"), "", "the password")
        shop.picture("register-details-bad")
        before = shop.cookie()["value"]
        b.type(password=SECRET, login="ada")
        b.press("Create the account")
        shop.at("/account")
        check(shop.cookie()["value"] != before, "the same cookie after signing in")
        shop.shows("Hello, Ada Lovelace", ADDRESS, TITLE, "test.example.org", "pwd, otp")
        shop.picture("account")
        check("elcome" in shop.mailed().message["Subject"], "no welcome")
        b.back()  # where the form was: it is over, and makes no second account
        check(b.path() == "/account" or "over" in b.text(), b.text())
        shop.no_more()


def registers_form_first_and_again_with_the_same_answer(w):
    with Example(w) as shop:
        b = shop.browser
        b.go(shop.url("/register/form"))
        shop.picture("register-form")
        b.type(address=ADDRESS, login="ada", password="short", name="Ada", city="London")
        b.run("document.querySelector('form').noValidate = true")
        b.press("Send the code")
        shop.shows("Please choose another password")
        b.type(password=SECRET)
        b.press("Send the code")
        first = b.text()
        shop.enter_code(shop.code())
        shop.at("/account")
        shop.shows("London")
        shop.mailed()  # welcome
        b.press("Sign out")

        b.go(shop.url("/register/form"))
        b.type(address=ADDRESS, password=SECRET, name="Mallory")
        b.press("Send the code")
        again = re.sub("reference ...", "reference XXX", b.text())
        clocks = r"\d+:\d\d"
        equal(re.sub(clocks, "", again),
              re.sub(clocks, "", re.sub("reference ...", "reference XXX", first)), "the answer")
        notice = shop.mailed()
        check(not re.search(r"(?m)^\s*\d{3}[ -]?\d{3}\s*$", notice.text), "a code in the notice")
        shop.enter_code("000000")
        shop.shows("You have 4 tries left")
        b.press("Cancel")
        shop.at("/register")
        shop.no_more()


def asking_again_keeps_the_code_and_another_can_be_sent(w):
    with Example(w, policy="", env=w.clock()) as shop:
        b = shop.browser
        b.go(shop.url("/register"))
        b.type(address=ADDRESS)
        b.press("Send the code")
        path, code = b.path(), shop.code()
        b.back()
        b.run("document.querySelector('#address').value = ''")
        b.type(address=ADDRESS)
        b.press("Send the code")
        equal(b.path(), path, "the page of the code")
        shop.no_more()

        equal(b.run("[...document.querySelectorAll('button')].find((e) => "
                    "e.textContent === 'Send another').disabled"), True, "disabled")
        shop.shows("Another can be sent in")
        expired(b, 61)  # the page's, but not otpd's
        b.wait("the button", lambda: not b.value("[data-waits-for]", "disabled"))
        b.press("Send another")
        shop.shows("The next is possible in")
        shop.picture("throttled")
        w.set_clock(62)
        expired(b, 3600)
        b.wait("the button", lambda: not b.value("[data-waits-for]", "disabled"))
        b.press("Send another")
        shop.shows("A new code is on its way. The earlier one is void.")
        shop.picture("sent-again")
        newer = shop.code()
        if newer != code:
            shop.enter_code(code)
            shop.shows("tries left")
        shop.enter_code(newer)
        shop.at("/register/.*/details")


def late_and_burnt_codes_end_the_step(w):
    with Example(w, env=w.clock()) as shop:
        b = shop.browser
        b.go(shop.url("/register"))
        b.type(address=ADDRESS)
        b.press("Send the code")
        code = shop.code()
        w.set_clock(601)
        expired(b, 601)
        b.wait("the end of the code", lambda: "The code has expired." in b.text())
        shop.picture("late")
        shop.enter_code(code)
        shop.shows("This step is over", "The code has expired.")
        shop.picture("over")
        b.press("Begin again")
        b.type(address=OTHER)
        b.press("Send the code")
        code = shop.code(OTHER)
        for left in (4, 3, 2):
            shop.enter_code(wrong(code))
            shop.shows("You have %d tries left" % left)
        shop.enter_code(wrong(code))
        shop.shows("You have 1 try left")
        shop.enter_code(wrong(code))
        if "This step is over" not in b.text():
            shop.shows("This was the last try")
            shop.enter_code(code)
        shop.shows("This step is over")


# ---- C: login and password of accounts


def signs_in_through_pam(w):
    with Example(w, env=w.clock()) as shop:
        b = shop.browser
        shop.register(login="ada")
        b.press("Sign out")
        shop.at("/sign-in")
        shop.shows("You are signed out.")
        b.back()
        shop.at("/sign-in")  # and nothing of the account
        shop.picture("sign-in")

        shop.password(password="not the password")
        shop.at("/sign-in")
        known = b.text()
        equal(b.value("#password"), "", "the password")
        shop.picture("sign-in-wrong")
        shop.password(login="nobody@example.org")
        equal(b.text(), known, "the answer to a login that nobody has")
        shop.no_more()

        before = shop.cookie()["value"]
        shop.password()
        shop.at("/code/.*")
        shop.picture("sign-in-code")
        code = shop.code()
        shop.enter_code(wrong(code))
        shop.shows("You have 4 tries left")
        shop.no_more()  # the second call of PAM resumes
        page = b.path()
        shop.enter_code(code)
        shop.at("/account")
        check(shop.cookie()["value"] != before, "the same cookie after signing in")
        shop.no_more()
        b.go(shop.url(page))
        shop.at("/account")  # the code was used
        b.press("Sign out")

        shop.sign_in(login="ada")  # by the user name
        b.press("Sign out")
        shop.password()
        code = shop.code()
        w.set_clock(601)
        shop.enter_code(code)
        shop.shows("This step is over")
        w.settle()
        equal(len(w.mails(ADDRESS)), shop.seen[ADDRESS], "mails after a late code")
        check(any("shop" in line and "pam_emailotp" in line for line in w.syslog),
              "PAM was not asked")


def two_tabs_and_two_people(w):
    with Example(w) as shop:
        b = shop.browser
        shop.register()
        b.press("Sign out")
        first, page = b.session, None
        shop.password()
        page = b.path()
        second = b.tab()
        shop.password()
        equal(b.path(), page, "the second tab's page of the code")
        code = shop.code()
        shop.no_more()
        b.use(first)
        shop.enter_code(code)
        shop.at("/account")
        b.use(second)
        shop.enter_code(code)  # its form is of a session that is over
        shop.shows("This page has been open for too long")
        b.go(shop.url(page))
        shop.at("/account")
        # All renew at once, as tabs do that were asleep: the session lives.
        client = Client(shop)
        client.cookies = {"__Host-shop": shop.cookie()["value"]}
        form = {"csrf": client.csrf("/account")}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            renew = lambda _: client.ask("POST", "/account/refresh", form)[0]
            answers = list(pool.map(renew, range(4)))
        equal([a.headers["Location"] for a in answers], ["/account"] * 4, "answers")
        b.reload()
        shop.at("/account")
        b.press("Renew it now")
        shop.shows("The session has new tokens.")

        b.person()
        shop.register(OTHER)
        shop.shows(OTHER)
        b.use(first)
        b.go(shop.url("/account"))
        shop.shows(ADDRESS)


def forgets_the_password(w):
    with Example(w) as shop:
        b = shop.browser
        shop.register()
        mine = b.session
        b.person()
        b.go(shop.url("/forgot"))
        shop.picture("forgot")
        b.type(login="nobody@example.org")
        b.press("Send the code")
        clean = lambda text: re.sub(r"reference ...|\d+:\d\d|\w+@example.org", "", text)
        nobody = clean(b.text())
        b.go(shop.url("/forgot"))
        b.type(login=ADDRESS)
        b.press("Send the code")
        equal(clean(b.text()), nobody, "the answer to a login that nobody has")
        shop.picture("forgot-code")
        shop.enter_code(shop.code())
        shop.at("/password/.*")
        shop.picture("new-password")
        b.type(password="12345678")
        b.press("Set the password")
        shop.shows("Please choose another password")
        b.type(password=NEXT)
        b.press("Set the password")
        shop.at("/sign-in")
        shop.shows("Your new password holds from now on")
        shop.picture("password-set")
        shop.mailed()  # the notice
        shop.password(password=SECRET)
        shop.shows("do not match an account")
        shop.sign_in(password=NEXT)
        b.use(mine)
        b.go(shop.url("/account"))
        shop.at("/sign-in")
        shop.shows("Your session has ended")
        equal(w.mails("nobody@example.org"), [], "mails to nobody")


def forgets_the_password_where_the_mailbox_is_not_enough(w):
    with Example(w, tenant="reset = recovery") as shop:
        b = shop.browser
        shop.register()
        b.press("New recovery codes")
        shop.picture("recovery-codes")
        codes = b.run("[...document.querySelectorAll('.codes code')].map((e) => e.textContent)")
        equal(len(codes), 10, "codes")
        shop.secrets.update(codes)
        shop.mailed()  # the notice
        b.press("I have them")
        b.press("Sign out")
        b.press("Forgot password?")
        b.type(login=ADDRESS)
        b.press("Send the code")
        code = shop.code()
        shop.enter_code(code)
        shop.shows("The code is right. Please enter one of your recovery codes too.")
        shop.picture("recovery-needed")
        b.type(recovery="AAAA-AAAA-AAAA-AAAA-AAAA")
        b.press("Continue")
        shop.shows("That recovery code is not right.")
        b.type(recovery=codes[3].lower())
        b.press("Continue")
        shop.at("/password/.*")
        b.type(password=NEXT)
        b.press("Set the password")
        shop.mailed()
        shop.sign_in(password=NEXT)
        shop.shows("Recovery codes left\n9")


def changes_password_address_and_details(w):
    with Example(w) as shop:
        b = shop.browser
        shop.register()
        b.press("Change your details")
        shop.picture("details")
        b.type(name="Ada <b>King</b>", city="Zürich")
        b.press("Save")
        shop.shows("Hello, Ada <b>King</b>", "Zürich", "Your details are saved.")

        b.press("Change your password")
        shop.picture("change-password")
        b.type(password="not the password")
        b.press("Send the code")
        shop.shows("That is not the right password for this account.")
        b.type(password=SECRET)
        b.press("Send the code")
        shop.enter_code(shop.code())
        b.type(password=NEXT)
        b.press("Set the password")
        shop.at("/sign-in")
        shop.mailed()
        shop.sign_in(password=NEXT)

        b.press("Change your address")
        shop.picture("change-address")
        b.type(address=OTHER, password=NEXT)
        b.press("Send the code")
        shop.shows("A code is on its way to " + OTHER)
        shop.enter_code(shop.code(OTHER))
        shop.at("/sign-in")
        shop.shows("Your address is changed.")
        shop.mailed()  # the notice to the old one
        shop.password(password=NEXT)
        shop.shows("do not match an account")
        shop.sign_in(login=OTHER, address=OTHER, password=NEXT)
        shop.shows(OTHER, "Zürich")


def signs_out_here_and_everywhere(w):
    with Example(w) as shop:
        b = shop.browser
        shop.register()
        first = b.session
        b.person()
        shop.sign_in()
        shop.shows("Sessions\n2")
        b.press("Sign out everywhere")
        shop.shows("Sessions that ended: 2.")
        b.use(first)
        b.reload()
        shop.at("/sign-in")
        shop.shows("Your session has ended")


def recovery_codes_are_for_who_has_just_signed_in(w):
    with Example(w, tenant="reset = recovery", env=w.clock()) as shop:
        shop.register()
        w.set_clock(1000)
        shop.browser.press("New recovery codes")
        shop.shows("Please sign in again first")


def too_many_wrong_passwords_are_told_with_the_time(w):
    with Example(w, tenant="wrong_passwords_per_hour = 3", env=w.clock()) as shop:
        b = shop.browser
        shop.register()
        b.press("Sign out")
        for i in range(3):  # one that is repeated counts once
            shop.password(password="not the password %d" % i)
            shop.shows("do not match an account")
        shop.password()
        shop.shows("After too many wrong tries this is locked. Try again in")
        check(int(b.value(".countdown", "dataset.seconds") or 0) > 3000, b.text())
        shop.picture("locked")
        shop.mailed()  # told
        shop.no_more()
        w.set_clock(3700)
        shop.sign_in()


def what_an_administrator_has_decided_is_told(w):
    with Example(w, tenant="reset = admin") as shop:
        b = shop.browser
        shop.register()
        w.otpctl("accounts", "disable", ADDRESS)
        b.reload()
        shop.at("/sign-in")
        shop.shows("Your session has ended")
        shop.password()
        shop.shows("This account is disabled.")
        shop.picture("disabled")
        shop.password(password="not the password")
        shop.shows("do not match an account")
        w.otpctl("accounts", "unlock", ADDRESS)
        w.otpctl("accounts", "require-reset", ADDRESS)
        shop.password()
        shop.shows("This password must be replaced")
        shop.no_more()
