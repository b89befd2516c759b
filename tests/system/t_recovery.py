# SPDX-License-Identifier: MIT
"""Recovery codes and break-glass codes over the socket: row A9 of what goes wrong for a user,
with the real daemons, real mails and kill -9 between the steps."""
import signal
import threading

from lab import Refused, Varlink, check, equal, wait_for, wrong
from world import ADA, BOB, CLIENTS, SOCKET, as_uid

RHOST = "192.0.2.7"
FAST = "policy default { cool_down = 0 sends_per_hour = 100 sends_per_day = 400 %s }"
ADMINS = 'administrators = { "root@example.org", "second@example.net" }'


def _start(w, policy="", **more):
    w.start(policy=FAST % policy, **more)


def _restart(w):
    """As after a crash: what was answered must not be lost."""
    w.stop(w.otpd, signal.SIGKILL)
    w.start_otpd()


def _codes(w, user="ada"):
    return w.call("Admin.RecoveryCodes", user=user)["codes"]


def _begin(w, user="ada", **more):
    return w.begin(user, recovery=True, enrol=True, **{"rhost": RHOST, **more})


def _recover(w, begun, code, **more):
    return w.call("Auth.Recover", challenge=begun["challenge"], code=code, **more)


def _refused(w, begun, code):
    return w.refusal("Auth.Recover", challenge=begun["challenge"], code=code)


def _left(w, user="ada"):
    return w.show(user)["user"]["recovery_codes"]


def _subjects(w, to):
    return [str(mail.message["Subject"]) for mail in w.mails(to)]


def _mailed(w, to, words):
    wait_for("a mail to %s: %s" % (to, words),
             lambda: any(words in subject for subject in _subjects(w, to)))


def a_user_who_has_lost_the_mailbox_gets_in_with_a_crash_between_any_two_steps(w):
    _start(w)
    codes = _codes(w)
    equal(len(set(codes)), 10, "codes")
    _mailed(w, w.address("ada"), "New recovery codes")
    _restart(w)
    begun = _begin(w)
    _restart(w)
    equal(_refused(w, begun, codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")),
          "WrongCode", "a spoiled one")
    equal(w.why["tries_left"], 4, "tries")
    _restart(w)
    equal(_refused(w, begun, "AAAA-BBBB-CCCC-DDDD-EEEE"), "WrongCode", "none of his")
    equal(w.why["tries_left"], 3, "the try from before the crash counts")
    equal(_recover(w, begun, codes[0].replace("-", " ").lower()), {"state": "verified"}, "")
    _restart(w)
    equal(_refused(w, begun, codes[1]), "NoChallenge", "the challenge again")
    equal(_refused(w, _begin(w), codes[0]), "WrongCode", "the code again")
    equal(_left(w), 9, "codes left")
    _mailed(w, w.address("ada"), "A recovery code was used")
    used = [m for m in w.mails(w.address("ada"))
            if "was used" in str(m.message["Subject"])]
    check("Recovery codes left: 9." in used[0].text and RHOST in used[0].text, used[0].text)
    equal(w.in_audit("recovery_used")[0]["detail"], "9", "detail")
    check(not any(code in w.log("otpd") for code in codes), "a code stands in the log")


def killed_while_a_code_is_hashed_nothing_or_all_of_it_is_done(w):
    _start(w)
    codes = _codes(w)
    for round_ in range(12):
        begun = _begin(w, rhost="192.0.2.%d" % (round_ + 1))
        answers = []

        def ask(begun=begun, code=codes[0], answers=answers):
            try:
                answers.append(_recover(w, begun, code)["state"])
            except (OSError, Refused) as problem:
                answers.append(repr(problem))
        thread = threading.Thread(target=ask)
        thread.start()
        # The point differs by itself: Argon2id takes some 20 ms on a busy machine.
        thread.join(0.004 * round_)
        w.stop(w.otpd, signal.SIGKILL)
        thread.join(60)
        w.start_otpd()
        left = _left(w)
        if answers == ["verified"]:
            equal(left, 9, "an answer that was given")
        if left == 9:
            equal(_refused(w, _begin(w, rhost="198.51.100.1"), codes[0]), "WrongCode",
                  "used, whether or not that was answered")
            w.call("Admin.UnlockUser", user="ada")  # forgets that it was wrong
            codes = _codes(w)
        else:
            equal(left, 10, "codes left")
    equal(_recover(w, _begin(w, rhost="203.0.113.1"), codes[1])["state"], "verified", "after")


def of_many_who_bring_one_code_at_once_one_gets_in(w):
    _start(w)
    codes = _codes(w)
    begun = [_begin(w, rhost="192.0.2.%d" % i) for i in range(1, 5)]
    said = []

    def bring(challenge):
        try:
            said.append(w.call("Auth.Recover", challenge=challenge, code=codes[3])["state"])
        except Refused as refused:
            said.append(refused.name)
    threads = [threading.Thread(target=bring, args=(b["challenge"],)) for b in begun]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    equal(sorted(said), ["WrongCode"] * 3 + ["verified"], "answers")
    equal(_left(w), 9, "codes left")


def wrong_codes_lock_and_a_recovery_code_unlocks(w):
    _start(w, "wrong_per_month = 10 wrong_per_hour = 10")
    codes = _codes(w)
    while not w.in_audit("disabled", user="ada"):
        w.settle()
        before = len(w.mails(w.address("ada")))
        begun = _begin(w, rhost="192.0.2.%d" % before)
        code = w.wait_mails(before + 1, w.address("ada")).code
        for _ in range(5):
            w.refusal("Auth.Verify", challenge=begun["challenge"], code=wrong(code))
    shown = w.show()["user"]
    equal((shown["locked"], shown["disabled"]), (True, False), "state")
    _restart(w)
    begun = _begin(w)
    equal((begun["state"], "locked" in begun), ("challenge", False), "concealed")
    equal(_recover(w, begun, codes[0])["state"], "verified", "")
    shown = w.show()
    equal((shown["user"]["locked"], shown["wrong_month"]), (False, 0), "unlocked")
    w.settle()
    before = len(w.mails(w.address("ada")))
    begun = _begin(w, rhost="198.51.100.3")
    code = w.wait_mails(before + 1, w.address("ada")).code
    equal(w.verify(begun["challenge"], code)["state"], "verified", "a mailed code")
    w.call("Admin.DisableUser", user="ada")
    equal(_refused(w, _begin(w), codes[1]), "WrongCode", "disabled by root")
    equal(w.show()["user"]["disabled"], True, "still disabled")


def strangers_see_the_same_of_whoever_they_try(w):
    """Answers only; equal work is counted in tests/unit/test_recover.c."""
    _start(w, users=("ada", "bob", "carol"))
    codes = _codes(w)
    w.call("Admin.DisableUser", user="bob")
    seen = {}
    for user in ("ada", "bob", "carol", "daemon", "nobody-at-all"):
        begun = _begin(w, user, unknown=user.startswith("nobody"))
        said = [sorted(set(begun) - {"challenge"})]
        for _ in range(6):
            said.append((_refused(w, begun, "AAAA-BBBB-CCCC-DDDD-EEEE"),
                         w.why.get("tries_left"), w.why.get("retry_after", 0) > 3500))
        seen[user] = said
    for user, said in seen.items():
        equal(said, seen["ada"], user)
    equal(seen["ada"][-1][0], "Locked", "the budget")
    _restart(w)
    equal(_refused(w, _begin(w), codes[0]), "Locked", "after a crash")
    equal(_refused(w, _begin(w, "daemon"), codes[0]), "Locked", "nobody, after a crash")


def it_works_with_otpd_mail_gone_and_never_seen(w):
    w.configure_otpd(FAST % "", ADMINS)
    w.start_otpd()
    w.call("Admin.AddUser", user="ada", address=w.address("ada"), verified=True)
    equal(w.refusal("Auth.Begin", user="ada", service="sshd"), "Unavailable", "as ever")
    codes = _codes(w)
    begun = _begin(w)
    equal(begun["delivery"], "none", "delivery")
    equal(set(_begin(w, "nobody-at-all", unknown=True)), set(begun), "a stranger's")
    equal(_recover(w, begun, codes[0])["state"], "verified", "the mailer was never there")
    glass = w.call("Admin.BreakGlass", user="bob")
    equal(glass["told"], 0, "nobody can be mailed")
    equal(_recover(w, _begin(w, "bob"), glass["code"])["state"], "verified", "not enrolled")
    # Seen once, and gone: mails wait in the outbox.
    w.configure_mailer(w.maildir())
    w.start_mailer()
    wait_for("otpd to find its mailer", lambda: w.call("Admin.Status")["mailer"] == "up")
    w.stop(w.mailer, signal.SIGKILL)
    glass = w.call("Admin.BreakGlass", user="bob")
    equal(glass["told"], 2, "who is told")
    _restart(w)
    begun = _begin(w, "bob")
    equal(_recover(w, begun, glass["code"])["state"], "verified", "with otpd-mail gone")
    equal(_recover(w, _begin(w), codes[1])["state"], "verified", "a recovery code as well")
    w.start_mailer()
    for to in ("root@example.org", "second@example.net"):
        _mailed(w, to, "An emergency code was made")
    for mail in w.mails("root@example.org"):
        check(glass["code"] not in mail.text and "bob" in mail.text, mail.text)


def when_mails_are_used_up_a_recovery_code_still_lets_in(w):
    w.start(policy="policy default { cool_down = 0 sends_per_hour = 2 }\n"
                   "policy open { cool_down = 0 sends_per_hour = 1 conceal = no }")
    codes = _codes(w)
    for i in (1, 2):
        w.begin("ada", rhost="192.0.2.%d" % i)
    equal(w.refusal("Auth.Begin", user="ada", service="sshd", rhost=RHOST), "Throttled", "")
    begun = _begin(w)
    equal(begun["delivery"], "none", "delivery")
    check(0 < begun["resend_in"] <= 3600, begun)
    equal(w.refusal("Auth.Resend", challenge=begun["challenge"]), "Throttled", "too soon")
    again = _begin(w)
    equal((again["challenge"], again["resumed"]), (begun["challenge"], True), "resumed")
    equal(_recover(w, begun, codes[0])["state"], "verified", "")
    # Openly: only for who has a code.
    w.otpctl("users", "add", "bob", w.address("bob"), "--verified")
    for user in ("ada", "bob"):
        w.refusal("Auth.Begin", user=user, service="open", rhost="192.0.2.1")
    equal(w.refusal("Auth.Begin", user="bob", service="open", rhost=RHOST, recovery=True),
          "Throttled", "bob has none")
    begun = _begin(w, service="open")
    equal(_recover(w, begun, codes[1])["state"], "verified", "ada has one")


def a_break_glass_code_ends(w):
    _start(w, extra=ADMINS, env=w.clock())
    glass = w.call("Admin.BreakGlass", user="bob")
    w.set_clock(899)
    w.call("Admin.Status")
    begun = _begin(w, "bob")
    w.set_clock(905)
    equal(_refused(w, begun, glass["code"]), "WrongCode", "after 15 minutes")
    first = w.call("Admin.BreakGlass", user="bob")
    second = w.call("Admin.BreakGlass", user="bob")
    equal(_refused(w, begun, first["code"]), "WrongCode", "replaced")
    equal(_recover(w, begun, second["code"])["state"], "verified", "the last one")
    equal(_refused(w, _begin(w, "bob"), second["code"]), "WrongCode", "once")
    equal([e["event"] for e in w.in_audit("break_glass", user="bob")],
          ["break_glass_used", "break_glass_made", "break_glass_made", "break_glass_made"],
          "events")
    equal(w.refusal("Admin.BreakGlass", user="no-such-user"), "NoUser", "unknown")


def users_make_codes_for_themselves_with_a_mailed_one(w):
    _start(w)
    before = len(w.mails(w.address("ada")))

    def begin():
        with Varlink(SOCKET) as otpd:
            return otpd.call("org.emailotp.Self.BeginRecovery")
    challenge = as_uid(ADA, begin, groups=[CLIENTS])["challenge"]
    mail = w.wait_mails(before + 1, w.address("ada"))
    check("new recovery codes" in str(mail.message["Subject"]), mail.message["Subject"])
    _restart(w)

    def confirm():
        with Varlink(SOCKET) as otpd:
            otpd.call("org.emailotp.Self.Confirm", challenge=challenge, code=mail.code)
        return {}
    equal(as_uid(ADA, confirm, groups=[CLIENTS]), {}, "the code")
    _restart(w)

    def take():
        with Varlink(SOCKET) as otpd:
            try:
                return otpd.call("org.emailotp.Self.RecoveryCodes", challenge=challenge)
            except Refused as refused:
                return refused.name
    equal(as_uid(BOB, take, groups=[CLIENTS]), "NoChallenge", "somebody else")
    codes = as_uid(ADA, take, groups=[CLIENTS])["codes"].split()
    equal(len(codes), 10, "codes")
    _restart(w)
    equal(as_uid(ADA, take, groups=[CLIENTS]), "NoChallenge", "once")
    _mailed(w, w.address("ada"), "New recovery codes")
    equal(_recover(w, _begin(w), codes[5])["state"], "verified", "one of them")
    w.otpctl("users", "remove", "ada", "--yes")
    w.otpctl("users", "add", "ada", w.address("ada"), "--verified")
    equal(_left(w), 0, "codes of a user who was removed")
