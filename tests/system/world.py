# SPDX-License-Identifier: MIT
"""The machine that a system test sees: its own /etc, /run, /dev and processes.

The runner starts each test in new namespaces; enter() fills them. Nothing that is done
inside is seen outside, and everything ends with the test. Its loopback is its own, too, so
that a port that is free stays free.
"""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading

from lab import MODULE as PAM_MODULE
from lab import (BUILD, LIMIT, SANITIZER, Lab, Refused, Skip, Terminal, Varlink,
                 check, equal, free_port, sshd_options, wait_for)

PASSWORD = "correct horse"
OTPD, MAILER, CLIENTS, WEB, ADA, BOB, CAROL = 2100, 2101, 2102, 2103, 2001, 2002, 2003
SOCKET = "/run/otpd/otpd.sock"
MAIL_SOCKET = "/run/otpd-mail/mail.sock"
ACCOUNTS = {"ada": ADA, "bob": BOB, "carol": CAROL, "otpd": OTPD, "otpd-mail": MAILER,
            "web": WEB, "sshd": 2104, "postfix": 2105, "postdrop": 2106, "root": 0,
            "nobody": 65534}
PEOPLE = ("ada", "bob", "carol")
MODULE = "auth [success=ok default=die] {module} debug"
# What Debian's common-auth says.
UNIX = """auth [success=1 default=ignore] pam_unix.so
auth requisite pam_deny.so
auth required pam_permit.so
"""
ACCOUNT = "account required pam_unix.so\nsession required pam_permit.so\n"
POLICY = "policy sshd { cool_down = 0 }\npolicy sudo { cool_down = 0 }\n"


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def own_dev():
    """A /dev of our own, where /dev/log can be ours."""
    old = pathlib.Path("/run/old-dev")
    old.mkdir()
    mount("--rbind", "/dev", old)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        pathlib.Path("/dev", name).touch()
        mount("--bind", old / name, "/dev/" + name)
    for name in ("pts", "shm"):
        pathlib.Path("/dev", name).mkdir()
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", "/dev/pts")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm")
    os.symlink("pts/ptmx", "/dev/ptmx")
    os.symlink("/proc/self/fd", "/dev/fd")
    subprocess.run(["umount", "-l", str(old)], check=True)


def own_loopback():
    """What "ip link set lo up" does: netdevice(7)."""
    siocgifflags, siocsifflags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(one, siocgifflags, request))[1]
        if flags & up:
            return  # the machine's, where we may have none of our own
        fcntl.ioctl(one, siocsifflags, struct.pack("16sH14x", b"lo", flags | up))


def own_etc(directory):
    etc = directory / "etc"
    (etc / "pam.d").mkdir(parents=True)
    (etc / "sudoers.d").mkdir()
    encrypted = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True,
                               capture_output=True, text=True).stdout.strip()
    accounts = [(name, uid, directory / "home" / name) for name, uid in ACCOUNTS.items()]
    files = {
        "passwd": "".join("%s:x:%d:%d::%s:/bin/sh\n" % (n, u, u, h) for n, u, h in accounts),
        "shadow": "".join("%s:%s:19000::::::\n" % (n, encrypted if n in PEOPLE else "*")
                          for n, _, _ in accounts),
        "group": "".join("%s:x:%d:\n" % (n, u) for n, u, _ in accounts) +
                 "otpd-clients:x:%d:otpd,web\nexempt:x:2200:carol\nadmins:x:2201:ada\n"
                 % CLIENTS,
        "gshadow": "",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
        "hosts": "127.0.0.1 localhost %s\n" % socket.gethostname(),
        "sudoers": "Defaults !syslog, timestamp_timeout=0, passwd_tries=3, lecture=never\n"
                   "Defaults timestampdir=%s\nada ALL=(ALL) ALL\n" % (directory / "sudo"),
        "environment": "",
    }
    for name, text in files.items():
        path = etc / name
        path.write_text(text)
        path.chmod({"shadow": 0o600, "gshadow": 0o600, "sudoers": 0o440}.get(name, 0o644))
    (etc / "pam.d/other").write_text("auth required pam_deny.so\naccount required pam_deny.so\n")
    for name in [*files, "pam.d", "sudoers.d"]:
        if os.path.exists("/etc/" + name):
            mount("--bind", etc / name, "/etc/" + name)
    for name in PEOPLE:
        home = directory / "home" / name
        home.mkdir(parents=True)
        os.chown(home, ACCOUNTS[name], ACCOUNTS[name])


def make_directory(path, uid, mode):
    os.makedirs(path, exist_ok=True)
    os.chown(path, uid, uid)
    os.chmod(path, mode)


def enter(directory):
    directory = pathlib.Path(directory)
    os.umask(0o022)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log")
    own_dev()
    own_loopback()
    if os.path.exists("/usr/sbin/sendmail"):  # sudo's complaints are not for the machine's root
        mount("--bind", shutil.which("true"), os.path.realpath("/usr/sbin/sendmail"))
    own_etc(directory)
    make_directory("/run/sshd", 0, 0o755)
    make_directory("/run/otpd", OTPD, 0o755)
    make_directory("/run/otpd-mail", MAILER, 0o755)
    make_directory(directory / "otpd", OTPD, 0o700)
    make_directory(directory / "mail", MAILER, 0o700)
    make_directory(directory / "mails", MAILER, 0o755)
    make_directory(directory / "bin", 0, 0o755)
    for path in (BUILD / "otpd", BUILD / "otpd-mail", BUILD / "otpctl", PAM_MODULE):
        check(path.exists(), path, "is not built")
        shutil.copy(path, directory / "bin" / path.name)
        os.chmod(directory / "bin" / path.name, 0o755)


class Tap:
    """Stands between the module and otpd, and keeps every byte that passes."""

    def __init__(self, path, behind):
        self.behind = behind
        self.seen = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.pass_on, args=(client,), daemon=True).start()

    def pass_on(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.behind)
            data = client.recv(65536)
            while data:
                self.seen.append(data)
                server.sendall(data)
                answer = server.recv(65536)
                self.seen.append(answer)
                client.sendall(answer)
                data = client.recv(65536)


class World(Lab):
    """The product as it is installed: otpd and otpd-mail under their own users."""

    def __init__(self, directory):
        super().__init__(directory)
        self.bin = self.dir / "bin"
        self.socket = SOCKET
        self.module = self.bin / "pam_emailotp.so"
        self.otpd = self.mailer = None
        self.environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **{
            k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
        self.syslog = []  # a list: it may grow while somebody reads it
        self.start_syslog()

    def __exit__(self, kind, *_):
        self.close()
        equal(self.crashed(), [], "daemons that crashed")
        for name in ("otpd", "otpd-mail"):
            for word in ("Sanitizer", "runtime error", "Assertion"):
                check(kind or word not in self.log(name), name, "has reported an error")

    def start_syslog(self):
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

        def read():
            with open(self.dir / "syslog.log", "w") as out:
                while True:
                    line = log.recv(65536).decode("utf-8", "replace")
                    self.syslog.append(line)
                    print(line, file=out, flush=True)
        threading.Thread(target=read, daemon=True).start()

    # The daemons.

    def configure_otpd(self, policy=POLICY, extra=""):
        return self.write("otpd.conf", """
database = "{0}/otpd.db"
key_file = "{0}/otpd.key"
mail_socket = "{1}"
host_name = "test.example.org"
log_level = debug
{2}
{3}
""".format(self.dir / "otpd", MAIL_SOCKET, extra, policy))

    def configure_mailer(self, transport, options=""):
        """transport: the inside of one section, or of several by their titles, in order.
        options: further lines, outside of them."""
        if isinstance(transport, str):
            transport = {"test": transport}
        self.write("mail.conf", """
socket = "{0}"
socket_mode = 0666
key_file = "{1}/mail.key"
{3}
log_level = debug
from = "otpd@test.example.org"
{4}
{2}
""".format(MAIL_SOCKET, self.dir / "mail", "\n".join(
            "transport %s {\n%s\n}" % section for section in transport.items()),
           self.templates(), options))

    def maildir(self):
        return 'type = maildir\npath = "%s"' % (self.dir / "mails")

    def smtp(self, more=""):
        return """type = smtp
host = "localhost"
port = %d
user = "otpd"
password_file = "%s"
ca_file = "%s"
timeout = 5s
%s""" % (self.smtp_port, self.dir / "smtp-password", self.dir / "tls.crt", more)

    def start_mailer(self):
        self.mailer = self.spawn(
            "otpd-mail", [self.bin / "otpd-mail", "--config", self.dir / "mail.conf"],
            user=MAILER, group=MAILER, extra_groups=[], env=self.environment)
        self.ready(self.mailer, lambda: self.answers(MAIL_SOCKET))

    def spawn_otpd(self, env=None):
        self.otpd = self.spawn(
            "otpd", [self.bin / "otpd", "--config", self.dir / "otpd.conf"], user=OTPD,
            group=OTPD, extra_groups=[CLIENTS], env={**self.environment, **(env or {})})
        return self.otpd

    def start_otpd(self, env=None):
        self.ready(self.spawn_otpd(env), lambda: self.answers(SOCKET))

    def answers(self, path):
        try:
            with Varlink(path) as server:
                server.call("org.varlink.service.GetInfo")
            return True
        except (OSError, ConnectionError):
            return False

    def start(self, policy=POLICY, extra="", users=("ada",), transport=None, env=None,
              mail_options=""):
        """Both daemons, mails into a Maildir, and users who are enrolled and verified."""
        self.configure_mailer(transport or self.maildir(), mail_options)
        self.configure_otpd(policy, extra)
        self.start_mailer()
        self.start_otpd(env)
        for user in users:
            self.otpctl("users", "add", user, self.address(user), "--verified")

    def address(self, user):
        return user + "@example.org"

    # The clock of otpd: start with env=w.clock(), then set it.

    def clock(self, seconds=0):
        found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not found:
            raise Skip("faketime is not installed")
        preload = str(found[0])
        if SANITIZER and not pathlib.Path("/etc/debian_version").read_text().startswith("12"):
            raise Skip("libfaketime and the sanitizers of newer gcc stop each other at start")
        if SANITIZER:  # its library must come first
            name = "lib%s.so" % SANITIZER
            preload = self.run("gcc", "-print-file-name=" + name).strip() + ":" + preload
        self.set_clock(seconds)
        return {"LD_PRELOAD": preload, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_TIMESTAMP_FILE": str(self.dir / "clock")}

    def set_clock(self, seconds):
        self.write("clock", "%+d" % seconds)

    # Asking otpd directly.

    def call(self, method, **parameters):
        with Varlink(SOCKET) as otpd:
            return otpd.call("org.emailotp." + method, **parameters)

    def refusal(self, method, **parameters):
        """The name of the error that a call gets; its parameters are kept in self.why."""
        try:
            answer = self.call(method, **parameters)
        except Refused as refused:
            self.why = refused.parameters
            return refused.name
        return "no error but %s" % answer

    def begin(self, user="ada", service="sshd", **more):
        return self.call("Auth.Begin", user=user, service=service, **more)

    def verify(self, challenge, code):
        return self.call("Auth.Verify", challenge=challenge, code=code)

    def show(self, user="ada"):
        return self.call("Admin.ShowUser", user=user)

    def audit(self, **more):
        return self.call("Admin.Audit", **more)["events"]

    def in_audit(self, word, **wanted):
        return [e for e in self.audit() if word in e["event"] and
                all(e[k] == v for k, v in wanted.items())]

    def queue(self):
        """All mails, the oldest first."""
        rows, page = [], {}
        with Varlink(SOCKET) as otpd:
            while page is not None:
                answer = otpd.call("org.emailotp.Admin.Queue", **page)
                rows += answer["mails"]
                page = {"before": answer["next"]} if answer.get("next") else None
        return rows[::-1]

    # Real logins.

    def pam(self, service, lines, account=ACCOUNT):
        (self.dir / "etc/pam.d" / service).write_text(
            lines.replace("{module}", str(self.module)) + "\n" + account)

    def start_sshd(self, *lines, pam=UNIX + MODULE):
        self.pam("sshd", pam)
        if not (self.dir / "host-key").exists():
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     self.dir / "host-key")
        self.ssh_port = free_port()
        self.write("sshd_config", "\n".join([
            *lines, *sshd_options(), "ListenAddress 127.0.0.1", "Port %d" % self.ssh_port,
            "HostKey %s" % (self.dir / "host-key"),
            "PidFile none", "StrictModes no", "PrintMotd no", "PrintLastLog no", "UsePAM yes",
            "KbdInteractiveAuthentication yes", "PasswordAuthentication no",
            "PermitRootLogin yes", "UseDNS no", "LoginGraceTime 300", "LogLevel VERBOSE", ""]))
        process = self.spawn("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f",
                                      self.dir / "sshd_config"])
        self.ready(process, lambda: "Server listening" in self.log("sshd"))
        return process

    def ssh(self, user="ada", *options, command="echo in as $(id -un)"):
        """A login; it says "in as USER" where a shell is reached. command "": a shell."""
        return Terminal([
            "ssh", "-F", "none", "-p", str(self.ssh_port), "-o", "LogLevel=ERROR", "-o",
            "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "NumberOfPasswordPrompts=1", *options, user + "@127.0.0.1",
            *([command] if command else [])])

    def ssh_to_code(self, user="ada", *options, password=PASSWORD, **more):
        """A login up to the prompt for the code; the login and the prompt."""
        terminal = self.ssh(user, *options, **more)
        terminal.expect("Password: ")
        terminal.type(password)
        return terminal, prompt(terminal)

    def log_in(self, user="ada"):
        """A whole login that must succeed, with the newest mail."""
        before = len(self.mails(self.address(user)))
        terminal, _ = self.ssh_to_code(user)
        terminal.type(self.wait_mails(before + 1, self.address(user)).code)
        enters(terminal, user)

    def sudo(self, *arguments):
        if not os.path.exists("/etc/sudoers"):
            raise Skip("sudo is not installed")
        return Terminal(["sudo", *arguments], user=ADA)

    def settle(self):
        """Returns when every mail that was asked for has its final state."""
        wait_for("the queue to be empty",
                 lambda: not self.call("Admin.Queue", open=True)["mails"])


def prompt(terminal):
    """What the prompt for a code says, once it is there."""
    return terminal.expect(r"[^\n]*(Code, (or )?r for a new one[^\n]*|Enter it to [^\n]*): $").group()


def tries(terminal, *answers):
    """Types each answer, but the first only at the next prompt; that one is there."""
    terminal.type(answers[0])
    for answer in answers[1:]:
        prompt(terminal)
        terminal.type(answer)


def enters(terminal, user="ada"):
    terminal.expect("in as " + user)
    equal(terminal.end(), 0, "exit status of ssh")


def refused(terminal):
    text = terminal.all
    status = terminal.end()
    check("in as " not in terminal.all, "a shell was reached")
    equal(status, 255, "exit status of ssh")
    return terminal.all[len(text):]


def as_uid(uid, function, groups=()):
    """Runs a function as somebody else and returns what it returned (as JSON)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(writing, json.dumps(function()).encode())
        except BaseException as failed:  # whatever it was, the parent hears of it
            os.write(writing, json.dumps({"failed": repr(failed)}).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return json.loads(data)


def pause(process):
    process.send_signal(signal.SIGSTOP)


__all__ = ["ACCOUNT", "ADA", "BOB", "BUILD", "CAROL", "CLIENTS", "LIMIT", "MAILER",
           "MAIL_SOCKET", "MODULE", "OTPD", "PASSWORD", "POLICY", "SOCKET", "Tap", "UNIX",
           "WEB", "World", "as_uid", "enter", "enters", "mount", "pause", "prompt", "refused",
           "tries"]
