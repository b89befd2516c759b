# SPDX-License-Identifier: MIT
"""One temporary directory, the processes that run in it, and how to talk to them.

Used by the demo and by the system tests. Nothing here sleeps for a fixed time: what must
happen is waited for, and a generous limit makes a test fail instead of hang.
"""
import base64
import email
import email.policy
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
# Where the module comes from. One that was built with a sanitizer cannot be loaded by an
# sshd that was not, so beside sanitized daemons the tests take the plain one.
SANITIZER = next((name for name in ("asan", "tsan") if (BUILD / "otpd").exists() and
                  b"lib%s.so" % name.encode() in (BUILD / "otpd").read_bytes()), None)
MODULE = (ROOT / "build" if SANITIZER else BUILD) / "pam_emailotp.so"
LIMIT = 30  # seconds; for a machine under load
# How heavy the heavy tests are, if nobody says it: lighter beside sanitizers, which slow
# all down by far.
KILLS = int(os.environ.get("KILLS", "50" if SANITIZER else "200"))
BACKUPS = int(os.environ.get("BACKUPS", "5"))
HOSTILE = int(os.environ.get("HOSTILE", "20000" if SANITIZER else "100000"))
# What no daemon may die of, whoever is asking: SIGSYS is the sandbox.
CRASHES = (signal.SIGSYS, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL,
           signal.SIGFPE, signal.SIGTRAP)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    """What should have happened did not."""


class Skip(Exception):
    """The test cannot run here, and why."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what))


def equal(got, wanted, what=""):
    check(got == wanted, what, "got", repr(got), "wanted", repr(wanted))


def wait_for(what, condition, limit=LIMIT):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + limit
    pause = 0.002
    while True:
        answer = condition()
        if answer:
            return answer
        check(time.monotonic() < end, "waited", limit, "s in vain for", what)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def sshd_options():
    """What an sshd of the tests needs: they fail logins, which 9.8 and later punish."""
    version = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr
    major, minor = map(int, re.search(r"OpenSSH_(\d+)\.(\d+)", version).groups())
    return ["PerSourcePenalties no"] if (major, minor) >= (9, 8) else []


def free_port():
    """A port of loopback that nobody has, from outside the range of outgoing connections."""
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Refused(Exception):
    """A Varlink error."""

    def __init__(self, name, parameters):
        super().__init__("%s %s" % (name, parameters))
        self.name = name.rpartition(".")[2]
        self.parameters = parameters


class Varlink:
    """A client in twenty lines: JSON, NUL, JSON, NUL."""

    def __init__(self, path, timeout=LIMIT):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))  # with a time limit, it would not wait for its turn
        self.socket.settimeout(timeout)
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next message as bytes without its NUL; None at the end."""
        while b"\0" not in self.rest:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return message

    def call(self, method, **parameters):
        self.send(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
        message = self.receive()
        if message is None:
            raise ConnectionError("closed without an answer")
        answer = json.loads(message)
        if answer.get("error"):
            raise Refused(answer["error"], answer.get("parameters") or {})
        return answer.get("parameters") or {}

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Terminal:
    """A program on a terminal of its own, driven as a person would."""

    def __init__(self, argv, show=None, user=None, env=None):
        self.text = ""  # what has not been expected yet
        self.all = ""
        self.show = show
        self.status = None
        environment = {"PATH": PATH, "HOME": "/", "TERM": "dumb", "LANG": "C.UTF-8"}
        environment.update(env or {})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if user is not None:
                    os.setgroups([])
                    os.setgid(user)
                    os.setuid(user)
                os.execvpe(argv[0], argv, environment)
            finally:
                os._exit(127)

    def read(self, limit):
        if not select.select([self.fd], [], [], limit)[0]:
            raise Failed("no more came within", str(limit), "s after", repr(self.all))
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the other side is gone
            data = b""
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if self.show and text:
            self.show(text)
        self.text += text
        self.all += text
        return bool(data)

    def expect(self, pattern, limit=LIMIT):
        end = time.monotonic() + limit
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            if not self.read(max(0.0, end - time.monotonic())):
                raise Failed("ended without %r after %r" % (pattern, self.all))

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def end(self, limit=LIMIT):
        """Waits for the end; the exit status, 128 + n for signal n."""
        if self.status is None:
            until = time.monotonic() + limit
            while self.read(max(0.0, until - time.monotonic())):
                pass
            os.close(self.fd)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            if self.status < 0:
                self.status = 128 - self.status
        return self.status

    def interrupt(self):
        """^C until the program ends: sudo misses one that comes just before it reads."""
        until = time.monotonic() + LIMIT
        more = True
        while more and time.monotonic() < until:
            os.write(self.fd, b"\x03")
            try:
                more = self.read(0.5)
            except Failed:
                continue
        return self.end()

    def hang_up(self):
        """The window is closed."""
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        self.status = 137


class Mail:
    def __init__(self, data):
        self.bytes = data
        self.message = email.message_from_bytes(data, policy=email.policy.default)
        self.text = self.message.get_body(("plain",)).get_content()

    @property
    def to(self):
        return self.message["To"].addresses[0].addr_spec

    def _codes(self):
        return re.findall(r"(?m)^\s*([0-9]{3,5}(?:[ -][0-9]{3,5})+|[0-9]{6,13})\s*$",
                          self.text)

    @property
    def has_code(self):
        return bool(self._codes())

    @property
    def code(self):
        """The line that is a code and nothing else, without its separators."""
        found = self._codes()
        check(len(set(found)) == 1, "one code expected in", repr(self.text))
        return re.sub("[ -]", "", found[0])


def wrong(code):
    """Another code of the same shape."""
    return code[:-1] + ("1" if code[-1] == "0" else "0")


class Lab:
    """Call close(), or use it with "with": it ends what it started and removes the rest."""

    def __init__(self, directory=None):
        self.own = directory is None
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="otp.", dir="/tmp"))
        self.dir.chmod(0o711)
        self.processes = []
        self.spawned = []  # those that have ended, too

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, name, text, mode=0o644, owner=None):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".draft")
        draft.write_text(text)
        draft.chmod(mode)
        if owner is not None:
            os.chown(draft, owner, owner)
        draft.rename(path)
        return path

    def templates(self):
        """The lines of mail.conf for a copy that otpd-mail takes, whoever owns the tree."""
        for path in (ROOT / "templates").iterdir():
            self.write("templates/" + path.name, path.read_text("utf-8"))
        return 'templates = "%s/templates"\ntemplate_overrides = ""' % self.dir

    def log(self, name):
        path = self.dir / (name + ".log")
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def spawn(self, name, argv, **options):
        """Starts a daemon; what it says goes to NAME.log, behind what is there."""
        with open(self.dir / (name + ".log"), "ab") as log:
            process = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, **options)
        process.name = name
        self.processes.append(process)
        self.spawned.append(process)
        return process

    def ready(self, process, condition):
        """Waits until a daemon is ready, or says why it will not be."""
        def look():
            check(process.poll() is None, process.name, "ended with", process.returncode,
                  "and said:", self.log(process.name)[-2000:])
            return condition()
        return wait_for(process.name + " to be ready", look)

    def stop(self, process, how=signal.SIGTERM, limit=LIMIT):
        """Ends a daemon; its exit status."""
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(process.name, "did not end within", str(limit), "s") from None

    def run(self, *argv, wanted=0, limit=10 * LIMIT, **options):
        """Runs a command to its end; its output. wanted: exit status, None for any."""
        done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=limit, **options)
        check(wanted is None or done.returncode == wanted, argv, "ended with",
              done.returncode, "and said:", done.stdout, done.stderr)
        return done if wanted is None else done.stdout

    def close(self):
        for process in reversed(self.processes[:]):
            try:
                self.stop(process, limit=10)
            except Failed as failed:
                print(failed, file=sys.stderr)
        if self.own:
            shutil.rmtree(self.dir)

    def crashed(self):
        """The daemons that have ended by a signal that nobody sends them."""
        return ["%s (%s)" % (p.name, signal.Signals(-p.returncode).name)
                for p in self.spawned if p.returncode in [-n for n in CRASHES]]

    # The parts of the product and what stands around them.

    def certificate(self, name="localhost"):
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                 "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
                 "-keyout", self.dir / "tls.key", "-out", self.dir / "tls.crt")

    def start_smtp(self, *arguments, owner=None):
        """Mails land in mails/; owner may read the password. Returns the process."""
        if not (self.dir / "tls.crt").exists():
            self.certificate()
        if not (self.dir / "smtp-password").exists():
            secret = base64.b32encode(os.urandom(15)).decode()
            self.write("smtp-password", secret + "\n", 0o600, owner)
        port = self.dir / "smtp-port"
        port.unlink(missing_ok=True)
        process = self.spawn("smtpd", ["/usr/bin/python3", ROOT / "tests/demo/smtpd.py",
                                       self.dir, *arguments])
        self.ready(process, port.exists)
        self.smtp_port = int(port.read_text())
        return process

    def mails(self, to=None):
        directory = self.dir / "mails"

        def order(path):  # two mails of one tick: by the counter that stands behind Q
            counter = re.search(r"Q(\d+)\.", path.name)
            return path.stat().st_mtime_ns, int(counter[1]) if counter else 0
        files = sorted(directory.glob("*.eml")) + sorted(directory.glob("new/*"), key=order)
        mails = [Mail(f.read_bytes()) for f in files]
        return [m for m in mails if to is None or m.to == to]

    def wait_mails(self, n, to=None):
        """Waits for the n-th mail and returns it."""
        return wait_for("mail %d to %s" % (n, to or "anybody"),
                        lambda: len(self.mails(to)) >= n and self.mails(to)[n - 1])

    def otpctl(self, *arguments, wanted=0):
        return self.run(self.bin / "otpctl", "--socket", self.socket, *arguments,
                        wanted=wanted)
