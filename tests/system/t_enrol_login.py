# SPDX-License-Identifier: MIT
"""Enrolment while somebody logs in, over the socket: row A7. With the real daemons, real
mails, and kill -9 between the steps."""
import signal

from lab import Refused, Varlink, check, equal, wrong
from world import ADA, CLIENTS, SOCKET, as_uid

POLICY = "policy sshd { cool_down = 0 unenrolled = enrol }\npolicy sudo { }"
DOMAINS = 'enrol_domains = { "example.org" }'
RHOST = "192.0.2.7"


def _restart(w):
    w.stop(w.otpd, signal.SIGKILL)
    w.start_otpd()


def _begin(w, user="bob", **more):
    return w.begin(user, enrol=True, recovery=True, **{"rhost": RHOST, **more})


def _enrol(w, address, user="bob"):
    return w.call("Auth.Enrol", user=user, service="sshd", rhost=RHOST, tty="ssh",
                  address=address)


def _refused(w, address, user="bob", service="sshd"):
    return w.refusal("Auth.Enrol", user=user, service=service, rhost=RHOST, address=address)


def address_code_and_in_with_a_crash_between_any_two_steps(w):
    w.start(policy=POLICY, extra=DOMAINS, users=())
    equal(_begin(w), {"state": "enrol", "domains": "example.org"}, "Begin")
    _restart(w)
    equal(_refused(w, "bob@evil.example"), "NotAllowed", "another domain")
    equal(_refused(w, "bob@"), "BadAddress", "no address")
    begun = _enrol(w, w.address("bob"))
    equal((begun["state"], begun["purpose"]), ("challenge", "enrol"), "Enrol")
    _restart(w)
    code = w.wait_mails(1, w.address("bob")).code
    equal(_enrol(w, w.address("bob"))["challenge"], begun["challenge"], "resumed")
    equal(w.refusal("Auth.Verify", challenge=begun["challenge"], code=wrong(code)),
          "WrongCode", "a wrong code")
    equal(w.refusal("Admin.ShowUser", user="bob"), "NoUser", "not enrolled yet")
    _restart(w)
    equal(w.verify(begun["challenge"], code), {"state": "verified"}, "let in")
    _restart(w)
    shown = w.show("bob")["user"]
    equal(shown["address"], w.address("bob"), "address")
    check(shown["verified_at"] > 0 and shown["last_login_at"] > 0, shown)
    codes = w.call("Auth.RecoveryCodes", challenge=begun["challenge"])["codes"].split()
    equal(len(set(codes)), 10, "codes")
    _restart(w)
    equal(w.refusal("Auth.RecoveryCodes", challenge=begun["challenge"]), "NoChallenge",
          "codes again")
    equal(w.refusal("Auth.Verify", challenge=begun["challenge"], code=code), "NoChallenge",
          "the code again")
    # The next login asks for a mailed code, or takes one of the ten.
    begun = _begin(w)
    equal((begun["state"], begun["purpose"]), ("challenge", "login"), "the next login")
    equal(w.call("Auth.Recover", challenge=begun["challenge"], code=codes[7])["state"],
          "verified", "a recovery code")
    w.settle()
    equal(len([m for m in w.mails(w.address("bob"))
               if "New recovery codes" in str(m.message["Subject"])]), 0,
          "no further mail at enrolment")
    events = [e["event"] for e in w.audit(user="bob")][::-1]
    equal(events[:6], ["enrol_asked", "enrol_begun", "enrol_begun", "wrong", "enrolled",
                       "verified"], "events")


def who_may_not_is_not_asked(w):
    w.start(policy=POLICY, users=("ada",))
    equal(_begin(w, "ada")["state"], "challenge", "who is enrolled")
    equal(_begin(w, "bob", service="sudo")["state"], "challenge", "another service")
    equal(_begin(w, "nobody-at-all", unknown=True)["state"], "challenge", "unknown")
    equal(w.begin("bob", rhost="192.0.2.8")["state"], "challenge", "a module of before")
    equal(w.begin("bob", rhost="192.0.2.9", nullok=True)["state"], "not_enrolled", "nullok")
    equal(_refused(w, "ada@example.net", "ada"), "Exists", "who is enrolled")
    equal(_refused(w, w.address("bob"), service="sudo"), "NotAllowed", "another service")

    def himself():
        said = []
        with Varlink(SOCKET) as otpd:
            for user, method, more in (("ada", "Begin", {"enrol": True}),
                                       ("ada", "Enrol", {"address": "evil@example.org"})):
                try:
                    said.append(otpd.call("org.emailotp.Auth." + method, user=user,
                                          service="sshd", **more)["state"])
                except Refused as refused:
                    said.append(refused.name)
        return said
    w.otpctl("users", "remove", "ada", "--yes")
    equal(as_uid(ADA, himself, groups=[CLIENTS]), ["challenge", "Denied"],
          "a user who has shown no password")


def it_costs_few_mails_and_wrong_codes_lock(w):
    w.start(policy=POLICY, users=())
    said = []
    for i in range(6):
        try:
            _enrol(w, "somebody%d@example.org" % i)
            said.append("mailed")
        except Refused as refused:
            said.append(refused.name)
    equal(said, ["mailed"] * 3 + ["Throttled"] * 3, "addresses in an hour")
    for user in ("ada", "carol"):
        for i in range(2):
            begun = _enrol(w, "%s%d@example.org" % (user, i), user)
            code = w.wait_mails(1, "%s%d@example.org" % (user, i)).code
            for _ in range(5):
                w.refusal("Auth.Verify", challenge=begun["challenge"], code=wrong(code))
        equal(_refused(w, w.address(user), user), "Locked", "after ten wrong ones")
    equal(w.call("Admin.Status")["users"], 0, "users")


def policy_and_domains_of_the_moment_of_the_code_hold(w):
    w.start(policy=POLICY, users=())
    begun = _enrol(w, w.address("bob"))
    code = w.wait_mails(1, w.address("bob")).code
    w.configure_otpd(POLICY, 'enrol_domains = { "example.net" }')
    w.otpd.send_signal(signal.SIGHUP)
    w.ready(w.otpd, lambda: "configuration reloaded" in w.log("otpd"))
    equal(w.refusal("Auth.Verify", challenge=begun["challenge"], code=code), "NotAllowed",
          "the domain is not allowed any more")
    equal(w.call("Admin.Status")["users"], 0, "users")
