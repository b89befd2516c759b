# SPDX-License-Identifier: MIT
"""Enrolment at the first login, with the real sshd and sudo."""
import re

from lab import check, equal, wrong
from world import MODULE, PASSWORD, UNIX, enters, prompt, refused, tries

POLICY = "policy %s { cool_down = 0\n unenrolled = enrol }\n"
DOMAINS = 'enrol_domains = { "example.org", "example.net" }'
ADDRESS = "Your e-mail address( .allowed domains: [^)]*.)?: $"
KEEP = "Press Enter when you have them: $"
CODE = "[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}"


def _start(w, extra=DOMAINS, service="sshd", **more):
    w.start(policy=POLICY % service, extra=extra, users=())
    if service == "sshd":
        w.start_sshd(**more)
    for sudo in ("sudo", "sudo-i") if service == "sudo" else ():
        w.pam(sudo, UNIX + MODULE)


def _to_address(w, user="ada"):
    terminal = w.ssh(user)
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    terminal.expect(ADDRESS)
    return terminal


def _to_code(w, address="ada@example.org"):
    terminal = _to_address(w)
    terminal.type(address)
    return terminal, prompt(terminal)


def _read_codes(terminal):
    """The recovery codes on the screen, two on a line."""
    shown = terminal.expect("(?s)You are enrolled.*" + KEEP).group()
    codes = re.findall(CODE, shown)
    equal(len(set(codes)), 10, shown)
    equal(len(re.findall("(?m)^  %s  %s$" % (CODE, CODE), shown)), 5, shown)
    return codes


def _is_enrolled(w, user="ada"):
    return [row["address"] for row in w.call("Admin.ListUsers")["users"] if
            row["user"] == user]


def address_code_and_recovery_codes(w):
    _start(w)
    terminal = _to_address(w)
    check("allowed domains: example.org example.net" in terminal.all, terminal.all)
    terminal.type("ada@Example.org")
    check("Enter it to enrol" in prompt(terminal), terminal.all)
    mail = w.wait_mails(1)
    equal(mail.to, "ada@example.org", "address")
    terminal.type(mail.code)
    codes = _read_codes(terminal)
    check("in as" not in terminal.all, "let in before the codes were read")
    terminal.type("")
    enters(terminal)
    equal(len(_is_enrolled(w)), 1, "users")
    equal(len(w.in_audit("enrolled", user="ada", service="sshd")), 1, "events")
    equal(w.show()["user"]["recovery_codes"], 10, "codes")
    # From now on it is a login as any other, and the codes are good.
    terminal, asked = w.ssh_to_code()
    check("or a recovery code" in asked, asked)
    terminal.type(codes[7])
    enters(terminal)
    w.log_in()
    logs = w.log("otpd") + w.log("sshd") + "".join(w.syslog)
    check(not any(code in logs for code in codes), "a code in a log")


def domains_that_are_not_allowed(w):
    _start(w)
    terminal = _to_address(w)
    terminal.type("ada@example.com")
    terminal.expect("not allowed here. " + ADDRESS)
    terminal.type("ada@sub.example.org")
    terminal.expect("not allowed here. " + ADDRESS)
    terminal.type("ada@example.org.")
    refused(terminal)
    equal(w.queue(), [], "mails")
    equal(_is_enrolled(w), [], "enrolled")


def what_is_no_address(w):
    _start(w, extra="")
    terminal = _to_address(w)
    check("allowed domains" not in terminal.all, terminal.all)
    terminal.type(PASSWORD)
    terminal.expect("That is not an e-mail address. " + ADDRESS)
    terminal.type("ada@-example.org")
    terminal.expect("That address cannot be used: [^\n]*[.] " + ADDRESS)
    terminal.type("")
    refused(terminal)
    equal(w.queue(), [], "mails")
    check(PASSWORD not in w.log("otpd") + "".join(w.syslog), "the password in a log")


def after_a_refused_domain_an_allowed_one(w):
    _start(w)
    terminal = _to_address(w)
    terminal.type("ada@example.com")
    terminal.expect("not allowed here. " + ADDRESS)
    terminal.type("ada@example.net")
    prompt(terminal)
    terminal.type(w.wait_mails(1, "ada@example.net").code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)


def a_wrong_password_never_comes_to_the_address(w):
    _start(w)
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type("wrong horse")
    refused(terminal)
    check("e-mail address" not in terminal.all, terminal.all)


def wrong_codes_enrol_nobody_and_coming_back_resumes(w):
    _start(w)
    terminal, _ = _to_code(w)
    mail = w.wait_mails(1)
    tries(terminal, wrong(mail.code), PASSWORD, wrong(mail.code))
    refused(terminal)
    equal(_is_enrolled(w), [], "enrolled")
    terminal, asked = _to_code(w)
    check("still good" in asked, asked)
    terminal.type(mail.code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)
    w.settle()
    equal(len(w.mails()), 1, "mails")


def a_connection_that_drops_at_the_code(w):
    _start(w)
    terminal, _ = _to_code(w)
    mail = w.wait_mails(1)
    terminal.hang_up()
    terminal, asked = _to_code(w)
    check("still good" in asked, asked)
    terminal.type(mail.code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)


def another_address_begins_anew(w):
    _start(w)
    terminal, _ = _to_code(w)
    old = w.wait_mails(1, "ada@example.org")
    terminal.hang_up()
    terminal, asked = _to_code(w, "ada@example.net")
    check("still good" not in asked, asked)
    new = w.wait_mails(1, "ada@example.net")
    tries(terminal, old.code, new.code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)
    equal(_is_enrolled(w), ["ada@example.net"], "address")


def a_connection_that_drops_at_the_recovery_codes(w):
    _start(w)
    terminal, _ = _to_code(w)
    terminal.type(w.wait_mails(1).code)
    _read_codes(terminal)
    terminal.hang_up()
    equal(_is_enrolled(w), ["ada@example.org"], "enrolled")
    # The next login is one as any other.
    w.log_in()


def resend_while_enrolling(w):
    _start(w)
    terminal, _ = _to_code(w)
    old = w.wait_mails(1)
    terminal.type("r")
    check("new code was sent to this address" in prompt(terminal), terminal.all)
    new = w.wait_mails(2)
    tries(terminal, old.code if old.code != new.code else wrong(new.code), new.code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)


def two_windows(w):
    _start(w)
    first, second = _to_address(w), _to_address(w)
    first.type("ada@example.org")
    prompt(first)
    first.type(w.wait_mails(1).code)
    _read_codes(first)
    first.type("")
    enters(first)
    second.type("ada@example.net")
    check("or a recovery code" in prompt(second), second.all)
    second.type(w.wait_mails(2, "ada@example.org").code)
    enters(second)
    equal(_is_enrolled(w), ["ada@example.org"], "address")


def who_must_not_enrol_sees_what_he_saw(w):
    w.start(users=())
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("Your e-mail address" not in asked, asked)
    tries(terminal, "123456", "123456", "123456")
    refused(terminal)
    equal([m for m in w.queue() if m["state"] != "void"], [], "mails")


def a_stranger_is_asked_for_no_address(w):
    """Without a first factor before it, which nobody should have."""
    _start(w, pam=MODULE)
    terminal = w.ssh("nosuchuser")
    prompt(terminal)
    check("Your e-mail address" not in terminal.all, terminal.all)
    tries(terminal, "123456", "123456", "123456")
    refused(terminal)


def sudo_enrols_and_ctrl_c_at_the_codes_stops_it(w):
    _start(w, service="sudo")
    for stops in (True, False):
        terminal = w.sudo("id", "-u")
        terminal.expect("assword[^\n]*: ")
        terminal.type(PASSWORD)
        if stops:
            terminal.expect(ADDRESS)
            terminal.type("ada@example.org")
            prompt(terminal)
            terminal.type(w.wait_mails(1).code)
            _read_codes(terminal)
            check(terminal.interrupt() != 0 and "\n0\n" not in terminal.all, terminal.all)
        else:
            prompt(terminal)
            terminal.type(w.wait_mails(2).code)
            terminal.expect("\n0\n")
            equal(terminal.end(), 0, "exit status")
    equal(_is_enrolled(w), ["ada@example.org"], "enrolled")


def a_receipt_of_the_first_login(w):
    """The module has option token, and the enrolment counts as the step-up."""
    _start(w, pam=UNIX + MODULE + " token\nauth required pam_permit.so\n")
    terminal, _ = _to_code(w)
    terminal.type(w.wait_mails(1).code)
    _read_codes(terminal)
    terminal.type("")
    enters(terminal)
