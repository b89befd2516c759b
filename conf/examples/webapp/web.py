# SPDX-License-Identifier: MIT
"""The application object, and what every page has in common: the cookie, protection against
forged requests, headers, and the words for otpd's refusals."""
import functools
import hashlib
import hmac
import os
import pathlib
import re
import secrets
import sys
import time

from flask import Flask, abort, g, redirect, render_template, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # emailotp.py lies there
import emailotp  # noqa: E402
from sessions import Full, Store  # noqa: E402
import signin  # noqa: E402
from signin import PamUnavailable  # noqa: E402

NAME = os.environ.get("SHOP_NAME", "Example Shop")
SERVICE = os.environ.get("SHOP_SERVICE", "shop")  # of PAM, and of the client in otpd.conf
# Without TLS a browser keeps no __Host- cookie. For a test on this machine, and nothing else.
INSECURE = os.environ.get("SHOP_INSECURE") == "1"
COOKIE = "shop" if INSECURE else "__Host-shop"
FORM_COOKIE, FORM_S = COOKIE + "-form", 60
LANGUAGES = ("en", "de", "fr", "es", "pt", "ja")  # that otpd-mail brings words for
HEADERS = {
    # Nothing inline, nothing from elsewhere, in nobody's frame.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 16384
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
if os.environ.get("SHOP_PROXIES"):  # how many proxies stand before us, all of them ours
    proxies = int(os.environ["SHOP_PROXIES"])
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)
otpd = emailotp.Otpd(os.environ.get("SHOP_SOCKET", "/run/otpd/otpd.sock"))
signin.check(SERVICE)
store = Store()
key = secrets.token_bytes(32)  # of the tokens in forms; a new one after each start
forms = URLSafeTimedSerializer(key, salt="form")


def rhost():
    """The browser's address: otpd counts by it, and mails name it."""
    return request.remote_addr or ""


def language():
    return request.accept_languages.best_match(LANGUAGES)


# The cookie, and forged requests.

def csrf_token():
    """Goes into every form. Who can make a browser post cannot read the cookie or a page, and
    so cannot know it. Nothing is stored for it: visitors who only look cost no memory."""
    return hmac.new(key, g.name.encode(), hashlib.sha256).hexdigest()


@app.before_request
def open_session():
    if request.endpoint == "static":
        return
    name = request.cookies.get(COOKIE, "")
    known = re.fullmatch(r"[\w-]{43}", name, re.ASCII)
    g.name = name if known else secrets.token_urlsafe(32)
    g.session = store.find(g.name)
    if request.method in ("GET", "HEAD"):
        return
    given = request.form.get("csrf", "")
    if (not known or request.headers.get("Sec-Fetch-Site") == "cross-site"
            or not hmac.compare_digest(given.encode(), csrf_token().encode())):
        abort(403)


def new_session():
    """Another name for whoever signs in or out, so that a name that somebody else has set or
    seen before is worth nothing (session fixation)."""
    store.end(g.name)
    g.name = secrets.token_urlsafe(32)
    g.session = store.open(g.name)
    return g.session


@app.after_request
def finish(response):
    response.headers.update(HEADERS)
    if not INSECURE:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=300"
        return response
    # The back button must not show a page of somebody who has signed out.
    response.headers["Cache-Control"] = "no-store"
    flags = {"httponly": True, "secure": not INSECURE, "samesite": "Lax"}
    if "name" in g and request.cookies.get(COOKIE) != g.name:
        response.set_cookie(COOKIE, g.name, **flags)
    if "form" in g:
        response.set_cookie(FORM_COOKIE, g.form, max_age=FORM_S if g.form else 0, **flags)
    return response


# Pages.

@app.context_processor
def for_templates():
    notice = None
    if g.get("session"):
        notice, g.session.notice = g.session.notice, None
    return {"shop": NAME, "csrf": csrf_token, "notice": notice, "typed": g.get("typed"),
            "signed_in": bool(g.get("session") and g.session.account)}


@app.template_filter("clock")
def clock(seconds):
    """For people: 9:05, or 3 hours."""
    if seconds >= 7200:
        return f"{-(-seconds // 3600)} hours"
    return f"{seconds // 60}:{seconds % 60:02}"


@app.template_filter("moment")
def moment(seconds):
    return time.strftime("%d %b %H:%M:%S UTC", time.gmtime(seconds))


def go(endpoint, **values):
    """After a post, always: so that reloading and going back post nothing again."""
    return redirect(url_for(endpoint, **values), 303)


class Problem(Exception):
    """What is put to the user: at a field of the form, or above it. wait: seconds."""

    def __init__(self, text, field=None, wait=0, status=422):
        super().__init__(text)
        self.text, self.field, self.wait, self.status = text, field, wait, status


# What each refusal is to the user: text, field, status.
WORDS = {
    emailotp.WrongPassword: ("That is not the right password for this account.", "password", 422),
    emailotp.BadAddress: ("Mail cannot be sent to this address: {reason}.", "address", 422),
    emailotp.BadPassword: ("Please choose another password: {reason}.", "password", 422),
    emailotp.BadLogin: ("Please choose another user name: {reason}.", "login", 422),
    emailotp.BadName: ("Please enter an e-mail address or a user name.", "login", 422),
    emailotp.BadProfile: ("These details cannot be stored: {reason}.", None, 422),
    emailotp.Exists: ("This user name is taken. Please choose another.", "login", 422),
    emailotp.NotAllowed: ("That is not possible here. Please ask our support.", None, 403),
    emailotp.NotVerified: ("The address of this account was never verified.", None, 403),
    emailotp.Disabled: ("This account is disabled. Please ask our support.", None, 403),
    emailotp.MustReset: ("This password must be replaced: use “Forgot password?”.", None, 403),
    emailotp.Throttled: ("Too many codes were asked for. The next is possible in", None, 429),
    emailotp.Locked: ("After too many wrong tries this is locked. Try again in", None, 429),
    emailotp.Busy: ("Many people are signing in just now. Please try again in", None, 503),
    Full: ("Many people are signing in just now. Please try again in", None, 503),
}


def problem(error):
    """The Problem of a refusal; of trouble that the user can do nothing about, one for all."""
    text, field, status = WORDS.get(type(error), (None, None, None))
    if text is None:
        # Errors hold no secret.
        app.logger.error("%s; see emailotp-web(7), When it does not work", error)
        return Problem("That does not work at the moment. Please try again in", wait=10,
                       status=503)
    if isinstance(error, emailotp.Locked) and error.retry_after == 0:
        return Problem("This is locked. Please ask our support.", status=403)
    wait = getattr(error, "retry_after", 0) or (10 if status == 503 else 0)
    return Problem(text.format(reason=getattr(error, "reason", "")), field, wait, status)


def page(template, trouble=None, **values):
    """A page, with what is wrong on it."""
    text = render_template(template, trouble=trouble, **values)
    headers = {"Retry-After": str(trouble.wait)} if trouble and trouble.wait else {}
    return text, trouble.status if trouble else 200, headers


def remember(path, trouble, typed):
    """For the page at path, which the browser is sent to next: what was wrong, and what was
    typed but passwords and codes. In a signed cookie that lives for a minute, so that nobody
    fills our memory with bad forms."""
    kept = {k: v for k, v in typed.items() if k in KEPT and len(v) <= 256}
    g.form = forms.dumps([path, kept, trouble.text, trouble.field, trouble.wait, trouble.status])


KEPT = ("address", "login", "name", "city", "news", "start")


def remembered():
    """The Problem for this page, once; what was typed is g.typed."""
    cookie = request.cookies.get(FORM_COOKIE)
    try:
        path, typed, *what = forms.loads(cookie or "", max_age=FORM_S)
    except BadData:
        return None
    if path != request.path:  # another tab's
        return None
    g.form, g.typed = "", typed
    return Problem(*what)


def form(template):
    """For a function that handles a form. A refusal sends the browser to the form again, so
    that going back or reloading never sends anything twice."""
    def wrap(handle):
        @functools.wraps(handle)
        def handle_form(*arguments, **more):
            if request.method != "POST":
                shown = handle(*arguments, **more)
                return shown if shown is not None else page(template, remembered())
            try:
                return handle(*arguments, **more)
            except (emailotp.Error, PamUnavailable, Full) as e:
                trouble = problem(e)
            except Problem as e:
                trouble = e
            remember(request.path, trouble, request.form)
            return redirect(request.path, 303)
        return handle_form
    return wrap


def field(name, limit, empty=None):
    """A field of the form. empty: what to say if nothing was typed."""
    text = request.form.get(name, "")
    if not name.startswith("password"):
        text = text.strip()
    if not text and empty:
        raise Problem(empty, name)
    if len(text.encode()) > limit or re.search(r"[\x00-\x1f\x7f]", text):
        raise Problem("This is too long, or has characters that cannot be used.", name)
    return text


@app.errorhandler(emailotp.Error)
@app.errorhandler(PamUnavailable)
@app.errorhandler(Full)
def refused(error):
    return page("message.html", problem(error), title="Not now")


@app.errorhandler(HTTPException)
def failed(error):
    words = {403: ("This page has been open for too long",
                   "For your safety nothing was done. Please go back, reload the page and try "
                   "again. Cookies must be allowed."),
             404: ("There is nothing here", "The page may have moved, or the step that it "
                   "belonged to is over."),
             405: ("There is nothing here", "This page is only for forms."),
             413: ("That is too much", "The form is larger than it may be.")}
    title, text = words.get(error.code, ("That did not work", "Please try again later."))
    g.name = g.get("name") or secrets.token_urlsafe(32)
    return render_template("message.html", title=title, text=text), error.code
