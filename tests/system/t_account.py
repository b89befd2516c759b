# SPDX-License-Identifier: MIT
"""Accounts of a web application over the socket and through PAM: rows B1 to B7 and C1 to C5
of what people do with it, with real mails, real restarts and the real uid of a web server."""
import json
import pathlib
import signal
import subprocess

from lab import Refused, Terminal, Varlink, check, equal, wait_for, wrong
from shop import CONFIG, RHOST, SECRET, Shop, claims, subject_is, the_account
from world import BOB, CLIENTS, SOCKET, WEB, as_uid

ADDRESS = "ada@example.org"
OTHER = "bob@example.org"
NEXT = "another long horse"
THREADS = 64
PAM = "auth required {module} password=account token debug"
PAM_REST = ("account required {0} password=account debug\n"
            "password required {0} password=account debug\n")


def _start(w, tenant="", policy="", env=None):
    w.start(policy=CONFIG % (tenant, policy), users=(), env=env)
    return Shop(w)


def _restart(w):
    """As after a crash: nothing that was answered may be lost."""
    w.stop(w.otpd, signal.SIGKILL)
    w.start_otpd()


def _host(w, user, *operations):
    """A PAM application of the web server's user."""
    return Terminal(["setpriv", "--reuid=%d" % WEB, "--regid=%d" % WEB,
                     "--groups=%d" % CLIENTS, "/usr/bin/python3", str(w.host), "shop", user,
                     "-h", RHOST, *operations])


def _pam(w):
    source = __file__.replace("t_account.py", "pamhost.py")
    w.host = w.write("pamhost.py", open(source, encoding="utf-8").read())
    w.pam("shop", PAM, PAM_REST.format(w.module))


# ---- B: proving an address, opening an account


def code_first_then_the_form_with_a_crash_between_any_two_steps(w):
    shop = _start(w)
    begun = shop.Register(address=ADDRESS, rhost=RHOST)
    _restart(w)
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword", "before")
    mail = shop.mailed(ADDRESS)
    subject_is(w, mail, "register")
    equal(shop.refusal("Confirm", challenge=begun["challenge"], code=wrong(mail.code)),
          "WrongCode", "a wrong code")
    equal(shop.why["tries_left"], 4, "tries")
    _restart(w)
    grant = shop.Confirm(challenge=begun["challenge"], code=mail.code)
    equal(grant["purpose"], "register", "purpose")
    check(0 < grant["grant_expires_in"] <= 900 and "account" not in grant, grant)
    equal(shop.refusal("Confirm", challenge=begun["challenge"], code=mail.code), "NoChallenge",
          "the code again")
    _restart(w)
    for form, error in (({"password": "short"}, "BadPassword"),
                        ({"password": "password123"}, "BadPassword"),
                        ({"password": ADDRESS}, "BadPassword"),
                        ({"password": SECRET, "login": "a@b"}, "BadLogin"),
                        ({"password": SECRET, "profile": {"x": "y" * 4100}}, "BadProfile")):
        equal(shop.refusal("CompleteRegistration", grant=grant["grant"], **form), error,
              json.dumps(form)[:60])
    done = shop.CompleteRegistration(grant=grant["grant"], password=SECRET, login="Ada",
                                     profile={"size": 7, "name": "Ada \u00c4"})
    account = the_account(done)
    equal(shop.refusal("CompleteRegistration", grant=grant["grant"], password=SECRET),
          "BadToken", "the grant again")
    _restart(w)
    shown = shop.Show(token=done["access_token"])["account"]
    equal((shown["account"], shown["address"], shown["login"], shown["verified"]),
          (account, ADDRESS, "ada", True), "the account")
    equal(shown["profile"], {"size": 7, "name": "Ada \u00c4"}, "profile")
    subject_is(w, shop.mailed(ADDRESS), "Welcome")
    equal(w.call("Admin.Status")["pending_registrations"], 0, "what still waits")


def form_first_then_the_code(w):
    shop = _start(w)
    first = shop.Register(address=ADDRESS, password=SECRET, profile={"n": 1}, rhost=RHOST)
    _restart(w)
    again = shop.Register(address=ADDRESS, password=NEXT, profile={"n": 2}, rhost=RHOST,
                          previous=first["challenge"])
    equal((again["challenge"], again["resumed"]), (first["challenge"], True), "resumed")
    code = shop.mailed(ADDRESS).code
    w.settle()
    equal(len(shop.mails(ADDRESS)), 1, "mails")
    done = shop.Confirm(challenge=first["challenge"], code=code)
    the_account(done)
    equal(claims(done["access_token"])["aud"], "https://shop.example", "aud")
    equal(shop.Show(token=done["access_token"])["account"]["profile"], {"n": 2}, "profile")
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword",
          "the password that was replaced")
    shop.mailed(ADDRESS)
    shop.sign_in(ADDRESS, ADDRESS, password=NEXT)


def asking_again_from_elsewhere_kills_the_earlier_code(w):
    shop = _start(w)
    first = shop.Register(address=ADDRESS, password=SECRET, rhost=RHOST)
    old = shop.mailed(ADDRESS).code
    second = shop.Register(address=ADDRESS, password=NEXT, rhost="198.51.100.9")
    check(second["challenge"] != first["challenge"], "a stranger resumed")
    new = shop.mailed(ADDRESS).code
    check(shop.refusal("Confirm", challenge=first["challenge"], code=old) in
          ("NoChallenge", "WrongCode"), "the old code")
    check(shop.refusal("Confirm", challenge=first["challenge"], code=new) in
          ("NoChallenge", "WrongCode"), "the new code with the old challenge")
    the_account(shop.Confirm(challenge=second["challenge"], code=new))


def an_address_that_is_taken_gets_the_same_answer_and_its_owner_a_mail(w):
    shop = _start(w)
    shop.register(ADDRESS)
    taken = shop.Register(address="ADA@example.org", password=NEXT, rhost=RHOST)
    fresh = shop.Register(address=OTHER, password=NEXT, rhost=RHOST)
    varies = ("challenge", "reference")
    equal({k: v for k, v in taken.items() if k not in varies},
          {k: v for k, v in fresh.items() if k not in varies}, "the two answers")
    subject_is(w, shop.mailed(ADDRESS), "already")
    for code in ("000000", "123456"):
        equal(shop.refusal("Confirm", challenge=taken["challenge"], code=code), "WrongCode",
              "a code")
    shop.sign_in(ADDRESS, ADDRESS)
    equal(shop.refusal("Login", login=ADDRESS, password=NEXT), "WrongPassword",
          "the password of the stranger")


def ten_thousand_registrations_of_one_address_cost_three_mails(w):
    shop = _start(w, policy="")
    shop.register(OTHER)
    for address, before in ((ADDRESS, 0), (OTHER, 2)):
        def ask(address=address):
            said = {}
            with Varlink(SOCKET) as otpd:
                for _ in range(5000):
                    try:
                        otpd.call("org.emailotp.Account.Register", address=address,
                                  rhost="192.0.2.99")
                        name = "answered"
                    except Refused as refused:
                        name = refused.name
                    said[name] = said.get(name, 0) + 1
            return said
        said = as_uid(WEB, ask, groups=[CLIENTS])
        w.settle()
        check(len(w.mails(address)) - before <= 3, address, said, len(w.mails(address)))
        equal(said.get("Throttled", 0) + said.get("answered", 0), 5000, said)


def what_is_malformed_is_refused_before_anything_is_stored(w):
    shop = _start(w)
    for address in ("", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\n",
                    "ada@example..org", "a" * 65 + "@example.org"):
        check(shop.refusal("Register", address=address) in ("BadAddress", "InvalidParameter"),
              repr(address))
    for profile in ([], "x", 7, {"a": {"b": {"c": {"d": {"e": {"f": {"g": {
            "h": {"i": 1}}}}}}}}}, {"x": "y" * 5000}):
        check(shop.refusal("Register", address=ADDRESS, password=SECRET, profile=profile) in
              ("BadProfile", "InvalidParameter"), json.dumps(profile)[:60])
    for code in ("", "12345", "1234567", "abcdef", "12 456", "１２３４５６"):
        check(shop.refusal("Confirm", challenge="0" * 32, code=code) in
              ("NoChallenge", "WrongCode", "InvalidParameter"), repr(code))
    equal(len(w.queue()), 0, "mails")
    equal(w.call("Admin.Status")["pending_registrations"], 0, "what waits")


def who_never_verifies_vanishes(w):
    shop = _start(w, "pending = 10m", env=w.clock())
    begun = shop.Register(address=ADDRESS, password=SECRET, rhost=RHOST)
    code = shop.mailed(ADDRESS).code
    equal(w.call("Admin.Status")["pending_registrations"], 1, "what waits")
    w.set_clock(601)
    check(shop.refusal("Confirm", challenge=begun["challenge"], code=code) in
          ("Expired", "NoChallenge"), "too late")
    wait_for("the pending record to vanish", lambda: w.call("Admin.Status")
             ["pending_registrations"] == 0, limit=90)
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword", "no account")


# ---- C: signing in, sessions, passwords


def signing_in_over_the_socket_and_staying_signed_in(w):
    shop = _start(w)
    account = the_account(shop.register(ADDRESS, login="ada"))
    _restart(w)
    equal(shop.refusal("Login", login=ADDRESS, password="not this one"), "WrongPassword", "")
    equal(shop.refusal("Login", login="nobody@example.org", password="x" * 8),
          "WrongPassword", "nobody")
    begun = shop.Login(login="ADA", password=SECRET, rhost=RHOST)
    _restart(w)
    again = shop.Login(login=ADDRESS, password=SECRET, rhost=RHOST)
    equal((again["challenge"], again["resumed"]), (begun["challenge"], True), "resumed")
    code = shop.mailed(ADDRESS).code
    _restart(w)
    signed_in = shop.Verify(challenge=begun["challenge"], code=code)
    equal(the_account(signed_in), account, "account")
    said = claims(signed_in["access_token"])
    equal((said["iss"], said["aud"], said["amr"], said["tenant"]),
          ("test.example.org", "https://shop.example", ["pwd", "otp"], "acme"), "claims")
    equal(said["exp"] - said["iat"], 900, "life")
    check(shop.Introspect(token=signed_in["access_token"])["active"], "not active")
    _restart(w)
    second = shop.Refresh(refresh_token=signed_in["refresh_token"])
    check(second["refresh_token"] != signed_in["refresh_token"], "not rotated")
    _restart(w)
    third = shop.Refresh(refresh_token=second["refresh_token"])
    equal(shop.refusal("Refresh", refresh_token=second["refresh_token"]), "BadToken", "reuse")
    equal(shop.refusal("Refresh", refresh_token=third["refresh_token"]), "BadToken",
          "the family after a reuse")
    equal(shop.Introspect(token=third["access_token"])["active"], False, "after the reuse")


def two_who_refresh_at_once_end_the_session(w):
    shop = _start(w)
    tokens = shop.register(ADDRESS)

    def both():
        frame = json.dumps({"method": "org.emailotp.Account.Refresh", "parameters": {
            "refresh_token": tokens["refresh_token"]}}).encode() + b"\0"
        with Varlink(SOCKET) as one, Varlink(SOCKET) as two:
            one.send(frame)
            two.send(frame)
            return [json.loads(c.receive()) for c in (one, two)]
    said = as_uid(WEB, both, groups=[CLIENTS])
    equal(sorted("error" in s for s in said), [False, True], said)
    good = next(s["parameters"] for s in said if "error" not in s)
    equal(shop.refusal("Refresh", refresh_token=good["refresh_token"]), "BadToken", "family")
    check(w.in_audit("session_reused"), "no record")


def a_forgotten_password_is_reset_and_every_session_ends(w):
    shop = _start(w)
    tokens = shop.register(ADDRESS)
    nobody = shop.RequestReset(login="nobody@example.org", rhost=RHOST)
    begun = shop.RequestReset(login=ADDRESS, rhost=RHOST)
    varies = ("challenge", "reference")
    equal({k: v for k, v in nobody.items() if k not in varies},
          {k: v for k, v in begun.items() if k not in varies}, "the two answers")
    _restart(w)
    mail = shop.mailed(ADDRESS)
    subject_is(w, mail, "reset")
    equal(shop.refusal("Verify", challenge=begun["challenge"], code=mail.code), "NoChallenge",
          "a code of another purpose")
    equal(shop.refusal("Confirm", challenge=nobody["challenge"], code=mail.code), "WrongCode",
          "another's challenge")
    grant = shop.Confirm(challenge=begun["challenge"], code=mail.code)["grant"]
    _restart(w)
    equal(shop.refusal("SetPassword", grant=grant, password="12345678"), "BadPassword", "")
    shop.SetPassword(grant=grant, password=NEXT)
    equal(shop.refusal("SetPassword", grant=grant, password=SECRET), "BadToken", "again")
    equal(shop.refusal("Refresh", refresh_token=tokens["refresh_token"]), "BadToken", "session")
    equal(shop.Introspect(token=tokens["access_token"])["active"], False, "token")
    subject_is(w, shop.mailed(ADDRESS), "was changed")
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword", "old one")
    shop.sign_in(ADDRESS, ADDRESS, password=NEXT)


def changing_the_address_tells_the_old_one(w):
    shop = _start(w)
    tokens = shop.register(ADDRESS)
    shop.register(OTHER)
    equal(shop.refusal("ChangeAddress", login=ADDRESS, password="wrong one",
                       address="new@example.org"), "WrongPassword", "")
    begun = shop.ChangeAddress(login=ADDRESS, password=SECRET, address="new@example.org",
                               rhost=RHOST)
    done = shop.Confirm(challenge=begun["challenge"], code=shop.mailed("new@example.org").code)
    equal(done["purpose"], "change_address", "purpose")
    notice = shop.mailed(ADDRESS)
    subject_is(w, notice, "address", "was changed")
    check("new@example.org" not in notice.text, "the new address is told to the old one")
    equal(shop.refusal("Refresh", refresh_token=tokens["refresh_token"]), "BadToken", "session")
    equal(shop.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword", "the old one")
    shop.sign_in("new@example.org", "new@example.org")
    taken = shop.ChangeAddress(login="new@example.org", password=SECRET, address=OTHER,
                               rhost=RHOST)
    subject_is(w, shop.mailed(OTHER), "already")
    equal(shop.refusal("Confirm", challenge=taken["challenge"], code="123456"), "WrongCode", "")


def changing_the_password_needs_the_old_one_and_a_code(w):
    shop = _start(w)
    tokens = shop.register(ADDRESS)
    begun = shop.ChangePassword(login=ADDRESS, password=SECRET, rhost=RHOST)
    grant = shop.Confirm(challenge=begun["challenge"], code=shop.mailed(ADDRESS).code)["grant"]
    shop.SetPassword(grant=grant, password=NEXT)
    equal(shop.refusal("Refresh", refresh_token=tokens["refresh_token"]), "BadToken", "session")
    shop.mailed(ADDRESS)
    shop.sign_in(ADDRESS, ADDRESS, password=NEXT)


def too_many_wrong_passwords_lock_for_a_time_and_tell_once(w):
    shop = _start(w, "wrong_passwords_per_hour = 3")
    shop.register(ADDRESS)
    for login in (ADDRESS, "nobody@example.org"):
        for i in 1, 1, 1, 2, 3:  # one that is repeated counts once
            equal(shop.refusal("Login", login=login, password="wrong one %d" % i),
                  "WrongPassword", "")
        for password in ("wrong one", SECRET):
            equal(shop.refusal("Login", login=login, password=password), "Locked", login)
            check(3500 < shop.why["retry_after"] <= 3600, shop.why)
    subject_is(w, shop.mailed(ADDRESS), "locked")
    w.settle()
    equal(len(w.mails()), 3, "mails: code, welcome, lock")
    shown = json.loads(w.otpctl("accounts", "show", ADDRESS, "--tenant", "acme", "--json"))
    check("3" in json.dumps(shown), shown)
    w.otpctl("accounts", "unlock", ADDRESS, "--tenant", "acme")
    shop.sign_in(ADDRESS, ADDRESS)


def a_client_sees_its_own_tenant_only(w):
    w.start(policy=CONFIG % ("", "") + """client other { user = bob\n tenant = rival }
policy other { cool_down = 0 }
client none { user = carol\n services = { forum } }
""", users=())
    shop, rival, none = Shop(w), Shop(w, BOB), Shop(w, 2003)
    tokens = shop.register(ADDRESS)
    begun = shop.Login(login=ADDRESS, password=SECRET)
    code = shop.mailed(ADDRESS).code
    equal(rival.refusal("Login", login=ADDRESS, password=SECRET), "WrongPassword", "tenant")
    equal(rival.refusal("Verify", challenge=begun["challenge"], code=code), "NoChallenge", "")
    equal(rival.refusal("Refresh", refresh_token=tokens["refresh_token"]), "BadToken", "")
    equal(rival.refusal("Show", token=tokens["access_token"]), "BadToken", "")
    equal(rival.Introspect(token=tokens["access_token"])["active"], False, "")
    equal(rival.refusal("RevokeAll", account=tokens["account"]) in ("BadToken", "NoUser",
          "Denied") or rival.RevokeAll(account=tokens["account"])["sessions"] == 0, True, "")
    equal(none.refusal("Login", login=ADDRESS, password=SECRET), "Denied", "no tenant")
    equal(none.refusal("Register", address=OTHER), "Denied", "no tenant")
    shop.Verify(challenge=begun["challenge"], code=code)
    own = rival.Register(address=ADDRESS, password=NEXT)
    the_account(rival.Confirm(challenge=own["challenge"], code=rival.mailed(ADDRESS, 4).code))


# ---- through PAM


def signing_in_through_pam_brings_a_token_for_a_session(w):
    shop = _start(w)
    _pam(w)
    account = the_account(shop.register(ADDRESS))
    host = _host(w, ADDRESS, "authenticate", "acct_mgmt")
    host.expect("Password: ")
    host.type(SECRET)
    host.expect("was e-mailed")
    host.type(shop.mailed(ADDRESS).code)
    host.expect("RESULT authenticate 0")
    host.expect("RESULT acct_mgmt 0")
    token = host.expect(r"ENV EMAILOTP_TOKEN=(\S+)").group(1)
    equal(host.end(), 0, "exit status")
    said = claims(token)
    check(said["exp"] - said["iat"] <= 300, said)
    equal((said["sub"], said["aud"]), (account, "https://shop.example"), "claims")
    session = shop.Exchange(token=token)
    equal(the_account(session), account, "account")
    equal(shop.refusal("Exchange", token=token), "BadToken", "again")
    check(token not in w.log("otpd") + "".join(w.syslog), "a token in the log")


def a_server_with_threads_signs_many_in_at_once(w):
    """Each gets the receipt of his own account; a fake otpd stands for more in tests/pam."""
    w.start(policy=(CONFIG % ("", "")).replace("user = web", "user = web\n connections = 200"),
            extra="sends_per_rhost_hour = 400", users=())
    for name in "pamhost.py", "threadhost.py":  # Python lists the directory, which w.dir forbids
        source = pathlib.Path(__file__).with_name(name)
        host = w.write("host/" + name, source.read_text(encoding="utf-8"))
    w.pam("shop", PAM + " timeout=60", PAM_REST.format(w.module))
    logins = ["p%d@example.org" % i for i in range(THREADS)]

    def ask(method, *parameters):
        def as_web():
            with Varlink(SOCKET) as otpd:
                return [otpd.call("org.emailotp.Account." + method, **p) for p in parameters]
        return as_uid(WEB, as_web, groups=[CLIENTS])
    begun = ask("Register", *({"address": a, "password": SECRET, "rhost": RHOST} for a in logins))
    w.settle()
    codes = {mail.to: mail.code for mail in w.mails()}
    done = ask("Confirm", *({"challenge": b["challenge"], "code": codes[a]}
                            for a, b in zip(logins, begun)))
    people = {login: the_account(answer) for login, answer in zip(logins, done)}
    w.settle()
    with subprocess.Popen(
            ["setpriv", "--reuid=%d" % WEB, "--regid=%d" % WEB, "--groups=%d" % CLIENTS,
             "/usr/bin/python3", str(host), "shop", SECRET, *logins],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for _ in logins:  # all are asked before the first is answered
            equal(process.stdout.readline().split()[:1], ["CODE"], "a prompt")
        w.settle()
        codes = {mail.to: mail for mail in w.mails()}
        process.stdin.writelines("%s %s\n" % (a, codes[a].code) for a in logins)
        process.stdin.flush()
        said = [line.split() for line in process.stdout]
    equal([(word, login, result) for word, login, result, _ in said],
          [("DONE", login, "0") for login in logins], "who came to an end")
    equal([claims(token)["sub"] for *_, token in said], list(people.values()), "whose they are")
    sessions = ask("Exchange", *({"token": token} for *_, token in said))
    equal([the_account(s) for s in sessions], list(people.values()), "sessions")


def pam_says_why_an_account_may_not(w):
    shop = _start(w, policy="unverified = refuse")
    _pam(w)
    shop.register(ADDRESS)
    equal(_host(w, "nobody@example.org", "acct_mgmt").end(), 10, "PAM_USER_UNKNOWN")
    w.otpctl("accounts", "disable", ADDRESS, "--tenant", "acme")
    equal(_host(w, ADDRESS, "acct_mgmt").end(), 13, "PAM_ACCT_EXPIRED")
    w.otpctl("accounts", "unlock", ADDRESS, "--tenant", "acme")
    w.otpctl("accounts", "require-reset", ADDRESS, "--tenant", "acme")
    equal(_host(w, ADDRESS, "acct_mgmt").end(), 12, "PAM_NEW_AUTHTOK_REQD")
    w.otpctl("accounts", "add", OTHER, "--tenant", "acme")
    host = _host(w, OTHER, "acct_mgmt")
    host.expect("verif")
    equal(host.end(), 6, "PAM_PERM_DENIED")


def a_recovery_code_signs_in_through_pam(w):
    shop = _start(w)
    _pam(w)
    tokens = shop.register(ADDRESS)
    codes = shop.RecoveryCodes(token=tokens["access_token"])["codes"]
    for typed, answers in ((codes[:1], 1), ([codes[0], codes[1].lower()], 2)):
        host = _host(w, ADDRESS, "authenticate")
        host.expect("assword: ")
        host.type(SECRET)
        for code in typed:
            host.expect("r for a new one, or a recovery code: $")
            host.type(code)
        host.expect("RESULT authenticate 0")
        receipt = host.expect("ENV EMAILOTP_TOKEN=(\S+)")[1]
        host.end()
        equal(host.all.count("Wrong recovery code"), answers - 1, host.all)
        equal(shop.Exchange(token=receipt)["account"], tokens["account"], "account")
    equal(shop.Show(token=tokens["access_token"])["account"]["recovery_codes"], 8, "codes left")


def passwords_are_changed_through_pam(w):
    shop = _start(w)
    _pam(w)
    shop.register(ADDRESS)
    host = _host(w, ADDRESS, "chauthtok")
    host.expect("assword: ")
    host.type(SECRET)
    host.expect("was e-mailed")
    host.type(shop.mailed(ADDRESS).code)
    host.expect("(?i)new password: ")
    host.type("password1")
    host.expect("(?i)again|retype")
    host.type("password1")
    host.expect("guessed first")
    host.expect("(?i)new password: ")
    host.type(SECRET)  # the same as before would do, were it not another at the second prompt
    host.expect("(?i)again|retype")
    host.type(NEXT)
    host.expect("differ")
    host.expect("(?i)new password: ")
    host.type(NEXT)
    host.expect("(?i)again|retype")
    host.type(NEXT)
    host.expect("RESULT chauthtok 0")
    shop.mailed(ADDRESS)
    shop.sign_in(ADDRESS, ADDRESS, password=NEXT)
    w.otpctl("accounts", "require-reset", ADDRESS, "--tenant", "acme")
    host = _host(w, ADDRESS, "expired")
    host.expect("was e-mailed")
    host.type(shop.mailed(ADDRESS).code)
    host.expect("(?i)new password: ")
    host.type(SECRET)
    host.expect("(?i)again|retype")
    host.type(SECRET)
    host.expect("RESULT expired 0")
    shop.mailed(ADDRESS)
    shop.sign_in(ADDRESS, ADDRESS)
