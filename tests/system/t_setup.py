# SPDX-License-Identifier: MIT
"""otpctl setup, with the real sshd and sudo, from a host where nothing is set up, and back."""
import os
import pathlib
import shutil
import socket
import signal
import subprocess

from lab import SANITIZER, check, equal, wrong
from newhost import MODULE_LINE, PAM, SSHD, NewHost
from world import PASSWORD, prompt


def _sudo_with_a_code(w):
    before = len(w.mails("ada@example.org"))
    terminal = w.sudo("id", "-u")
    terminal.expect("assword[^\n]*: ")
    terminal.type(PASSWORD)
    prompt(terminal)
    terminal.type(w.wait_mails(before + 1, "ada@example.org").code)
    terminal.expect("\n0\n")
    equal(terminal.end(), 0, "exit status of sudo")


def _codes(terminal):
    """Recovery codes as they were shown, in their groups."""
    found = terminal.expect(r"(?s)shown this once.*?\n\n((?:    [^\n]+\n){10})\n").group(1)
    return found.split()


def _to_diff(w, terminal, answers=("maildir:/var/lib/otpd-mail/drop", "otpd@test.example.org",
                                   "ada@example.org", "", "sshd,sudo", "", "all")):
    """The guided run, up to the question whether to go on; its recovery codes."""
    relay, sender, address, user, services, first, who = answers
    terminal.expect("1\\. Where do the mails")
    terminal.expect("Number [^\n]*: ")
    terminal.type(relay)
    terminal.expect("2\\. From which")
    terminal.expect("Sender[^\n]*: ")
    terminal.type(sender)
    terminal.expect("Your own address[^\n]*: ")
    terminal.type(address)
    terminal.expect("Sent in")
    terminal.expect("3\\. Who are you")
    terminal.expect("User \\[ada\\]: ")
    before = len(w.mails(address))  # the test mail has been sent
    terminal.type(user)
    terminal.expect("Code from the mail[^\n]*: ")
    terminal.type(w.wait_mails(before + 1, address).code)
    terminal.expect("The address is proven")
    terminal.expect("4\\. Recovery codes")
    codes = _codes(terminal)
    equal(len(codes), 10, "codes")
    terminal.expect("type one group[^\n]*: ")
    terminal.type(codes[3].split("-")[1])
    terminal.expect("Services[^\n]*: ")
    terminal.type(services)
    if "sshd" in services:
        terminal.expect("password or key[^\n]*: ")
        terminal.type(first)
    terminal.expect("all, or the name[^\n]*: ")
    terminal.type(who)
    terminal.expect("These are the changes")
    return codes


def guided(w):
    host = NewHost(w).start()
    terminal = host.at_terminal()
    codes = _to_diff(w, terminal)
    terminal.expect("(?s)--- /etc/pam.d/sudo.*@include common-auth\n\\+auth \\[success=ok")
    terminal.expect("Go on[^\n]*: ")
    host.old_login_works()
    terminal.type("yes")
    terminal.expect("The trial login")
    host.log_in()
    terminal.expect("The trial is over")
    terminal.expect("Done. The way back")
    equal(terminal.end(), 0, "exit status")
    host.log_in(port=host.ssh_port)
    check(codes[0] not in w.log("otpd"), "a recovery code was logged")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()


def by_flags_with_a_trial_and_back(w):
    host = NewHost(w).start()
    run = host.in_background()
    run.expect("The trial login")
    # Where sshd is for one address only, so is the trial.
    host.wait_for_trial()
    with socket.socket() as other:
        check(other.connect_ex(("127.0.0.2", host.trial_port)) != 0, "the trial is everywhere")
    host.old_login_works()
    host.log_in()
    run.expect("The trial is over")
    equal(run.end(), 0, "exit status")
    check("otpctl setup --undo" in run.all, run.all)
    check("otpd  The code was right." in run.all and "A session was opened." in run.all, run.all)
    check("does not let this user in" not in run.all, run.all)
    for service in ("sshd", "sudo", "sudo-i"):
        lines = pathlib.Path("/etc/pam.d", service).read_text().splitlines()
        equal(lines[lines.index("@include common-auth") + 1], MODULE_LINE, service)
    check(not pathlib.Path("/etc/pam.d/sshd-emailotp").exists(), "the trial's service stays")
    equal(pathlib.Path("/etc/pam.d/cron").read_text().count("emailotp"), 0, "cron")
    host.log_in(port=host.ssh_port)
    _sudo_with_a_code(w)
    done = host.undo()
    equal(done.returncode, 0, done.stdout + done.stderr)
    host.is_untouched()
    host.old_login_works()
    host.sudo_asks_no_code()
    check("nothing" in host.undo().stdout, "undone twice")


def a_guided_second_run_only_asks(w):
    host = NewHost(w).start()
    host.by_flags(trial="none")
    made = host.snapshot()
    terminal = host.at_terminal("--relay", host.relay, "--from",
                                "otpd@test.example.org", "--address", "ada@example.org")
    for question, answer in (("User", ""), ("Services", ""), ("password or key", ""),
                             ("all, or the name", "")):
        terminal.expect(question + "[^\n]*: ")
        terminal.type(answer)
    terminal.expect("nothing was changed")
    check("ada has 10 recovery codes already" in terminal.all, terminal.all)
    equal(terminal.end(), 0, "exit status")
    equal(host.snapshot(), made, "/etc")


def a_second_run_changes_nothing(w):
    host = NewHost(w).start()
    first = host.result(host.by_flags("--json", trial="none"))
    check(first["changed"] and first["result"] == "set up", first)
    equal(len(first["recovery_codes"]), 10, "recovery codes")
    equal(sorted(first["files"]), sorted([
        "/etc/otpd/mail.conf.d/setup.conf", "/etc/otpd/otpd.conf.d/setup.conf", "/etc/pam.d/sshd", "/etc/pam.d/sudo",
        "/etc/pam.d/sudo-i", "/etc/ssh/sshd_config.d/10-emailotp.conf"]))
    made, mails = host.snapshot(), len(w.mails())
    again = host.result(host.by_flags("--json"))
    equal((again["changed"], again["result"], again["files"]), (False, "unchanged", []))
    check("recovery_codes" not in again, "codes were made anew")
    equal(host.snapshot(), made, "/etc")
    equal(len(w.mails()), mails, "mails")
    # Other answers change what they are about, and the way back goes all the way.
    other = host.result(host.by_flags("--json", trial="none", services="sudo"))
    equal(sorted(other["files"]),
          ["/etc/pam.d/sshd", "/etc/ssh/sshd_config.d/10-emailotp.conf"])
    host.old_login_works()
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()


def a_dry_run_shows_and_touches_nothing(w):
    host = NewHost(w).start()
    said = host.by_flags("--dry-run").stdout
    for text in ("+AuthenticationMethods keyboard-interactive:pam", "+" + MODULE_LINE,
                 "+++ /etc/pam.d/sudo-i", "+from = \"otpd@test.example.org\""):
        check(text in said, text, "not in", said)
    host.is_untouched()
    equal(w.call("Admin.ListUsers")["users"], [], "users")
    equal(w.mails(), [], "mails")


def a_wrong_code_and_a_late_one_do_not_switch_over(w):
    host = NewHost(w).start()
    run = host.in_background(trial="wait=10")
    run.expect("The trial login")
    host.wait_for_trial()
    terminal = host.ssh()
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    for _ in range(3):
        prompt(terminal)
        terminal.type("000000")
    run.expect("otpd .*That was not the code")
    run.expect("nobody has logged in with a code in time")
    equal(run.end(), 1, "exit status")
    host.is_untouched()
    host.old_login_works()
    host.sudo_asks_no_code()


def interrupted_at_the_trial_all_is_put_back(w):
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        host = NewHost(w).start() if how == signal.SIGINT else host
        run = host.in_background()
        run.expect("The trial login")
        host.wait_for_trial()
        terminal = host.ssh()
        terminal.expect("Password: ")
        child = pathlib.Path("/proc/%d/task/%d/children" % (run.pid, run.pid)).read_text()
        os.kill(int(child.split()[0]), how)
        run.expect("everything is put back")
        equal(run.end(), 5, "exit status")
        host.is_untouched()
        terminal.type(PASSWORD)  # ssh looks at its connection when it has read a line
        check(terminal.end() != 0 and "in as" not in terminal.all, "the trial goes on")
    host.old_login_works()


def a_terminal_that_is_gone_puts_all_back(w):
    host = NewHost(w).start()
    terminal = host.at_terminal()
    _to_diff(w, terminal)
    terminal.expect("Go on[^\n]*: ")
    os.close(terminal.fd)
    os.waitpid(terminal.pid, 0)
    host.is_untouched()


def no_at_the_diff_puts_the_mail_back(w):
    host = NewHost(w).start()
    terminal = host.at_terminal()
    _to_diff(w, terminal)
    terminal.expect("Go on[^\n]*: ")
    terminal.type("maybe")
    terminal.expect("type yes or no")
    terminal.type("no")
    terminal.expect("not confirmed")
    equal(terminal.end(), 5, "exit status")
    host.is_untouched()


KILLER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* The process dies at call number KILL_AT of those that change a directory: before it, or
 * behind it. */
static int due(void)
{
	static int n;
	const char *at = getenv("KILL_AT");
	return at && ++n == atoi(at);
}
#define WRAP(name, parameters, arguments) \\
int name parameters \\
{ \\
	int (*real) parameters = (int (*) parameters)dlsym(RTLD_NEXT, #name); \\
	int now = due(), r; \\
	if (now && getenv("KILL_BEFORE")) \\
		kill(getpid(), SIGKILL); \\
	r = real arguments; \\
	if (now) \\
		kill(getpid(), SIGKILL); \\
	return r; \\
}
WRAP(rename, (const char *a, const char *b), (a, b))
WRAP(unlink, (const char *a), (a))
WRAP(fchmod, (int a, mode_t b), (a, b))
"""


def killed_at_every_step_it_can_be_put_back(w):
    """The power fails at each change of a directory, one after the other; then --undo, or
    the next setup, finds what to put back."""
    host = NewHost(w).start()
    source = w.write("killer.c", KILLER)
    w.run("gcc", "-shared", "-fPIC", "-o", w.dir / "killer.so", source)
    preload = str(w.dir / "killer.so")
    if SANITIZER:
        preload = w.run("gcc", "-print-file-name=lib%s.so" % SANITIZER).strip() + ":" + preload
    kills = 0
    for at in range(1, 200):
        environment = {**os.environ, "LD_PRELOAD": preload, "KILL_AT": str(at)}
        if at % 2:
            environment["KILL_BEFORE"] = "1"
        done = subprocess.run(
            [str(w.bin / "otpctl"), "setup", *host.flags(trial="none")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            env=environment)
        if done.returncode == 0:
            break
        equal(done.returncode, -signal.SIGKILL, done.stderr)
        kills += 1
        if at % 3 == 0:  # the next setup goes on from there, and undo from that
            said = host.by_flags(trial="none").stdout
            check(at < 6 or "An earlier run" in said or "nothing was changed" in said, said)
        done = host.undo()
        equal(done.returncode, 0, done.stdout + done.stderr)
        host.is_untouched()
        equal([p for p in pathlib.Path("/etc").rglob(".*otpctl*")], [], "drafts")
    check(kills > 15, "only", kills, "steps")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()
    host.old_login_works()


def killed_at_the_trial(w):
    host = NewHost(w).start()
    run = host.in_background()
    run.expect("The trial login")
    host.wait_for_trial()
    child = pathlib.Path("/proc/%d/task/%d/children" % (run.pid, run.pid)).read_text()
    os.kill(int(child.split()[0]), signal.SIGKILL)
    run.end()
    check(pathlib.Path("/etc/pam.d/sshd-emailotp").exists(), "the trial's service is gone")
    host.old_login_works()
    run = host.in_background()
    run.expect("An earlier run of setup did not come to its end")
    run.expect("The trial login")
    host.log_in()
    equal(run.end(), 0, "exit status")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()


def undo_leaves_what_others_have_changed(w):
    host = NewHost(w).start()
    host.by_flags(trial="none")
    sudo, sshd = pathlib.Path("/etc/pam.d/sudo"), pathlib.Path("/etc/pam.d/sshd")
    sudo.write_text(sudo.read_text() + "# by another hand\n")
    sshd.unlink()
    drop_in = pathlib.Path("/etc/ssh/sshd_config.d/10-emailotp.conf")
    drop_in.write_text(drop_in.read_text() + "MaxAuthTries 4\n")
    w.stop(w.otpd)
    shutil.rmtree("/run/otpd")
    done = host.undo()
    equal(done.returncode, 0, done.stdout + done.stderr)
    said = done.stdout + done.stderr
    check("/etc/pam.d/sudo: was changed since; only what setup wrote" in said, said)
    check("/etc/pam.d/sshd: was removed since" in said, said)
    equal(sudo.read_text(), PAM["sudo"] + "# by another hand\n")
    equal(drop_in.read_text(), "MaxAuthTries 4\n")
    equal(host.differences(), ["/etc/pam.d/sshd", "/etc/pam.d/sudo", str(drop_in)])
    check("There is nothing" in host.undo().stdout, "undone twice")


def key_then_code(w):
    host = NewHost(w, sshd=SSHD + "PasswordAuthentication no\n").start()
    w.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", w.dir / "key")
    w.write("home/ada/.ssh/authorized_keys", (w.dir / "key.pub").read_text())
    key = ("-i", str(w.dir / "key"), "-o", "IdentitiesOnly=yes")
    run = host.in_background()
    run.expect("The trial login")
    for port in (host.trial_port, host.ssh_port):
        before = len(w.mails("ada@example.org"))
        terminal = host.ssh(*key, port=port)
        prompt(terminal)
        check("assword" not in terminal.all, terminal.all)
        terminal.type(w.wait_mails(before + 1, "ada@example.org").code)
        terminal.expect("in as ada")
        terminal.end()
        if port == host.trial_port:
            run.expect("The key was accepted")
            equal(run.end(), 0, "exit status")
    terminal = host.ssh("-o", "PubkeyAuthentication=no", port=host.ssh_port)
    check(terminal.end() == 255, "a code alone lets in")
    lines = pathlib.Path("/etc/pam.d/sshd").read_text().splitlines()
    equal(lines[lines.index("#@include common-auth") + 1], MODULE_LINE)
    check("@include common-auth" in pathlib.Path("/etc/pam.d/sudo").read_text().splitlines(),
          "sudo asks for no password")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()


def members_of_a_group(w):
    host = NewHost(w).start()
    group = ("--users", "group:admins")
    run = host.in_background(*group)
    run.expect("The trial login")
    host.log_in()
    equal(run.end(), 0, "exit status")
    host.log_in(port=host.ssh_port)
    # bob is no member: a password is enough, but only a right one.
    terminal = host.ssh(port=host.ssh_port, user="bob")
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    terminal.expect("in as bob")
    terminal.end()
    terminal = host.ssh(port=host.ssh_port, user="bob")
    terminal.expect("Password: ")
    terminal.type("wrong horse")
    equal(terminal.end(), 255, "exit status of ssh")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()
    said = host.by_flags("--users", "group:exempt", wanted=1)
    check("ada is not in the group exempt" in said.stderr, said.stderr)
    host.is_untouched()


def a_policy_of_the_administrator_stays(w):
    host = NewHost(w).start()
    conf = pathlib.Path("/etc/otpd/otpd.conf")
    conf.write_text(conf.read_text() + "policy sshd { required_users = {ada} }\n")
    w.otpd.send_signal(signal.SIGHUP)
    host.before = host.snapshot()
    said = host.by_flags(wanted=1).stderr
    check("/etc/otpd/otpd.conf:5 says already who needs a code for sshd" in said, said)
    host.is_untouched()
    run = host.in_background("--users", "configured")
    run.expect("The trial login")
    host.log_in()
    equal(run.end(), 0, "exit status")
    check("ignore=ignore" in pathlib.Path("/etc/pam.d/sshd").read_text(), "strict line")
    equal(host.undo().returncode, 0, "undo")
    host.is_untouched()


def what_would_undo_it_is_named_before_anything_is_changed(w):
    config = pathlib.Path("/etc/ssh/sshd_config")
    early = pathlib.Path("/etc/ssh/sshd_config.d/00-local.conf")
    host = NewHost(w).start()
    good = config.read_text()

    def refused(*texts):
        host.before = host.snapshot()
        said = host.by_flags(trial="none", wanted=1).stderr
        for text in texts:
            check(text in said, text, "not in", said)
        host.is_untouched()

    early.write_text("# local\nAuthenticationMethods publickey\n")
    refused('00-local.conf:2: "authenticationmethods publickey" comes before')
    early.unlink()
    config.write_text("KbdInteractiveAuthentication no\n" + good)
    refused('sshd_config:1: "kbdinteractiveauthentication no" comes before')
    config.write_text(good.replace("Include", "#Include"))
    refused("does not read", "Include /etc/ssh/sshd_config.d/*.conf")
    config.write_text(good + "Match User bob\n  KbdInteractiveAuthentication no\n")
    refused("within Match leaves the logins that it matches no way in")
    early.write_text("PasswordAuthentication no\n")
    for methods in ("keyboard-interactive:pam", "publickey password", "any"):
        config.write_text(good + "Match Address 192.0.2.0/24\n  PasswordAuthentication yes\n"
                          "  AuthenticationMethods %s\n" % methods)
        refused("within Match asks for no key, and with a key first the PAM file")
    early.unlink()
    config.write_text("Nonsense yes\n" + good)
    refused("sshd refuses its configuration", "Nonsense")
    config.write_text(good)
    pam = pathlib.Path("/etc/pam.d/sudo")
    pam.write_text("auth required pam_unix.so\n")
    refused('/etc/pam.d/sudo: it has no line "@include common-auth"', MODULE_LINE)
    pam.write_text("auth substack common-auth\naccount required pam_unix.so\n")
    refused("/etc/pam.d/sudo:1: a substack ends alone", "make that line: @include common-auth")


def others_are_told_of_by_what_awaits_them(w):
    host = NewHost(w).start()
    said = " ".join(host.by_flags(trial="none").stdout.split())
    check("without a way in from then on: bob" in said and "unenrolled = enrol" in said, said)
    host.undo()
    conf = pathlib.Path("/etc/otpd/otpd.conf")
    conf.write_text(conf.read_text().replace("cool_down = 0", "cool_down = 0 unenrolled = enrol"))
    said = " ".join(host.by_flags(trial="none").stdout.split())
    check("asked for an address at their first login: bob" in said, said)
    check("without a way in" not in said, said)


def the_administrator_hears_of_break_glass_codes(w):
    host = NewHost(w).start()
    host.by_flags(trial="none")
    drop_in = pathlib.Path("/etc/otpd/otpd.conf.d/setup.conf")
    check('administrators = {"ada@example.org"}' in drop_in.read_text(), drop_in.read_text())
    equal(w.otpctl("break-glass", "ada", wanted=None).stderr, "", "warnings")
    host.undo()
    conf = pathlib.Path("/etc/otpd/otpd.conf")
    conf.write_text('administrators = {"root@example.org"}\n' + conf.read_text())
    host.by_flags(trial="none")
    check(not drop_in.exists(), "setup has overruled the administrators that there are")


def a_match_block_that_needs_no_code_is_named(w):
    host = NewHost(w).start()
    config = pathlib.Path("/etc/ssh/sshd_config")
    config.write_text(config.read_text() + "Match User bob\n"
                                           "  AuthenticationMethods publickey\n")
    said = host.by_flags(trial="none").stderr
    check("within Match: the logins that it matches do as it says" in said, said)


def a_match_block_that_keeps_passwords_out_is_named(w):
    host = NewHost(w).start()
    config = pathlib.Path("/etc/ssh/sshd_config")
    config.write_text(config.read_text() + "Match User bob\n  PasswordAuthentication no\n")
    said = host.by_flags(trial="none").stderr
    check("need a key so far, and get in by password and code from now on" in said, said)


def root_is_not_forgotten(w):
    host = NewHost(w, root="prohibit-password").start()
    said = host.by_flags(trial="none").stdout
    check("Root will not get in by ssh any more, not with a key either" in said, said)
    host.undo()
    said = host.by_flags("--user", "bob", "--address", "bob@example.org", trial="none",
                         wanted=1).stderr
    check("bob may not become root by sudo" in said and "--force-no-way-back" in said, said)
    host.is_untouched()
    host.by_flags("--user", "bob", "--address", "bob@example.org", "--force-no-way-back",
                  trial="none")
    host.undo()
    said = host.by_flags("--user", "root", "--address", "root@example.org", wanted=1).stderr
    check("sshd does not let root in with a code" in said, said)
    host.is_untouched()


def a_daemon_that_keeps_what_it_had_is_noticed(w):
    """otpd-mail cannot write a Maildir that it was not started with, nor be started anew."""
    host = NewHost(w).start()
    said = host.by_flags(trial="none", relay="maildir:%s/elsewhere" % w.dir, wanted=1).stderr
    check("otpd-mail goes on with what it was started with" in said, said)
    host.is_untouched()


def a_relay_that_refuses_is_asked_for_again(w):
    host = NewHost(w).start()
    w.start_smtp("plain")
    relay = "smtp+plain://localhost:%d" % w.smtp_port
    w.write("smtp-mode", "refuse")
    said = host.by_flags(relay=relay, wanted=1).stderr
    check("550 5.1.1 no such mailbox" in said, said)
    host.is_untouched()
    terminal = host.at_terminal()
    terminal.expect("Number [^\n]*: ")
    terminal.type("9")
    terminal.expect("That cannot be: type one of the numbers")
    terminal.type("1")
    terminal.expect("Host name[^\n]*: ")
    for bad, why in (("", "there is nothing"), ("ma il", "letters, digits"),
                     ("smtp.example.org", "the example of the manual")):
        terminal.type(bad)
        terminal.expect(why)
    terminal.type("localhost")
    terminal.expect("TLS[^\n]*: ")
    terminal.type("ssl")
    terminal.expect("say starttls, implicit, or none")
    terminal.type("none")
    terminal.expect("Port [^\n]*: ")
    terminal.type("70000")
    terminal.expect("from 1 to 65535")
    terminal.type(str(w.smtp_port))
    terminal.expect("User name at the relay[^\n]*: ")
    terminal.type("")
    terminal.expect("Sender[^\n]*: ")
    terminal.type("otpd@example.org")
    terminal.expect("the example of the manual")
    terminal.type("otpd@test.example.org")
    terminal.expect("Your own address[^\n]*: ")
    terminal.type("ada")
    terminal.expect("That cannot be")
    terminal.type("ada@example.org")
    terminal.expect("550 5.1.1 no such mailbox")
    terminal.expect("No mail went out, and nothing was changed")
    terminal.expect("Number [^\n]*: ")
    host.is_untouched()
    w.write("smtp-mode", "take")
    terminal.type("smtp+plain://localhost:%d" % w.smtp_port)
    terminal.expect("User name at the relay[^\n]*: ")
    terminal.type("")
    terminal.expect("Sender[^\n]*: ")
    terminal.type("otpd@test.example.org")
    terminal.expect("Your own address[^\n]*: ")
    terminal.type("ada@example.org")
    terminal.expect("Sent in")
    terminal.expect("User [^\n]*: ")
    terminal.type("nobody-here")
    terminal.expect("no such\\s+user")
    terminal.type("\x03")
    terminal.expect("everything is put back")
    equal(terminal.end(), 5, "exit status")
    host.is_untouched()


def a_password_is_neither_shown_nor_lost(w):
    host = NewHost(w).start()
    secret = w.write("secret", "right horse battery\n", 0o600)
    path = pathlib.Path("/etc/otpd/smtp-password")
    said = host.by_flags("--relay-user", "otpd", "--password-file", str(secret), "--dry-run",
                         relay="smtp://localhost").stdout
    check("(/etc/otpd/smtp-password gets the password)" in said, said)
    check("right horse" not in said, "the password is shown")
    check(not path.exists(), "a dry run has written")
    terminal = host.at_terminal("--relay", "smtps://localhost:1", "--relay-user", "otpd",
                                "--password-file", str(secret), "--from",
                                "otpd@test.example.org", "--address", "ada@example.org",
                                "--wait", "5")
    terminal.expect("No mail went out")
    terminal.expect("Number [^\n]*: ")
    terminal.type("smtps://localhost:1")
    terminal.expect("User name[^\n]*: ")
    terminal.type("otpd")
    terminal.expect("Its password[^\n]*: ")
    terminal.type("wrong horse battery")
    terminal.expect("Sender")
    check("wrong horse" not in terminal.all, "the password is echoed")
    terminal.type("\x03")
    terminal.end()
    host.is_untouched()


def two_at_once_are_one(w):
    host = NewHost(w).start()
    run = host.in_background()
    run.expect("The trial login")
    said = host.by_flags(wanted=5).stderr
    check("another otpctl setup is running" in said, said)
    host.log_in()
    equal(run.end(), 0, "exit status")


def bad_answers_are_asked_again(w):
    host = NewHost(w).start()
    terminal = host.at_terminal("--relay", host.relay, "--from",
                                "otpd@test.example.org", "--address", "ada@example.org")
    terminal.expect("User [^\n]*: ")
    terminal.type("")
    terminal.expect("Code from the mail[^\n]*: ")
    code = w.wait_mails(2, "ada@example.org").code
    terminal.type("123")
    terminal.expect("six characters at least")
    terminal.type(wrong(code))
    terminal.expect("That is not the code")
    terminal.expect("Code from the mail[^\n]*: ")
    terminal.type(code[:3] + " " + code[3:])
    codes = _codes(terminal)
    terminal.expect("type one group[^\n]*: ")
    terminal.type("AAAA")
    terminal.expect("none of the codes has such a\\s+group")
    terminal.type(codes[9].split("-")[0].lower())
    terminal.expect("Services[^\n]*: ")
    terminal.type("sshd,ftp")
    terminal.expect("services are set up by hand")
    terminal.type("sshd")
    terminal.expect("password or key[^\n]*: ")
    terminal.type("both")
    terminal.expect("say password or key")
    terminal.type("password")
    terminal.expect("all, or the name[^\n]*: ")
    terminal.type("no-such-group")
    terminal.expect("no such\\s+group")
    terminal.type("admins")
    terminal.expect("required_groups")
    terminal.expect("Go on[^\n]*: ")
    terminal.type("no")
    equal(terminal.end(), 5, "exit status")
    host.is_untouched()
