# SPDX-License-Identifier: MIT
"""STARTTLS, implicit TLS, certificates, AUTH: nothing in clear, and no wrong server."""

import ssl

from daemon import smtp
from servers import Inbox, Script, tls_context
from support import DIRECTORY, certificate, expect, mailer, secret_file

ACCOUNT = ("otpd@relay.example", "app password")


def password(text=ACCOUNT[1]):
    return secret_file(DIRECTORY.name, f"password-{abs(hash(text))}", text + "\n")


def refuse(port_of, context, **options):
    """A send to a server that must not get it; the server."""
    server = Script(tls=context)
    port = port_of or server.port
    with mailer(smtp(port, **options)) as daemon:
        answer = daemon.send()
        expect(answer, "deferred")
        daemon.wait_log("does not work as configured")
    assert not server.bodies
    assert b"MAIL" not in server.clear and b"RCPT" not in server.clear
    return answer


def test_starttls_with_auth():
    cert = certificate()
    inbox = Inbox(starttls=tls_context(cert), account=ACCOUNT)
    with mailer(smtp(inbox.port, tls="starttls", host="localhost", ca_file=cert[0],
                     user=ACCOUNT[0], password_file=password())) as daemon:
        expect(daemon.send(), "sent", "250 2.0.0 taken")
        expect(daemon.send(), "sent")
    assert len(inbox.mails) == 2
    inbox.close()


def test_implicit_tls():
    cert = certificate()
    inbox = Inbox(implicit=tls_context(cert))
    with mailer(smtp(inbox.port, tls="implicit", ca_file=cert[0])) as daemon:
        expect(daemon.send(), "sent")
    assert len(inbox.mails) == 1
    inbox.close()


def test_nothing_but_ehlo_goes_before_tls():
    cert = certificate()
    server = Script(tls=tls_context(cert), auth=True)
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0], user=ACCOUNT[0],
                     password_file=password())) as daemon:
        expect(daemon.send(), "sent")
    lines = server.clear.split(b"\r\n")
    assert lines[0].startswith(b"EHLO ") and lines[1:] == [b"STARTTLS", b""], lines


def test_an_unknown_certificate_defers():
    refuse(None, tls_context(certificate()), tls="starttls")
    refuse(None, tls_context(certificate()), tls="starttls",
           ca_file=certificate("other", "DNS:localhost,IP:127.0.0.1")[0])


def test_a_certificate_of_another_name_defers():
    cert = certificate("wrong", "DNS:mail.example.org")
    refuse(None, tls_context(cert), tls="starttls", ca_file=cert[0], host="localhost")


def test_a_missing_starttls_defers():
    server = Script(starttls=False)
    with mailer(smtp(server.port, tls="starttls")) as daemon:
        expect(daemon.send(), "deferred", "STARTTLS")
    assert b"MAIL" not in server.clear and not server.bodies


def test_a_refused_starttls_defers():
    cert = certificate()
    server = Script({"STARTTLS": "454 4.7.0 not now"}, tls=tls_context(cert))
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0])) as daemon:
        expect(daemon.send(), "deferred", "454 4.7.0")
    assert b"MAIL" not in server.clear


def test_words_slipped_in_behind_starttls_are_not_believed():
    cert = certificate()

    def inject(line):
        line.say(b"220 go ahead\r\n250-test\r\n250 AUTH PLAIN\r\n235 ok\r\n")
        return True
    server = Script({"STARTTLS": inject}, tls=tls_context(cert))
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0])) as daemon:
        expect(daemon.send(), "deferred")
    assert b"MAIL" not in server.clear and not server.bodies


def test_a_plain_server_on_the_implicit_port_defers():
    server = Script()
    with mailer(smtp(server.port, tls="implicit")) as daemon:
        expect(daemon.send(), "deferred")
    assert not server.bodies


def test_tls_below_1_2_defers():
    cert = certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(*cert)
    refuse(None, context, tls="starttls", ca_file=cert[0])


def test_a_refused_password_defers_loudly():
    cert = certificate()
    inbox = Inbox(starttls=tls_context(cert), account=ACCOUNT)
    wrong = "wrong word"
    with mailer(smtp(inbox.port, tls="starttls", host="localhost", ca_file=cert[0],
                     user=ACCOUNT[0], password_file=password(wrong))) as daemon:
        expect(daemon.send(), "deferred", "535")
        daemon.wait_log("does not work as configured")
        assert not any(wrong in line for line in daemon.log)
    assert not inbox.mails
    inbox.close()


def test_a_password_that_is_a_systemd_credential():
    cert = certificate()
    inbox = Inbox(starttls=tls_context(cert), account=ACCOUNT)
    secret_file(DIRECTORY.name, "relay-password", ACCOUNT[1] + "\n")
    with mailer(smtp(inbox.port, tls="starttls", host="localhost", ca_file=cert[0],
                     user=ACCOUNT[0], password_file="relay-password"),
                environment={"CREDENTIALS_DIRECTORY": DIRECTORY.name}) as daemon:
        expect(daemon.send(), "sent")
    inbox.close()


def test_proxies_of_the_environment_are_not_used():
    server, proxy = Script(), Script()
    url = f"http://127.0.0.1:{proxy.port}"
    with mailer(smtp(server.port), environment={
            "ALL_PROXY": url, "all_proxy": url, "smtp_proxy": url}) as daemon:
        expect(daemon.send(), "sent")
    assert len(server.lines) == 1 and not proxy.lines
