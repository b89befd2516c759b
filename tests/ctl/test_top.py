# SPDX-License-Identifier: MIT
"""otpctl top on a pseudo-terminal: what a person sees, and how the terminal is left."""
import fcntl
import os
import re
import signal
import struct
import termios
import time

import harness
from fake_otpd import CLOSE, FakeOtpd, Refusal
from harness import DONE, REFUSED, UNREACHABLE, Terminal, otpctl

NOW = int(time.time())
HOSTILE = "ev\x1b[2J\x1b]0;owned\x07il\u202egnp"


class Busy:
    """An otpd with something to show."""

    def __init__(self, **status):
        self.calls = 0
        self.status = {"version": "0.2.0", "started_at": NOW - 3700, "users": 12,
                       "live_challenges": 3, "queued_mails": 2, "connections": 4,
                       "batches": 5, "wrong_last_hour": 7, "mailer": "up",
                       "mailer_error": "", "accounts": 31, "pending_registrations": 0,
                       "sessions": 9, "tenants": []} | status
        self.events = [
            {"id": 2, "at": NOW, "event": "wrong", "user": "ada", "service": "sshd",
             "rhost": "192.0.2.7", "uid": 0, "reference": "CDF", "detail": "tries=2"},
            {"id": 1, "at": NOW, "event": "verified", "user": "bob", "service": "sudo",
             "rhost": "", "uid": 0, "reference": "GHJ", "detail": ""}]
        self.mails = [
            {"id": 1, "mail": "0" * 32, "user": "carol", "purpose": "login",
             "state": "queued", "tries": 2, "created_at": NOW - 20, "next_at": NOW,
             "deadline": NOW, "detail": "450 later", "transport": "relay", "second": False}]

    def __call__(self, method, parameters):
        self.calls += 100
        if method == "Admin.Status":
            return self.status | {"calls": self.calls}
        if method == "Admin.Audit":
            return {"events": self.events[:parameters["limit"]]}
        assert method == "Admin.Queue" and parameters["open"]
        return {"mails": self.mails}


class Window(Terminal):
    """A terminal of a size, and what stands on it."""

    def __init__(self, otpd, *arguments, columns=80, lines=24, **environment):
        os.environ.update({"TERM": "xterm", "TZ": "UTC"} | environment)
        try:
            super().__init__(otpd, "top", *arguments)
        finally:
            for name in environment:
                os.environ.pop(name, None)
        self.all = ""
        self.resize(columns, lines)

    def resize(self, columns, lines):
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def picture(self, *texts):
        """Waits for a whole picture with these texts and returns its lines."""
        deadline = time.monotonic() + harness.LIMIT_S
        while True:
            self.read(deadline)
            for part in re.findall(r"\x1b\[H(\x1b\[K.*?)(?:\r\n\x1b\[J)?\x1b\[0m(?=\x1b\[H|$)", self.seen, re.S)[-1:]:
                rows = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", row)
                        for row in part.split("\r\n")]
                if all(any(text in row for row in rows) for text in texts):
                    self.raw = part
                    return rows


def test_top_shows_what_there_is():
    with FakeOtpd(Busy()) as otpd:
        window = Window(otpd)
        rows = window.picture("OPEN MAILS", "NEWEST EVENTS")
        # At least as long as the fake one says; a slow machine may have taken a minute.
        assert re.fullmatch(r"otpd 0\.2\.0  up 1 h \d+ min", rows[0]), rows
        text = "\n".join(rows)
        for part in ("users 12", "accounts 31", "live codes 3", "mails waiting 2", "mailer up",
                     "wrong codes, last hour 7", "connections 4", "carol", "450 later",
                     "192.0.2.7", "sudo"):
            assert part in text, part
        assert len(rows) <= 24 and max(map(len, rows)) <= 80, rows
        assert re.search(r"\d\d:\d\d:\d\d wrong ", text), text
        assert "\x1b[31m" in window.raw and "\x1b[32m" in window.raw
        # The next look has a rate: 300 calls in a second or a little more, less our own.
        rate = re.search(r"calls/s (\d+\.\d)", "\n".join(window.picture("calls/s 2")))
        assert 200 <= float(rate.group(1)) < 300, rate.group()
        window.type("q")
        window.end(DONE)


def test_top_leaves_the_terminal_as_it_was():
    with FakeOtpd(Busy()) as otpd:
        for way in ("q", "\x03", "\x04", signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                    signal.SIGSEGV):
            window = Window(otpd)
            window.picture("NEWEST EVENTS")
            slave = os.open(os.readlink(f"/proc/{window.pid}/fd/0"),
                            os.O_RDWR | os.O_NOCTTY)
            assert not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO)
            if isinstance(way, str):
                window.type(way)
            else:
                os.kill(window.pid, way)
            # The slave side is open here, so the master never sees an end.
            window.expect("\x1b[?25h\x1b[?1049l")
            status = os.waitstatus_to_exitcode(os.waitpid(window.pid, 0)[1])
            assert status == (DONE if isinstance(way, str) else -way), (way, status)
            modes = termios.tcgetattr(slave)[3]
            assert modes & termios.ICANON and modes & termios.ECHO, way
            os.close(slave)
            os.close(window.fd)


def test_top_stops_and_goes_on():
    with FakeOtpd(Busy()) as otpd:
        window = Window(otpd)
        window.picture("NEWEST EVENTS")
        os.kill(window.pid, signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(window.pid, os.WUNTRACED)[1])
        window.expect("\x1b[?1049l")
        os.kill(window.pid, signal.SIGCONT)
        window.expect("\x1b[?1049h")
        window.picture("NEWEST EVENTS")
        window.type("q")
        window.end(DONE)


def test_top_fits_any_window():
    busy = Busy(mailer="down", mailer_error="connection refused " * 9)
    busy.mails = [busy.mails[0] | {"user": f"user{i}"} for i in range(40)]
    busy.events = busy.events * 20
    with FakeOtpd(busy) as otpd:
        window = Window(otpd, columns=40, lines=20)
        rows = window.picture("mailer: connection", "more: otpctl queue --open")
        assert len(rows) <= 20 and max(map(len, rows)) <= 40, rows
        assert any("wrong ada 192.0.2.7" in row for row in rows), rows
        window.resize(120, 50)
        rows = window.picture("tries=2")
        assert 40 < len(rows) <= 50 and max(map(len, rows)) <= 120, rows
        window.resize(10, 3)
        while len(rows) > 3:
            rows = window.picture()
        assert max(map(len, rows)) <= 10, rows
        window.type("q")
        window.end(DONE)


def test_top_cleans_hostile_names():
    busy = Busy(version=HOSTILE, mailer=HOSTILE, mailer_error=HOSTILE)
    busy.events = [busy.events[0] | dict.fromkeys(
        ("event", "user", "service", "rhost", "detail"), HOSTILE)] * 3
    busy.mails = [busy.mails[0] | dict.fromkeys(("user", "purpose", "detail"), HOSTILE)]
    with FakeOtpd(busy) as otpd:
        window = Window(otpd, columns=200)
        window.picture("NEWEST EVENTS")
        for bad in ("\x1b[2Jil", "\x1b]", "\x07", "\u202e"):
            assert bad not in window.raw, bad
        window.type("q")
        window.end(DONE)
        out = otpctl(otpd, "top").expect(DONE).out
        assert "\x1b" not in out and "\u202e" not in out and "ev?[2J" in out


def test_top_without_colours():
    with FakeOtpd(Busy()) as otpd:
        for arguments, environment in ((["--no-colour"], {}), ([], {"NO_COLOR": "1"})):
            window = Window(otpd, *arguments, **environment)
            window.picture("NEWEST EVENTS")
            assert not re.search(r"\x1b\[[0-9;]*m", window.raw), window.raw
            window.type("q")
            window.end(DONE)


def test_top_for_a_file_and_a_program():
    with FakeOtpd(Busy()) as otpd:
        out = otpctl(otpd, "top").expect(DONE, "otpd 0.2.0", "OPEN MAILS", "192.0.2.7").out
        assert "\x1b" not in out and "\r" not in out
        assert all(len(line) <= 100 for line in out.splitlines()), out
        seen = otpctl(otpd, "top", "--json").expect(DONE).json()
        assert seen["status"]["users"] == 12 and len(seen["events"]) == 2
        assert seen["mails"][0]["user"] == "carol"


def test_top_waits_for_an_otpd_that_went_away():
    busy = Busy()
    state = {"gone": False}
    with FakeOtpd(lambda *call: CLOSE if state["gone"] else busy(*call)) as otpd:
        window = Window(otpd)
        window.picture("NEWEST EVENTS")
        state["gone"] = True
        window.picture("trying again: otpd closed the connection", "192.0.2.7")
        state["gone"] = False
        while any("trying again" in row for row in window.picture("NEWEST EVENTS")):
            pass
        window.type("q")
        window.end(DONE)


def test_top_says_at_once_what_is_wrong():
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        otpctl(otpd, "top").expect(REFUSED, "this needs root")
    otpctl("/nonexistent/s", "top").expect(UNREACHABLE, "systemctl start otpd")
