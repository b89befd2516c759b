# SPDX-License-Identifier: MIT
"""Every command that is one question, its table, its JSON and its exit code."""
import json
import os
import re
import signal
import subprocess
import threading

from fake_otpd import HANG, PROTO, Daemon, FakeOtpd, Refusal
from harness import (DONE, OTHER, OTPCTL, REFUSED, UNREACHABLE, USAGE, Terminal, otpctl)

NOVEMBER = 1795183200  # 2026-11-20T14:00:00Z


def some_users(n):
    daemon = Daemon()
    for i in range(n):
        daemon.AddUser(f"u{i:05}", f"u{i}@example.org", "", i % 2 == 0)
    return daemon


def test_users_add_sends_what_was_said():
    with FakeOtpd(Daemon()) as otpd:
        otpctl(otpd, "users", "add", "root", "root@example.org", "--name", "Zoë",
               "--verified").expect(DONE, "root is enrolled with root@example.org")
        assert otpd.calls == [("Admin.AddUser", {
            "user": "root", "address": "root@example.org", "name": "Zoë",
            "verified": True, "replace": False})]
        otpctl(otpd, "users", "add", "root", "r@example.org").expect(
            REFUSED, "root: the user is enrolled already", "--replace")
        otpctl(otpd, "users", "add", "--replace", "root", "r@example.org").expect(
            DONE, "proven at the first login")
        assert otpd.calls[-1][1] == {"user": "root", "address": "r@example.org",
                                     "verified": False, "replace": True}


def test_users_add_warns_of_a_user_whom_the_system_does_not_know():
    with FakeOtpd(Daemon()) as otpd:
        result = otpctl(otpd, "users", "add", "nobody-at-all", "n@example.org")
        result.expect(DONE, 'warning: this system does not know the user "nobody-at-all"')
        result = otpctl(otpd, "users", "add", "nobody-too", "n@example.org", "--json")
        assert "nobody-too" in json.loads(result.expect(DONE).err)["warning"]
        known = otpctl(otpd, "users", "add", "root", "r@example.org").expect(DONE)
        assert "warning" not in known.err


def test_a_bad_address_never_reaches_otpd():
    with FakeOtpd(Daemon()) as otpd:
        for bad in ("x", "a@b", "a\r\nb@example.org", '"a b"@example.org', "ü@example.org"):
            otpctl(otpd, "users", "add", "root", bad).expect(USAGE, "no address for mail")
            otpctl(otpd, "send-test", bad).expect(USAGE, "no address for mail")
            otpctl(otpd, "enrol", bad).expect(USAGE, "no address for mail")
        assert otpd.calls == []


def test_an_argument_that_is_not_utf8_never_reaches_otpd():
    with FakeOtpd(Daemon()) as otpd:
        otpctl(otpd, "users", "show", b"\xff\xfe").expect(USAGE, "not UTF-8")
        otpctl(otpd, "audit", "--user", b"\xff\xfe").expect(USAGE, "not UTF-8")
        assert otpd.calls == []


def test_users_list_pages_through_all():
    with FakeOtpd(some_users(230)) as otpd:
        out = otpctl(otpd, "users", "list").expect(DONE).out.splitlines()
        assert len(out) == 231 and out[0].startswith("USER ")
        assert len({line.index("@example.org") - len(line.split()[2].split("@")[0])
                    for line in out[1:]}) == 1, "the address column is not straight"
        assert set(otpd.methods()) == {"Admin.ListUsers"}
        rows = otpctl(otpd, "--json", "users", "list").expect(DONE).json()
        assert [row["user"] for row in rows] == [f"u{i:05}" for i in range(230)]


def test_users_list_filters():
    daemon = some_users(4)
    daemon.DisableUser("u00001")
    daemon.more["u00002"] = {"locked": True}
    with FakeOtpd(daemon) as otpd:
        def names(*options):
            rows = otpctl(otpd, "users", "list", "--json", *options).expect(DONE).json()
            return [row["user"] for row in rows]
        assert names("--unverified") == ["u00001", "u00003"]
        assert names("--disabled") == ["u00001"]
        assert names("--disabled", "--unverified") == ["u00001"]
        assert names("--locked") == ["u00002"]
        assert names("--locked", "--unverified") == []


def test_pages_of_the_longest_rows_fit_an_answer():
    daemon = Daemon()
    for i in range(100):
        name = '"' * 250 + f"{i:05}"
        daemon.AddUser(name, "a" * 64 + "@" + "b" * 186 + ".org", "\\" * 128)
    with FakeOtpd(daemon) as otpd:
        assert len(otpctl(otpd, "users", "list", "--json").expect(DONE).json()) == 100


def test_a_limit_holds_whatever_the_daemon_sends():
    with FakeOtpd(lambda *_: {"mails": [mail(i) for i in range(9)], "next": 1}) as otpd:
        rows = otpctl(otpd, "queue", "--json", "--limit", "3").expect(DONE).json()
        assert len(rows) == 3 and len(otpd.calls) == 1


def test_an_empty_list_is_an_empty_array():
    with FakeOtpd(Daemon()) as otpd:
        assert otpctl(otpd, "users", "list", "--json").expect(DONE).json() == []
        assert otpctl(otpd, "users", "list").expect(DONE).out.count("\n") == 1


def test_names_cannot_write_to_the_terminal():
    daemon = Daemon()
    daemon.AddUser("eve", "e@example.org", "a\x1b]0;title\x07\u202eb\nroot")
    with FakeOtpd(daemon) as otpd:
        out = otpctl(otpd, "users", "list").expect(DONE, "a?]0;title??b?root").out
        out += otpctl(otpd, "users", "show", "eve").expect(DONE).out
        assert "\x1b" not in out and "\u202e" not in out and "\nroot" not in out
        rows = otpctl(otpd, "users", "list", "--json").expect(DONE).json()
        assert rows[0]["name"] == "a\x1b]0;title\x07\u202eb\nroot"


def test_users_show():
    daemon = some_users(1)
    with FakeOtpd(daemon) as otpd:
        out = otpctl(otpd, "users", "show", "u00000", timezone="Europe/Paris").expect(
            DONE, "u0@example.org", "2023-11-14T23:13:20+01:00", "90 s").out
        assert re.search("^last login +-$", out, re.M), out
        answer = otpctl(otpd, "--json", "users", "show", "u00000").expect(DONE).json()
        assert answer["user"]["user"] == "u00000" and answer["wrong_month"] == 3
        otpctl(otpd, "users", "show", "ghost").expect(
            REFUSED, "ghost: the user is not enrolled", "otpctl users list")


def test_users_verify_disable_unlock_take_many_and_go_on_after_a_refusal():
    daemon = some_users(4)
    with FakeOtpd(daemon) as otpd:
        result = otpctl(otpd, "users", "verify", "u00001", "ghost", "u00003")
        result.expect(REFUSED, "u00001: verified", "u00003: verified", "ghost: the user")
        assert daemon.users["u00003"][2]
        rows = otpctl(otpd, "--json", "users", "disable", "u00000", "ghost").expect(
            REFUSED).json()
        assert rows == [{"user": "u00000", "result": "disabled"},
                        {"user": "ghost", "error": "NoUser"}]
        otpctl(otpd, "users", "unlock", "u00000").expect(DONE, "u00000: unlocked")
        assert not daemon.users["u00000"][3]


def test_users_remove_needs_yes_without_a_terminal():
    daemon = some_users(2)
    with FakeOtpd(daemon) as otpd:
        otpctl(otpd, "users", "remove", "u00000", stdin=b"y\n").expect(USAGE, "--yes")
        assert otpd.calls == []
        otpctl(otpd, "users", "remove", "--yes", "u00000").expect(DONE, "removed")
        assert list(daemon.users) == ["u00001"]


def test_users_remove_asks_on_a_terminal():
    daemon = some_users(2)
    with FakeOtpd(daemon) as otpd:
        for answer in ("\n", "n\n", "yess\n", "\x04"):
            terminal = Terminal(otpd, "users", "remove", "u00000")
            terminal.expect("Forget 1 user,")
            terminal.expect("[y/N] ")
            terminal.type(answer)
            assert "nothing was removed" in terminal.end(OTHER)
            assert otpd.calls == []
        terminal = Terminal(otpd, "users", "remove", "u00000", "u00001")
        terminal.expect("Forget 2 users,")
        terminal.type("y\n")
        terminal.end(DONE)
        assert daemon.users == {}


STATUS = {"version": "0.2.0", "started_at": NOVEMBER, "users": 12, "live_challenges": 1,
          "queued_mails": 0, "connections": 1, "calls": 99, "batches": 42,
          "wrong_last_hour": 3, "mailer": "up", "mailer_error": "", "accounts": 7,
          "pending_registrations": 2, "sessions": 5, "tenants": ["acme", "shop"]}


def test_status():
    with FakeOtpd(lambda *_: STATUS) as otpd:
        out = otpctl(otpd, "status").expect(DONE, "2026-11-20T14:00:00+00:00").out
        assert re.search("^mailer +up$", out, re.M), out
        assert re.search("^accounts +7$", out, re.M), out
        assert re.search("^registrations waiting +2$", out, re.M), out
        assert re.search("^sessions +5$", out, re.M), out
        assert re.search("^tenants of accounts +acme, shop$", out, re.M), out
        assert otpctl(otpd, "status", "--json").expect(DONE).json() == STATUS
    with FakeOtpd(lambda *_: STATUS | {"mailer": "down", "mailer_error": "550 no"}) as otpd:
        otpctl(otpd, "status").expect(DONE, "systemctl status otpd-mail", "550 no")
    none = {"accounts": 0, "pending_registrations": 0, "sessions": 0, "tenants": []}
    with FakeOtpd(lambda *_: STATUS | none) as otpd:
        out = otpctl(otpd, "status").expect(DONE).out
        assert re.search("^tenants of accounts +-$", out, re.M), out


def mail(number, state="sent", tries=1, detail="250 ok"):
    return {"id": number, "mail": f"{number:032x}", "user": "alice", "purpose": "login",
            "state": state, "tries": tries, "created_at": NOVEMBER, "next_at": NOVEMBER + 1,
            "deadline": NOVEMBER + 600, "detail": detail, "transport": "relay",
            "second": False}


def newest_first(key, row, n):
    def handler(method, parameters):
        last = parameters.get("before", n + 1) - 1
        first = max(1, last - parameters["limit"] + 1)
        rows = [row(i) for i in range(last, first - 1, -1)]
        return {key: rows} | ({"next": first} if first > 1 else {})
    return handler


def test_queue_pages_and_stops_at_the_limit():
    with FakeOtpd(newest_first("mails", mail, 250)) as otpd:
        out = otpctl(otpd, "queue").expect(DONE, "2026-11-20T14:00:00", "250 ok").out
        assert len(out.splitlines()) == 101
        rows = otpctl(otpd, "queue", "--json", "--limit", "0").expect(DONE).json()
        assert [row["id"] for row in rows] == list(range(250, 0, -1))
        before = len(otpd.calls)
        rows = otpctl(otpd, "queue", "--json", "--limit", "7", "--open").expect(DONE).json()
        assert len(rows) == 7
        assert otpd.calls[before:] == [("Admin.Queue", {"open": True, "limit": 7})]


def test_queue_shows_the_way_and_what_came_back():
    rows = [mail(3) | {"transport": "sms", "second": True},
            mail(2, "bounced", 1, "5.1.1 no such user"), mail(1, "queued", 0, "") | {
                "transport": ""}]
    with FakeOtpd(lambda *_: {"mails": rows}) as otpd:
        out = otpctl(otpd, "queue").expect(DONE).out.splitlines()
        assert re.search(r"TRANSPORT +ROUTE +MAIL", out[0]), out
        assert re.search(r" sent .* sms +second +0+3 ", out[1]), out
        assert [re.search(r"(queued|sent|bounced) +\d (.*?) +alice", line)[2].strip()
                for line in out[1:]] == ["-", "-", "2026-11-20T14:00:01+00:00"], out
        assert re.search(r" bounced .* relay +first +0+2 +5.1.1 no such user$", out[2]), out
        assert re.search(r" queued .* - +first +0+1 +-$", out[3]), out


def event(number):
    return {"id": number, "at": NOVEMBER, "event": "verified", "user": "alice",
            "service": "sshd", "rhost": "", "uid": 0, "reference": "K7M", "detail": ""}


def test_audit_of_a_user():
    with FakeOtpd(newest_first("events", event, 90)) as otpd:
        out = otpctl(otpd, "audit", "--user", "alice").expect(DONE, "K7M", "sshd").out
        assert len(out.splitlines()) == 91
        assert "  -  " in out, "an empty cell is shown as -"
        assert all(call[1]["user"] == "alice" for call in otpd.calls)
        assert len(otpctl(otpd, "audit", "--json").expect(DONE).json()) == 90


REFUSALS = {
    "WrongCode": ({"tries_left": 2, "resend_in": 1, "delivery": "sent"}, "2 tries left"),
    "Expired": ({}, "begin again"),
    "Burnt": ({}, "begin again"),
    "Locked": ({"retry_after": 3700}, "1 h 1 min"),
    "Throttled": ({"retry_after": 45}, "45 s"),
    "NoChallenge": ({}, "begin again"),
    "Denied": ({}, "this needs root"),
    "Unavailable": ({}, "journalctl -u otpd"),
    "BadAddress": ({"reason": "it is ugly"}, "it is ugly"),
    "BadName": ({}, "getent passwd"),
    "NoUser": ({}, "otpctl users list"),
    "Exists": ({}, "--replace"),
    "NotAllowed": ({}, "self_enrol"),
    "WrongPassword": ({}, "try again"),
    "Busy": ({"retry_after": 2}, "2 s"),
    "NotVerified": ({}, "otpctl accounts verify"),
    "Disabled": ({}, "otpctl accounts unlock"),
    "MustReset": ({}, "by a reset"),
    "BadPassword": ({"reason": "it is too common"}, "it is too common"),
    "BadLogin": ({"reason": "it is empty"}, "it is empty"),
    "BadProfile": ({"reason": "it is too long"}, "it is too long"),
    "BadToken": ({}, "sign in again"),
    "RecoveryNeeded": ({"tries_left": 3}, "3 tries left"),
}


def test_every_refusal_is_explained():
    with open(os.path.join(PROTO, "org.emailotp.Error.varlink"), encoding="utf-8") as file:
        assert set(re.findall(r"^error (\w+)", file.read(), re.M)) == set(REFUSALS)
    for name, (parameters, text) in REFUSALS.items():
        with FakeOtpd(lambda *_: Refusal(name, **parameters)) as otpd:
            otpctl(otpd, "status").expect(REFUSED, text)
            error = otpctl(otpd, "status", "--json").expect(REFUSED).error()
            assert error["error"] == name and text in error["message"], error


def test_an_invalid_parameter_is_named():
    refusal = Refusal("org.varlink.service.InvalidParameter", parameter="user")
    with FakeOtpd(lambda *_: refusal) as otpd:
        otpctl(otpd, "users", "show", "x" * 300).expect(REFUSED, 'this value of "user"')


def test_an_interrupt_ends_with_its_own_code():
    called = threading.Event()

    def handler(*_):
        called.set()
        return HANG
    with FakeOtpd(handler) as otpd:
        process = subprocess.Popen([OTPCTL, "--socket", otpd.path, "status"],
                                   stderr=subprocess.PIPE)
        assert called.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == OTHER and b"interrupted" in err


def test_json_errors_are_one_object_on_a_line():
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        result = otpctl(otpd, "users", "list", "--json").expect(REFUSED)
        assert result.out == "" and set(json.loads(result.err)) == {"error", "message"}
