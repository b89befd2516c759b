# SPDX-License-Identifier: MIT
"""What the tests share that run inside a booted machine, as root: a mail server, packages,
logins, and the count at the end.

A test is a script with functions part_1, part_2...; between two of them the machine is shut
down and booted. Nothing sleeps: what must happen is waited for.
"""
import hashlib
import os
import pathlib
import queue
import re
import subprocess
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from lab import Failed, Mail, Terminal, Varlink, check, equal  # noqa: E402,F401

LIMIT = 60
PORT = 2525
SOCKET = "/run/otpd/otpd.sock"
UNITS = ["otpd.socket", "otpd-mail.socket", "otpd.service", "otpd-mail.service"]
PASSWORD = "correct horse"
LINE = "auth [success=ok default=die] pam_emailotp.so\n"
STACKS = ["sshd", "sudo", "sudo-i"]
SSHD = """UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
LoginGraceTime 300
Match User root
	AuthenticationMethods publickey
"""
MAIL = """from = "otpd@example.org"
transport relay {
	type = smtp
	host = "127.0.0.1"
	port = %d
	tls = none
}
""" % PORT
# Only so that nobody has to wait for the next code; the default is 60s.
OTPD = """policy default {
	cool_down = 0
	sends_per_hour = 100
	sends_per_day = 100
}
"""
counts = {"passed": 0, "failed": 0, "skipped": 0}


def run(*argv, wanted=0, limit=300, **options):
    """Runs a command; what it wrote, both streams. wanted: its status, None for any."""
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=limit, check=False, **options)
    check(wanted is None or done.returncode == wanted, argv, "ended with", done.returncode,
          "and said:", done.stdout)
    return done.stdout


def number(name, value, unit, goal):
    """A measured number; the goal is compared and said, and is not a test."""
    verdict = "" if value <= goal else ", missed"
    print("NUMBER %s %.3g %s (goal at most %g%s)" % (name, value, unit, goal, verdict))


def journal():
    for unit in ("otpd", "otpd-mail", "ssh"):
        print(run("journalctl", "-b", "-n", "20", "--no-pager", "-o", "short-precise", "-u",
                  unit, wanted=None))


def step(name, function, *arguments):
    """One test. What it returns, None after a failure."""
    try:
        result = function(*arguments)
    except Exception as error:  # whatever it is, the next steps run
        counts["failed"] += 1
        print("FAILED  ", name)
        if not isinstance(error, Failed):
            traceback.print_exc(file=sys.stdout)
        print("   ", error)
        journal()
        return None
    counts["passed"] += 1
    print("ok      ", name)
    return result


def skip(name, why):
    counts["skipped"] += 1
    print("skipped ", name + ":", why)


def main(*parts):
    """Runs the part that the first argument names, from 1. After the last one it ends."""
    index = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    try:
        parts[index - 1]()
    except Exception:
        counts["failed"] += 1
        traceback.print_exc(file=sys.stdout)
        journal()
    else:
        if index < len(parts):
            pathlib.Path("/root/again").write_text("%d\n" % (index + 1))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


class Post:
    """The mail server of the machine: real SMTP on loopback."""

    def __init__(self):
        from aiosmtpd.controller import Controller
        self.arrived = queue.Queue()
        self.controller = Controller(self, hostname="127.0.0.1", port=PORT)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        del server, session
        self.arrived.put(Mail(envelope.content))
        return "250 taken"

    def next(self, to=None):
        """The next mail with a code, to an address; others are passed over."""
        while True:
            try:
                mail = self.arrived.get(timeout=LIMIT)
            except queue.Empty:
                raise Failed("no mail came") from None
            if (to is None or mail.to == to) and mail.has_code:
                return mail

    def next_code(self, to):
        """That of the next mail that has one; tests and notices of a set-up are passed over."""
        while True:
            mail = self.next(to)
            if re.search(r"(?m)^ +[0-9][0-9 -]{4,}[0-9]\s*$", mail.text):
                return mail.code

    def close(self):
        self.controller.stop()


# ---- the machine

def settled():
    """systemd has nothing left to do, and nothing of it failed."""
    run("systemctl", "is-system-running", "--wait", wanted=None)
    equal(run("systemctl", "--failed", "--no-legend", "--plain").strip(), "", "failed units:")


def fingerprint(*but):
    """What the files of PAM and of sshd are, byte for byte, with owners and modes."""
    found = {}
    for top in ("/etc/pam.d", "/etc/ssh", "/usr/lib/pam.d", "/etc/security"):
        for path in sorted(pathlib.Path(top).rglob("*")):
            if path.is_file() and path.name not in but:
                status = path.stat()
                found[str(path)] = (hashlib.sha256(path.read_bytes()).hexdigest(),
                                    status.st_mode, status.st_uid, status.st_gid)
    return found


def people():
    """ada with a password, who may use sudo; root with a key."""
    run("useradd", "-m", "-s", "/bin/bash", "-G", "sudo", "ada")
    subprocess.run(["chpasswd"], input="ada:%s\n" % PASSWORD, text=True, check=True)
    ssh = pathlib.Path("/root/.ssh")
    ssh.mkdir(mode=0o700, exist_ok=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh / "id_ed25519")
    (ssh / "authorized_keys").write_text((ssh / "id_ed25519.pub").read_text())


# ---- packages

def debs(version):
    return sorted(str(path) for path in pathlib.Path("/root", version).glob("*.deb"))


def apt(*argv):
    """apt-get without questions. There is no network; what it needs lies in its cache."""
    return run("apt-get", "-y", "-o", "Dpkg::Use-Pty=0", *argv,
               env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def install(version="new"):
    return apt("install", *debs(version))


def up():
    for unit in UNITS:
        equal(run("systemctl", "is-active", unit, wanted=None).strip(), "active", unit)
        equal(run("systemctl", "is-enabled", unit, wanted=None).strip(), "enabled", unit)
    settled()


def ask_for_codes():
    """What the manual tells an administrator to do by hand; root keeps his key."""
    for name in STACKS:
        path = pathlib.Path("/etc/pam.d", name)
        if not path.exists():
            continue
        text = path.read_text()
        path.write_text(text.replace("@include common-auth\n",
                                     "@include common-auth\n" + LINE, 1))
        check(LINE in path.read_text(), name, "has no line to put ours behind")
    pathlib.Path("/etc/ssh/sshd_config.d/10-emailotp.conf").write_text(SSHD)
    pathlib.Path("/etc/otpd/mail.conf").write_text(MAIL)
    pathlib.Path("/etc/otpd/otpd.conf.d").mkdir(exist_ok=True)
    pathlib.Path("/etc/otpd/otpd.conf.d/hand.conf").write_text(OTPD)
    run("systemctl", "reload", "otpd-mail", "otpd", "ssh")
    run("otpctl", "users", "add", "ada", "ada@example.org", "--verified")


# ---- logins

def ssh(user, *command):
    """While sshd reads its files again it refuses connections for a moment."""
    return ["ssh", "-tt", "-q", "-o", "ConnectionAttempts=20", "-o",
            "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", user + "@127.0.0.1", *command]


def root_by_key():
    """Root's way in: by key, without a code."""
    said = run(*ssh("root", "-o", "BatchMode=yes", "echo in"), wanted=None)
    check("in" in said, "root cannot log in by key:", said)


def begin_ssh(*options):
    """ada's login, up to the prompt of the code. Returns the terminal and how many
    milliseconds the prompt took after the password."""
    terminal = Terminal(ssh("ada", *options, "echo I am; id -un"))
    terminal.expect("[Pp]assword:")
    started = time.monotonic()
    terminal.type(PASSWORD)
    terminal.expect("(?i)code[^:]*: ")
    return terminal, (time.monotonic() - started) * 1000


def finish_ssh(terminal, post):
    terminal.type(post.next_code("ada@example.org"))
    terminal.expect("I am\\s+ada")
    equal(terminal.end(LIMIT), 0, "ssh")


def ssh_with_code(post):
    terminal, took = begin_ssh()
    finish_ssh(terminal, post)
    return took


def ssh_with_password():
    """A login that is asked for no code."""
    terminal = Terminal(ssh("ada", "-o", "PreferredAuthentications=keyboard-interactive,password",
                            "echo I am; id -un"))
    terminal.expect("[Pp]assword:")
    terminal.type(PASSWORD)
    terminal.expect("I am\\s+ada")
    equal(terminal.end(LIMIT), 0, "ssh")


def sudo(post, *options):
    """ada's sudo; with a code where there is a post."""
    terminal = Terminal(["runuser", "-u", "ada", "--", "sudo", "-k", *options, "id", "-un"])
    terminal.expect("[Pp]assword[^:]*:")
    terminal.type(PASSWORD)
    if post:
        terminal.expect("(?i)code[^:]*: ")
        terminal.type(post.next_code("ada@example.org"))
    terminal.expect("root")
    equal(terminal.end(LIMIT), 0, "sudo")


def json_of(*argv):
    import json
    return json.loads(run("otpctl", "--json", *argv))


def words(text):
    return re.sub(r"\s+", " ", text)
