# SPDX-License-Identifier: MIT
"""send-test: each step once, in order, with what the server said and what to do."""
import re
import signal
import subprocess
import threading
import time

from fake_otpd import CLOSE, HANG, FakeMailer, FakeOtpd, Refusal
from harness import DONE, OTHER, OTPCTL, REFUSED, ROOT, UNREACHABLE, USAGE, otpctl

MAIL = "5f" * 16
GONE = "only what otpd knows is shown"
SENT = {"state": "sent", "tries": 1, "detail": "250 2.0.0 Ok: queued as 4ZkT"}
QUEUED = {"state": "queued", "tries": 0, "detail": ""}
WAY = [("transport", 0, "relay"), ("resolve", 4, "mail.example.org is 192.0.2.7"),
       ("connect", 9, "192.0.2.7, port 587"), ("tls", 35, "TLSv1.3"),
       ("greeting", 41, "250 mail.example.org"), ("auth", 88, "235 2.7.0 Accepted"),
       ("mail", 92, "250 2.1.0 Ok"), ("rcpt", 95, "250 2.1.5 Ok"),
       ("data", 97, "354 Go on"), ("body", 140, "250 2.0.0 Ok: queued as 4ZkT")]


class Way:
    """Both daemons: a list of looks, each a row of otpd and a number of steps."""

    def __init__(self, *looks, warnings=(), way=WAY, **status):
        self.status = status
        self.transports = []
        self.looks = list(looks)
        self.way = way
        self.warnings = list(warnings)
        self.steps = []
        self.asked = []

    def otpd(self, method, parameters):
        self.asked.append((method, parameters))
        if method == "Admin.SendTest":
            return {"mail": MAIL}
        assert (method, parameters) == ("Admin.ShowMail", {"mail": MAIL})
        row, steps = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        self.steps = self.way[:steps] if isinstance(steps, int) else steps
        return {"mail": {"id": 1, "mail": MAIL, "user": "", "purpose": "test",
                         "created_at": 1, "next_at": 0, "deadline": 600, "transport": "",
                         "second": False} | row}

    def mail(self, method, parameters):
        if method == "Mail.Status":
            return {"version": "0", "started_at": 1, "transport": "relay", "sent": 0,
                    "deferred": 0, "refused": 0, "last_error": "",
                    "warnings": self.warnings} | self.status
        if method == "Mail.Stats":
            return {"since": 1, "transports": self.transports, "domains": []}
        assert (method, parameters) == ("Mail.Trace", {"mail": MAIL})
        return {"steps": [{"step": step, "ms": ms, "said": said}
                          for step, ms, said in self.steps]}


def send_test(way, *arguments, mail=None, **more):
    with FakeOtpd(way.otpd) as otpd, FakeMailer(mail or way.mail, otpd) as mailer:
        result = otpctl(otpd, "send-test", *(arguments or ("a@example.org",)), **more)
        return result, otpd, mailer


def steps_of(out):
    """(ms, step, said) of each line that is one."""
    return [(int(ms), step, said) for ms, step, said in
            re.findall(r"^ *(\d+) ms  (\S+(?: \S+)?) *(.*)$", out, re.M)]


def words(text):
    return " ".join(text.split())


def test_the_whole_way_is_shown_each_step_once_and_in_order():
    way = Way((QUEUED, 0), (QUEUED, 3), (QUEUED, 3), (QUEUED, 8),
              (SENT | {"transport": "relay"}, len(WAY)))
    result, otpd, _ = send_test(way)
    out = result.expect(DONE, "by the transport relay", "has taken it").out
    steps = steps_of(out)
    assert [step for _, step, _ in steps] == \
        ["queued", "handed over"] + [step for step, _, _ in WAY] + ["sent"], out
    assert [said for _, _, said in steps[2:-1]] == [said for _, _, said in WAY]
    assert steps[-1][2] == "", "the server's words are not said twice"
    times = [ms for ms, _, _ in steps]
    assert times == sorted(times), out
    first = times[2]
    assert [ms - first for ms in times[2:-1]] == [ms for _, ms, _ in WAY]
    assert result.err == ""
    assert otpd.calls[0] == ("Admin.SendTest", {"address": "a@example.org"})


def test_steps_are_shown_while_they_happen():
    shown = threading.Event()
    first = Way((QUEUED, 3), (QUEUED, 3))

    def otpd(method, parameters):
        if shown.is_set():
            first.looks = [(SENT, len(WAY))]
        return first.otpd(method, parameters)
    with FakeOtpd(otpd) as fake, FakeMailer(first.mail, fake):
        process = subprocess.Popen([OTPCTL, "--socket", fake.path, "send-test", "a@b.org"],
                                   stdout=subprocess.PIPE)
        # Into a pipe, where stdio would keep it back.
        seen = [process.stdout.readline().decode() for _ in range(5)]
        assert "connect" in seen[-1], seen
        shown.set()
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == DONE and b"body" in rest


def test_steps_in_disorder_are_shown_in_order():
    steps = [("tls", 30, "c"), ("transport", 0, "a"), ("connect", 10, "b"),
             ("greeting", 30, "d")]
    result, _, _ = send_test(Way((SENT, len(steps)), way=steps))
    said = [said for _, _, said in steps_of(result.expect(DONE).out)]
    assert said[2:6] == ["a", "b", "c", "d"], result.out


def greylisted():
    deferred = {"state": "queued", "tries": 1, "detail": "450 4.2.0 Greylisted",
                "next_at": int(time.time()) + 3600}
    first = WAY[:7] + [("rcpt", 95, "450 4.2.0 Greylisted")]
    return deferred, first


def test_a_second_try_that_goes_on_in_the_trace():
    deferred, first = greylisted()
    both = first + [(step, 5000 + ms, said) for step, ms, said in WAY]
    result, _, _ = send_test(Way((QUEUED, first), (deferred, first),
                                 (SENT | {"tries": 2}, both)))
    out = result.expect(DONE, "try 2").out
    names = [step for _, step, _ in steps_of(out)]
    assert names.count("rcpt") == 2 and names.count("deferred") == 1, out
    assert names.count("handed over") == 1 and names[-1] == "sent"
    assert re.search(r"deferred +try 1; again in (1 h|59 min)", out), out


def test_a_second_try_that_begins_a_new_trace():
    deferred, first = greylisted()
    result, _, _ = send_test(Way((deferred, first), (deferred, WAY[:2]),
                                 (SENT | {"tries": 2}, WAY)))
    names = [step for _, step, _ in steps_of(result.expect(DONE).out)]
    assert names.count("connect") == 2 and names.count("body") == 1, result.out
    times = [ms for ms, _, _ in steps_of(result.out)]
    assert times == sorted(times), result.out


def test_a_second_try_whose_clock_begins_again():
    deferred, first = greylisted()
    result, _, _ = send_test(Way((deferred, first), (SENT | {"tries": 2}, first + WAY)))
    steps = steps_of(result.expect(DONE).out)
    assert [step for _, step, _ in steps].count("handed over") == 2, result.out
    assert [ms for ms, _, _ in steps] == sorted(ms for ms, _, _ in steps), result.out


def test_a_full_trace_goes_on_in_its_last_place():
    full = [(f"s{i}", i, "") for i in range(64)]
    result, _, _ = send_test(Way((QUEUED, full), (QUEUED, full[:63] + [("x", 70, "")]),
                                 (SENT, full[:63] + [("y", 80, "")])))
    names = [step for _, step, _ in steps_of(result.expect(DONE).out)]
    assert names == ["queued", "handed over"] + [f"s{i}" for i in range(64)] + \
        ["x", "y", "sent"], result.out


def test_warnings_come_first():
    text = "from is of another domain than user: the relay may refuse it"
    with FakeOtpd(lambda *_: Refusal("Unavailable")) as otpd, \
            FakeMailer(Way((SENT, 0), warnings=[text, "two"]).mail, otpd):
        err = otpctl(otpd, "send-test", "a@example.org").expect(REFUSED).err.splitlines()
        assert err[0] == "otpctl: warning: " + text and err[1].endswith(": two")
        assert "otpd cannot do that now" in err[2]


KNOWN = {"languages": ["de", "en", "zh-Hant"], "tenants": ["acme"]}
NO_TENANT = ('mail.conf has no tenant "acmee"; the mail is sent in the name of the top '
             'level')
NO_TEMPLATES = ('otpd-mail has no templates in "xx"; mails will be in its default '
                'language')


def test_a_tenant_or_language_that_otpd_mail_does_not_know():
    def run(*arguments, **status):
        return send_test(Way((SENT, 0), **status), "a@example.org", *arguments)[0]
    unknown = ("--tenant", "acmee", "--language", "xx")
    err = words(run(*unknown, **KNOWN).expect(DONE).err)
    assert err == f"otpctl: warning: {NO_TENANT} otpctl: warning: {NO_TEMPLATES}", err
    answer = run("--json", *unknown, **KNOWN).expect(DONE).json()
    assert answer["warnings"] == [NO_TENANT, NO_TEMPLATES]
    assert run("--tenant", "ACME", **KNOWN).err, "titles are spelled one way"
    # Known ones, the base of one, and an otpd-mail that does not say.
    for good in (("--tenant", "acme"), ("--language", "de"), ("--language", "DE-at"),
                 ("--language", "zh-hant-TW"), ()):
        assert run(*good, **KNOWN).expect(DONE).err == "", good
    assert run("--language", "zh", **KNOWN).err != ""
    assert run(*unknown).expect(DONE).err == ""
    assert run(*unknown, languages=5, tenants={}).expect(DONE).err == ""
    assert NO_TENANT in run(*unknown, languages=[5], tenants=[5]).expect(DONE).err


def transport(name, state="up", last_error="", type="smtp"):
    return {"name": name, "type": type, "state": state, "last_error": last_error}


def test_a_paused_transport_before_the_one_that_sent_is_told():
    def run(transports, by="backup", *arguments):
        way = Way((SENT | {"transport": by}, len(WAY)))
        way.transports = transports
        return send_test(way, "a@example.org", *arguments)[0].expect(DONE)
    rows = [transport("relay", "paused", "421 4.3.2 busy"), transport("second"),
            transport("text", "paused", "no", "sms"), transport("backup"),
            transport("late", "paused", "no")]
    out = words(run(rows).out)
    line = ("relay, which stands before it, is paused: 421 4.3.2 busy; see otpctl mail "
            "stats")
    assert out.endswith("mailbox. " + line), out
    assert run(rows, "backup", "--json").json()["warnings"] == [line]
    assert "paused" not in run(rows, "relay").out
    assert words(run([transport("relay", "paused"), transport("backup")]).out).endswith(
        "relay, which stands before it, is paused; see otpctl mail stats")
    texts = [transport("relay", "paused", "x"), transport("sms1", "paused", "y", "sms"),
             transport("sms2", "up", "", "sms")]
    out = words(run(texts, "sms2").out)
    assert "sms1, which stands before it, is paused: y;" in out and "relay," not in out
    for odd in (5, {}, [5], [{}, transport("backup")], [transport("gone", "paused")]):
        assert "paused" not in run(odd).out


def test_where_to_look_is_said_by_the_type_of_the_transport():
    def run(*transports):
        way = Way((SENT | {"transport": "relay"}, len(WAY)))
        way.transports = list(transports)
        return words(send_test(way, "a@example.org")[0].expect(DONE).out)
    for kind, end in (("console", "otpd-mail: journalctl -o cat -u otpd-mail."),
                      ("maildir", "It lies in the Maildir, and went no further."),
                      ("smtp", "now look into the mailbox."),
                      ("odd", "now look into the mailbox.")):
        out = run(transport("first", "up", "", "console"), transport("relay", "up", "", kind))
        assert out.endswith(end), out
    assert run(transport("other", "up", "", "console")).endswith("look into the mailbox.")


def test_json_is_one_object_with_the_steps():
    way = Way((QUEUED, 4), (SENT | {"transport": "relay", "second": True}, len(WAY)),
              warnings=["odd"])
    result, _, _ = send_test(way, "a@example.org", "--json")
    answer = result.expect(DONE).json()
    assert [step["step"] for step in answer["steps"]] == \
        ["queued", "handed over"] + [step for step, _, _ in WAY] + ["sent"]
    assert {step["by"] for step in answer["steps"]} == {"otpd", "otpd-mail"}
    assert answer["warnings"] == ["odd"] and answer["traced"] is True
    assert (answer["mail"], answer["state"], answer["tries"]) == (MAIL, "sent", 1)
    assert (answer["transport"], answer["second"]) == ("relay", True)
    assert answer["ms"] >= answer["steps"][-1]["ms"] and "advice" not in answer
    assert len(result.out.splitlines()) == 1


def test_a_failure_is_said_in_the_servers_words_with_what_to_do():
    for detail, advice in (
            ("535-5.7.8 Username and Password not accepted x gsmtp", "app password"),
            ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
             "disabled for the Tenant.", "auth = oauth2"),
            ("SSL certificate problem: self-signed certificate", "ca_file"),
            ("Could not resolve host: nowhere.invalid", "DNS"),
            ("HTTP 401 {}", "api_key_file"), ("invalid_grant", "refresh_token_file"),
            ("what?", "otpd-mail --check")):
        failed = {"state": "failed", "tries": 1, "detail": detail}
        result, _, _ = send_test(Way((failed, WAY[:3])))
        text = words(result.expect(REFUSED).err)
        assert "the test mail was not sent what was said: " + detail in text, text
        assert advice in text and "what to do:" in text
        assert max(map(len, (result.out + result.err).splitlines())) < 80
        result, _, _ = send_test(Way((failed, WAY[:3])), "a@example.org", "--json")
        answer = result.expect(REFUSED).json()
        assert answer["state"] == "failed" and answer["detail"] == detail
        assert advice in answer["advice"] and result.error()["error"] == "Refused"


def test_the_ends_that_are_no_refusal():
    for state, text in (("dead", "could not be sent in time"),
                        ("bounced", "was sent, and came back")):
        row = {"state": state, "tries": 3, "detail": "550 5.1.1 no"}
        send_test(Way((row, 0)))[0].expect(REFUSED, text, "try 3", "no such mailbox")


def test_a_mail_that_stays_in_the_queue_ends_after_its_time():
    result, _, _ = send_test(Way((QUEUED, 0)), "a@example.org", "--wait", "1")
    result.expect(UNREACHABLE, "still queued, and otpd goes on trying until "
                               "1970-01-01T00:10:00+00:00\n", "systemctl status otpd-mail")
    result, _, _ = send_test(Way((QUEUED, 3)), "a@example.org", "--wait", "1")
    result.expect(UNREACHABLE, "still queued", "longer")
    deferred, first = greylisted()
    result, _, _ = send_test(Way((deferred, first)), "a@example.org", "--wait", "0")
    assert "makes new senders wait" in words(
        result.expect(UNREACHABLE, "450 4.2.0 Greylisted", "goes on trying").err)


def test_waiting_is_no_busy_loop():
    result, otpd, mailer = send_test(Way((QUEUED, 0)), "a@example.org", "--wait", "2")
    result.expect(UNREACHABLE)
    # 5 looks to 40 ms, 17 more to 1.2 s, each after a quarter more of the time, then one
    # each 300 ms. A machine under load has fewer.
    assert len(otpd.calls) <= 35 and len(mailer.calls) <= 35


def test_without_otpd_mail_the_row_alone_is_followed():
    way = Way((QUEUED, 0), (QUEUED, 0), (SENT, 0))
    with FakeOtpd(way.otpd) as otpd:
        result = otpctl(otpd, "send-test", "a@example.org").expect(
            DONE, GONE, "otpd-mail is not running", otpd.directory.name + "/mail.sock")
        assert [(step, said) for _, step, said in steps_of(result.out)] == \
            [("queued", "by otpd"), ("sent", SENT["detail"])], result.out
        way.looks = [(SENT, 0)]
        answer = otpctl(otpd, "send-test", "a@example.org", "--json").expect(DONE).json()
        assert answer["traced"] is False and answer["state"] == "sent"


def test_an_otpd_mail_that_is_none_or_old_is_done_without():
    for answer in (CLOSE, HANG, b"nonsense\0", {"steps": 5}, {"steps": [1]}, {},
                   {"steps": [{"step": "x", "ms": -1, "said": ""}]},
                   {"steps": [{"step": "x", "ms": "1", "said": ""}]},
                   {"steps": [{"step": "x", "ms": 1}]},
                   Refusal("org.varlink.service.MethodNotFound", method="x"),
                   Refusal("org.varlink.service.InvalidParameter", parameter="mail"),
                   Refusal("Denied")):
        way = Way((QUEUED, 0), (SENT, 0))

        def mail(method, parameters, way=way, answer=answer):
            return way.mail(method, parameters) if method == "Mail.Status" else answer
        result, _, mailer = send_test(way, "a@example.org", "--timeout", "1", mail=mail)
        assert words(result.expect(DONE).err).count(GONE) == 1, result.err
        assert mailer.methods() == ["Mail.Status", "Mail.Trace"], "it is left alone then"


def test_warnings_that_are_none_are_no_reason_to_stop():
    for warnings in ({}, {"warnings": 5}, {"warnings": [5]}):
        way = Way((SENT, 0))
        send_test(way, mail=lambda method, _, w=warnings: w if method == "Mail.Status"
                  else {"steps": []})[0].expect(DONE)


def test_who_is_not_otpd_mail_is_asked_nothing():
    with FakeOtpd(Way((SENT, 0)).otpd) as otpd, \
            FakeMailer(Way((SENT, 0)).mail, otpd, uid=65534) as mailer:
        otpctl(otpd, "send-test", "a@example.org").expect(DONE, GONE, "nothing was sent")
        assert mailer.calls == [] and mailer.frames == []


def test_numbers_language_and_tenant_go_over_the_wire():
    way = Way((SENT, 0))
    result, _, _ = send_test(way, "+49 (170) 123-45.67", "--language", "de", "--tenant",
                             "acme")
    result.expect(DONE, "The gateway has taken it", "telephone")
    assert way.asked[0] == ("Admin.SendTest", {"address": "+491701234567",
                                               "language": "de", "tenant": "acme"})


def test_a_tenant_that_otpd_does_not_accept():
    with FakeOtpd(lambda *_: Refusal("BadName")) as otpd:
        otpctl(otpd, "send-test", "a@example.org", "--tenant", "\x07").expect(
            REFUSED, "this language or tenant")


def test_numbers_that_are_none_never_reach_otpd():
    with FakeOtpd(Way((SENT, 0)).otpd) as otpd:
        for bad, why in (("+", "7 digits"), ("+49", "7 digits"), ("+0170123456", "with 0"),
                         ("0170 1234567", "+49..."), ("+49 (0)170 1234567", "brackets"),
                         ("+49170x", "only digits"), ("+" + "1" * 16, "15 digits"),
                         ("+1234567\n", "only digits")):
            otpctl(otpd, "send-test", bad).expect(USAGE, "no telephone number", why)
        assert otpd.calls == []


def test_another_socket_can_be_named():
    way = Way((QUEUED, 2), (SENT, len(WAY)))
    with FakeOtpd(lambda *_: CLOSE) as elsewhere, FakeOtpd(way.otpd) as otpd, \
            FakeMailer(way.mail, elsewhere) as mailer:
        otpctl(otpd, "send-test", "a@example.org", "--mail-socket", mailer.path).expect(
            DONE, "192.0.2.7")


def test_what_servers_say_cannot_write_to_the_terminal():
    way = [("trans\x1b[2Jport" + "x" * 99, 0, "a\x1b]0;t\x07\u202e b\nroot\r"),
           ("connect", 1, "日本 " * 60)]
    result, _, _ = send_test(Way((SENT | {"detail": "\x1b[2J\u202e"}, 2), way=way))
    out = result.expect(DONE).out
    assert not set("\x1b\x07\r\u202e") & set(out) and "\nroot" not in out, out


def test_an_interrupt_while_the_mail_is_under_way():
    asked = threading.Event()
    way = Way((QUEUED, 2))

    def mail(method, parameters):
        if method == "Mail.Trace":
            asked.set()
        return way.mail(method, parameters)
    with FakeOtpd(way.otpd) as otpd, FakeMailer(mail, otpd):
        process = subprocess.Popen(
            [OTPCTL, "--socket", otpd.path, "send-test", "a@example.org"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert asked.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == OTHER and b"interrupted" in err


def example(command):
    """What otpctl(8) shows below a line that runs it."""
    with open(ROOT + "/man/otpctl.8", encoding="utf-8") as page:
        return page.read().split(command + "\n")[1].split("\n.Ed")[0] + "\n"


def test_the_manual_shows_what_it_looks_like():
    """Times aside, the example in otpctl(8) is what this program writes."""
    shown = example("# otpctl send-test alice@example.org")
    begin, *mails, end = steps_of(re.sub(r"\n {25}(?=\S)", " ", shown))
    arrived = mails.pop(0)[0]
    assert (begin[1], end[1]) == ("queued", "sent") and len(mails) > 8
    way = [(step, ms - arrived, said) for ms, step, said in mails]
    result, _, _ = send_test(Way((QUEUED, way[:2]), (
        SENT | {"transport": "relay", "detail": way[-1][2]}, way)))

    def timeless(text):
        return re.sub(r"^ *\d+ ms|Sent in [0-9.]+ m?s", "", text, flags=re.M)
    assert timeless(result.expect(DONE).out) == timeless(shown), result.out


def test_the_manual_shows_what_a_failure_looks_like():
    shown = example("otpctl: the test mail was not sent")
    said = words(shown.split("said:")[1].split("what to do:")[0])
    result, _, _ = send_test(Way(({"state": "failed", "tries": 1, "detail": said}, 0)))
    assert result.expect(REFUSED).err.split("not sent\n")[1] == shown, result.err
