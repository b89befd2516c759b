# SPDX-License-Identifier: MIT
"""otpctl metrics, read by the parser of Prometheus' own library, in both formats that it has
to be; and the dashboard's queries against it."""
import json
import os
import re

from fake_otpd import FakeMailer, FakeOtpd, Refusal
from harness import DONE, REFUSED, ROOT, UNREACHABLE, Skip, otpctl

NUMBERS = ("users", "accounts", "pending_registrations", "sessions", "live_challenges",
           "mails_new", "mails_deferred", "wrong_last_hour", "alerts", "mailer_up",
           "connections", "calls", "batches", "memory_peak_bytes", "cpu_us", "log_lines_lost")


def numbers(*names, first=1):
    return [{"name": name, "value": first + i} for i, name in enumerate(names)]


def histogram(name, *counts):
    return {"name": name, "bounds": [100, 2500, 1000000][:len(counts) - 1],
            "counts": list(counts), "sum": 1234567}


def answer(method, _):
    assert method == "Admin.Metrics", method
    return {"version": "9.9.9", "started_at": 1795183200, "numbers": numbers(*NUMBERS),
            "events": numbers("burnt", "locked", "verified", "wrong"),
            "answers": numbers("Done", "Locked"),
            "mails": numbers("sent", "deferred", "refused", "bounced"),
            "histograms": [histogram("commit_us", 5, 3, 0, 1), histogram("call_us", 1, 2, 3, 4),
                           histogram("batch_calls", 7, 0)]}


def transport(name, **more):
    return {"name": name, "type": "smtp", "state": "up", "retry_in": 0, "waiting": 2,
            "sent": 10, "deferred": 1, "refused": 0, "p50_ms": 250, "p95_ms": 12000,
            "last_error": "550 ada@example.org has moved", **more}


def stats(method, parameters):
    assert (method, parameters) == ("Mail.Stats", {"limit": 1})
    return {"since": 1795180000, "next": "example.net", "transports": [
        transport("relay"), transport('a"b\\c', state="paused", sent=0)],
        "domains": [{"domain": "example.net", "sent": 1, "deferred": 0, "refused": 0,
                     "bounced": 0, "p50_ms": 1, "p95_ms": 1}]}


def parse(text):
    """Sample -> value, by the strict parser of OpenMetrics, which the other one agrees with."""
    try:
        from prometheus_client import parser
        from prometheus_client.openmetrics import parser as strict
    except ImportError:
        raise Skip("python3-prometheus-client is not installed") from None
    found, families = {}, {}
    for family in strict.text_string_to_metric_families(text):
        assert family.name not in families, family.name
        assert family.documentation and family.name.startswith("otpd_")
        families[family.name] = family
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, key
            found[key] = sample.value
    older = {(s.name, tuple(sorted(s.labels.items()))): s.value
             for family in parser.text_string_to_metric_families(text) for s in family.samples}
    assert older == found
    return found, families


def run(handler=answer, mail=stats, code=DONE):
    with FakeOtpd(handler) as otpd:
        with FakeMailer(mail, otpd):
            return otpctl(otpd, "metrics").expect(code)


def test_metrics_are_openmetrics():
    found, families = parse(run().out)

    def value(name, **labels):
        return found[name, tuple(sorted(labels.items()))]
    assert value("otpd_up") == value("otpd_mail_up") == 1
    assert value("otpd_build_info", version="9.9.9") == 1
    assert value("otpd_start_time_seconds") == 1795183200
    assert value("otpd_users") == 1 and value("otpd_challenges_live") == 5
    assert value("otpd_mails_waiting", state="new") == 6
    assert value("otpd_mails_waiting", state="deferred") == 7
    assert value("otpd_events_total", event="wrong") == 4
    assert value("otpd_answers_total", answer="Locked") == 2
    assert value("otpd_cpu_seconds_total") == 15e-6
    assert value("otpd_commit_seconds_bucket", le="0.0001") == 5
    assert value("otpd_commit_seconds_bucket", le="0.0025") == 8
    assert value("otpd_commit_seconds_bucket", le="1.0") == 8
    assert value("otpd_commit_seconds_bucket", le="+Inf") == 9 == \
        value("otpd_commit_seconds_count")
    assert value("otpd_commit_seconds_sum") == 1.234567
    assert value("otpd_batch_calls_bucket", le="100.0") == 7
    assert value("otpd_mail_transport_tries_total", transport="relay", result="sent") == 10
    assert value("otpd_mail_transport_up", transport='a"b\\c') == 0
    assert value("otpd_mail_transport_latency_seconds", transport="relay",
                 quantile="0.95") == 12
    assert ("otpd_mail_transport_latency_seconds",
            (("quantile", "0.5"), ("transport", 'a"b\\c'))) not in found, "nothing was sent"
    assert families["otpd_commit_seconds"].type == "histogram"
    assert families["otpd_commit_seconds"].unit == "seconds"
    assert families["otpd_events"].type == "counter"


def test_metrics_name_nobody():
    out = run().out
    assert "ada" not in out and "@" not in out and "example" not in out, out


def test_a_daemon_that_is_away_is_a_number():
    def refuse(*_):
        return Refusal("Unavailable")
    with FakeOtpd(answer) as otpd:  # and no otpd-mail
        result = otpctl(otpd, "metrics").expect(DONE, "warning", "mail.sock")
        found, _ = parse(result.out)
        assert found["otpd_mail_up", ()] == 0 and found["otpd_up", ()] == 1
        assert not [name for name, _ in found if "transport" in name]
    result = otpctl("/nonexistent/otpd.sock", "metrics").expect(UNREACHABLE, "not running")
    found, _ = parse(result.out)
    assert found == {("otpd_up", ()): 0, ("otpd_mail_up", ()): 0}
    assert run(lambda *_: Refusal("Denied"), code=REFUSED).out == ""
    assert run(refuse, code=REFUSED).out == ""


def test_the_manual_names_every_metric():
    _, families = parse(run().out)
    with open(os.path.join(ROOT, "man/otpctl.8"), encoding="utf-8") as page:
        section = page.read().partition("\n.Sh METRICS\n")[2].partition("\n.Sh ")[0]
    told = set(re.findall(r"\botpd_\w+", " ".join(
        line for line in section.splitlines() if line.startswith(".It Ic"))))
    own = {name + ("_total" if family.type == "counter" else "")
           for name, family in families.items()}
    assert told == own, told ^ own


def test_every_query_of_the_dashboard_finds_its_metrics():
    found, _ = parse(run().out)
    names = {name for name, _ in found}
    with open(os.path.join(ROOT, "conf/grafana/otpd.json"), encoding="utf-8") as file:
        board = json.load(file)
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len(panels) >= 10
    used = set()
    for panel in panels:
        assert panel["title"] and panel["gridPos"]["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            there = set(re.findall(r"\botpd_\w+", target["expr"]))
            assert there and there <= names, (panel["title"], there - names)
            used |= there
            for event in re.findall(r'event=~?"([^"]+)"', target["expr"]):
                assert_events(event)
    assert {"otpd_up", "otpd_mail_up", "otpd_events_total", "otpd_commit_seconds_bucket",
            "otpd_mail_transport_tries_total", "otpd_mails_waiting",
            "otpd_mail_transport_latency_seconds", "otpd_memory_peak_bytes"} <= used
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def assert_events(pattern):
    with open(os.path.join(ROOT, "otpd/core/event.c"), encoding="utf-8") as file:
        events = set(re.findall(r'\{ "(\w+)",', file.read()))
    assert set(pattern.split("|")) <= events, pattern
