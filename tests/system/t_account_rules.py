# SPDX-License-Identifier: MIT
"""What a tenant's rules, an administrator and the clock make of accounts, through the real
daemon: tokens = single, who may reset, keys, the ends of sessions, clients beside each other."""
import json
import signal

from lab import Varlink, check, equal, wrong
from shop import CONFIG, RHOST, SECRET, Shop, claims, subject_is, the_account
from world import BOB, CLIENTS, SOCKET, WEB, as_uid

ADDRESS = "ada@example.org"
OTHER = "bob@example.org"
NEXT = "another long horse"
DAY = 86400
TWO = CONFIG % ("", "") + """
client desk { user = bob\n tenant = acme\n purposes = { reset }\n audience = "https://desk.example" }
policy desk { cool_down = 0 }
"""


def _start(w, tenant="", env=None, **more):
    w.start(policy=CONFIG % (tenant, ""), users=(), env=env, **more)
    return Shop(w)


def _restart(w):
    w.stop(w.otpd, signal.SIGKILL)
    w.start_otpd()


def _active(shop, tokens):
    return shop.Introspect(token=tokens["access_token"])["active"]


def _reset(shop, mailed, **confirm):
    begun = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    return shop.Confirm(challenge=begun["challenge"], code=mailed().code, **confirm)["grant"]


def _answer(begun):
    return {k: v for k, v in begun.items() if k not in ("challenge", "reference")}


def _kid(token):
    return claims("x." + token.split(".")[0] + ".x")["kid"]


def _kids(w):
    return [key["kid"] for key in w.call("Account.Keys")["keys"]]


# ---- tokens and sessions


def a_single_token_lives_long_and_ends_with_its_session(w):
    shop = _start(w, "tokens = single\n single_life = 2h", env=w.clock())
    first = shop.register(ADDRESS)
    check("refresh_token" not in first and "refresh_expires_in" not in first, first)
    said = claims(first["access_token"])
    equal((first["expires_in"], said["exp"] - said["iat"]), (7200, 7200), "life")
    equal(shop.refusal("Refresh", refresh_token=first["access_token"]), "BadToken", "")
    second = shop.sign_in(ADDRESS, ADDRESS)
    w.set_clock(7190)
    check(_active(shop, first) and _active(shop, second), "not active")
    shop.Revoke(token=second["access_token"])
    equal((_active(shop, first), _active(shop, second)), (True, False), "after Revoke")
    w.set_clock(7210)
    equal(_active(shop, first), False, "after its time")


def what_is_over_is_refused(w):
    """Each kind of token a little before its end, and behind it."""
    shop = _start(w, env=w.clock())
    begun = shop.Register(address=OTHER, rhost=RHOST)
    grants = [shop.Confirm(challenge=begun["challenge"], code=shop.mailed(OTHER).code)["grant"]]
    tokens = shop.register(ADDRESS)
    grants.append(_reset(shop, lambda: shop.mailed(ADDRESS)))
    begun = shop.Login(login=ADDRESS, password=SECRET, rhost=RHOST)
    receipt = shop.call("Auth.Verify", challenge=begun["challenge"], token=True,
                        code=shop.mailed(ADDRESS).code)["token"]
    equal(claims(receipt)["exp"] - claims(receipt)["iat"], 300, "life of a receipt")
    w.set_clock(310)
    equal(shop.refusal("Exchange", token=receipt), "BadToken", "a receipt")
    w.set_clock(890)
    check(_active(shop, tokens), "an access token, in time")
    equal(shop.refusal("CompleteRegistration", grant=grants[0], password="short"),
          "BadPassword", "a grant, in time")
    equal(shop.refusal("SetPassword", grant=grants[1], password="short"), "BadPassword", "")
    w.set_clock(910)
    equal(_active(shop, tokens), False, "an access token")
    equal(shop.refusal("Show", token=tokens["access_token"]), "BadToken", "an access token")
    equal(shop.refusal("CompleteRegistration", grant=grants[0], password=SECRET), "BadToken",
          "a grant to register")
    equal(shop.refusal("SetPassword", grant=grants[1], password=NEXT), "BadToken",
          "a grant to reset")
    newer = shop.Refresh(refresh_token=tokens["refresh_token"])
    w.set_clock(910 + 14 * DAY + 10)
    equal(shop.refusal("Refresh", refresh_token=newer["refresh_token"]), "BadToken", "")


def another_key_signs_and_the_tokens_of_the_one_before_stay_good(w):
    shop = _start(w)
    before = shop.register(ADDRESS)
    signs, coming = _kids(w)
    equal(_kid(before["access_token"]), signs, "who signs comes first")
    shown = w.otpctl("tokens", "keys").splitlines()
    equal([line.split()[:2] for line in shown[1:]], [[signs, "signs"], [coming, "next"]], shown)
    check(coming in w.otpctl("tokens", "rotate"), "the next key was known")
    _restart(w)
    kids = _kids(w)
    equal((kids[0], kids[2], len(set(kids))), (coming, signs, 3), "after the rotation")
    after = shop.sign_in(ADDRESS, ADDRESS)
    equal(_kid(after["access_token"]), coming, "the key of a new token")
    check(_active(shop, before) and _active(shop, after), "not active")
    equal(len(w.in_audit("token_key_rotated")), 1, "events")


def sessions_end_one_by_one_for_one_account_and_for_all(w):
    shop = _start(w)
    first = shop.register(ADDRESS)
    second = shop.sign_in(ADDRESS, ADDRESS)
    third = shop.register(OTHER)
    shop.Revoke(token=first["refresh_token"])
    _restart(w)
    equal([_active(shop, t) for t in (first, second, third)], [False, True, True], "Revoke")
    equal(shop.RevokeAll(account=second["account"])["sessions"], 1, "RevokeAll")
    equal([_active(shop, t) for t in (second, third)], [False, True], "RevokeAll")
    fourth = shop.sign_in(ADDRESS, ADDRESS)
    w.otpctl("accounts", "logout", ADDRESS)
    equal([_active(shop, t) for t in (fourth, third)], [False, True], "accounts logout")
    begun = shop.RequestReset(login=OTHER, rhost=RHOST)
    grant = shop.Confirm(challenge=begun["challenge"], code=shop.mailed(OTHER).code)["grant"]
    w.otpctl("tokens", "revoke-all", "--yes")
    equal(_active(shop, third), False, "tokens revoke-all")
    equal(shop.refusal("Refresh", refresh_token=third["refresh_token"]), "BadToken", "")
    equal(shop.refusal("SetPassword", grant=grant, password=NEXT), "BadToken", "grants")


# ---- who may reset


def only_whom_an_administrator_allows_it_resets_and_once(w):
    shop = _start(w, "reset = admin")
    tokens = shop.register(ADDRESS)
    nobody = shop.RequestReset(login="nobody@example.org", rhost=RHOST)
    equal(_answer(shop.RequestReset(login=ADDRESS, rhost=RHOST)), _answer(nobody), "answers")
    w.settle()
    equal(len(shop.mails(ADDRESS)), 2, "mails: code and welcome")
    w.otpctl("accounts", "allow-reset", ADDRESS)
    _restart(w)
    grant = _reset(shop, lambda: shop.mailed(ADDRESS))
    shop.SetPassword(grant=grant, password=NEXT)
    equal(_active(shop, tokens), False, "the session")
    subject_is(w, shop.mailed(ADDRESS), "was changed")
    again = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    equal(_answer(again), {**_answer(nobody), "resend_in": again["resend_in"]},
          "again, which was the third of the hour")
    w.settle()
    equal(len(shop.mails(ADDRESS)), 4, "mails: a reset and its notice more")
    shop.sign_in(ADDRESS, ADDRESS, password=NEXT)


def a_recovery_code_is_needed_besides_and_good_once(w):
    shop = _start(w, "reset = recovery")
    tokens = shop.register(ADDRESS)
    codes = shop.RecoveryCodes(token=tokens["access_token"])["codes"]
    equal((len(codes), len(set(codes))), (10, 10), "codes")
    subject_is(w, shop.mailed(ADDRESS), "ecovery codes")
    begun = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    code = shop.mailed(ADDRESS).code
    ask = {"challenge": begun["challenge"], "code": code}
    equal(shop.refusal("Confirm", challenge=begun["challenge"], code=wrong(code),
                       recovery=codes[0]), "WrongCode", "the code comes first")
    _restart(w)
    equal(shop.refusal("Confirm", **ask), "RecoveryNeeded", "none")
    equal(shop.refusal("Confirm", **ask, recovery="CDFG-HJKM-NPQR-TVWX-Y346"),
          "RecoveryNeeded", "a wrong one")
    equal(shop.why["tries_left"], 4, "tries")
    _restart(w)
    grant = shop.Confirm(**ask, recovery=codes[0])["grant"]
    shop.SetPassword(grant=grant, password=NEXT)
    shop.mailed(ADDRESS)  # the notice
    begun = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    ask = {"challenge": begun["challenge"], "code": shop.mailed(ADDRESS).code}
    equal(shop.refusal("Confirm", **ask, recovery=codes[0]), "RecoveryNeeded", "again")
    w.otpctl("accounts", "allow-reset", ADDRESS)
    check(shop.Confirm(**ask)["grant"], "an administrator stands in for it")


def an_account_that_was_made_for_somebody_opens_by_a_reset_only(w):
    shop = _start(w, "registration = no")
    equal(shop.refusal("Register", address=ADDRESS), "NotAllowed", "registration")
    w.otpctl("accounts", "add", ADDRESS, "--login", "ada")
    row, = json.loads(w.otpctl("accounts", "list", "--unverified", "--json"))
    equal((row["verified"], row["has_password"]), (False, False), row)
    for password in (SECRET, "*" * 8):
        equal(shop.refusal("Login", login="ada", password=password), "WrongPassword", password)
    equal(shop.refusal("Status", login="ada"), "NotVerified", "the account phase")
    grant = _reset(shop, lambda: shop.mailed(ADDRESS))
    _restart(w)
    shop.SetPassword(grant=grant, password=SECRET)
    shop.mailed(ADDRESS)
    equal(shop.Status(login="ada")["state"], "verified", "the code has proven the address")
    shop.sign_in("ada", ADDRESS)


# ---- clients beside each other


def clients_of_one_tenant_share_accounts_and_nothing_else(w):
    w.start(policy=TWO, users=())
    shop, desk = Shop(w), Shop(w, BOB)
    begun = shop.Register(address=OTHER, rhost=RHOST)
    code = shop.mailed(OTHER).code
    equal(desk.refusal("Confirm", challenge=begun["challenge"], code=code), "NoChallenge", "")
    grant = shop.Confirm(challenge=begun["challenge"], code=code)["grant"]
    equal(desk.refusal("CompleteRegistration", grant=grant, password=SECRET), "Denied", "")
    tokens = shop.register(ADDRESS)
    for method, asked in (("Register", {"address": "c@example.org"}),
                          ("Login", {"login": ADDRESS, "password": SECRET}),
                          ("ChangePassword", {"login": ADDRESS, "password": SECRET}),
                          ("Show", {"token": tokens["access_token"]}),
                          ("Refresh", {"refresh_token": tokens["refresh_token"]})):
        equal(desk.refusal(method, **asked), "Denied", method + " is none of its purposes")
    begun = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    mine = shop.Confirm(challenge=begun["challenge"], code=shop.mailed(ADDRESS).code)["grant"]
    equal(desk.refusal("SetPassword", grant=mine, password=NEXT), "BadToken", "grant of a shop")
    begun = desk.RequestReset(login=ADDRESS, rhost=RHOST)
    code = shop.mailed(ADDRESS).code
    equal(shop.refusal("Confirm", challenge=begun["challenge"], code=code), "NoChallenge", "")
    equal(shop.refusal("Resend", challenge=begun["challenge"]), "NoChallenge", "")
    grant = desk.Confirm(challenge=begun["challenge"], code=code)["grant"]
    equal(shop.refusal("SetPassword", grant=grant, password=NEXT), "BadToken", "")
    check(_active(shop, tokens), "nothing has changed yet")
    desk.SetPassword(grant=grant, password=NEXT)
    equal(_active(shop, tokens), False, "the session, which was of the other client")


def a_token_of_another_audience_is_none(w):
    w.start(policy=TWO.replace("purposes = { reset }", ""), users=())
    shop, desk = Shop(w), Shop(w, BOB)
    tokens = shop.register(ADDRESS)
    equal(_active(desk, tokens), False, "Introspect")
    for method, asked in (("Show", {"token": tokens["access_token"]}),
                          ("SetProfile", {"token": tokens["access_token"], "profile": {}}),
                          ("RecoveryCodes", {"token": tokens["access_token"]}),
                          ("Revoke", {"token": tokens["access_token"]}),
                          ("Revoke", {"token": tokens["refresh_token"]}),
                          ("Refresh", {"refresh_token": tokens["refresh_token"]})):
        equal(desk.refusal(method, **asked), "BadToken", method)
    begun = shop.Login(login=ADDRESS, password=SECRET, rhost=RHOST)
    receipt = shop.call("Auth.Verify", challenge=begun["challenge"], token=True,
                        code=shop.mailed(ADDRESS).code)["token"]
    equal(desk.refusal("Exchange", token=receipt), "BadToken", "Exchange")
    for token in (tokens["access_token"], tokens["refresh_token"], receipt):
        equal(shop.refusal("Show", token=token + "A"), "BadToken", "what is forged")
    equal(shop.refusal("Exchange", token=tokens["access_token"]), "BadToken", "no receipt")
    equal(shop.refusal("Show", token=receipt), "BadToken", "no access token")
    check(_active(shop, tokens), "all that has ended nothing")
    the_account(shop.Exchange(token=receipt))


def too_many_passwords_at_once_are_told_to_come_again(w):
    w.start(policy=(CONFIG % ("", "")).replace("user = web", "user = web\n connections = 500"),
            extra="max_connections = 600", users=())
    shop = Shop(w)
    shop.register(ADDRESS)

    def flood():
        clients = [Varlink(SOCKET, 120) for _ in range(400)]
        for i, client in enumerate(clients):
            client.send(json.dumps({"method": "org.emailotp.Account.Login", "parameters": {
                "login": "nobody%d@example.org" % i, "password": SECRET}}).encode() + b"\0")
        return [json.loads(client.receive()) for client in clients]
    said = as_uid(WEB, flood, groups=[CLIENTS])
    names = {s.get("error", "").rpartition(".")[2] for s in said}
    equal(names, {"WrongPassword", "Busy"}, names)
    check(all(s["parameters"]["retry_after"] >= 1 for s in said if s["error"].endswith("Busy")),
          "no retry_after")
    shop.sign_in(ADDRESS, ADDRESS)


def mails_are_in_the_name_and_language_of_the_tenant(w):
    shop = _start(w, "language = de", mail_options="""tenant acme {
from = "shop@acme.example"\n from_name = "Acme Laden"\n organisation = "Acme & Co"\n colour = "#a00040" }""")
    begun = shop.Register(address=ADDRESS, rhost=RHOST)
    mail = shop.mailed(ADDRESS)
    equal(mail.message["From"], "Acme Laden <shop@acme.example>", "sender")
    html = mail.message.get_body(("html",)).get_content()
    check("Acme & Co" in mail.text and "Acme &amp; Co" in html, mail.text)
    check("#a00040" in html.lower(), "colour")
    check("Guten Tag" in mail.text and "Gültig für" in mail.text, mail.text)
    grant = shop.Confirm(challenge=begun["challenge"], code=mail.code)["grant"]
    shop.CompleteRegistration(grant=grant, password=SECRET, language="fr")
    welcome = shop.mailed(ADDRESS)
    equal(welcome.message["From"], "Acme Laden <shop@acme.example>", "sender")
    check("Bonjour" in welcome.text, "not in the language of the account:", welcome.text)
