# SPDX-License-Identifier: MIT
"""The real setuid sudo, with its own sudoers and PAM configuration."""
import subprocess

from lab import Terminal, check, equal, wrong
from world import ADA, MODULE, PASSWORD, UNIX, prompt


def _start(w, policy="policy sudo { cool_down = 0 }", pam=UNIX + MODULE, env=None):
    w.start(policy=policy, env=env)
    for service in ("sudo", "sudo-i"):
        w.pam(service, pam)


def _to_code(w, *arguments):
    terminal = w.sudo(*arguments)
    terminal.expect("assword[^\n]*: ")
    terminal.type(PASSWORD)
    return terminal, prompt(terminal)


def password_and_code(w):
    _start(w)
    terminal, _ = _to_code(w, "id", "-u")
    terminal.type(w.wait_mails(1, "ada@example.org").code)
    terminal.expect("\n0\n")
    equal(terminal.end(), 0, "exit status")


def three_tries_are_one_mail(w):
    _start(w, pam=UNIX + MODULE + " prompts=1")
    terminal, _ = _to_code(w, "id", "-u")
    mail = w.wait_mails(1)
    terminal.type(wrong(mail.code))
    for _ in range(2):
        terminal.expect("assword[^\n]*: ")
        terminal.type(PASSWORD)
        check("still good" in prompt(terminal), terminal.all)
        terminal.type(wrong(mail.code))
    check(terminal.end() != 0, "sudo ran the command")
    equal(w.show()["wrong_hour"], 3, "wrong tries")
    w.settle()
    equal(len(w.mails()), 1, "mails")


def sudo_n_mails_nothing(w):
    _start(w)
    for _ in range(3):
        terminal = w.sudo("-n", "id", "-u")
        check(terminal.end() != 0, "sudo ran the command")
    equal(w.call("Admin.Queue")["mails"], [], "mails")


def the_end_of_standard_input_ends_it(w):
    _start(w)
    done = subprocess.run(["sudo", "-S", "id", "-u"], input=PASSWORD + "\n", text=True,
                          capture_output=True, timeout=30, user=ADA, group=ADA,
                          extra_groups=[])
    check(done.returncode != 0 and not done.stdout, "sudo ran the command")
    equal(w.show()["wrong_hour"], 0, "wrong tries")
    w.settle()
    check(len(w.mails()) <= 1, "more than one mail")


def grace_is_remembered_and_ends(w):
    clock = w.clock()
    _start(w, "policy sudo { cool_down = 0\n grace = 10m }", env=clock)
    shell = Terminal(["sh"], user=ADA)  # a step-up is remembered for its terminal

    def run(code):
        shell.type("sudo id -u")
        shell.expect("assword[^\n]*: ")
        shell.type(PASSWORD)
        if code:
            prompt(shell)
            shell.type(code())
        shell.expect("\n0\n[$] ")  # sudo reads the terminal until it ends

    run(lambda: w.wait_mails(1).code)
    run(None)
    other, _ = _to_code(w, "id", "-u")
    w.wait_mails(2)  # or it would be too old when otpd comes to hand it over
    other.hang_up()
    w.set_clock(601)
    run(lambda: w.wait_mails(3).code)
    shell.type("exit")
    shell.end()


def sudo_i_has_its_own_service(w):
    _start(w, "policy sudo-i { cool_down = 0 }")
    terminal, _ = _to_code(w, "-i")
    equal(w.call("Admin.Audit")["events"][0]["service"], "sudo-i", "service")
    terminal.type(w.wait_mails(1).code)
    terminal.expect("[#$] ")
    terminal.type("echo uid=$(id -u); exit")
    terminal.expect("\nuid=0\n")
    terminal.end()
