# SPDX-License-Identifier: MIT
"""
What becomes of a mail when the server says this or that, or nothing.

The cases of group D of the threat study, and where each is tested:
    D1  golden transcript      test_the_conversation_is_the_golden_one,
                               test_the_pipelined_conversation_is_the_golden_one
    D2  greylisting            test_a_greylisted_mail_is_taken_at_the_next_try
    D3  421 at each stage      test_a_421_at_each_stage_defers, .._on_a_kept_connection_..
    D4  5xx at each stage      test_a_permanent_refusal_of_the_mail_refuses, .._sender_..,
                               .._connection_..
    D5  tarpit, no banner      test_a_tarpit_does_not_hold_up_the_others,
                               test_a_mail_that_waits_behind_a_tarpit_.._its_transport,
                               test_a_server_of_one_byte_a_second_is_given_up, .._banner_..,
                               test_a_banner_that_does_not_come_defers_in_time
    D6  disconnects            test_a_disconnect_at_each_stage_defers, .._in_the_middle_..,
                               test_a_mail_in_doubt_is_repeated_once
    D7  TLS                    checks_tls.py
    D8  552, 535, 530, 454,    test_what_is_blamed_on_whom; all rows of the table:
        partial RCPT           tests/unit/test_mail_smtp.c; partial replies:
                               test_partial_replies_of_a_pipeline
    D9  long, NUL, no CRLF,    test_long_and_binary_replies_are_survived,
        8-bit, 2^20 lines      test_a_million_lines_need_no_memory
    D10 DNS                    test_a_name_that_does_not_resolve_defers,
                               test_name_servers_that_fail, .._fifty_addresses,
                               .._next_address_.., .._only_ipv6; null MX: the relay is a host, its MX is
                               never asked for
"""

import email
import email.policy
import signal
import socket
import threading
import time

from daemon import BINARY, smtp
from servers import (Inbox, Resolver, Script, TokenServer, free_port, tls_context,
                     token)
from support import (certificate, expect, mailer, needs_namespaces, rss, secret_file,
                     slow)


def one_mail(replies, **options):
    """Sends one mail to a script; (answer, server, log)."""
    server = Script(replies)
    with mailer(smtp(server.port)) as daemon:
        answer = daemon.send(**options)
        log = daemon.log
    server.close()
    return answer, server, log


def test_a_plain_server_on_loopback_gets_the_mail():
    inbox = Inbox()
    with mailer(smtp(inbox.port)) as daemon:
        expect(daemon.send(mail="0123456789abcdef" * 2), "sent", "250 2.0.0 taken")
        line = daemon.wait_log("mail sent")
        assert 'mail=' + "0123456789abcdef" * 2 in line
        assert "to=j***@example.net template=login transport=relay" in line
        assert daemon.status()["sent"] == 1
    envelope = inbox.mails[0]
    assert envelope.mail_from == "otpd@relay.example"
    assert envelope.rcpt_tos == ["jane.doe@example.net"]
    raw = envelope.original_content
    assert raw.count(b"\n") == raw.count(b"\r\n") and max(map(len, raw.split(b"\r\n"))) <= 78
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == "Your sign-in code for web1.example.org (K7Q)"
    assert mail["Message-ID"] == "<" + "0123456789abcdef" * 2 + "@relay.example>"
    assert mail["To"] == "Jane Doe <jane.doe@example.net>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = mail.get_body(("html",)).get_content()
    assert "\n    424242\n" in text and "Hello Jane Doe," in text and "10 minutes" in text
    assert ">424<span" in html and "203.0.113.7" in html
    assert "424242" not in str(mail["Subject"])
    inbox.close()


def test_the_conversation_is_the_golden_one():
    _, server, _ = one_mail({})
    verbs = [command.split("<")[0] for command in server.commands]
    assert verbs[0].startswith("EHLO ") and len(verbs[0]) > 5, verbs
    assert verbs[1:4] == ["MAIL FROM:", "RCPT TO:", "DATA"], verbs
    assert server.commands[1].startswith("MAIL FROM:<otpd@relay.example> SIZE=")
    assert server.commands[2] == "RCPT TO:<jane.doe@example.net>"


def test_a_temporary_refusal_at_each_stage_defers():
    for stage in ("banner", "EHLO", "MAIL", "RCPT", "DATA", "body"):
        answer, server, _ = one_mail({stage: "451 4.7.1 greylisted, try later",
                                      "HELO": "451 4.7.1 neither"})
        expect(answer, "deferred")
        if stage not in ("banner", "EHLO"):
            expect(answer, "deferred", "451 4.7.1 greylisted")
        assert len(server.bodies) == (stage == "body")


def test_a_permanent_refusal_of_the_mail_refuses():
    for stage in ("RCPT", "DATA", "body"):
        answer, _, log = one_mail({stage: "550 5.1.1 <jane.doe@example.net>: not here"})
        expect(answer, "refused", "550 5.1.1 <j***@example.net>: not here")
        assert any("mail refused" in line for line in log)


def test_a_permanent_refusal_of_the_sender_defers_loudly():
    # The administrator's fault: not the user's address, and another relay may take it.
    for stage, said in (("MAIL", "553 5.7.1 not your address"), ("MAIL", "550 no"),
                        ("body", "550 5.7.60 SendAsDenied")):
        answer, _, log = one_mail({stage: said})
        expect(answer, "deferred", said[:3])
        codes = " ".join(word for word in said.split(" ")[:2] if word[0].isdigit())
        assert any(f"the server said {codes} to" in line for line in log), log


def test_a_complaint_does_not_name_the_recipient():
    # It did: the words of a server went into the log as they were.
    for stage in ("MAIL", "RCPT"):
        _, _, log = one_mail({stage: "530 5.7.0 <jane.doe@example.net> 424242 login"})
        assert any("does not work as configured" in line for line in log)


def test_what_is_blamed_on_whom():
    # 4xx and 5xx of D8; the log tells a fault of ours from one of the recipient's.
    for stage, said, result, loud in (
            ("RCPT", "552 5.2.2 mailbox full", "refused", False),
            ("body", "552 5.2.2 mailbox full", "refused", False),
            ("RCPT", "452 4.2.2 mailbox full", "deferred", False),
            ("MAIL", "535 5.7.8 credentials", "deferred", True),
            ("RCPT", "530 5.7.0 login first", "deferred", True),
            ("MAIL", "454 4.7.0 TLS not now", "deferred", False),
            ("RCPT", "450 4.2.0 greylisted", "deferred", False),
            ("RCPT", "503 5.5.1 MAIL first", "deferred", True)):
        answer, server, log = one_mail({stage: said})
        expect(answer, result, said)
        assert loud == any("as configured" in line for line in log), (said, log)
        assert len(server.bodies) == (stage == "body")


def test_a_greylisted_mail_is_taken_at_the_next_try():
    for code in ("450 4.2.0", "451 4.7.1"):
        server = Script({"RCPT": lambda line, code=code: grey(line, code)})

        def grey(line, code):
            line.say(f"{code} greylisted" if line.number == 0 else "250 2.1.5 fine")
            return line.number > 0
        with mailer(smtp(server.port)) as daemon:
            expect(daemon.send(mail="ef" * 16), "deferred", code)
            expect(daemon.send(mail="ef" * 16), "sent")
        assert len(server.bodies) == 1 and len(server.lines) == 2


def test_a_421_at_each_stage_defers():
    for stage in ("banner", "EHLO", "MAIL", "RCPT", "DATA", "body"):
        answer, server, log = one_mail({stage: "421 4.3.2 closing", "HELO": "421 no"})
        expect(answer, "deferred", "421")
        assert not any("as configured" in line for line in log)
        assert len(server.lines) == 1 and len(server.bodies) == (stage == "body")


def test_a_421_on_a_kept_connection_at_each_stage_goes_over_a_new_one():
    for stage in ("MAIL", "RCPT", "DATA", "body"):
        def limit(line):
            usual = {"DATA": "354 go ahead"}.get(stage, "250 fine")
            old = line.number == 0 and server.commands.count("DATA") + \
                (stage in ("MAIL", "RCPT")) > 1
            line.say("421 4.7.0 enough" if old else usual)
            return not old
        server = Script({stage: limit})
        with mailer(smtp(server.port)) as daemon:
            expect(daemon.send(), "sent")
            expect(daemon.send(), "sent")
        assert len(server.lines) == 2, stage


def after_the_dot(line):
    return False


def test_a_mail_in_doubt_is_repeated_once():
    server = Script({"body": after_the_dot})
    with mailer(smtp(server.port)) as daemon:
        mail = daemon.prepare(mail="da" * 16)
        client = daemon.client()
        first = client.call("org.emailotp.Mail.Send", **mail)
        assert first["result"] == "deferred", first
        second = client.call("org.emailotp.Mail.Send", **mail)
        assert second["result"] == "refused" and "may have arrived" in second["detail"]
        expect(daemon.send(), "deferred")
    assert len(server.bodies) == 3 and server.bodies[0] == server.bodies[1]
    assert "Message-ID: <" + "da" * 16 + "@relay.example>" in server.bodies[0]


def pipelined(replies, cut=None, **options):
    """A server that answers the three commands of the envelope in one go."""
    def envelope(line):
        while b"DATA\r\n" not in line.buffer:
            line.buffer += line.socket.recv(65536)
        commands = line.buffer.split(b"\r\n")[:-1]
        line.buffer = b""
        line.server.commands += [command.decode() for command in commands]
        data = "".join(reply + "\r\n" for reply in replies).encode()
        step = cut or len(data) or 1
        for at in range(0, len(data), step):
            line.say(data[at:at + step])
        if len(replies) < 3 or not replies[2].startswith("354"):
            return False
        line.hear_body()
        line.say("250 2.0.0 queued")
        return True
    return Script({"MAIL": envelope}, pipelining=True, **options)


FINE = ["250 2.1.0 sender", "250 2.1.5 recipient", "354 go ahead"]


def test_the_pipelined_conversation_is_the_golden_one():
    server = pipelined(FINE)
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent", "250 2.0.0 queued")
        expect(daemon.send(), "sent")
    verbs = [command.split("<")[0].split(" ")[0] for command in server.commands]
    assert verbs[:2] == ["EHLO", "MAIL"] and verbs[2:4] == ["RCPT", "DATA"], verbs
    assert len(server.lines) == 1 and len(server.bodies) == 2


def test_partial_replies_of_a_pipeline():
    for replies, result, part in (
            (FINE[:1], "deferred", "closed"), (FINE[:2], "deferred", "closed"),
            ([], "deferred", "closed"), (["250-half"], "deferred", "closed"),
            ([FINE[0], "550 5.1.1 no such user", "354 go"], "refused", "5.1.1"),
            ([FINE[0], "550 5.1.1 no such user", "503 bad"], "refused", "5.1.1"),
            ([FINE[0], "450 4.2.0 greylisted"], "deferred", "4.2.0"),
            (["553 5.7.1 sender", "503 no", "503 no"], "deferred", "553 5.7.1"),
            ([FINE[0], FINE[1], "554 5.5.1 no"], "refused", "554")):
        server = pipelined(replies)
        with mailer(smtp(server.port)) as daemon:
            expect(daemon.send(), result, part)
        assert not server.bodies, replies


def test_replies_in_pieces_are_put_together():
    server = pipelined(["250-2.1.0 sender\r\n250-of ours\r\n250 is fine", *FINE[1:]], cut=1)
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent")
    assert len(server.bodies) == 1


def test_a_server_that_says_more_than_it_should_is_not_kept():
    server = Script({"body": "250 queued\r\n250 and the next, too"})
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent", "250 queued")
        expect(daemon.send(), "sent", "250 queued")
    assert len(server.lines) == 2 and len(server.bodies) == 2


def test_the_source_address_is_used():
    server = Script()
    with mailer(smtp(server.port, source="127.9.8.7")) as daemon:
        expect(daemon.send(), "sent")
    assert server.lines[0].peer[0] == "127.9.8.7"
    with mailer(smtp(server.port, source="192.0.2.77")) as daemon:
        expect(daemon.send(), "deferred")
        daemon.wait_log("does not work as configured")


def test_a_server_on_ipv6():
    server = Script(address="::1")
    with mailer(smtp(server.port, host="::1")) as daemon:
        expect(daemon.send(), "sent")
    assert server.lines[0].peer[0] == "::1"


def resolved(answer, port, address, **options):
    """One mail to relay.test, whose name is asked for at address."""
    needs_namespaces()
    resolver = Resolver(address, answer)
    began = time.monotonic()
    with mailer(smtp(port, tls="starttls", host="relay.test", **options),
                resolver=address) as daemon:
        result = daemon.send()
    resolver.close()
    assert "relay.test" in resolver.names
    return result, time.monotonic() - began


def test_name_servers_that_fail():
    for number, code in ((1, 3), (2, 2)):
        result, _ = resolved(lambda name, v6, code=code: code, 25, f"127.53.0.{number}")
        expect(result, "deferred", "resolve")


@slow
def test_a_name_server_that_is_silent_defers_in_time():
    result, took = resolved(lambda name, v6: None, 25, "127.53.0.3", timeout="5s")
    expect(result, "deferred")
    assert took < 30


def test_a_name_of_fifty_addresses():
    cert = certificate("relay", "DNS:relay.test")
    server = Script(tls=tls_context(cert), address="0.0.0.0")
    hosts = [f"127.77.0.{n}" for n in range(1, 51)]
    result, _ = resolved(lambda name, v6: [] if v6 else hosts, server.port, "127.53.0.4",
                         ca_file=cert[0])
    expect(result, "sent")
    assert len(server.bodies) == 1


def test_the_next_address_is_tried():
    # One that is dead. Of several, libcurl 7.88 waits half the time left at the second.
    cert = certificate("relay", "DNS:relay.test")
    server = Script(tls=tls_context(cert), address="127.77.1.2")
    hosts = ["127.77.1.1", "127.77.1.2"]
    result, _ = resolved(lambda name, v6: [] if v6 else hosts, server.port, "127.53.0.6",
                         ca_file=cert[0])
    expect(result, "sent")
    assert len(server.bodies) == 1


def test_a_name_with_only_ipv6():
    cert = certificate("relay", "DNS:relay.test")
    server = Script(tls=tls_context(cert), address="::1")
    result, _ = resolved(lambda name, v6: ["::1"] if v6 else [], server.port, "127.53.0.5",
                         ca_file=cert[0])
    expect(result, "sent")


def one_byte_a_second(stage, code):
    """
    The first connection crawls there; what becomes of a mail that has begun on it, when
    another has gone over the second connection.
    """
    begun, done, given_up = threading.Event(), threading.Event(), threading.Event()

    def crawl(line):
        if line.number > 0:
            line.say(code + " fine")
            return True
        begun.set()
        try:
            line.say(code.encode() + b" ")
            while not done.wait(1):
                line.say(b"x")
        except OSError:
            given_up.set()
        return False
    server = Script({stage: crawl})
    with mailer(smtp(server.port, timeout="10s", connections=2)) as daemon:
        client = daemon.client()
        client.send("org.emailotp.Mail.Send", **daemon.prepare())
        assert begun.wait(60)
        expect(daemon.send(), "sent")
        assert given_up.wait(60), "the connection is held for as long as it crawls"
        result = client.receive()["result"]
    done.set()
    return result, len(server.bodies)


@slow
def test_a_banner_of_one_byte_a_second_is_given_up():
    # Both mails went over the other connection.
    assert one_byte_a_second("banner", "220") == ("sent", 2)


@slow
def test_a_server_of_one_byte_a_second_is_given_up():
    assert one_byte_a_second("MAIL", "250") == ("deferred", 1)


def test_a_million_lines_need_no_memory():
    block = b"550-" + b"x" * 40 + b"\r\n"

    def flood(line):
        for _ in range(1 << 10):
            line.say(block * (1 << 10))
        line.say("550 5.1.1 no")
        return False
    server = Script({"RCPT": flood})
    with open(BINARY, "rb") as binary:
        room = 8192 if b"__asan_init" in binary.read() else 1024
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(template="test", code="", expires_at=0), "refused")
        before = rss(daemon.process)
        for _ in range(2):
            expect(daemon.send(), "refused", "550 xxx")
        after = rss(daemon.process)
        print(f"     VmRSS {before} KiB, after 2 x 2^20 lines {after} KiB")
        assert after <= before + room


def test_a_permanent_refusal_of_the_connection_defers():
    for stage in ("banner", "EHLO"):
        answer, _, _ = one_mail({stage: "554 5.3.2 no service here",
                                 "HELO": "554 5.3.2 nor here"})
        expect(answer, "deferred")


def test_authentication_wanted_at_mail_defers_loudly():
    answer, _, log = one_mail({"MAIL": "530 5.7.0 Authentication required"})
    expect(answer, "deferred", "530 5.7.0")
    assert any("does not work as configured" in line for line in log)


def no_auth(server, *parts, **options):
    """A mail that waits, since the server knows no AUTH; it hears nothing of it."""
    with mailer("type = console") as daemon:
        path = secret_file(daemon.directory, "secret", "p4ssword-of-relay")
        inside = smtp(server.port, user="otpd", **{
            name: path if value == "FILE" else value for name, value in options.items()})
        daemon.configure({"first": inside, "second": smtp(Script().port)})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        daemon.secrets.add("p4ssword-of-relay")
        answer = daemon.post()
        assert (answer["result"], answer["transport"]) == ("sent", "second"), answer
        daemon.wait_log("transport first is paused")
        line = daemon.wait_log("transport first does not work as configured")
        for part in ("the server offers no AUTH here; use port 587, or take out", *parts):
            assert part in line, line
            assert part in daemon.transports()["first"]["last_error"]
    assert server.lines and not any(c.startswith(("MAIL", "AUTH")) for c in server.commands)


def test_an_account_needs_a_server_with_auth():
    # The mails went out without a login, if the server took them.
    account = {"password_file": "FILE"}
    no_auth(Script(), "user and password_file", **account)
    no_auth(Script({"EHLO": "502 5.5.1 what", "HELO": "250 test"}, auth=True), **account)
    no_auth(Script({"EHLO": "250-test\r\n250 AUTHENTIC PLAIN"}), **account)


def test_auth_counts_under_tls():
    cert = certificate()

    def hello(line):
        line.say("250 test" if line.tls else "250-AUTH PLAIN LOGIN\r\n250 STARTTLS")
        return True
    no_auth(Script({"EHLO": hello}, tls=tls_context(cert)), tls="starttls",
            ca_file=cert[0], password_file="FILE")


def test_oauth2_needs_a_server_with_auth():
    tokens = TokenServer(token("acc3ss-token"))
    no_auth(Script(), "auth and user", auth="oauth2", token_url=tokens.url, client_id="c",
            client_secret_file="FILE")


def test_a_server_that_is_not_there_defers():
    with mailer(smtp(free_port())) as daemon:
        expect(daemon.send(), "deferred")
        assert daemon.status()["deferred"] == 1 and daemon.status()["last_error"]


def test_a_name_that_does_not_resolve_defers():
    with mailer(smtp(25, tls="starttls", host="nowhere.invalid")) as daemon:
        expect(daemon.send(), "deferred", "resolve")


@slow
def test_a_banner_that_does_not_come_defers_in_time():
    held = threading.Event()
    began = time.monotonic()
    server = Script({"banner": lambda line: held.wait(60) and False})
    with mailer(smtp(server.port, timeout="5s")) as daemon:
        expect(daemon.send(), "deferred", "time")
        assert 4 < time.monotonic() - began < 20
    held.set()


def tarpit():
    """A server that takes the first recipient when it is told to: (server, stuck, go)."""
    stuck, go = threading.Event(), threading.Event()

    def hold(line):
        if line.number == 0:
            stuck.set()
            go.wait(300)
        line.say("250 2.1.5 fine")
        return True
    return Script({"RCPT": hold}), stuck, go


def test_a_tarpit_does_not_hold_up_the_others():
    server, stuck, go = tarpit()
    with mailer(smtp(server.port, timeout="120s", connections=2)) as daemon:
        client = daemon.client()
        client.send("org.emailotp.Mail.Send", **daemon.prepare(mail="7a" * 16))
        assert stuck.wait(60)
        for _ in range(5):
            expect(daemon.send(), "sent")
        assert len(server.bodies) == 5 and not any("7a" * 16 in b for b in server.bodies)
        assert daemon.transports()["relay"]["waiting"] == 1
        go.set()
        assert client.receive()["result"] == "sent"
    assert len(server.bodies) == 6 and len(server.lines) == 2


@slow
def test_a_mail_that_waits_behind_a_tarpit_stays_with_its_transport():
    # otpd-mail(8) says so. The one that is stuck goes on to the next transport.
    server, _, go = tarpit()
    second = Script()
    with mailer({"first": smtp(server.port, timeout="5s", connections=1),
                 "second": smtp(second.port)}) as daemon:
        clients = [(daemon.client(), daemon.prepare()) for _ in range(2)]
        for client, parameters in clients:
            client.send("org.emailotp.Mail.Send", **parameters)
        answers = [client.receive() for client, _ in clients]
        assert sorted((one["result"], one["transport"]) for one in answers) == \
            [("sent", "first"), ("sent", "second")], answers
    go.set()
    assert len(server.bodies) == len(second.bodies) == 1


def test_a_disconnect_at_each_stage_defers():
    for stage in ("banner", "MAIL", "RCPT", "DATA", "body"):
        answer, _, _ = one_mail({stage: lambda line: False})
        expect(answer, "deferred")


def test_a_disconnect_in_the_middle_of_the_body_defers():
    def cut(line):
        line.say("354 go ahead")
        line.hear()
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return False
    answer, server, _ = one_mail({"DATA": cut})
    expect(answer, "deferred")
    assert not server.bodies


def test_long_and_binary_replies_are_survived():
    for text in ("550-" + "x" * 100000, "550 \x00\x01\x07\x1b[31m\xff\xfe evil",
                 "\r\n".join(["550-line"] * 20000)):
        answer, _, log = one_mail({"RCPT": text + "\r\n550 5.0.0 end \x07\xff"})
        assert answer[0] in ("refused", "deferred"), answer
        assert len(answer[1]) <= 200 and answer[1].isascii() and answer[1].isprintable()
        assert all(line.isprintable() for line in log)


def test_a_server_that_echoes_the_code_does_not_get_it_into_the_log():
    answer, _, _ = one_mail({"body": "250 took the mail with code 424242 in it"})
    expect(answer, "sent", "code ****** in it")


def test_connections_are_reused():
    server = Script()
    with mailer(smtp(server.port, connections=2)) as daemon:
        for _ in range(10):
            expect(daemon.send(), "sent")
        assert len(server.lines) == 1, len(server.lines)
        clients = [daemon.client() for _ in range(10)]
        for _ in range(3):
            for client in clients:
                client.send("org.emailotp.Mail.Send", **daemon.prepare())
            for client in clients:
                assert client.receive()["result"] == "sent"
        assert len(server.lines) <= 2, len(server.lines)
        assert len(server.bodies) == 40
    server.close()


def test_a_kept_connection_that_the_server_has_closed_is_replaced():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent")
        server.lines[0].socket.shutdown(socket.SHUT_RDWR)
        expect(daemon.send(), "sent")
        assert len(server.lines) == 2


def test_a_421_on_a_kept_connection_is_tried_on_a_new_one():
    def limit(line):
        if line.number == 0 and server.bodies:
            line.say("421 4.7.0 too many mails in this session")
            return False
        line.say("250 fine")
        return True
    server = Script({"MAIL": limit})
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent")
        expect(daemon.send(), "sent")
        assert len(server.lines) == 2 and len(server.bodies) == 2


def test_a_421_on_a_new_connection_defers():
    answer, server, _ = one_mail({"MAIL": "421 4.3.2 shutting down"})
    expect(answer, "deferred", "421 4.3.2")
    assert len(server.lines) == 1


def test_a_repeat_is_the_same_mail_to_the_byte():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        for _ in range(2):
            expect(daemon.send(mail="ab" * 16, at=1700000000, expires_at=1700000600),
                   "sent")
    assert server.bodies[0] == server.bodies[1] != ""


def test_hostile_texts_add_no_command_and_no_header():
    evil = ["x\r\nRCPT TO:<evil@example.com>", "\r\n.\r\nMAIL FROM:<a@b.example>\r\n",
            "x\nBcc: evil@example.com", "=?utf-8?q?x=0D=0ABcc:_a?=", "\u2028Bcc: a",
            "<script>alert(1)</script>", "{{code}}", "." * 100, "--=_" + "0" * 32]
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        for text in evil:
            expect(daemon.send(name=text, user=text, service=text[:60], host=text,
                               rhost=text, tty=text[:60]), "sent")
    assert len(server.commands) - server.commands.count("QUIT") == 1 + 3 * len(evil)
    for body in server.bodies:
        mail = email.message_from_string(body.replace("\r\n..", "\r\n."),
                                         policy=email.policy.default)
        assert len(mail.keys()) == 10 and "Bcc" not in mail
        assert [part.get_content_type() for part in mail.iter_parts()] == \
            ["text/plain", "text/html"]
        html = mail.get_body(("html",)).get_content()
        assert "<script" not in html
