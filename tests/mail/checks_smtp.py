# SPDX-License-Identifier: MIT
"""What becomes of a mail when the server says this or that, or nothing."""

import email
import email.policy
import socket
import threading
import time

from daemon import smtp
from servers import Inbox, Script, free_port
from support import expect, mailer, slow


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


def test_a_permanent_refusal_of_the_connection_defers():
    for stage in ("banner", "EHLO"):
        answer, _, _ = one_mail({stage: "554 5.3.2 no service here",
                                 "HELO": "554 5.3.2 nor here"})
        expect(answer, "deferred")


def test_authentication_wanted_at_mail_defers_loudly():
    answer, _, log = one_mail({"MAIL": "530 5.7.0 Authentication required"})
    expect(answer, "deferred", "530 5.7.0")
    assert any("does not work as configured" in line for line in log)


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


@slow
def test_a_tarpit_does_not_hold_up_the_others():
    held = threading.Event()
    count = iter(range(1000))

    def crawl(line):
        if next(count) == 0:
            held.wait(60)
        line.say("250 2.1.0 fine")
        return True
    server = Script({"RCPT": crawl})
    with mailer(smtp(server.port, timeout="6s", connections=2)) as daemon:
        stuck = daemon.client()
        stuck.send("org.emailotp.Mail.Send", **daemon.prepare())
        while not any(c.startswith("RCPT") for c in server.commands):
            time.sleep(0.005)
        for _ in range(5):
            expect(daemon.send(), "sent")
        assert stuck.receive()["result"] == "deferred"
    held.set()


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
        assert len(mail.keys()) == 9 and "Bcc" not in mail
        assert [part.get_content_type() for part in mail.iter_parts()] == \
            ["text/plain", "text/html"]
        html = mail.get_body(("html",)).get_content()
        assert "<script" not in html
