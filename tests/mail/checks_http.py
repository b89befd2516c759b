# SPDX-License-Identifier: MIT
"""
Mails over HTTP: what becomes of one when the service answers this or that, oddly, late
or never, and what a request can be made to say.
"""

import os
import signal
import ssl
import threading
import time

from servers import free_port, tls_context
from support import DIRECTORY, certificate, expect, mailer, secret_file, slow
from web import Hang, Reset, Web, answer, http, own_file

LOST = "sent, but no answer came"
FAULT = "does not work as configured"


def one_mail(reply, letter=None, **options):
    """Sends one mail to our endpoint; (answer, server, log)."""
    web = Web(reply)
    with mailer(http(web.url(), preset="webhook", **options)) as daemon:
        said = daemon.send(**(letter or {}))
        log = daemon.log
    web.close()
    return said, web, log


# What answers mean (D11)

def test_a_202_is_sent():
    said, web, log = one_mail(answer("202 Accepted", '{"id": 7}'))
    expect(said, "sent", '202 Accepted: {"id": 7}')
    assert any("mail sent" in line and "to=j***@example.net" in line for line in log)
    assert len(web.requests) == 1


def test_a_200_whose_body_says_no_is_not_sent():
    for body, result in (({"status": "ok", "n": [{"code": 0}]}, "sent"),
                         ({"status": "error", "n": [{"code": 17}]}, "deferred"),
                         ({"status": "ok"}, "deferred"), ([], "deferred")):
        said, _, _ = one_mail(answer("200 OK", body), accepted_field="n.0.code=0")
        expect(said, result, "200 OK")


def test_a_redirect_is_not_followed():
    elsewhere = Web()
    for status in ("301 Moved Permanently", "307 Temporary Redirect", "308 Here"):
        said, web, log = one_mail(answer(status, Location=elsewhere.url()))
        expect(said, "deferred", status)
        assert any(FAULT in line and status[:3] in line for line in log)
        assert len(web.requests) == 1
    assert elsewhere.n_connections == 0


def test_answers_that_the_administrator_has_to_mend():
    for status in ("401 Unauthorized", "403 Forbidden", "404 Not Found",
                   "405 Method Not Allowed", "402 Payment Required"):
        said, _, log = one_mail(answer(status, "who are you?"))
        expect(said, "deferred", status + ": who are you?")
        assert any(FAULT in line and status[:3] in line for line in log)


def test_answers_that_are_different_in_a_minute():
    for status in ("408 Request Timeout", "425 Too Early", "429 Too Many Requests",
                   "500 Internal Server Error", "502 Bad Gateway",
                   "503 Service Unavailable", "504 Gateway Timeout", "599 Whatever"):
        said, _, log = one_mail(answer(status, "", Retry_After="120"))
        expect(said, "deferred", status)
        assert not any(FAULT in line for line in log)


def test_answers_that_refuse_the_mail():
    for status in ("400 Bad Request", "413 Content Too Large",
                   "422 Unprocessable Content"):
        said, _, _ = one_mail(answer(status, "no such person"))
        expect(said, "refused", status + ": no such person")


def test_answers_mean_what_mail_conf_says():
    codes = {"accepted": ["250", "3xx"], "refused": ["4xx"]}
    for status, result in (("250 Fine", "sent"), ("302 Found", "sent"),
                           ("404 Nobody", "refused"), ("200 OK", "deferred")):
        expect(one_mail(answer(status), **codes)[0], result)


@slow
def test_a_slow_body_does_not_undo_its_status():
    begun = Hang(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{\"ok\":")
    expect(one_mail(begun, timeout="5s")[0], "sent", '202 Accepted: {"ok":')


@slow
def test_a_slow_body_that_has_to_be_read_defers():
    begun = Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":")
    expect(one_mail(begun, timeout="5s", accepted_field="ok=true")[0], "deferred",
           '200 OK: {"ok":')


def test_json_that_is_none_defers():
    for body in ("<html>Maintenance</html>", "", '{"ok": true', '{"ok": tru}', b"\xff\0"):
        said, _, _ = one_mail(answer("200 OK", body), accepted_field="ok=true")
        expect(said, "deferred", "200 OK")


def huge(size):
    """An answer of this many bytes, and an event for when nobody reads on."""
    return answer("200 OK", b"x" * size)


def test_a_huge_body_is_not_read():
    expect(one_mail(huge(64 << 20))[0], "sent", "200 OK: xxx")
    expect(one_mail(huge(64 << 20), accepted_field="ok=true")[0], "deferred", "200 OK")


def test_endless_headers_are_not_read():
    lines = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(10000))
    said, _, _ = one_mail(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")
    expect(said, "sent", "200 OK")
    said, _, _ = one_mail(b"HTTP/1.1 100 Continue\r\n" + lines + b"\r\n")
    expect(said, "deferred", LOST)


def test_only_the_last_of_several_statuses_counts():
    early = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
    expect(one_mail(early + answer("422 Unprocessable Content"))[0], "refused")
    expect(one_mail(early + answer("202 Accepted"))[0], "sent", "202 Accepted")


def test_a_server_of_something_else_defers():
    for said in (b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\1\2\3", b"220 ready\r\n"):
        answer_, web, _ = one_mail(Hang(said), timeout="5s")
        expect(answer_, "deferred")
        assert len(web.requests) == 1


# No answer

@slow
def test_a_repeat_carries_the_same_key():
    """What was sent, and was never answered, may have been accepted."""
    web = Web(Hang(), answer("202 Accepted"))
    with mailer(http(web.url(), preset="webhook", timeout="5s")) as daemon:
        same = {"mail": "ab" * 16, "at": 1700000000, "expires_at": 1700000600}
        expect(daemon.send(**same), "deferred", LOST)
        expect(daemon.send(**same), "sent")
    first, second = web.requests
    assert first.header("Idempotency-Key") == second.header("Idempotency-Key") == "ab" * 16
    assert first.body == second.body


def test_a_connection_that_closes_without_a_word_defers():
    said, web, _ = one_mail(None)
    expect(said, "deferred", LOST)
    assert len(web.requests) == 1


def test_an_answer_before_a_reset_is_read():
    """As of a server that answers without having read all, and closes."""
    def stop():
        os.kill(pid[0], signal.SIGSTOP)
        while not stopped(pid[0]):
            time.sleep(0.001)
    pid = [0]
    for said, result in ((answer("202 Accepted"), "sent"),
                         (answer("413 Content Too Large"), "refused")):
        web = Web(Reset(said, stop, lambda: os.kill(pid[0], signal.SIGCONT)))
        with mailer(http(web.url(), preset="webhook")) as daemon:
            pid[0] = daemon.process.pid
            expect(daemon.send(), result)


def stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def test_a_server_that_is_not_there_defers_all_at_once():
    url = f"http://127.0.0.1:{free_port()}/"
    with mailer(http(url, preset="webhook", connections=1)) as daemon:
        clients = [daemon.client() for _ in range(6)]
        for client in clients:
            client.send("org.emailotp.Mail.Send", **daemon.prepare())
        for client in clients:
            said = client.receive()
            assert said["result"] == "deferred" and "connect" in said["detail"], said
            client.close()


def test_a_name_that_does_not_resolve_defers():
    with mailer(http("https://nothing.invalid/", preset="webhook")) as daemon:
        said = daemon.send()
        expect(said, "deferred", "nothing.invalid")
        assert LOST not in said[1]


# What a request says

EVIL = ['x","to":"evil@example.com', "\\", '\\"', "a\nb\r\nBcc: c", "{{code}}", "{{/to}}",
        "&to=evil@example.com", "%26x=1", "</script>", "\u0007\u001b[31m", "\u2028",
        "\U0001f600 é", "'; DROP TABLE users; --", "${jndi:ldap://x}", "=?utf-8?q?x?="]


def cleaned(text):
    """What letter_clean() makes of it."""
    return "".join("?" if ord(c) < 32 or c == "\u2028" else c for c in text).strip(" ")


def test_hostile_values_arrive_as_data_in_json():
    body = own_file('{"to": ["{{to}}"], "who": {"name": "{{to_name}}",'
                    '\n "host": "{{host}} {{user}}"}, "at": {{at}}, "code": "{{code}}"}')
    web = Web()
    with mailer(http(web.url(), body_file=body)) as daemon:
        for text in EVIL:
            expect(daemon.send(name=text, user=text, host=text, at=1700000000), "sent")
    for text, request in zip(EVIL, web.requests, strict=True):
        text = cleaned(text)
        assert request.json() == {
            "to": ["jane.doe@example.net"], "at": 1700000000, "code": "424242",
            "who": {"name": text, "host": f"{text} {text}"}}
        assert len(request.headers) == len(web.requests[0].headers)


def test_hostile_values_arrive_as_data_in_a_form():
    body = own_file("to={{to}}\n&name={{to_name}}&code={{code}}\n"
                    "{{#reply_to}}&reply={{reply_to}}{{/reply_to}}&text=%20{{user}}\n")
    web = Web()
    with mailer(http(web.url(), body_file=body,
                     content_type="application/x-www-form-urlencoded")) as daemon:
        for text in EVIL:
            expect(daemon.send(name=text, user=text), "sent")
    for text, request in zip(EVIL, web.requests, strict=True):
        text = cleaned(text)
        assert request.form() == {"to": "jane.doe@example.net", "name": text,
                                  "code": "424242", "text": " " + text}


def test_every_variable_has_its_value():
    names = ("mail message_id kind language tenant to from reply_to reference expires_at"
             " expires_iso at to_name from_name sender_name organisation subject code"
             " user service host rhost tty command address").split()
    body = own_file("{" + ", ".join(f'"{n}": "{{{{{n}}}}}"' for n in names)
                    + ', "t": ["{{text}}", "{{html}}", "{{raw}}"]}')
    web = Web()
    with mailer(http(web.url(), body_file=body),
                head='reply_to = "help@relay.example"') as daemon:
        expect(daemon.send(mail="ab" * 16, at=1700000000, expires_at=1700000600,
                           tty="pts/3"), "sent")
    said = web.requests[0].json()
    assert all(said.pop("t"))
    assert said == {
        "mail": "ab" * 16, "message_id": f"<{'ab' * 16}@relay.example>", "kind": "login",
        "language": "en", "tenant": "", "to": "jane.doe@example.net",
        "from": "otpd@relay.example", "reply_to": "help@relay.example",
        "reference": "K7Q", "expires_at": "1700000600",
        "expires_iso": "2023-11-14T22:23:20Z", "at": "1700000000", "to_name": "Jane Doe",
        "from_name": "Sign-in code", "sender_name": "Example Corp",
        "organisation": "Example Corp",
        "subject": "Your sign-in code for web1.example.org (K7Q)", "code": "424242",
        "user": "jdoe", "service": "sshd", "host": "web1.example.org",
        "rhost": "203.0.113.7", "tty": "pts/3", "command": "", "address": ""}


def test_the_method_is_that_of_mail_conf():
    said, web, _ = one_mail(answer("201 Created"), method="PUT")
    expect(said, "sent", "201 Created")
    assert web.requests[0].method == "PUT" and web.requests[0].json()


def test_a_template_that_is_wrong_stops_the_start():
    body = own_file('{"to": "{{to}}",\n "code": {{code}}}\n')
    try:
        with mailer(http("https://localhost/", body_file=body)):
            raise RuntimeError("it started")
    except AssertionError as error:
        assert f"body_file {body}:2: no JSON, or a variable outside of quotes" in str(error)


def test_no_secret_comes_back_through_an_answer():
    key, secret = "key-0123456789", "the account's secret"
    options = {"body_file": own_file('{"key": "{{key}}", "to": "{{to}}", "c": "{{code}}"}'),
               "api_key_file": own_file(key),
               "user": "account",
               "password_file": own_file(secret)}

    def echo(request):
        said = f"{request.header('Authorization')} {key} {secret} {request.json()['key']}"
        return answer("401 Unauthorized", said)
    web = Web(echo)
    with mailer(http(web.url(), **options)) as daemon:
        said = daemon.send()
        log = "\n".join(daemon.log)
    assert web.requests[0].json()["key"] == key
    token = web.requests[0].header("Authorization").split(" ")[1]
    expect(said, "deferred", "401 Unauthorized: Basic ****")
    for text in (key, secret, token):
        assert text not in log and text not in said[1]


def test_no_secret_comes_back_through_a_reason():
    key = "SG.key-0123456789"
    body = own_file('{"to": "{{to}}", "text": "{{text}}", "key": "{{key}}"}')
    for fill in range(0, 60, 7):
        web = Web(answer(f"401 {'x' * fill} {key}"))
        with mailer(http(web.url(), body_file=body, api_key_file=own_file(key))) as daemon:
            said = daemon.send()
            log = "\n".join(daemon.log)
        expect(said, "deferred", "401 x" if fill else "401")
        for text in (key, key[:4]):
            assert text not in log and text not in said[1], said


def test_a_code_that_is_shown_in_groups_is_masked():
    body = own_file('{"to": "{{to}}", "html": "{{html}}"}')

    def echo(request):
        html = request.json()["html"]
        at = html.index("4343") - 60
        return answer("400 Bad", html[at:at + 120])
    web = Web(echo)
    with mailer(http(web.url(), body_file=body)) as daemon:
        said = daemon.send(code="78784343")
        daemon.wait_log("mail refused")
        log = "\n".join(daemon.log)
    expect(said, "refused", "******")
    for text in ("7878", "4343"):
        assert text not in said[1] and text not in log, said


def test_what_a_server_repeats_of_a_mail_is_masked():
    said, _, log = one_mail(lambda request: answer(
        "404 Not Found", f"jane.doe@example.net {request.json()['text'][-0:]} 424242"))
    expect(said, "deferred", "j***@example.net")
    assert "424242" not in said[1] and "424242" not in "\n".join(log)


# TLS

def refuse(context, complaint=True, **options):
    """A send to a server that must not get it."""
    web = Web(tls=context)
    with mailer(http(web.url(), preset="webhook", **options)) as daemon:
        said = daemon.send()
        expect(said, "deferred")
        if complaint:
            daemon.wait_log(FAULT)
    assert not web.requests and not web.wire
    assert LOST not in said[1], said
    return said


def test_a_wrong_certificate_gets_nothing():
    good, wrong = certificate(), certificate("wrong", "DNS:mail.example.org")
    refuse(tls_context(good))
    refuse(tls_context(good), ca_file=certificate("other")[0])
    refuse(tls_context(wrong), ca_file=wrong[0])


def test_a_server_of_old_tls_gets_nothing():
    cert = certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(*cert)
    refuse(context, ca_file=cert[0])


def test_a_plain_server_gets_nothing_that_is_for_tls():
    web = Web()
    with mailer(http(web.url().replace("http:", "https:"), preset="webhook")) as daemon:
        expect(daemon.send(), "deferred")
    assert not web.requests and b"jane" not in web.wire and b"POST" not in web.wire


def mutual(version):
    """A server that wants our certificate; (context, what a client needs)."""
    server, client = certificate(), certificate("client", "DNS:client.example")
    context = tls_context(server)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client[0])
    return context, {"ca_file": server[0]}, {"certificate_file": client[0],
                                             "certificate_key_file": client[1]}


def test_a_client_certificate_is_shown():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context, trust, shown = mutual(version)
        web = Web(tls=context)
        with mailer(http(web.url(), preset="webhook", **trust, **shown)) as daemon:
            expect(daemon.send(), "sent")
        subject = dict(pair for part in web.requests[0].peer["subject"] for pair in part)
        assert subject == {"commonName": "client"}


def test_a_client_certificate_that_is_not_liked_is_our_fault():
    other = certificate("stranger", "DNS:client.example")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context, trust, _ = mutual(version)
        refuse(context, **trust)
        refuse(context, **trust, certificate_file=other[0], certificate_key_file=other[1])


def test_nothing_of_the_environment_is_followed():
    web, proxy = Web(), Web()
    home = f"{DIRECTORY.name}/home"
    os.makedirs(home, exist_ok=True)
    secret_file(home, ".netrc", "machine localhost login a password b\n")
    url = f"http://127.0.0.1:{proxy.port}"
    with mailer(http(web.url(), preset="webhook"), environment={
            "ALL_PROXY": url, "all_proxy": url, "http_proxy": url, "HOME": home,
            "CURL_HOME": home}) as daemon:
        expect(daemon.send(), "sent")
    assert web.requests[0].header("Authorization") is None
    assert len(web.requests) == 1 and proxy.n_connections == 0


def test_cookies_are_not_kept():
    web = Web(answer("200 OK", "", Set_Cookie="id=1; Path=/"))
    with mailer(http(web.url(), preset="webhook")) as daemon:
        expect(daemon.send(), "sent")
        expect(daemon.send(), "sent")
    assert web.requests[1].header("Cookie") is None


# Connections and order

def test_a_connection_is_used_again():
    cert = certificate()
    web = Web(tls=tls_context(cert))
    with mailer(http(web.url(), preset="webhook", ca_file=cert[0])) as daemon:
        for _ in range(5):
            expect(daemon.send(), "sent")
    assert [request.connection for request in web.requests] == [0] * 5


def test_a_connection_that_was_closed_meanwhile_is_replaced():
    web = Web(closing=True)
    with mailer(http(web.url(), preset="webhook")) as daemon:
        for _ in range(3):
            expect(daemon.send(), "sent")
    assert [request.connection for request in web.requests] == [0, 1, 2]


def test_only_so_many_go_at_once():
    gate, lock, now, most = threading.Event(), threading.Lock(), [0], [0]

    def hold(request):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        assert gate.wait(60)
        with lock:
            now[0] -= 1
        return answer("202 Accepted")
    web = Web(hold)
    mails = [f"{i:032x}" for i in range(8)]
    with mailer(http(web.url(), preset="webhook", connections=2)) as daemon:
        clients = [daemon.client() for _ in mails]
        for client, mail in zip(clients, mails, strict=True):
            client.send("org.emailotp.Mail.Send", **daemon.prepare(mail=mail))
        web.wait(2)
        gate.set()
        for client in clients:
            assert client.receive()["result"] == "sent"
            client.close()
    assert most[0] == 2 and web.n_connections == 2
    assert sorted(request.json()["mail"] for request in web.requests) == mails


class Shy(Web):
    """Hangs up on its second connection, in the middle of TLS, when it is told to."""

    def __init__(self, *replies, **options):
        self.opened, self.hang_up = threading.Event(), threading.Event()
        super().__init__(*replies, **options)

    def greet(self, sock):
        if self.n_connections == 2:
            self.opened.set()
            assert self.hang_up.wait(60)
            raise ConnectionError
        return super().greet(sock)


def one_connection_fails(answered_meanwhile):
    """
    Four mails over two connections, of which the second fails; what becomes of each. The
    last is one that waited when it failed.
    """
    gates, cert = [threading.Event() for _ in range(4)], certificate()

    def hold(request):
        assert gates[len(web.requests) - 1].wait(60)
        return answer("202 Accepted")
    web = Shy(hold, tls=tls_context(cert))
    with mailer(http(web.url(), preset="webhook", connections=2,
                     ca_file=cert[0])) as daemon:
        clients = [daemon.client() for _ in range(4)]
        for client, ready in zip(clients, (lambda: web.wait(1), web.opened.wait,
                                           daemon.status, daemon.status), strict=True):
            client.send("org.emailotp.Mail.Send", **daemon.prepare())
            ready()
        if answered_meanwhile:
            gates[0].set()
            web.wait(2)
        web.hang_up.set()
        said = {1: clients[1].receive()}
        if not answered_meanwhile:  # while the first is still under way
            said.update({2: clients[2].receive(), 3: clients[3].receive()})
        for gate in gates:
            gate.set()
        for at in set(range(4)) - set(said):
            said[at] = clients[at].receive()
        for client in clients:
            client.close()
    return [said[at]["result"] for at in range(4)]


def test_one_connection_that_fails_does_not_stop_the_others():
    assert one_connection_fails(True) == ["sent", "deferred", "sent", "sent"]


def test_those_that_wait_are_answered_when_nobody_gets_through():
    assert one_connection_fails(False) == ["sent", "deferred", "deferred", "deferred"]


def test_a_mail_that_died_while_it_waited_is_not_sent():
    deadline = int(time.time()) + 2
    died = threading.Event()

    def hold(request):
        while time.time() < deadline:
            died.wait(0.05)
        return answer("202 Accepted")
    web = Web(hold)
    with mailer(http(web.url(), preset="webhook", connections=1)) as daemon:
        first, second = daemon.client(), daemon.client()
        first.send("org.emailotp.Mail.Send", **daemon.prepare())
        web.wait(1)
        second.send("org.emailotp.Mail.Send", **daemon.prepare(deadline=deadline))
        assert first.receive()["result"] == "sent"
        said = second.receive()
        assert (said["result"], said["detail"]) == ("refused", "expired")
    assert len(web.requests) == 1


def test_a_reload_lets_requests_end():
    gate = threading.Event()

    def hold(request):
        assert gate.wait(60)
        return answer("202 Accepted")
    old, new = Web(hold), Web(answer("202 New"))
    with mailer(http(old.url(), preset="webhook")) as daemon:
        client = daemon.client()
        client.send("org.emailotp.Mail.Send", **daemon.prepare())
        old.wait(1)
        daemon.configure(http(new.url(), preset="webhook"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        expect(daemon.send(), "sent", "202 New")
        gate.set()
        assert client.receive()["detail"] == "202 Accepted"
        client.close()
    assert len(old.requests) == len(new.requests) == 1


def test_a_connection_that_breaks_when_it_is_used_again_is_replaced():
    """libcurl repeats the request at once then: it is the same, with the same key."""
    web = Web(answer("202 Accepted"), None, answer("202 Again"))
    with mailer(http(web.url(), preset="webhook")) as daemon:
        expect(daemon.send(), "sent", "202 Accepted")
        expect(daemon.send(), "sent", "202 Again")
    _, second, third = web.requests
    assert (second.connection, third.connection) == (0, 1)
    assert second.header("Idempotency-Key") == third.header("Idempotency-Key")
    assert second.body == third.body
