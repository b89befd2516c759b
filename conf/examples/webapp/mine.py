# SPDX-License-Identifier: MIT
"""Pages for who is signed in. Every one of them has the access token checked by otpd, which
knows at once of a session that was ended, by whomever and wherever."""
import functools
import time

from flask import g, request

import emailotp
from public import EMAIL_MAX, PASSWORD_MAX, ask_code, leave, profile_fields
from web import Problem, app, field, form, go, new_session, otpd, page, rhost


def renew(session):
    """The next pair of tokens. One request at a time: a refresh token that comes twice ends
    the session, since otpd cannot tell two tabs from a thief. If the answer is lost on its
    way, it cannot either, and the user signs in again."""
    if not session.refresh:
        raise emailotp.BadToken("BadToken", {})
    session.sign_in(otpd.call("Account.Refresh", refresh_token=session.refresh))


def checked_claims(session):
    """The claims of a good access token; a new one shortly before the old one ends."""
    with session.lock:
        if session.refresh and session.access_ends_at - time.monotonic() < 30:
            renew(session)
        try:
            return otpd.claims(session.access)
        except emailotp.BadToken:
            renew(session)  # it has expired, if the session has not ended
            return otpd.claims(session.access)


def signed_in(handle):
    @functools.wraps(handle)
    def handle_signed_in(*arguments, **more):
        if not (g.session and g.session.account):
            return go("sign_in")
        try:
            g.claims = checked_claims(g.session)
            return handle(*arguments, **more)
        except emailotp.BadToken:
            return out("Your session has ended. Please sign in again.")
    return handle_signed_in


def out(notice):
    new_session().notice = notice
    return go("sign_in")


def show():
    """The account, for the handler and its template."""
    g.account = otpd.call("Account.Show", token=g.session.access)["account"]
    return g.account


@app.get("/account")
@signed_in
def account():
    show()
    left = {"access": max(0, round(g.session.access_ends_at - time.monotonic())),
            "session": max(0, round(g.session.ends_at - time.monotonic()))}
    return page("account.html", left=left, renewable=bool(g.session.refresh))


@app.post("/account/refresh")
@signed_in
def refresh():
    with g.session.lock:
        renew(g.session)
    g.session.notice = "The session has new tokens."
    return go("account")


@app.route("/account/profile", methods=["GET", "POST"])
@signed_in
@form("profile.html")
def profile():
    show()
    if request.method == "POST":
        # What other parts of the shop keep there stays.
        otpd.call("Account.SetProfile", token=g.session.access,
                  profile={**g.account["profile"], **profile_fields()})
        g.session.notice = "Your details are saved."
        return go("account")


@app.route("/account/password", methods=["GET", "POST"])
@signed_in
@form("change_password.html")
def change_password():
    show()
    if request.method == "POST":
        password = field("password", PASSWORD_MAX, "Please enter your present password.")
        begun = otpd.call("Account.ChangePassword", login=g.account["address"],
                          password=password, rhost=rhost())
        return ask_code(begun, g.account["address"])


@app.route("/account/address", methods=["GET", "POST"])
@signed_in
@form("change_address.html")
def change_address():
    show()
    if request.method == "POST":
        address = field("address", EMAIL_MAX, "Please enter the new address.")
        password = field("password", PASSWORD_MAX, "Please enter your password.")
        if address == g.account["address"]:
            raise Problem("This is your address already.", "address")
        begun = otpd.call("Account.ChangeAddress", login=g.account["address"],
                          password=password, address=address, rhost=rhost())
        return ask_code(begun, address)


@app.post("/account/recovery")
@signed_in
def recovery():
    """The codes are told only now, and kept nowhere: so this page is the answer to the post
    itself, and reloading it makes others."""
    try:
        codes = otpd.call("Account.RecoveryCodes", token=g.session.access,
                          rhost=rhost())["codes"]
    except emailotp.NotAllowed:  # the sign-in is longer ago than 15 minutes
        return page("message.html", title="Please sign in again first",
                    text="New recovery codes are given only shortly after a sign-in. Sign out, "
                    "sign in, and come back.")
    return page("recovery.html", codes=codes)


@app.post("/sign-out")
def sign_out():
    if not g.session:  # nobody's: no new session for it, or strangers could make them all
        return go("sign_in")
    leave()
    return out("You are signed out.")


@app.post("/sign-out-everywhere")
@signed_in
def sign_out_everywhere():
    ended = otpd.call("Account.RevokeAll", account=g.session.account)["sessions"]
    return out("You are signed out everywhere. Sessions that ended: %d." % ended)
