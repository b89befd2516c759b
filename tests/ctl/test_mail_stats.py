# SPDX-License-Identifier: MIT
"""mail stats: how transports are, how domains take mails, page by page."""
import os
import re
import time

from fake_otpd import CLOSE, HANG, Daemon, FakeMailer, FakeOtpd, Refusal
from harness import DONE, REFUSED, UNREACHABLE, USAGE, Skip, otpctl
from test_send_test import example


def transport(name, state="up", **more):
    return {"name": name, "type": "smtp", "state": state, "retry_in": 0, "waiting": 0,
            "sent": 1234, "deferred": 5, "refused": 2, "p50_ms": 120, "p95_ms": 12340,
            "last_error": ""} | more


def domain(number):
    return {"domain": f"d{number:04}.example", "sent": number, "deferred": 1, "refused": 2,
            "bounced": 3, "p50_ms": 80, "p95_ms": 900}


class Stats:
    def __init__(self, transports, n_domains, since=None):
        self.transports = transports
        self.domains = [domain(i) for i in range(n_domains)]
        self.since = since or int(time.time()) - 3720

    def __call__(self, method, parameters):
        assert method == "Mail.Stats", method
        rest = [row for row in self.domains if row["domain"] > parameters.get("after", "")]
        page = rest[:parameters["limit"]]
        return {"since": self.since, "transports": self.transports, "domains": page} | (
            {"next": page[-1]["domain"]} if len(rest) > len(page) else {})


def mail_stats(handler, *arguments, **more):
    with FakeOtpd(Daemon()) as otpd, FakeMailer(handler, otpd, **more) as mailer:
        result = otpctl(otpd, "mail", "stats", *arguments)
        assert otpd.calls == []
        return result, mailer


def test_transports_and_domains_are_two_tables():
    down = transport("backup-relay", "paused", retry_in=40, waiting=3, type="sendmail",
                     last_error="535 5.7.8 Error: authentication failed")
    result, _ = mail_stats(Stats([transport("relay"), down], 3, 1795183200))
    out = result.expect(DONE).out
    assert re.search(r"^Since 2026-11-20T14:00:00\+00:00, when otpd-mail started", out)
    assert re.search(r"^TRANSPORT +TYPE +STATE +WAIT +SENT +DEFERRED +REFUSED +P50 +P95$",
                     out, re.M), out
    assert re.search(r"^relay +smtp +up +0 +1234 +5 +2 +120 ms +12.3 s$", out, re.M), out
    assert re.search(r"^backup-relay +sendmail +paused +3 ", out, re.M), out
    assert "backup-relay is paused, again in 40 s; last error:\n  535 5.7.8 Error" in out
    assert "what to do: the server does not accept user and password" in out
    assert re.search(r"^DOMAIN +SENT +DEFERRED +REFUSED +BOUNCED +P50 +P95$", out, re.M)
    assert re.search(r"^d0002.example +2 +1 +2 +3 +80 ms +900 ms$", out, re.M), out
    assert re.search(r"^d0000.example +0 +1 +2 +3 +- +-$", out, re.M), "no time is known"
    assert max(map(len, out.splitlines())) < 80, out


def test_the_manual_shows_what_it_looks_like():
    relay = transport("relay", "paused", retry_in=40, waiting=2,
                      last_error="421 4.3.2 Service shutting down")
    backup = transport("backup", type="http", sent=17, deferred=0, refused=0, p50_ms=210,
                       p95_ms=850)
    stats = Stats([relay, backup], 0)
    stats.domains = [
        {"domain": "example.com", "sent": 31, "deferred": 5, "refused": 0, "bounced": 0,
         "p50_ms": 180, "p95_ms": 12340},
        {"domain": "example.org", "sent": 1220, "deferred": 0, "refused": 2, "bounced": 1,
         "p50_ms": 110, "p95_ms": 900}]
    result, _ = mail_stats(stats)

    def timeless(text):
        return re.sub("^Since .*", "", text, flags=re.M)
    assert timeless(result.expect(DONE).out) == \
        timeless(example("# otpctl mail stats")), result.out


def test_a_transport_that_works_again_keeps_its_last_error():
    result, _ = mail_stats(Stats([transport("relay", last_error="421 busy")], 1))
    out = result.expect(DONE, "relay is up; last error:\n  421 busy\n").out
    assert "what to do" not in out and "again in" not in out
    result, _ = mail_stats(Stats([transport("relay", "probing")], 1))
    result.expect(DONE, "\nrelay is probing\n")


def test_domains_come_page_by_page():
    stats = Stats([transport("relay")], 205)
    result, mailer = mail_stats(stats)
    assert len(re.findall(r"^d\d{4}\.example ", result.expect(DONE).out, re.M)) == 205
    assert result.out.count("TRANSPORT") == 1
    assert [call[1].get("after") for call in mailer.calls] == \
        [None] + [f"d{i:04}.example" for i in (39, 79, 119, 159, 199)]
    result, _ = mail_stats(stats, "--json")
    assert result.expect(DONE).json() == {"since": stats.since, "domains": stats.domains,
                                          "transports": stats.transports}


def test_empty_counters_are_said_in_words():
    result, _ = mail_stats(Stats([transport("relay", sent=0)], 0))
    out = result.expect(DONE, "No mail has been sent to anybody yet", "send-test").out
    assert re.search(r"^relay .* - +-$", out, re.M) and "DOMAIN" not in out
    result, _ = mail_stats(Stats([], 0), "--json")
    answer = result.expect(DONE).json()
    assert answer["transports"] == answer["domains"] == []


def test_a_page_that_does_not_move_on_ends_it():
    pages = []

    def handler(_, parameters):
        pages.append(parameters)
        return {"since": 1, "transports": [], "domains": [domain(1)],
                "next": ["b", "a"][len(pages) % 2]}
    result, _ = mail_stats(handler)
    result.expect(UNREACHABLE, "not one of otpd-mail")
    assert len(pages) <= 3


def test_answers_that_are_none():
    good = {"since": 1, "transports": [], "domains": []}
    for change in ({"since": None}, {"since": "1"}, {"transports": {}}, {"transports": [1]},
                   {"domains": None}, {"domains": ["x"]}, {"next": 5}):
        for option in ([], ["--json"]):
            result, _ = mail_stats(lambda *_: good | change, *option)
            result.expect(UNREACHABLE, "not one of otpd-mail")
            assert not option or result.out == ""


def test_members_of_other_types_are_shown_as_nothing():
    row = {"name": 5, "type": None, "state": [], "sent": "x", "last_error": 7}
    result, _ = mail_stats(lambda *_: {"since": 1, "transports": [row],
                                       "domains": [{"domain": {}}]})
    result.expect(DONE)


def test_what_it_shows_cannot_write_to_the_terminal():
    bad = "\x1b[2J\u202ea\nb"
    row = transport(bad, bad, type=bad, last_error=bad)
    result, _ = mail_stats(lambda *_: {"since": 1, "transports": [row],
                                       "domains": [domain(1) | {"domain": bad}]})
    out = result.expect(DONE).out
    assert "\x1b" not in out and "\u202e" not in out and "\nb" not in out


def test_otpd_mail_that_is_not_there():
    with FakeOtpd(Daemon()) as otpd:
        otpctl(otpd, "mail", "stats").expect(
            UNREACHABLE, "/mail.sock: otpd-mail is not running", "systemctl start otpd-mail")
        error = otpctl(otpd, "mail", "stats", "--json").expect(UNREACHABLE).error()
        assert error["error"] == "NotReachable"
    otpctl(None, "mail", "stats", "--mail-socket", "/nonexistent/m").expect(
        UNREACHABLE, "/nonexistent/m: otpd-mail")
    otpctl(None, "mail", "stats", "--mail-socket", "/" + "x" * 200).expect(
        USAGE, "--mail-socket")
    otpctl(None, "mail", "stats", "--mail-socket", "/" + "x" * 2000).expect(USAGE, "too long")


def test_otpd_mail_that_hangs_or_closes():
    result, _ = mail_stats(lambda *_: HANG, "--timeout", "1")
    result.expect(UNREACHABLE, "otpd-mail did not answer in time", "journalctl -u otpd-mail")
    result, _ = mail_stats(lambda *_: CLOSE)
    result.expect(UNREACHABLE, "otpd-mail closed the connection")
    result, _ = mail_stats(lambda *_: Refusal("org.varlink.service.MethodNotFound"))
    result.expect(UNREACHABLE, "systemctl restart otpd-mail")


def test_only_root_is_told():
    result, _ = mail_stats(lambda *_: Refusal("Denied"))
    result.expect(REFUSED, "this caller may not do that; this needs root; run it with sudo")


def test_who_is_neither_root_nor_the_daemon_is_asked_nothing():
    if os.geteuid() != 0:
        raise Skip("only root can listen as somebody else")
    result, mailer = mail_stats(Stats([], 0), uid=65534)
    result.expect(UNREACHABLE, "neither root nor the user otpd-mail", "ss -xlp")
    assert mailer.frames == []
    with FakeOtpd(Daemon(), uid=65534) as otpd:
        otpctl(otpd, "status").expect(UNREACHABLE, "neither root nor the user otpd,")
        otpctl(otpd, "enrol", "a@example.org").expect(UNREACHABLE, "nothing was sent")
        assert otpd.frames == []
