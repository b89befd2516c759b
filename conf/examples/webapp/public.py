# SPDX-License-Identifier: MIT
"""Pages for everybody: registration in both orders, sign-in, codes, forgotten password.

None of them tells whether an address has an account: otpd answers alike, and so do these."""
import re

from flask import g, request, url_for

import emailotp
from signin import PamUnavailable, is_wrong_password, pam_call, still_live
from web import (SERVICE, Problem, app, field, form, go, language, new_session, otpd, page,
                 problem, remember, remembered, rhost, store)

EMAIL_MAX, LOGIN_MAX, PASSWORD_MAX, NAME_MAX = 254, 64, 1024, 128
OVER = {
    emailotp.Expired: "The code has expired.",
    emailotp.Burnt: "The code was entered wrongly too often, and is void.",
    emailotp.NoChallenge: "The code has been used, or replaced by a newer one.",
    emailotp.BadToken: "That took too long, or was done already.",
}
# Where to begin again, by the purpose of a code.
STARTS = {"register": "register", "login": "sign_in", "verify_address": "sign_in",
          "reset": "forgot", "change_password": "change_password",
          "change_address": "change_address"}


@app.get("/")
def home():
    return page("home.html")


def enter(tokens):
    """Signs the browser in, in a new session."""
    leave()
    new_session().sign_in(tokens)
    return go("account")


def leave():
    """Ends the session of otpd's that this browser has, if any."""
    token = g.session and (g.session.refresh or g.session.access)
    if token:
        try:
            otpd.call("Account.Revoke", token=token)
        except emailotp.Error as e:
            app.logger.warning("a session could not be revoked: %s", e)


def ask_code(begun, login, password=None, earlier=None):
    """A code was mailed: on to the page that asks for it."""
    session = store.open(g.name, rhost())
    return go("code", step_id=session.begin(begun, login, password, earlier).id)


# Registration. Code first: the account is made by the last step.

@app.route("/register", methods=["GET", "POST"])
@form("register.html")
def register():
    if request.method == "POST":
        return begin_registration(field("address", EMAIL_MAX, "Please enter your address."))


@app.route("/register/form", methods=["GET", "POST"])
@form("register_form.html")
def register_form():
    """Form first: it waits in otpd, not here, until the code makes the account."""
    if request.method == "POST":
        address = field("address", EMAIL_MAX, "Please enter your address.")
        return begin_registration(address, **account_fields())


def account_fields():
    return {"profile": profile_fields(), "login": field("login", LOGIN_MAX) or None,
            "password": field("password", PASSWORD_MAX, "Please choose a password.")}


def profile_fields():
    return {"name": field("name", NAME_MAX, "Please enter your name."),
            "city": field("city", NAME_MAX), "news": request.form.get("news") == "yes"}


def begin_registration(address, **rest):
    # Sent twice, by an impatient finger or after going back: the code stays good.
    earlier = g.session and g.session.waiting("register", address)
    begun = otpd.call("Account.Register", address=address, language=language(), rhost=rhost(),
                      previous=earlier.challenge if earlier else None, **rest)
    return ask_code(begun, address, earlier=earlier)


@app.route("/register/<step_id>/details", methods=["GET", "POST"])
@form("details.html")
def details(step_id):
    step = step_with_grant(step_id, "register")
    if step is None:
        return over(emailotp.BadToken, "register")
    if request.method != "POST":
        return None
    try:
        tokens = otpd.call("Account.CompleteRegistration", grant=step.grant,
                           language=language(), **account_fields())
    except emailotp.BadToken:
        g.session.end(step_id)
        return over(emailotp.BadToken, "register")
    return enter(tokens)


# Sign-in.

@app.route("/sign-in", methods=["GET", "POST"])
@form("sign_in.html")
def sign_in():
    if request.method != "POST":
        return go("account") if g.session and g.session.account else None
    login = field("login", EMAIL_MAX, "Please enter your e-mail address or user name.")
    password = field("password", PASSWORD_MAX, "Please enter your password.")
    answer = pam_call(SERVICE, login, password, rhost())
    if answer["result"] == 0:  # a step-up not long ago is remembered
        return enter(exchange(answer))
    if is_wrong_password(answer):
        raise Problem("The e-mail address or user name and the password do not match an account.")
    # The module has mailed the code, or cannot. Which of the two, and the numbers for the
    # page, says otpd; nothing is mailed for this.
    begun = otpd.call("Account.Login", login=login, password=password, service=SERVICE,
                      rhost=rhost())
    if begun["state"] != "challenge":
        raise refused_by_pam(answer)
    return ask_code(begun, login, password)


def exchange(answer):
    """The tokens for what PAM gave."""
    if not answer["token"]:
        raise PamUnavailable("PAM gives no receipt: its line of pam_emailotp.so lacks token")
    return otpd.call("Account.Exchange", token=answer["token"])


def refused_by_pam(answer):
    """What the modules of the PAM file said, if anything: it is meant for the user."""
    said = [text for text in answer["said"] if not text.rstrip().endswith(":")]
    return Problem(said[-1] if said else "You cannot sign in now.", status=403)


# The code, whatever it is for.

def step_of(step_id):
    g.step = g.session and g.session.steps.get(step_id)
    return g.step


def step_with_grant(step_id, *purposes):
    step = step_of(step_id)
    return step if step and step.grant and step.purpose in purposes else None


def over(why, start):
    """A step that has ended, with the way to begin again."""
    trouble = Problem(OVER[why], status=410)
    if request.method == "POST":
        remember(url_for("ended"), trouble, {"start": start})
        return go("ended")
    return page("over.html", trouble, start=url_for(start))


@app.get("/ended")
def ended():
    trouble = remembered() or Problem(OVER[emailotp.NoChallenge], status=410)
    return page("over.html", trouble, start=url_for(g.get("typed", {}).get("start", "home")))


@app.get("/code/<step_id>")
def code(step_id):
    step = step_of(step_id)
    if step is None:
        # The other tab was faster.
        if g.session and g.session.account:
            return go("account")
        return over(emailotp.NoChallenge, "home")
    if step.grant:
        return go("details" if step.purpose == "register" else "new_password", step_id=step_id)
    note, step.note = step.note, None
    return page("code.html", note)


@app.post("/code/<step_id>")
def enter_code(step_id):
    """What is wrong is kept for the page that the browser is sent to, so that reloading it
    does not try the code again."""
    step = step_of(step_id)
    if step is None or step.grant:
        return go("code", step_id=step_id)
    if not step.lock.acquire(blocking=False):  # the same form twice
        return go("code", step_id=step_id)
    try:
        return try_code(step, typed_code(step))
    except Problem as e:
        step.note = e
    except tuple(OVER) as e:
        g.session.end(step_id)
        return over(type(e), STARTS[step.purpose])
    except emailotp.WrongCode as e:
        wrong_code(step, e.tries_left)
    except emailotp.RecoveryNeeded as e:
        step.note = Problem("That recovery code is not right." if step.recovery else
                            "The code is right. Please enter one of your recovery codes too.",
                            "recovery")
        step.recovery, step.code, step.tries_left = True, typed_code(step), e.tries_left
    except emailotp.Error as e:
        step.note = problem(e)
    finally:
        step.lock.release()
    return go("code", step_id=step_id)


def typed_code(step):
    """What cannot be the code is not sent, and costs no try."""
    if step.code:
        return step.code
    typed = emailotp.clean_code(field("code", 64))
    letters = step.alphabet == "letters"
    if not re.fullmatch(r"[A-Z0-9]{%d}" % step.length if letters else r"[0-9]{%d}" % step.length,
                        typed, re.ASCII):
        raise Problem("The code has %d %s." % (
            step.length, "letters and digits" if letters else "digits"), "code")
    return typed


def wrong_code(step, tries_left):
    step.tries_left = tries_left
    if tries_left <= 0:
        step.note = Problem("This was the last try. Please have a new code sent.", "code")
        return
    tries = "1 try" if tries_left == 1 else "%d tries" % tries_left
    step.note = Problem("That is not the code of this mail. You have %s left." % tries, "code")


def try_code(step, typed):
    if step.purpose == "login":
        return sign_in_with(step, typed)
    if step.purpose == "verify_address":
        otpd.call("Account.Verify", challenge=step.challenge, code=typed)
        return done(step, "sign_in", "Your address is verified. Please sign in now.")
    answer = otpd.call("Account.Confirm", challenge=step.challenge, code=typed,
                       recovery=field("recovery", 64) or None)
    if answer.get("access_token"):  # the form was there already
        return enter(answer)
    if step.purpose == "change_address":
        return done(step, "sign_in", "Your address is changed. Please sign in with the new one.")
    step.allow(answer["grant"], answer["grant_expires_in"])
    return go("code", step_id=step.id)  # which goes on to the form


def sign_in_with(step, typed):
    """The second call of PAM, which decides."""
    password = (step.password or b"").decode()
    if not password or not still_live(otpd, SERVICE, step, rhost()):
        raise emailotp.NoChallenge("NoChallenge", {})
    answer = pam_call(SERVICE, step.login, password, rhost(), typed, step.reference)
    if answer["result"] == 0:
        tokens = exchange(answer)
        g.session.end(step.id)
        return enter(tokens)
    if still_live(otpd, SERVICE, step, rhost()):
        wrong_code(step, step.tries_left - 1)
        return go("code", step_id=step.id)
    if answer["asked"]:  # the next prompt: so it was wrong, and the last try
        raise emailotp.Burnt("Burnt", {})
    raise refused_by_pam(answer)


def done(step, endpoint, notice):
    """The end of a step that signs nobody in, in a new session."""
    g.session.end(step.id)
    new_session().notice = notice
    return go(endpoint)


@app.post("/code/<step_id>/again")
def send_again(step_id):
    step = step_of(step_id)
    if step is None or step.grant:
        return go("code", step_id=step_id)
    try:
        step.update(otpd.call("Account.Resend", challenge=step.challenge))
        step.note = Problem("A new code is on its way. The earlier one is void.", "sent", 0, 200)
    except tuple(OVER) as e:
        g.session.end(step_id)
        return over(type(e), STARTS[step.purpose])
    except emailotp.Error as e:
        step.note = problem(e)
    return go("code", step_id=step_id)


@app.post("/code/<step_id>/cancel")
def cancel(step_id):
    step = step_of(step_id)
    if step is None:
        return go("home")
    otpd.call("Account.Cancel", challenge=step.challenge)
    g.session.end(step_id)
    return go(STARTS[step.purpose])


# A new password, after a code that allows one.

@app.route("/forgot", methods=["GET", "POST"])
@form("forgot.html")
def forgot():
    if request.method == "POST":
        login = field("login", EMAIL_MAX, "Please enter your e-mail address or user name.")
        begun = otpd.call("Account.RequestReset", login=login, service=SERVICE, rhost=rhost())
        return ask_code(begun, login)


@app.route("/password/<step_id>", methods=["GET", "POST"])
@form("new_password.html")
def new_password(step_id):
    step = step_with_grant(step_id, "reset", "change_password")
    if step is None:
        return over(emailotp.BadToken, "forgot")
    if request.method != "POST":
        return None
    password = field("password", PASSWORD_MAX, "Please choose a password.")
    try:
        otpd.call("Account.SetPassword", grant=step.grant, password=password, rhost=rhost())
    except emailotp.BadToken:
        g.session.end(step_id)
        return over(emailotp.BadToken, STARTS[step.purpose])
    return done(step, "sign_in", "Your new password holds from now on, and you are signed out "
                "everywhere. Please sign in with it.")
