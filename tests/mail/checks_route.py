# SPDX-License-Identifier: MIT
"""Several transports: which one a mail takes, and when it takes another one."""

import os
import signal
import socket
import tempfile
import threading
import time

from checks_life import Gate, run_config
from daemon import MAIL, smtp, templates
from servers import Script
from support import expect, mailer, secret_file, slow

TO, OTHER = "jane.doe@example.net", "jdoe@other.example"


class Dead:
    """A port that nobody else gets and where nobody listens."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]


class Flag:
    """A server that greets with 421 while it is down."""

    def __init__(self, up=True):
        self.up = up
        self.server = Script({"banner": self.banner})
        self.port = self.server.port

    def banner(self, line):
        line.say("220 test ESMTP" if self.up else "421 4.3.2 not today")
        return self.up


def two(first, second, **options):
    """Sections of two SMTP transports; options are the first one's."""
    return {"first": smtp(first.port, **options), "second": smtp(second.port)}


def goes_to_second(first, **options):
    """One mail that the first does not take and the second does; the log."""
    second = Script()
    with mailer(two(first, second, **options)) as daemon:
        answer = daemon.post()
        assert (answer["result"], answer["transport"]) == ("sent", "second"), answer
        assert not answer["second"] and not answer["bad_address"]
        daemon.wait_log("transport first is paused for ")
        line = daemon.wait_log("mail sent")
        assert "transport=second detail=" in line
        state = daemon.transports()
        assert state["first"]["state"] in ("paused", "probing") and state["first"]["last_error"]
        assert (state["first"]["sent"], state["first"]["deferred"]) == (0, 1)
        assert (state["second"]["state"], state["second"]["sent"]) == ("up", 1)
    assert len(second.bodies) == 1


def test_the_first_transport_is_taken():
    first, second = Script(), Script()
    with mailer(two(first, second)) as daemon:
        for _ in range(3):
            assert daemon.post()["transport"] == "first"
        assert daemon.status()["transport"] == "first"
        daemon.wait_log("is ready, transport first and 1 behind it")
    assert len(first.bodies) == 3 and not second.lines


def test_the_next_is_taken_when_nobody_listens():
    goes_to_second(Dead())


def test_the_next_is_taken_when_the_greeting_is_421():
    goes_to_second(Script({"banner": "421 4.3.2 not today"}))


def test_the_next_is_taken_when_the_greeting_is_554():
    goes_to_second(Script({"banner": "554 5.3.2 never"}))


def test_the_next_is_taken_when_the_server_hangs_up():
    for stage in ("banner", "MAIL", "DATA"):
        goes_to_second(Script({stage: lambda line: False}))


def test_the_next_is_taken_when_auth_fails():
    with tempfile.TemporaryDirectory() as directory:
        goes_to_second(Script({"AUTH": "535 5.7.8 no"}, auth=True), user="u",
                       password_file=secret_file(directory, "pw", "x\n"))


@slow
def test_the_next_is_taken_when_the_first_says_nothing():
    held = threading.Event()
    goes_to_second(Script({"banner": lambda line: held.wait(60) and False}), timeout="5s")
    held.set()


@slow
def test_the_next_is_taken_when_a_reply_does_not_come():
    held = threading.Event()
    goes_to_second(Script({"RCPT": lambda line: held.wait(60) and False}), timeout="5s")
    held.set()


def stays_with_first(reply, result):
    first, second = Script({"RCPT": reply}), Script()
    with mailer(two(first, second)) as daemon:
        for _ in range(2):
            answer = daemon.post()
            assert (answer["result"], answer["transport"]) == (result, "first"), answer
            assert answer["bad_address"] == (result == "refused")
        assert daemon.transports()["first"]["state"] == "up"
    assert not second.lines


def test_greylisting_is_no_reason_for_another_transport():
    stays_with_first("450 4.7.1 greylisted", "deferred")


def test_a_refusal_is_no_reason_for_another_transport():
    stays_with_first("550 5.1.1 unknown", "refused")


POLICY = ("550 5.7.1 <jane.doe@example.net>: Recipient address rejected: Access denied",
          "554 5.7.1 <jane.doe@example.net>: Relay access denied",
          "550 5.1.8 sender's domain", "454 4.7.1 Relay access denied")


def untouched(daemon, *names):
    """No transport is paused, or said to be broken."""
    states = daemon.transports()
    assert all(states[name]["state"] == "up" for name in names), states
    assert not any("as configured" in line or "paused" in line for line in daemon.log)


def test_a_policy_against_one_recipient_pauses_nothing():
    # It did: whoever could choose an address could stop the mails of everybody.
    for said in POLICY:
        first, second = Script(refusing(said)), Script(refusing(said))
        with mailer(two(first, second)) as daemon:
            for _ in range(2):
                answer = daemon.post()
                result = "deferred" if said[0] == "4" else "refused"
                assert (answer["result"], answer["transport"]) == (result, "second"), answer
                assert answer["bad_address"] == (result == "refused") and said[:9] in answer["detail"]
                answer = daemon.post(to=OTHER)
                assert (answer["result"], answer["transport"]) == ("sent", "first"), answer
            untouched(daemon, "first", "second")
        assert len(first.bodies) == 2 and not second.bodies


def test_what_one_transport_may_not_take_another_may():
    for said in POLICY:
        first, second = Script({"RCPT": said}), Script()
        with mailer(two(first, second)) as daemon:
            for _ in range(2):
                answer = daemon.post()
                assert (answer["result"], answer["transport"]) == ("sent", "second"), answer
                assert not answer["bad_address"]
            untouched(daemon, "first", "second")


def test_a_policy_of_all_transports_leads_to_the_second_route():
    first, second = (Script(refusing(POLICY[0])) for _ in range(2))
    with mailer(two(first, second)) as daemon:
        answer = daemon.post(second=OTHER)
        assert (answer["result"], answer["transport"]) == ("sent", "first"), answer
        assert answer["second"] and answer["bad_address"]
        assert POLICY[0][:9] in daemon.wait_log("mail rerouted")
        untouched(daemon, "first", "second")
    assert OTHER in first.bodies[0] and not second.bodies


def test_a_policy_is_not_the_last_word_while_another_transport_is_down():
    first, second = Dead(), Script({"RCPT": POLICY[0]})
    with mailer(two(first, second)) as daemon:
        for _ in range(2):
            answer = daemon.post(second=OTHER)
            assert (answer["result"], answer["transport"]) == ("deferred", "second"), answer
            assert not answer["second"] and not answer["bad_address"]


def test_a_transport_that_is_paused_is_left_alone():
    first, second = Flag(up=False), Script()
    with mailer(two(first, second)) as daemon:
        assert daemon.post()["transport"] == "second"
        for _ in range(200):
            n, before = len(first.server.lines), daemon.transports()["first"]
            assert daemon.post()["transport"] == "second"
            after = daemon.transports()["first"]
            # If a pause ended meanwhile the next one is longer, and this round says nothing.
            if before["state"] == after["state"] == "paused" \
                    and 0 < after["retry_in"] <= before["retry_in"]:
                assert len(first.server.lines) == n
                break
        else:
            raise AssertionError("no round without a probe")


@slow
def test_a_transport_that_works_again_is_found_by_a_probe():
    first, second = Flag(up=False), Script()
    with mailer(two(first, second)) as daemon:
        assert daemon.post()["transport"] == "second"
        first.up = True
        until = time.monotonic() + 60
        while (answer := daemon.post())["transport"] == "second":
            assert answer["result"] == "sent" and time.monotonic() < until
            time.sleep(0.05)
        daemon.wait_log("transport first is up again")
        assert daemon.transports()["first"]["state"] == "up"
        assert daemon.post()["transport"] == "first"
    assert len(first.server.bodies) == 2


def test_all_down_defers_and_tries_each_once():
    first, second = Flag(up=False), Flag(up=False)
    with mailer(two(first, second)) as daemon:
        answer = daemon.post()
        assert (answer["result"], answer["transport"]) == ("deferred", "second")
        assert "421 4.3.2" in answer["detail"]
        assert (len(first.server.lines), len(second.server.lines)) == (1, 1)
        # All are paused now: one of them is tried for each mail, and takes it if it can.
        # (Both, should the pauses be over already.)
        assert daemon.post()["result"] == "deferred"
        assert len(first.server.lines) + len(second.server.lines) in (3, 4)
        first.up = second.up = True
        assert daemon.post()["result"] == "sent"


def test_a_single_transport_is_always_tried():
    only = Flag(up=False)
    with mailer({"only": smtp(only.port)}) as daemon:
        for _ in range(5):
            assert daemon.post()["result"] == "deferred"
        assert len(only.server.lines) == 5
        only.up = True
        assert daemon.post()["result"] == "sent"
        daemon.wait_log("transport only is up again")


def test_per_minute_sends_the_rest_to_the_next():
    first, second = Script(), Script()
    with mailer({"first": smtp(first.port) + "\nper_minute = 2",
                 "second": smtp(second.port) + "\nper_minute = 1"}) as daemon:
        began = time.monotonic()
        answers = [daemon.post() for _ in range(4)]
        if time.monotonic() - began < 20:  # else the first has room again
            assert [one["transport"] for one in answers] == ["first", "first", "second", ""]
            assert answers[3]["result"] == "deferred" and "minute" in answers[3]["detail"]
        sent = sum(one["result"] == "sent" for one in answers)
    assert len(first.bodies) + len(second.bodies) == sent


def refusing(reply, address=TO):
    """A script that gives this reply to one recipient and takes the others."""
    def rcpt(line):
        last = line.server.commands[-1]
        said = reply if f"<{address}>" in last else "250 2.1.5 fine"
        line.say(said)
        return True
    return {"RCPT": rcpt}


def test_the_second_route_is_used_when_the_first_address_is_refused():
    server = Script(refusing("550 5.1.1 <jane.doe@example.net> unknown"))
    with mailer({"relay": smtp(server.port)}) as daemon:
        answer = daemon.post(second=OTHER, mail="ab" * 16)
        assert answer["result"] == "sent" and answer["transport"] == "relay"
        assert answer["second"] and answer["bad_address"], answer
        line = daemon.wait_log("mail rerouted")
        assert "to=j***@example.net" in line and "j***@example.net> unknown" in line
        line = daemon.wait_log("mail sent")
        assert "to=j***@other.example" in line and " transport=relay second=yes " in line
        assert daemon.status()["sent"] == 1 and daemon.status()["refused"] == 0
    assert len(server.bodies) == 1
    assert "<" + "ab" * 16 + "@relay.example>" in server.bodies[0]
    assert OTHER in server.bodies[0] and TO not in server.bodies[0]


def test_the_second_route_may_take_another_transport():
    def rcpt(line):
        bad = f"<{TO}>" in line.server.commands[-1]
        if bad:
            line.say("550 5.1.1 unknown")
        return bad  # hangs up at the second address
    first, second = Script({"RCPT": rcpt}), Script()
    with mailer(two(first, second)) as daemon:
        answer = daemon.post(second=OTHER)
        assert (answer["result"], answer["transport"]) == ("sent", "second"), answer
        assert answer["second"] and answer["bad_address"]
    assert OTHER in second.bodies[0] and not any(TO in c for c in second.commands)


def test_the_second_route_is_not_used_when_the_first_is_only_deferred():
    server = Script(refusing("450 4.7.1 greylisted"))
    with mailer({"relay": smtp(server.port)}) as daemon:
        answer = daemon.post(second=OTHER)
        assert answer["result"] == "deferred"
        assert not answer["second"] and not answer["bad_address"]
    assert not any(OTHER in command for command in server.commands)


def test_a_second_address_that_is_refused_too_refuses():
    server = Script({"RCPT": "550 5.1.1 unknown"})
    with mailer({"relay": smtp(server.port)}) as daemon:
        answer = daemon.post(second=OTHER)
        assert answer["result"] == "refused" and answer["second"] and answer["bad_address"]
    assert sum(c.startswith("RCPT") for c in server.commands) == 2


def test_a_second_address_that_is_deferred_defers_it_all():
    def rcpt(line):
        bad = f"<{TO}>" in line.server.commands[-1]
        line.say("550 5.1.1 unknown" if bad else "450 4.2.0 later")
        return True
    server = Script({"RCPT": rcpt})
    with mailer({"relay": smtp(server.port)}) as daemon:
        for _ in range(2):  # otpd begins with the first one again
            answer = daemon.post(second=OTHER, mail="cd" * 16)
            assert answer["result"] == "deferred" and answer["second"]
            assert not answer["bad_address"], "counted each time otpd tries"
    order = [TO in c for c in server.commands if c.startswith("RCPT")]
    assert order == [True, False, True, False], order


def test_a_bad_address_without_a_second_is_told():
    server = Script({"RCPT": "550 5.1.1 unknown"})
    with mailer({"relay": smtp(server.port)}) as daemon:
        answer = daemon.post()
        assert answer["bad_address"] and not answer["second"]


def test_an_address_may_begin_with_a_plus():
    server = Script()
    with mailer({"relay": smtp(server.port)}) as daemon:
        assert daemon.post(to="+49301234567@example.net")["result"] == "sent"
        assert daemon.domains()["example.net"]["sent"] == 1
    assert "RCPT TO:<+49301234567@example.net>" in server.commands
    assert "Subject:" in server.bodies[0]


@slow
def test_the_second_route_is_not_begun_after_the_deadline():
    until = [0]

    def rcpt(line):
        while time.time() < until[0]:
            time.sleep(0.05)
        line.say("550 5.1.1 unknown")
        return True
    server = Script({"RCPT": rcpt})
    with mailer({"relay": smtp(server.port)}) as daemon:
        until[0] = int(time.time()) + 3
        answer = daemon.post(second=OTHER, deadline=until[0])
        assert answer["result"] != "sent" and not answer["second"]
    assert not any(OTHER in command for command in server.commands)


def test_a_number_needs_a_transport_for_numbers():
    server = Script(refusing("550 5.1.1 unknown"))
    with mailer({"relay": smtp(server.port)}) as daemon:
        answer = daemon.post(to="+4930123456")
        assert (answer["result"], answer["detail"], answer["transport"]) == \
            ("refused", "no transport of type sms", "")
        assert not answer["bad_address"], "no server has said so"
        line = daemon.wait_log("mail refused")
        assert "to=+***56 " in line and " transport=- " in line
        answer = daemon.post(second="+4930123456")
        assert answer["result"] == "refused" and answer["second"] and answer["bad_address"]


def test_a_mail_under_way_finishes_on_the_old_transports():
    gate = Gate()

    def hang_up(line):
        gate.reached.set()
        gate.open.wait(60)
        return False
    old, old_second, new = Script({"MAIL": hang_up}), Script(), Script()
    with mailer(two(old, old_second)) as daemon:
        client = daemon.client()
        client.send(MAIL + "Send", **daemon.prepare())
        assert gate.reached.wait(30)
        daemon.configure({"new": smtp(new.port)})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        assert daemon.post()["transport"] == "new"
        gate.open.set()
        answer = client.receive()
        assert (answer["result"], answer["transport"]) == ("sent", "second"), answer
        assert daemon.post()["transport"] == "new"
        assert set(daemon.transports()) == {"new"}
    assert len(old_second.bodies) == 1 and len(new.bodies) == 2


def test_a_reload_takes_over_all_transports_or_none():
    first, second = Script(), Script()
    with mailer(two(first, second)) as daemon:
        daemon.configure({"other": smtp(Dead().port), "bad": smtp(
            25, user="u", password_file="/nonexistent/password")})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("the old configuration stays")
        assert daemon.post()["transport"] == "first"
        assert list(daemon.transports()) == ["first", "second"]


def test_a_mail_that_comes_twice_at_once_is_sent_once():
    gate = Gate()
    first, second = Flag(up=False), Script({"body": gate})
    with mailer(two(first, second)) as daemon:
        one, other = daemon.client(), daemon.client()
        one.send(MAIL + "Send", **daemon.prepare(mail="ef" * 16))
        assert gate.reached.wait(30)
        answer = other.call(MAIL + "Send", **daemon.prepare(mail="ef" * 16))
        assert (answer["result"], answer["detail"]) == ("deferred", "already on its way")
        gate.open.set()
        assert one.receive()["result"] == "sent"
    assert len(second.bodies) == 1


def test_every_send_has_one_answer_while_a_transport_flaps():
    clients, each = 50, 4

    def flap(line):
        if line.number % 3 == 1:
            return False
        line.say("421 4.3.2 not now" if line.number % 3 == 2 else "220 test ESMTP")
        return line.number % 3 == 0

    def drop(line):
        # Before a mail is taken, so that none can be there twice.
        if len(line.server.commands) % 7 == 0:
            return False
        line.say("250 2.1.0 fine")
        return True
    first, second = Script({"banner": flap, "MAIL": drop}), Script()
    with mailer(two(first, second)) as daemon:
        lines = [daemon.client() for _ in range(clients)]
        for _ in range(each):
            for line in lines:
                line.send(MAIL + "Send", **daemon.prepare())
        answers = [line.receive() for line in lines for _ in range(each)]
        status = daemon.status()
        for line in lines:
            line.socket.setblocking(False)
            try:
                assert line.rest == b"" and line.socket.recv(1) == b"never", "more answers"
            except BlockingIOError:
                pass
    results = [answer["result"] for answer in answers]
    assert len(answers) == clients * each and set(results) <= {"sent", "deferred"}
    assert len(first.bodies) + len(second.bodies) == results.count("sent") == status["sent"]
    assert results.count("deferred") == status["deferred"]
    assert results.count("sent") > clients


def test_check_looks_at_the_files_of_all_transports():
    with tempfile.TemporaryDirectory() as directory:
        def behind(name, file):
            return ("type = console\n}\n"
                    f"transport {name} {{\ntype = smtp\nhost = \"mail.example.net\"\n"
                    f"user = \"u\"\npassword_file = \"{file}\"\n")
        bad = f"{directory}/none"
        code, out, err = run_config(directory, behind("b", bad) + "}\ntransport c {\n" +
                                    behind("d", bad), ["--check"])
        assert code == 1 and "transport b: password_file" in err \
            and "transport d: password_file" in err, err
        assert "transport d" in out.replace('"', "")
        good = secret_file(directory, "pw", "x\n")
        code, _, err = run_config(directory, behind("b", good), ["--check"])
        assert code == 0, err
        code, _, err = run_config(directory, behind("b", "relay-password"), ["--check"])
        assert code == 0 and "transport b: password_file relay-password: a systemd " in err


def test_the_name_of_a_transport_is_one_word():
    with tempfile.TemporaryDirectory() as directory:
        for name in ('"two words"', r'"a\nb"', '""', '"\udcff"'):
            path = f"{directory}/mail.conf"
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
                out.write(f"from = \"a@b.example\"\ntemplates = \"{templates(directory)}\"\ntransport {name} {{ type = console }}\n")
            os.chmod(path, 0o600)
            code, _, err = run_file(path)
            assert code == 1 and ("may have letters" in err or "cannot be shown" in err), (name, err)


def run_file(path):
    import subprocess
    from daemon import BINARY
    run = subprocess.run([BINARY, "--config", path, "--check"], capture_output=True,
                         text=True, errors="replace", check=False, timeout=30)
    return run.returncode, run.stdout, run.stderr
