# SPDX-License-Identifier: MIT
"""Running otpctl, with pipes or on a terminal of its own, and counting tests.

A test is a function whose name begins with test_; its name is the sentence that it
proves. OTPCTL names the program (build/otpctl), T selects tests by a part of the name.
"""
import json
import os
import pty
import select
import subprocess
import sys
import time
import traceback

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
OTPCTL = os.path.abspath(os.environ.get("OTPCTL", os.path.join(ROOT, "build/otpctl")))
LIMIT_S = 20  # a test that waits longer has failed
DONE, REFUSED, USAGE, UNREACHABLE, BAD_FILE, OTHER = range(6)


class Skip(Exception):
    pass


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()

    def json(self):
        return json.loads(self.out)

    def error(self):
        return json.loads(self.err.splitlines()[-1])

    def expect(self, code, *texts):
        """The exit code, and texts that stand in what was written."""
        said = f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"
        assert self.code == code, f"expected exit {code}, got {said}"
        for text in texts:
            assert text in self.out + self.err, f"no {text!r} in {said}"
        return self


def otpctl(otpd, *arguments, stdin=b"", timezone="UTC", **more):
    """otpd: a FakeOtpd, the path of a socket, or None for no --socket."""
    command = [OTPCTL]
    if otpd is not None:
        command += ["--socket", getattr(otpd, "path", otpd)]
    environment = dict(os.environ, TZ=timezone, LC_ALL="C")
    return Result(subprocess.run(command + list(arguments), input=stdin, check=False,
                                 capture_output=True, timeout=LIMIT_S, env=environment,
                                 **more))


class Terminal:
    """otpctl on a pseudo-terminal; what both sides write comes out of it."""

    def __init__(self, otpd, *arguments):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(OTPCTL, [OTPCTL, "--socket", otpd.path, *arguments])

    def read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more after {self.seen!r}")
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # EIO: the other side has ended
            data = b""
        self.seen += data.decode(errors="replace")
        return data

    def expect(self, text):
        """Waits until text comes; what came before it is then used up."""
        deadline = time.monotonic() + LIMIT_S
        while text not in self.seen:
            if not self.read(deadline):
                raise AssertionError(f"ended without {text!r} after {self.seen!r}")
        self.seen = self.seen[self.seen.index(text) + len(text):]

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, code):
        """Reads to the end and returns all that was not used up."""
        deadline = time.monotonic() + LIMIT_S
        while self.read(deadline):
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        assert status == code, f"exit {status}, expected {code}, after {self.seen!r}"
        return self.seen


def run_one(name, test):
    try:
        test()
    except Skip as reason:
        print(f"SKIP {name}: {reason}")
        return 2
    except Exception:  # whatever it is, the next test runs
        print(f"FAIL {name}")
        traceback.print_exc(file=sys.stdout)
        return 1
    print(f"ok   {name}")
    return 0


def main(*modules):
    counts = [0, 0, 0]
    if not os.access(OTPCTL, os.X_OK):
        sys.exit(f"there is no {OTPCTL}; build it, or name one with OTPCTL=")
    for module in modules:
        for name, test in list(vars(module).items()):
            if callable(test) and name.startswith("test_") and os.environ.get("T", "") in name:
                counts[run_one(f"{module.__name__}.{name}", test)] += 1
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    sys.exit(1 if counts[1] or not counts[0] else 0)
