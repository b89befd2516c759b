# SPDX-License-Identifier: MIT
"""Logins by recovery codes and break-glass codes, with the real sshd and sudo."""
import re

from lab import Terminal, check, equal, wait_for, wrong
from world import ADA, MODULE, PASSWORD, POLICY, UNIX, enters, prompt, refused, tries

OPEN = "policy sshd { cool_down = 0\n conceal = no\n wrong_per_hour = 3 }\n"
BOSSES = 'administrators = { "boss@example.net", "chef@example.net" }'
WAY_OUT = "Recovery code, or Enter to give up: $"


def _codes(w, user="ada"):
    text = w.otpctl("users", "recovery-codes", user)
    codes = re.findall(r"(?m)^  ([0-9A-Z-]{24})$", text)
    equal(len(set(codes)), 10, text)
    return codes


def _glass(w, user, told=2):
    text = w.otpctl("break-glass", user)
    if told:
        check("%d administrators are told" % told in text, text)
    return text.splitlines()[0]


def _left(w, user="ada"):
    return w.show(user)["user"]["recovery_codes"]


def the_mail_server_is_down_and_a_recovery_code_lets_in_once(w):
    w.start()
    codes = _codes(w)
    w.settle()
    w.stop(w.mailer)
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("or a recovery code" in asked, asked)
    terminal.type(codes[0].lower().replace("-", " "))
    enters(terminal)
    equal(_left(w), 9, "codes left")
    equal(len(w.in_audit("recovery_used", user="ada")), 1, "events")
    terminal, _ = w.ssh_to_code()
    tries(terminal, codes[0], codes[1].replace("-", "").replace("0", "o"))
    enters(terminal)
    check("Wrong recovery code (4 tries left)" in terminal.all, terminal.all)
    equal(_left(w), 8, "codes left")
    # The owner hears of both when there is mail again.
    before = len(w.mails(w.address("ada")))
    w.start_mailer()
    w.wait_mails(before + 2, w.address("ada"))
    w.settle()
    used = [m for m in w.mails(w.address("ada")) if "127.0.0.1" in m.text and
            "recovery code" in m.text]
    equal(len(used), 2, [m.text for m in w.mails()])
    for code in codes:
        check(all(code not in m.text for m in w.mails()), "a code was mailed")


def a_code_of_somebody_else_is_wrong(w):
    w.start(users=("ada", "bob"))
    w.start_sshd()
    codes = _codes(w, "bob")
    terminal, _ = w.ssh_to_code()
    tries(terminal, codes[0], codes[1], codes[2])
    refused(terminal)
    equal(_left(w, "bob"), 10, "codes of bob left")


def _said_to(w, code):
    terminal, _ = w.ssh_to_code()
    terminal.type(code)
    text = prompt(terminal)
    terminal.hang_up()
    return text


def wrong_ones_have_a_budget_of_their_own(w):
    w.start()
    w.start_sshd()
    codes = _codes(w)
    w.settle()
    n = len(w.mails())
    for _ in range(2):
        terminal, _ = w.ssh_to_code()
        tries(terminal, *[wrong(codes[0])] * 3)
        refused(terminal)
    check("Recovery codes are locked for" in _said_to(w, codes[3]), "not locked")
    equal(w.show()["wrong_hour"], 0, "wrong tries of mailed codes")
    check(w.show()["recovery_locked_for"] > 0, w.show())
    terminal, _ = w.ssh_to_code()
    terminal.type(w.wait_mails(n + 1).code)
    enters(terminal)
    equal(_left(w), 10, "codes left")
    w.otpctl("users", "unlock", "ada")
    terminal, _ = w.ssh_to_code()
    terminal.type(codes[3])
    enters(terminal)


def _lock(w):
    """Three wrong codes."""
    n = len(w.mails(w.address("ada")))
    terminal, _ = w.ssh_to_code()
    code = w.wait_mails(n + 1, w.address("ada")).code
    tries(terminal, *[wrong(code)] * 3)
    refused(terminal)
    check(w.show()["locked_for"] > 0, "not locked", w.show())


def who_is_locked_by_wrong_codes_gets_in_and_is_unlocked(w):
    w.start(policy=OPEN)
    w.start_sshd()
    _lock(w)
    # Without a recovery code nothing is different from ever.
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    terminal.expect("locked for [0-9]+ minutes, after too many wrong codes. Press Enter: $")
    terminal.type("")
    refused(terminal)
    codes = _codes(w)
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    terminal.expect("locked for [0-9]+ minutes, after too many wrong codes. " + WAY_OUT)
    terminal.type("123456")
    terminal.expect("That is not a recovery code .20 letters and digits.. " + WAY_OUT)
    terminal.type(codes[0])
    enters(terminal)
    equal(w.show()["locked_for"], 0, "locked for")
    equal(w.show()["wrong_hour"], 0, "wrong tries")
    # The code that was mailed before is good again, too.
    terminal, asked = w.ssh_to_code()
    check("still good" in asked, asked)
    terminal.type(w.mails(w.address("ada"))[0].code)
    enters(terminal)


def who_is_locked_and_concealed_gets_in_as_well(w):
    w.start(policy="policy sshd { cool_down = 0\n wrong_per_hour = 3 }\n")
    w.start_sshd()
    codes = _codes(w)
    w.settle()
    _lock(w)
    terminal, asked = w.ssh_to_code()
    check("locked" not in asked, asked)
    terminal.type(codes[0])
    enters(terminal)
    equal(w.show()["locked_for"], 0, "locked for")


def who_is_disabled_stays_out(w):
    w.start()
    w.start_sshd()
    codes = _codes(w)
    w.otpctl("users", "disable", "ada")
    terminal, _ = w.ssh_to_code()
    tries(terminal, codes[0], codes[1], codes[2])
    refused(terminal)
    equal(_left(w), 10, "codes left")
    check("NotAllowed" in w.otpctl("--json", "break-glass", "ada", wanted=None).stderr,
          "a break-glass code was made")


def an_address_that_was_never_proven_needs_no_mail(w):
    w.start(users=())
    w.otpctl("users", "add", "ada", w.address("ada"))
    codes = _codes(w)
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("is not verified" in asked and "or a recovery code" in asked, asked)
    terminal.type(codes[0])
    enters(terminal)


def break_glass_lets_in_who_is_not_enrolled(w):
    w.start(users=(), extra=BOSSES)
    w.start_sshd()
    code = _glass(w, "bob")
    for address in ("boss@example.net", "chef@example.net"):
        mail = w.wait_mails(1, address)
        check("bob" in mail.text and code not in mail.text, mail.text)
    terminal, _ = w.ssh_to_code("bob")
    terminal.type(code)
    enters(terminal, "bob")
    equal(len(w.in_audit("break_glass_used", user="bob")), 1, "events")
    terminal, _ = w.ssh_to_code("bob")
    tries(terminal, code, code, code)
    refused(terminal)


def break_glass_works_while_the_mail_is_down(w):
    w.start(extra=BOSSES)
    w.stop(w.mailer)
    w.start_sshd()
    first, second = _glass(w, "ada"), _glass(w, "ada")
    terminal, _ = w.ssh_to_code()
    tries(terminal, first, second)
    enters(terminal)
    w.start_mailer()
    w.wait_mails(2, "chef@example.net")


def break_glass_ends_after_fifteen_minutes(w):
    w.start(env=w.clock())
    w.start_sshd()
    code = w.otpctl("break-glass", "ada").splitlines()[0]
    w.set_clock(901)
    terminal, _ = w.ssh_to_code()
    tries(terminal, code, code, code)
    refused(terminal)
    code = w.otpctl("break-glass", "ada").splitlines()[0]
    w.set_clock(901 + 890)
    terminal, _ = w.ssh_to_code()
    terminal.type(code)
    enters(terminal)


def break_glass_goes_before_enrolment(w):
    w.start(users=(), policy="policy sshd { cool_down = 0\n unenrolled = enrol }\n")
    w.start_sshd()
    code = w.run(w.bin / "otpctl", "--socket", w.socket, "break-glass", "bob",
                 wanted=None)
    check("nobody is told" in code.stderr, code.stderr)
    terminal, asked = w.ssh_to_code("bob")
    check("or a recovery code" in asked, asked)
    terminal.type(code.stdout.splitlines()[0])
    enters(terminal, "bob")


def break_glass_is_not_for_strangers(w):
    w.start(users=(), extra="socket_mode = 0666")
    for user in ("nosuchuser", "-"):
        done = w.otpctl("--json", "break-glass", user, wanted=None)
        check(done.returncode == 1 and "NoUser" in done.stderr, done.stderr)
    terminal = Terminal([str(w.bin / "otpctl"), "--socket", w.socket, "break-glass", "ada"],
                        user=ADA)
    equal(terminal.end(), 1, "exit status")


def sudo_takes_a_recovery_code(w):
    w.start(policy=POLICY)
    for service in ("sudo", "sudo-i"):
        w.pam(service, UNIX + MODULE)
    codes = _codes(w)
    terminal = w.sudo("id", "-u")
    terminal.expect("assword[^\n]*: ")
    terminal.type(PASSWORD)
    check("or a recovery code" in prompt(terminal), terminal.all)
    terminal.type(codes[4])
    terminal.expect("\n0\n")
    equal(terminal.end(), 0, "exit status")


def users_make_their_own(w):
    w.start(extra="socket_mode = 0666")
    w.start_sshd()
    old = _codes(w)
    w.settle()
    n = len(w.mails(w.address("ada")))
    terminal = Terminal([str(w.bin / "otpctl"), "--socket", w.socket, "recovery-codes"],
                        user=ADA)
    terminal.expect("r: send it again.: ")
    terminal.type(w.wait_mails(n + 1, w.address("ada")).code)
    equal(terminal.end(), 0, terminal.all)
    codes = re.findall(r"(?m)^  ([0-9A-Z-]{24})$", terminal.all)
    equal(len(set(codes)), 10, terminal.all)
    terminal, _ = w.ssh_to_code()
    tries(terminal, old[0], codes[9])
    enters(terminal)
    check("Wrong recovery code" in terminal.all, terminal.all)
    wait_for("the notice", lambda: len(w.mails(w.address("ada"))) >= n + 3)


def codes_are_in_no_log(w):
    w.start(extra=BOSSES)
    w.start_sshd(pam=UNIX + MODULE)
    codes = [*_codes(w), _glass(w, "ada")]
    terminal, _ = w.ssh_to_code()
    tries(terminal, wrong(codes[0]), codes[0])
    enters(terminal)
    terminal, _ = w.ssh_to_code()
    terminal.type(codes[10])
    enters(terminal)
    logs = w.log("otpd") + w.log("otpd-mail") + w.log("sshd") + "".join(w.syslog)
    for code in [*codes, wrong(codes[0])]:
        check(code not in logs and code.replace("-", "") not in logs, "a code in a log")
