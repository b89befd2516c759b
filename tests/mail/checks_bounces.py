# SPDX-License-Identifier: MIT
"""Delivery reports: a Maildir that strangers write to, and what otpd is told of it."""

import os
import signal

from client import Refused
from daemon import MAIL, smtp
from servers import free_port
from support import mailer

ID = "0123456789abcdef0123456789abcdef"


def report(mail=ID, action="failed", status="5.1.1", code="smtp; 550 5.1.1 no such user"):
    lines = [
        "Return-Path: <>", "From: MAILER-DAEMON@mx.example", "To: otpd@relay.example",
        "Subject: Undelivered Mail Returned to Sender", "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        '\tboundary="B/1"', "", "--B/1", "Content-Type: text/plain", "", "Sorry.", "",
        "--B/1", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example", "",
        "Final-Recipient: rfc822; jane@example.net", f"Action: {action}",
        f"Status: {status}", f"Diagnostic-Code: {code}", "",
        "--B/1", "Content-Type: message/rfc822", "",
        f"Message-ID: <{mail}@relay.example>", "Subject: Your sign-in code", "",
        "body", "", "--B/1--", ""]
    return "\n".join(lines)


class Maildir:
    def __init__(self, path):
        self.path = path
        for part in ("tmp", "new", "cur"):
            os.makedirs(f"{path}/{part}")

    def put(self, name, text):
        data = text if isinstance(text, bytes) else text.encode()
        with open(f"{self.path}/new/{name}", "wb") as out:
            out.write(data)

    def names(self, part):
        return sorted(os.listdir(f"{self.path}/{part}"))


class Watch:
    """An otpd-mail with such a Maildir."""

    def __init__(self):
        self.context = mailer(smtp(free_port()))

    def __enter__(self):
        self.daemon = self.context.__enter__()
        self.box = Maildir(f"{self.daemon.directory}/bounces")
        self.daemon.configure(smtp(free_port()), f'bounce_maildir = "{self.box.path}"')
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_log("configuration reloaded")
        self.client = self.daemon.client()
        return self

    def look(self, *done):
        return self.client.call(MAIL + "Bounces", done=list(done))["bounces"]

    def __exit__(self, *error):
        self.client.close()
        return self.context.__exit__(*error)


def test_a_report_is_told_until_it_is_done():
    with Watch() as watch:
        watch.box.put("1.mx", report())
        told = [{"id": "1.mx", "mail": ID, "status": "5.1.1",
                 "detail": "550 5.1.1 no such user"}]
        assert watch.look() == told
        assert watch.look() == told
        assert watch.look("1.mx") == []
        assert watch.box.names("new") == []
        assert watch.box.names("cur") == ["1.mx:2,S"]


def test_a_report_counts_once_for_its_domain():
    with Watch() as watch:
        def bounced():
            return {name: row["bounced"] for name, row in watch.daemon.domains().items()}

        watch.box.put("1.mx", report())
        watch.look()
        watch.look()
        assert bounced() == {}
        assert watch.look("1.mx", "1.mx", "no.such") == []
        assert bounced() == {"example.net": 1}
        watch.look("1.mx")
        watch.look("1.mx:2,S")
        assert bounced() == {"example.net": 1}
        watch.box.put("2.mx", report())
        watch.box.put("3.delay", report(action="delayed", status="4.4.1"))
        watch.look("2.mx", "3.delay")
        assert bounced() == {"example.net": 2}
        assert watch.box.names("new") == []


def test_a_report_that_cannot_be_moved_does_not_count():
    with Watch() as watch:
        watch.box.put("1.mx", report())
        watch.look()
        os.rename(f"{watch.box.path}/cur", f"{watch.box.path}/gone")
        watch.look("1.mx")
        assert watch.daemon.domains() == {}
        watch.daemon.wait_log("cannot be moved to cur")
        os.rename(f"{watch.box.path}/gone", f"{watch.box.path}/cur")
        watch.look("1.mx")
        assert watch.daemon.domains()["example.net"]["bounced"] == 1


def test_what_is_done_is_filed_away_behind_a_flood():
    """More reports are there than one look tells, and their names come first."""
    with Watch() as watch:
        watch.box.put("9.mx", report())
        assert [bounce["id"] for bounce in watch.look()] == ["9.mx"]
        for number in range(20):
            watch.box.put(f"1.{number:02}.mx", report(mail=f"{number:032x}"))
        watch.look("9.mx")
        assert watch.box.names("cur") == ["9.mx:2,S"]


def test_what_is_no_report_is_filed_away():
    with Watch() as watch:
        watch.box.put("1.away", "Subject: away\n\nI am away.\n")
        watch.box.put("2.delay", report(action="delayed", status="4.4.1"))
        watch.box.put("3.empty", b"")
        watch.box.put("4.zero", b"\0" * 1000)
        watch.box.put("5.other", report(mail="42"))
        watch.box.put("6.good", report())
        assert [bounce["id"] for bounce in watch.look()] == ["6.good"]
        assert watch.box.names("new") == ["6.good"]
        assert len(watch.box.names("cur")) == 5


def test_links_pipes_and_strange_names_are_not_followed():
    with Watch() as watch:
        secret = f"{watch.daemon.directory}/secret"
        with open(secret, "w", encoding="utf-8") as out:
            out.write(report())
        os.symlink(secret, f"{watch.box.path}/new/1.link")
        os.mkfifo(f"{watch.box.path}/new/2.pipe")
        os.mkdir(f"{watch.box.path}/new/3.directory")
        watch.box.put("4.\x1b[2J\n.name", report())
        watch.box.put(".hidden", report())
        assert watch.look() == []
        assert watch.look("../secret", "..", ".hidden", "/etc/passwd", "no.such") == []
        assert os.path.exists(secret)
        assert watch.box.names("new") == [".hidden"]


def test_a_flood_comes_in_portions():
    with Watch() as watch:
        for number in range(70):
            watch.box.put(f"{number:03}.mx", report(mail=f"{number:032x}"))
        told, done = [], []
        while found := watch.look(*done):
            assert len(found) <= 16
            done = [bounce["id"] for bounce in found]
            told += [bounce["mail"] for bounce in found]
        assert told == [f"{number:032x}" for number in range(70)]
        assert watch.box.names("new") == []


def test_a_large_report_is_read_no_further_than_its_beginning():
    with Watch() as watch:
        watch.box.put("1.large", report() + "x" * (8 << 20))
        watch.box.put("2.late", "X: " + "y" * (1 << 20) + "\n" + report())
        assert [bounce["id"] for bounce in watch.look()] == ["1.large"]


def test_without_a_maildir_there_are_none():
    with mailer(smtp(free_port())) as daemon:
        client = daemon.client()
        assert client.call(MAIL + "Bounces") == {"bounces": []}
        client.close()


def test_a_maildir_that_is_gone_is_an_error_and_a_line():
    with Watch() as watch:
        os.rename(watch.box.path, watch.box.path + ".gone")
        try:
            watch.look()
            raise AssertionError("no error")
        except Refused as error:
            assert "Unavailable" in str(error)
        watch.daemon.wait_log("bounce_maildir")
        os.rename(watch.box.path + ".gone", watch.box.path)
        assert watch.look() == []
