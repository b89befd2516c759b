#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shows a real ssh login that asks for the code from a mail; demo.py --shell leaves it running.

Everything runs in one temporary directory that is removed at the end: an SMTP server on
loopback, otpd-mail, otpd, and an sshd of its own on a loopback port. pam_wrapper gives
that sshd its PAM configuration and nss_wrapper a user whom the machine does not have, so
neither /etc nor anything else outside is touched. Every step is checked.
"""
import base64
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
sys.dont_write_bytecode = True
from lab import (BUILD, Failed, Lab, Terminal, check, equal, free_port,  # noqa: E402
                 sshd_options, wrong)

USER = "ada"
ADDRESS = "ada@example.org"
UID = 65534
COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(colour, text):
    return "\033[%sm%s\033[0m" % (colour, text) if COLOURS else text


def library(name):
    found = sorted(glob.glob("/usr/lib/*/" + name) + glob.glob("/usr/lib/" + name))
    check(found, name, "is not installed; start the demo with ./dev demo")
    return found[0]


OTPD_CONF = """
socket = "{dir}/otpd.sock"
socket_group = ""
database = "{dir}/otpd.db"
key_file = "{dir}/otpd.key"
mail_socket = "{dir}/mail.sock"
mail_user = "root"
host_name = "demo.example.org"
policy sshd {{
	# Only so that nobody has to wait for the resend; the default is 60s.
	cool_down = 0
	sends_per_hour = 100
	wrong_per_hour = 100
	wrong_per_day = 100
	wrong_per_month = 100
}}
"""
MAIL_CONF = """
socket = "{dir}/mail.sock"
otpd_user = "root"
key_file = "{dir}/mail.key"
{templates}
from = "sign-in@demo.example"
organisation = "Example Org"
transport demo {{
	type = smtp
	host = "localhost"
	port = {smtp_port}
	user = "otpd"
	password_file = "{dir}/smtp-password"
	ca_file = "{dir}/tls.crt"
}}
"""
PAM_SSHD = """
auth requisite {matrix} passdb={dir}/passwords
auth [success=ok default=die] {module} socket={dir}/otpd.sock
account required pam_permit.so
session required pam_permit.so
"""
SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {ssh_port}
HostKey {dir}/host-key
PidFile none
StrictModes no
PrintMotd no
PrintLastLog no
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
LoginGraceTime 300
AllowUsers {user}
SetEnv LD_PRELOAD={nss} NSS_WRAPPER_PASSWD={dir}/passwd NSS_WRAPPER_GROUP={dir}/group
"""


class Demo(Lab):
    def __init__(self):
        super().__init__()
        self.bin = BUILD
        self.socket = self.dir / "otpd.sock"
        self.password = base64.b32encode(os.urandom(10)).decode().lower()
        self.made_run_sshd = False

    def fill(self, text):
        return text.lstrip().format(
            dir=self.dir, templates=self.templates(), user=USER,
            smtp_port=self.smtp_port, ssh_port=self.ssh_port,
            module=BUILD / "pam_emailotp.so", matrix=library("pam_wrapper/pam_matrix.so"),
            nss=library("libnss_wrapper.so"))

    def start(self):
        self.start_smtp()
        self.ssh_port = free_port()
        home = self.dir / "home"
        home.mkdir()
        os.chown(home, UID, UID)
        self.write("otpd.conf", self.fill(OTPD_CONF))
        self.write("mail.conf", self.fill(MAIL_CONF))
        self.write("passwd", "root:x:0:0::/root:/bin/sh\n"
                   "%s:x:%d:%d:Ada Lovelace:%s:/bin/sh\n"
                   "sshd:x:65534:65534::/:/bin/false\n" % (USER, UID, UID, home))
        self.write("group", "root:x:0:\n%s:x:%d:\n" % (USER, UID))
        self.write("passwords", "%s:%s:sshd\n" % (USER, self.password), 0o600)
        self.write("pam/sshd", self.fill(PAM_SSHD))
        self.write("pam/other", "auth required pam_deny.so\naccount required pam_deny.so\n")
        self.write("sshd_config", self.fill(SSHD_CONFIG) + "\n".join(sshd_options()) + "\n",
                   0o600)
        mailer = self.spawn("otpd-mail", [BUILD / "otpd-mail", "--config",
                                          self.dir / "mail.conf"])
        self.ready(mailer, (self.dir / "mail.sock").exists)
        otpd = self.spawn("otpd", [BUILD / "otpd", "--config", self.dir / "otpd.conf"])
        self.ready(otpd, self.socket.exists)
        self.start_sshd()

    def start_sshd(self):
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / "host-key")
        try:
            os.mkdir("/run/sshd", 0o755)  # sshd insists on it
            self.made_run_sshd = True
        except FileExistsError:
            pass
        environment = dict(
            os.environ, LD_PRELOAD=library("libpam_wrapper.so") + ":" +
            library("libnss_wrapper.so"), PAM_WRAPPER="1",
            PAM_WRAPPER_SERVICE_DIR=str(self.dir / "pam"),
            NSS_WRAPPER_PASSWD=str(self.dir / "passwd"),
            NSS_WRAPPER_GROUP=str(self.dir / "group"))
        process = self.spawn("sshd", [*self.without_records(), "/usr/sbin/sshd", "-D", "-e",
                                      "-f", self.dir / "sshd_config"], env=environment)
        self.ready(process, lambda: "Server listening" in self.log("sshd"))

    def without_records(self):
        """Keeps the logins of the demo out of the machine's records, where that goes."""
        may = subprocess.run(["unshare", "--mount", "true"], capture_output=True)
        if may.returncode != 0:
            return []
        empty = self.write("records", "", 0o600)
        mounts = ["test ! -e {0} || mount --bind {1} {0}".format(path, empty) for path in
                  ("/run/utmp", "/var/log/btmp", "/var/log/wtmp", "/var/log/lastlog")]
        return ["unshare", "--mount", "sh", "-c", "; ".join(mounts) + '; exec "$@"', "sh"]

    def ssh(self, *command):
        return ["ssh", "-F", "none", "-p", str(self.ssh_port), "-o", "LogLevel=ERROR", "-o",
                "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                "NumberOfPasswordPrompts=1", USER + "@127.0.0.1", *command]

    def close(self):
        super().close()
        # Processes of sshd end without giving pam_wrapper the time to remove its copies.
        for copy in pathlib.Path("/tmp").glob("pam.*/sshd"):
            if str(self.dir) in copy.read_text():
                shutil.rmtree(copy.parent)
        if self.made_run_sshd:
            os.rmdir("/run/sshd")


class Show:
    """Tells what happens, with numbered steps."""

    def __init__(self):
        self.steps = 0
        self.fresh = True  # the terminal's text stands at the start of a line

    def step(self, text):
        self.steps += 1
        print("\n" * (not self.fresh))
        print(paint("1", "%d. %s" % (self.steps, text)), flush=True)
        self.fresh = True

    def terminal(self, text):
        for line in text.replace("\r", "").splitlines(True):
            if self.fresh:
                sys.stdout.write(paint("2", "   | "))
            self.fresh = line.endswith("\n")
            sys.stdout.write(paint("36", line.rstrip("\n")) + "\n" * self.fresh)
        sys.stdout.flush()

    def command(self, argv):
        self.terminal("$ " + " ".join(argv) + "\n")

    def note(self, text):
        if not self.fresh:
            print()
            self.fresh = True
        print("   " + text, flush=True)

    def mail(self, mail):
        for name in ("From", "To", "Subject", "Message-ID", "Content-Type"):
            print(paint("2", "   > ") + paint("33", "%s: %s" % (name, mail.message[name])))
        print(paint("2", "   >"))
        for line in mail.text.rstrip().splitlines():
            print((paint("2", "   > ") + paint("33", line)).rstrip())
        sys.stdout.flush()


class Login:
    def __init__(self, demo, show):
        self.show = show
        self.marker = base64.b16encode(os.urandom(4)).decode()
        show.command(["ssh", USER + "@127.0.0.1"])
        self.terminal = Terminal(demo.ssh("echo This is the shell, %s: $(id)" % self.marker),
                                 show=show.terminal)
        self.terminal.expect("Password: ")
        self.terminal.type(demo.password)

    def prompt(self, pattern):
        return self.terminal.expect(pattern + "[^\n]*: $").group()

    def type(self, text):
        self.terminal.type(text)

    def enters(self):
        self.terminal.expect(r"This is the shell, %s: .*\(%s\)" % (self.marker, USER))
        equal(self.terminal.end(), 0, "exit status of ssh")

    def refused(self):
        self.terminal.expect("Permission denied")
        equal(self.terminal.end(), 255, "exit status of ssh")


def story(demo, show):
    show.step("A mail server, otpd-mail, otpd and an sshd are started, on loopback only.")
    demo.start()
    show.note("SMTP with STARTTLS and AUTH on port %d, sshd on port %d, all else in %s"
              % (demo.smtp_port, demo.ssh_port, demo.dir))

    show.step("The administrator enrols a user.")
    show.command(["otpctl", "users", "add", USER, ADDRESS, "--name", "Ada", "--verified"])
    show.terminal(demo.otpctl("users", "add", USER, ADDRESS, "--name", "Ada", "--verified"))
    show.command(["otpctl", "users", "list"])
    listing = demo.otpctl("users", "list")
    show.terminal(listing)
    check(ADDRESS in listing, "the user is not in the list")

    show.step("She logs in by ssh: first the password, then otpd mails a code.")
    login = Login(demo, show)
    login.prompt("code was e-mailed")
    first = demo.wait_mails(1, ADDRESS)
    show.note("... and this has arrived at the mail server:")
    show.mail(first)

    show.step("She types the code from the mail, and is in.")
    login.type(first.code)
    login.enters()

    show.step("The next login has another code. A wrong code is refused.")
    login = Login(demo, show)
    login.prompt("code was e-mailed")
    second = demo.wait_mails(2, ADDRESS)
    check(second.code != first.code, "the same code twice")  # once in a million runs
    login.type(wrong(second.code))
    login.prompt("Wrong code")

    show.step("The code of the first login is refused: a code is good once.")
    login.type(first.code)
    login.prompt("Wrong code")
    login.type("not a code")
    login.refused()

    show.step("She comes back: the code that she has is still good, nothing new is mailed.")
    login = Login(demo, show)
    login.prompt("still good")
    equal(len(demo.mails()), 2, "mails")

    show.step("She asks for a new one: it is mailed, and the one before is dead.")
    login.type("r")
    login.prompt("new code was e-mailed")
    third = demo.wait_mails(3, ADDRESS)
    show.note("... \"%s\" has arrived, with the code %s" % (third.message["Subject"], third.code))
    login.type(second.code)
    login.prompt("Wrong code")
    login.type(third.code)
    login.enters()

    show.step("What otpd has recorded. No code stands in it, nor in its database.")
    audit = demo.otpctl("audit")
    show.terminal(audit)
    stored = b"".join(p.read_bytes() for p in demo.dir.glob("otpd.db*"))
    for mail in (first, second, third):
        check(mail.code not in audit, "a code in the audit")
        check(mail.code.encode() not in stored, "a code in the database")


def leave_running(demo, show):
    demo.start()
    demo.otpctl("users", "add", USER, ADDRESS, "--verified")
    ssh = demo.ssh()
    print("Log in from another terminal:\n\n    %s\n\n"
          "    password   %s\n"
          "    mails      %s   (the newest has the code)\n"
          "    otpctl     %s --socket %s audit\n\n"
          "Ctrl-C ends it and removes everything."
          % (paint("1", " ".join(ssh)), paint("1", demo.password),
             paint("1", demo.dir / "mails"), BUILD / "otpctl", demo.socket), flush=True)
    signal.pause()


def stop(*_):
    raise KeyboardInterrupt


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    if os.geteuid() != 0:
        sys.exit("demo: sshd and otpd need root; ./dev demo takes sudo for it")
    os.umask(0o022)
    show = Show()
    demo = Demo()
    try:
        if sys.argv[1:] == ["--shell"]:
            leave_running(demo, show)
        story(demo, show)
        print("\n" + paint("1;32", "demo: %d steps, all as they should be" % show.steps))
    except KeyboardInterrupt:
        return 0 if sys.argv[1:] == ["--shell"] else 130
    except Failed as failed:
        show.note(paint("1;31", "FAILED in step %d: %s" % (show.steps, failed)))
        for name in ("otpd", "otpd-mail", "sshd", "smtpd"):
            print("--- %s said:\n%s" % (name, demo.log(name)[-3000:]))
        return 1
    finally:
        demo.close()
    return 0


sys.exit(main())
