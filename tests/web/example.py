# SPDX-License-Identifier: MIT
"""conf/examples/webapp as README says: under its own user, by gunicorn, over TLS; beside it a
browser. When a test has ended, everything that was sent and logged is looked through."""
import http.client
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse

from browser import LOOK, WIDTHS, Browser
from lab import BUILD, ROOT, SANITIZER, Skip, check, equal, free_port
from world import CLIENTS, WEB

PICTURES = BUILD / "pictures-web"
SECRET = "a long horse battery"
ADDRESS = "ada@example.org"
TITLE = "https://shop.example.org"
CONFIG = """
client shop { user = web\n services = { shop }\n tenant = shop\n audience = "%s" }
tenant shop { %%s }
policy shop { tenant = shop\n sends_per_hour = 100\n sends_per_day = 400\n %%s }
""" % TITLE
PAM = "auth required {module} password=account token"
PAM_REST = "account required %s password=account\n"
HEADERS = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff",
           "x-frame-options": "DENY", "referrer-policy": "same-origin",
           "strict-transport-security": "max-age=", "cross-origin-opener-policy": "same-origin"}


def needs():
    if SANITIZER:
        raise Skip("what the browser does is tried on the plain build")
    for program, package in (("chromium", "chromium"), ("gunicorn", "gunicorn")):
        if not shutil.which(program):
            raise Skip("%s is not installed" % package)
    for module, package in (("flask", "python3-flask"), ("PAM", "python3-pam")):
        if subprocess.run(["/usr/bin/python3", "-c", "import " + module],
                          capture_output=True).returncode:
            raise Skip("%s is not installed" % package)


class Example:
    """with Example(w) as shop: shop.browser is at the start page."""

    def __init__(self, w, tenant="", policy="cool_down = 0", env=None):
        needs()
        self.w, self.secrets, self.seen, self.pictures = w, {SECRET}, {}, 0
        w.start(policy=CONFIG % (tenant, policy), users=(), env=env)
        w.pam("shop", PAM, PAM_REST % w.module)
        self.start()
        tempfile.tempdir = str(w.dir)  # what the browser leaves goes with it
        self.browser = Browser()
        self.browser.go(self.url("/"))

    def start(self):
        w = self.w
        for path in (ROOT / "conf/examples").rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                w.write("examples/%s" % path.relative_to(ROOT / "conf/examples"),
                        path.read_text("utf-8"))
        if not (w.dir / "tls.crt").exists():
            w.certificate()
        w.write("web.key", (w.dir / "tls.key").read_text(), 0o400, WEB)
        self.port = free_port()
        self.process = w.spawn(
            "gunicorn", ["gunicorn", "--threads", "8", "--bind", "127.0.0.1:%d" % self.port,
                         "--certfile", w.dir / "tls.crt", "--keyfile", w.dir / "web.key",
                         "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "app:app"],
            cwd=w.dir / "examples/webapp", user=WEB, group=WEB, extra_groups=[CLIENTS],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"})
        w.ready(self.process, lambda: "Booting worker" in w.log("gunicorn"))

    def url(self, path):
        return "https://localhost:%d%s" % (self.port, path)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.look_through()
        finally:
            self.browser.close()

    # Mails.

    def mailed(self, address=ADDRESS):
        """The next mail to this address."""
        self.seen[address] = self.seen.get(address, 0) + 1
        return self.w.wait_mails(self.seen[address], address)

    def code(self, address=ADDRESS):
        code = self.mailed(address).code
        self.secrets.add(code)
        return code

    def no_more(self, address=ADDRESS):
        """No mail came that nobody has looked at."""
        self.w.settle()
        equal(len(self.w.mails(address)), self.seen.get(address, 0), "mails to " + address)

    # What people do all the time.

    def enter_code(self, code):
        self.browser.type(code=code)
        self.browser.press("Continue")

    def register(self, address=ADDRESS, **more):
        b = self.browser
        b.go(self.url("/register/form"))
        b.type(address=address, password=SECRET, name="Ada", **more)
        b.press("Send the code")
        self.enter_code(self.code(address))
        equal(b.path(), "/account", "after the registration")
        self.mailed(address)  # the welcome

    def password(self, login=ADDRESS, password=SECRET):
        self.secrets.add(password)
        self.browser.go(self.url("/sign-in"))
        self.browser.type(login=login, password=password)
        self.browser.press("Continue")

    def sign_in(self, login=ADDRESS, password=SECRET, address=ADDRESS):
        self.password(login, password)
        self.enter_code(self.code(address))
        equal(self.browser.path(), "/account", "after the sign-in")

    def shows(self, *texts):
        for text in texts:
            check(text in self.browser.text(), self.browser.path(), "does not say", repr(text),
                  "but", repr(self.browser.text()))

    def at(self, path):
        check(re.fullmatch(path, self.browser.path()), "at", self.browser.path(), "and not",
              path, "with", repr(self.browser.text()))

    def cookie(self):
        """The browser's cookies, and the one there must be."""
        cookies = self.browser.call("Network.getCookies", urls=[self.url("/")])["cookies"]
        equal([c["name"] for c in cookies], ["__Host-shop"], "cookies")
        return cookies[0]

    # What must hold of every page.

    def picture(self, name):
        """The page in both widths, by day and by night, with what is wrong with it."""
        b, size = self.browser, self.browser.size
        PICTURES.mkdir(parents=True, exist_ok=True)
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                b.look(width, scheme)
                equal(b.run(LOOK), [], "wrong with %s, %s, %s:" % (name, width, scheme))
                if width != "small":
                    b.picture(PICTURES / ("%s.%s.%s.png" % (name, width, scheme)), WIDTHS[width])
        b.look(*size)
        self.pictures += 1

    def look_through(self):
        equal(self.browser.said, [], "what pages complained about")
        self.look_at_headers()
        cookies = {c["value"] for c in self.browser.call("Storage.getCookies")["cookies"]}
        for method, url in self.browser.requests:
            check(url.startswith((self.url("/"), "about:")), "left the site:", url)
            for secret in self.secrets | cookies:
                check(secret not in url, "in a URL:", secret, url)
        long = {s for s in self.secrets | cookies if not s.isdigit()}
        logs = {n: self.w.log(n) for n in ("gunicorn", "otpd", "otpd-mail", "syslog")}
        for name, text in logs.items():
            for secret in long | {ADDRESS if name == "gunicorn" else SECRET}:
                check(secret not in text, "in the log of", name, ":", secret)
            for kind in ("Traceback", r"eyJ[\w-]{20}", r"\br_[\w-]{40}"):  # JWT, refresh token
                check(not re.search(kind, text), kind, "in the log of", name)

    def look_at_headers(self):
        check(self.browser.answers, "no answer was seen")
        for status, headers in self.browser.answers:
            for name, begin in HEADERS.items():
                check(headers.get(name, "").startswith(begin), status, name, headers)
            check("unsafe" not in headers["content-security-policy"], headers)
            check(headers["cache-control"] in ("no-store", "public, max-age=300"), headers)
        for cookie in filter(None, self.browser.cookies_set):
            flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
            equal({f for f in flags if not f.startswith(("expires=", "max-age="))},
                  {"httponly", "secure", "path=/", "samesite=lax"}, cookie)
            check(re.match("__Host-shop(-form)?=", cookie), cookie)


class Client:
    """Requests by hand, over TLS that is not looked at."""

    def __init__(self, shop, source="127.0.0.1"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connect = lambda: http.client.HTTPSConnection(
            "localhost", shop.port, context=context, timeout=30, source_address=(source, 0))
        self.cookies = {}

    def ask(self, method, path, form=None, **headers):
        """The answer and its text; of a form that was refused, those of the form again."""
        if self.cookies:
            headers["Cookie"] = "; ".join("%s=%s" % c for c in self.cookies.items())
        body = urllib.parse.urlencode(form) if form is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self.connect()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status == 303 and answer.headers["Location"] == path:
            return self.ask("GET", path)
        return answer, text

    def csrf(self, path):
        return re.search(r'name="csrf" value="(\w+)"', self.ask("GET", path)[1])[1]


def expired(b, seconds):
    """The clock of the page goes on by so much."""
    b.run("((now) => { Date.now = () => now() + %d; })(Date.now)" % (seconds * 1000))


__all__ = ["ADDRESS", "Client", "Example", "SECRET", "TITLE", "expired", "needs"]
