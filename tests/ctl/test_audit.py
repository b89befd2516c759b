# SPDX-License-Identifier: MIT
"""otpctl audit: what it asks for, times as people type them, and the three forms."""
import csv
import io
import json
import os
import pty
import subprocess
import tempfile
import time

from fake_otpd import FakeOtpd
from harness import DONE, OTPCTL, UNREACHABLE, USAGE, otpctl

HOSTILE = ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\uff1d1", 'a"b,c', "a;b", "\t=1", "plain")


def event(number, **more):
    return {"id": number, "at": 1795183200, "event": "wrong", "user": "alice",
            "service": "sshd", "rhost": "192.0.2.7", "uid": 0, "reference": "K7M",
            "detail": "", **more}


def table(n, page=None):
    """n events by falling ids; page: at most so many of an answer are wanted ones."""
    def answer(_, parameters):
        top = parameters.get("before") or n + 1
        limit = min(parameters.get("limit", 40), page or 90)
        rows = [event(i) for i in range(top - 1, max(0, top - 1 - limit), -1)]
        left = top - 1 - limit
        return {"events": rows if not page or (top // 7) % 2 else [],
                **({"next": left + 1} if left > 0 else {})}
    return answer


def asked(*arguments, timezone="UTC"):
    with FakeOtpd(lambda *_: {"events": []}) as otpd:
        otpctl(otpd, "audit", *arguments, timezone=timezone).expect(DONE)
        assert otpd.methods() == ["Admin.Audit"]
        return otpd.calls[0][1]


def test_every_filter_reaches_otpd():
    assert asked() == {"limit": 100} and asked("--all") == {"limit": 100}
    assert asked("--user", "ada", "--event", "wrong", "--service", "sshd", "--from", "::1",
                 "--since", "1970-01-01T00:01Z", "--until", "1970-01-01T00:00:00Z",
                 "--limit", "7") == {
        "user": "ada", "event": "wrong", "service": "sshd", "rhost": "::1", "since": 60,
        "until": 1, "limit": 7}


def test_times_are_what_people_type():
    for text, zone, wanted in (
            ("2026-11-20", "UTC", 1795132800),
            ("2026-11-20", "Europe/Berlin", 1795129200),
            ("2026-07-01", "Europe/Berlin", 1782856800),  # summer
            ("2026-11-20T14:00", "UTC", 1795183200),
            ("2026-11-20 14:00:30", "UTC", 1795183230),
            ("2026-11-20T14:00Z", "America/New_York", 1795183200),
            ("2026-11-20T14:00:00+01:00", "UTC", 1795179600),
            ("2026-11-20T14:00-0530", "UTC", 1795203000),
            ("2024-02-29", "UTC", 1709164800)):
        assert asked("--since", text, timezone=zone)["since"] == wanted, (text, zone)


def test_times_from_now_on_backwards():
    for text, ago in (("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604800), ("now", 0)):
        before = int(time.time())
        since = asked("--since", text)["since"]
        assert before <= since + ago <= time.time(), text
    day = 86400
    for text, ago in (("today", 0), ("yesterday", day)):
        before = int(time.time())
        since = asked("--since", text)["since"]
        assert since in (before // day * day - ago, time.time() // day * day - ago), text


def test_what_is_no_time_is_said_and_nothing_is_asked():
    for text in ("", "x", "2026", "2026-13-01", "2026-02-30", "2025-02-29", "2026-11-20T24:00",
                 "2026-11-20T14", "2026-11-20T14:00+25:00", "2026-11-20T14:00 ", "tomorrow",
                 "-2h", "2w", "12", "1969-12-31T00:00Z", "2026-11-20T14:00ZZ"):
        with FakeOtpd(table(1)) as otpd:
            otpctl(otpd, "audit", "--since", text).expect(USAGE, "--since must be a time such")
            otpctl(otpd, "audit", "--until=" + text).expect(USAGE, "--until must be a time")
            assert otpd.calls == []


def test_all_goes_through_every_page_and_over_empty_ones():
    with FakeOtpd(table(1000)) as otpd:
        rows = otpctl(otpd, "audit", "--all", "--json").expect(DONE).json()
        assert [row["id"] for row in rows] == list(range(1000, 0, -1))
        assert len(otpctl(otpd, "audit", "--json").expect(DONE).json()) == 100
    with FakeOtpd(table(300, page=5)) as otpd:
        rows = otpctl(otpd, "audit", "--all", "--json", "--event", "wrong").expect(DONE).json()
        assert 100 < len(rows) < 200 and len(otpd.calls) == 60


def test_a_daemon_that_stays_on_an_empty_page_is_left():
    with FakeOtpd(lambda *_: {"events": [], "next": 5}) as otpd:
        otpctl(otpd, "audit", "--all").expect(UNREACHABLE, "not one of otpd")
        assert len(otpd.calls) == 2


def test_csv_is_csv_and_no_formula():
    def answer(*_):
        return {"events": [event(i + 1, user=name) for i, name in enumerate(HOSTILE)]}
    with FakeOtpd(answer) as otpd:
        out = otpctl(otpd, "audit", "--csv").expect(DONE).out
    head, *rows = csv.reader(io.StringIO(out))
    assert head == ["TIME", "EVENT", "USER", "SERVICE", "FROM", "UID", "REF", "DETAIL"]
    users = [row[2] for row in rows]
    assert users == ["'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\uff1d1", 'a"b,c', "a;b", "?=1",
                     "plain"], users
    assert rows[0] == ["2026-11-20T14:00:00+00:00", "wrong", "'=1+1", "sshd", "192.0.2.7", "0",
                       "K7M", ""], rows[0]
    assert all(len(row) == len(head) for row in rows)
    # Where a semicolon parts cells, none of them begins a formula either.
    assert not any(cell[:1] in "=+-@" for line in out.splitlines()
                   for cell in next(csv.reader([line], delimiter=";")) if cell)


def test_csv_and_json_are_two_forms():
    with FakeOtpd(table(1)) as otpd:
        result = otpctl(otpd, "audit", "--csv", "--json").expect(USAGE)
        assert json.loads(result.err)["error"] == "Usage" and otpd.calls == []


def on_a_terminal(otpd, *arguments):
    """What comes out, into a file, and what the terminal shows meanwhile."""
    reading, writing = pty.openpty()
    with tempfile.TemporaryFile() as out:
        done = subprocess.run([OTPCTL, "--socket", otpd.path, "audit", *arguments], stdout=out,
                              stderr=writing, check=True, timeout=20)
        assert done.returncode == DONE
        out.seek(0)
        rows = out.read().decode()
    os.close(writing)
    shown = b""
    try:
        while data := os.read(reading, 4096):
            shown += data
    except OSError:  # EIO: nobody has the other end any more
        pass
    os.close(reading)
    return rows, shown.decode()


def test_a_bar_is_shown_while_a_long_one_goes_into_a_file():
    with FakeOtpd(table(1000)) as otpd:
        rows, shown = on_a_terminal(otpd, "--all", "--csv")
        assert len(rows.splitlines()) == 1001
        assert "reading [" in shown and shown.endswith("\r\033[K"), shown
        assert on_a_terminal(otpd, "--limit", "20")[1] == "", "a short one needs none"


def test_an_event_that_there_is_not_is_doubted():
    with FakeOtpd(lambda *_: {"events": []}) as otpd:
        for given, hint in (("wrogn", 'did you mean "wrong"?'), ("zzzzzzzz", "otpd(8) lists")):
            assert hint in otpctl(otpd, "audit", "--event", given).expect(DONE).err
        assert otpctl(otpd, "audit", "--event", "wrong").expect(DONE).err == ""
