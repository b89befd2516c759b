# SPDX-License-Identifier: MIT
"""What otpd-mail counts, and what it tells of a test mail."""

import json
import signal

from checks_route import OTHER, TO, Flag, refusing, two
from daemon import smtp
from servers import Script
from support import expect, mailer

CONSOLE = "type = console"


def total(rows, name):
    return sum(row[name] for row in rows)


def test_counters_add_up():
    first, second = Flag(up=False), Script(refusing("550 5.1.1 unknown", "b@Two.example"))
    with mailer(two(first, second)) as daemon:
        for to in ("a@one.example", "b@Two.example", "c@two.EXAMPLE", "d@one.example",
                   "e@one.example"):
            daemon.post(to=to)
        expect(daemon.send(deadline=1), "refused", "expired")
        status, domains = daemon.status(), daemon.domains()
        transports = daemon.transports()
    assert (status["sent"], status["deferred"], status["refused"]) == (4, 0, 2)
    assert set(domains) == {"one.example", "two.example"}
    assert domains["one.example"]["sent"] == 3 and domains["two.example"]["sent"] == 1
    assert domains["two.example"]["refused"] == 1
    assert total(domains.values(), "sent") == status["sent"]
    # A mail that was expired when it came was never opened: its domain is not known.
    assert total(domains.values(), "refused") == status["refused"] - 1
    assert total(transports.values(), "sent") == status["sent"]
    assert transports["second"]["refused"] == 1 and transports["first"]["deferred"] >= 1
    assert transports["first"]["sent"] == 0 and transports["first"]["p50_ms"] == 0
    assert 1 <= transports["second"]["p50_ms"] <= transports["second"]["p95_ms"]
    assert 1 <= domains["one.example"]["p50_ms"] <= domains["one.example"]["p95_ms"]
    assert total(domains.values(), "bounced") == 0
    assert transports["first"]["type"] == "smtp" and transports["first"]["waiting"] == 0


def test_a_mail_over_the_second_route_counts_for_both_domains():
    server = Script(refusing("550 5.1.1 unknown"))
    with mailer({"relay": smtp(server.port)}) as daemon:
        daemon.post(second=OTHER)
        domains, status = daemon.domains(), daemon.status()
    assert domains["example.net"]["refused"] == 1 and domains["example.net"]["sent"] == 0
    assert domains["other.example"]["sent"] == 1
    assert (status["sent"], status["refused"]) == (1, 0)


def test_a_number_counts_as_sms():
    with mailer(CONSOLE) as daemon:
        daemon.post(to="+4930123456")
        assert daemon.domains()["sms"]["sent"] == 1


def test_the_last_error_holds_no_address():
    server = Script({"RCPT": f"450 4.7.1 <{TO}> greylisted \x07"})
    with mailer({"relay": smtp(server.port)}) as daemon:
        daemon.post()
        answer = json.dumps(daemon.ask("Stats")) + json.dumps(daemon.status())
    assert "450 4.7.1 <j***@example.net> greylisted" in answer and TO not in answer


def test_pages_and_the_limit_of_domains():
    with mailer(CONSOLE) as daemon:
        since = daemon.status()["started_at"]
        client = daemon.client()
        for i in range(300):
            answer = client.call("org.emailotp.Mail.Send",
                                 **daemon.prepare(to=f"a@{'d' * 60}{i}.example"))
            assert answer["result"] == "sent"
        page = daemon.ask("Stats")
        assert len(page["domains"]) == 40 and page["since"] == since
        assert page["next"] == page["domains"][-1]["domain"]
        page = daemon.ask("Stats", after=page["next"], limit=3)
        assert len(page["domains"]) == 3 and "next" in page
        domains = daemon.domains()
        assert len(domains) == 257 and domains["other"]["sent"] == 300 - 256
        assert sorted(domains) == list(domains)
        assert total(domains.values(), "sent") == 300
        assert "next" not in daemon.ask("Stats", after="zzz")


def test_a_whole_page_fits_an_answer():
    long = ".".join(["x" * 49] * 4)
    server = Script({"RCPT": '450 4.7.1 "' + '\\"' * 120})
    sections = {f"t{i:02}-{'n' * 59}": smtp(server.port) for i in range(16)}
    with mailer(sections) as daemon:
        for i in range(45):
            daemon.post(to=f"a@{i:02}{long}.example")
        page = daemon.ask("Stats")
        assert len(page["domains"]) == 40 and len(page["transports"]) == 16
        assert len(json.dumps(page)) < 65536 / 2


def test_a_reload_keeps_the_counters():
    server = Script()
    with mailer({"a": smtp(server.port), "b": CONSOLE}) as daemon:
        daemon.post()
        daemon.configure({"b": CONSOLE, "a": smtp(server.port)})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        daemon.post()
        transports = daemon.transports()
        assert list(transports) == ["b", "a"]
        assert (transports["a"]["sent"], transports["b"]["sent"]) == (1, 1)
        assert daemon.domains()["example.net"]["sent"] == 2


def test_what_is_waiting_is_counted():
    from checks_life import Gate
    gate = Gate()
    server = Script({"body": gate})
    with mailer({"relay": smtp(server.port)}) as daemon:
        client = daemon.client()
        client.send("org.emailotp.Mail.Send", **daemon.prepare())
        assert gate.reached.wait(30)
        assert daemon.transports()["relay"]["waiting"] == 1
        gate.open.set()
        client.receive()
        assert daemon.transports()["relay"]["waiting"] == 0


def test_status_has_the_warnings_of_check():
    with mailer({"a": CONSOLE}) as daemon:
        assert any("development" in text for text in daemon.status()["warnings"])


def test_status_has_the_languages_and_the_tenants():
    with mailer({"a": CONSOLE}) as daemon:
        status = daemon.status()
        assert {"de", "en", "fr"} <= set(status["languages"]), status
        assert len(status["languages"]) == len(set(status["languages"]))
        assert status["tenants"] == []
    names = ["acme", "q" * 63] + [f"t{i}" for i in range(199)]
    for count in (200, 201):
        head = "".join(f'tenant {name} {{ organisation = "x" }}\n' for name in names[:count])
        with mailer({"a": CONSOLE}, head) as daemon:
            # Too many to be listed are not listed in part.
            assert daemon.status().get("tenants") == (names[:200] if count == 200 else None)


def steps_of(daemon, mail):
    return daemon.ask("Trace", mail=mail)["steps"]


def test_the_way_of_a_test_mail_is_told():
    first = Flag(up=False)
    second = Script(refusing(f"550 5.1.1 <{TO}> unknown"))
    with mailer(two(first, second)) as daemon:
        answer = daemon.post(template="test", code="", mail="1a" * 16, second=OTHER)
        assert answer["second"], answer
        steps = steps_of(daemon, "1a" * 16)
    names = [step["step"] for step in steps if step["step"] in
             ("transport", "failover", "second")]
    assert names == ["transport", "failover", "transport", "second", "transport"], steps
    said = {step["step"]: step["said"] for step in steps}
    assert said["failover"].startswith("421") and said["second"] == "j***@other.example"
    assert [step["said"] for step in steps if step["step"] == "transport"] == \
        ["first", "second", "second"]
    assert [step["ms"] for step in steps] == sorted(step["ms"] for step in steps)
    assert TO not in json.dumps(steps) and OTHER not in json.dumps(steps)


def test_a_repeat_goes_on_with_the_trace():
    server = Flag(up=False)
    with mailer({"relay": smtp(server.port)}) as daemon:
        for n in (1, 2):
            daemon.post(template="test", code="", mail="1b" * 16)
            steps = steps_of(daemon, "1b" * 16)
            assert [s["step"] for s in steps].count("transport") == n


def test_other_mails_have_no_trace():
    with mailer(CONSOLE) as daemon:
        daemon.post(mail="1c" * 16)
        assert steps_of(daemon, "1c" * 16) == [] == steps_of(daemon, "nothing")


def test_the_last_16_test_mails_are_kept():
    with mailer(CONSOLE) as daemon:
        for i in range(20):
            daemon.post(template="test", code="", mail=f"{i:032x}")
        kept = [bool(steps_of(daemon, f"{i:032x}")) for i in range(20)]
    assert kept == [False] * 4 + [True] * 16
