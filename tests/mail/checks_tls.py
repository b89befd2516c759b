# SPDX-License-Identifier: MIT
"""
STARTTLS, implicit TLS, certificates, AUTH: nothing in clear, and no wrong server.

D7 of the threat study, its eight cases:
    expired              test_an_expired_certificate_defers
    self-signed          test_an_unknown_certificate_defers
    wrong name           test_a_certificate_of_another_name_defers
    TLS 1.1              test_tls_below_1_2_defers
    STARTTLS stripped    test_a_missing_starttls_defers, test_a_refused_starttls_defers,
                         test_words_slipped_in_behind_starttls_are_not_believed
    alert                test_an_alert_defers
    plain on 465         test_a_plain_server_on_the_implicit_port_defers
    OCSP, CRL            not checked by libcurl unless told so; nothing to test
"""

import base64
import hashlib
import hmac
import os
import ssl

from checks_life import run_config
from daemon import smtp
from servers import Inbox, Script, tls_context
from support import DIRECTORY, certificate, expect, mailer, secret_file

ACCOUNT = ("otpd@relay.example", "app password")


def password(text=ACCOUNT[1]):
    return secret_file(DIRECTORY.name, f"password-{abs(hash(text))}", text + "\n")


def refuse(port_of, context, **options):
    """A send to a server that must not get it; what was answered."""
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


def test_an_expired_certificate_defers():
    cert = certificate("expired", when="2020-01-01")
    for tls in ("starttls", "implicit"):
        server = Script(**{"tls" if tls == "starttls" else "implicit": tls_context(cert)})
        answer = refuse(server.port, None, tls=tls, ca_file=cert[0])
        assert "expired" in answer[1], answer
        assert not server.bodies and b"MAIL" not in server.clear


def test_an_alert_defers():
    # A server that wants a certificate of ours breaks the handshake off without one.
    cert, own = certificate(), certificate("client", "DNS:client")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = mutual(cert, own, version)
        server = Script(tls=context)
        with mailer(smtp(server.port, tls="starttls", ca_file=cert[0])) as daemon:
            expect(daemon.send(), "deferred")
        assert not server.bodies and b"MAIL" not in server.clear


def mutual(cert, trusted, version=None):
    """A context that wants a certificate of the client."""
    context = tls_context(cert)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trusted[0])
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def shown(own):
    return {"certificate_file": own[0], "certificate_key_file": own[1]}


def test_a_certificate_of_ours_is_shown():
    cert, own = certificate(), certificate("client", "DNS:client")
    for tls, option in (("starttls", "tls"), ("implicit", "implicit")):
        server = Script(**{option: mutual(cert, own)})
        with mailer(smtp(server.port, tls=tls, ca_file=cert[0], **shown(own))) as daemon:
            expect(daemon.send(), "sent")
        assert server.lines[0].certificate["subject"][0][0] == ("commonName", "client")


def test_a_key_that_does_not_fit_defers_loudly():
    cert, own = certificate(), certificate("client", "DNS:client")
    other = certificate("other", "DNS:localhost,IP:127.0.0.1")
    answer = refuse(None, mutual(cert, own), tls="starttls", ca_file=cert[0],
                    certificate_file=own[0], certificate_key_file=other[1])
    assert "private key" in answer[1], answer


def test_an_encrypted_key_is_refused_at_the_start():
    own = certificate("client", "DNS:client")
    path = f"{DIRECTORY.name}/encrypted.key"
    os.system(f"openssl pkcs8 -topk8 -in {own[1]} -out {path} -passout pass:x")
    os.chmod(path, 0o600)
    transport = smtp(25, tls="starttls", certificate_file=own[0],
                     certificate_key_file=path)
    code, _, err = run_config(DIRECTORY.name, transport, [])
    assert code == 1 and "encrypted" in err, err


def login(mechanisms, check, **options):
    """Sends a mail with user and password to a server that offers these mechanisms."""
    cert = certificate()
    server = Script({"AUTH": check}, tls=tls_context(cert), auth=mechanisms)
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0], user=ACCOUNT[0],
                     password_file=password(), **options)) as daemon:
        expect(daemon.send(), "sent")
    assert not any(word in server.clear for word in (b"AUTH", b"MAIL"))
    return server


def say_base64(line, text):
    line.say("334 " + base64.b64encode(text.encode()).decode())
    return base64.b64decode(line.hear()).decode()


def test_auth_plain():
    def plain(line):
        verb, mechanism, initial = line.command.split()
        assert (verb, mechanism) == ("AUTH", "PLAIN")
        given.append(base64.b64decode(initial).decode())
        line.say("235 2.7.0 welcome")
        return True
    given = []
    # Also where the server knows SCRAM and this libcurl does not.
    for mechanisms in ("PLAIN", "PLAIN LOGIN", "GSSAPI NTLM PLAIN", "EXTERNAL PLAIN"):
        login(mechanisms, plain)
        assert given.pop() == f"\0{ACCOUNT[0]}\0{ACCOUNT[1]}"


def test_auth_login():
    def by_two(line):
        assert line.command.split()[1] == "LOGIN"
        initial = line.command.split()[2:]
        user = base64.b64decode(initial[0]).decode() if initial \
            else say_base64(line, "Username:")
        given.append((user, say_base64(line, "Password:")))
        line.say("235 2.7.0 welcome")
        return True
    given = []
    login("LOGIN", by_two)
    assert given == [ACCOUNT]


def test_auth_cram_md5():
    def challenge(line):
        assert line.command == "AUTH CRAM-MD5", line.command
        user, digest = say_base64(line, "<1896.697@relay.example>").split(" ")
        wanted = hmac.new(ACCOUNT[1].encode(), b"<1896.697@relay.example>",
                          hashlib.md5).hexdigest()
        given.append((user, digest == wanted))
        line.say("235 2.7.0 welcome")
        return True
    given = []
    login("CRAM-MD5", challenge)
    assert given == [(ACCOUNT[0], True)]


def test_a_server_without_a_mechanism_of_ours_defers():
    cert = certificate()
    for mechanisms in ("GSSAPI NTLM", "DIGEST-MD5"):
        server = Script(tls=tls_context(cert), auth=mechanisms)
        with mailer(smtp(server.port, tls="starttls", ca_file=cert[0], user=ACCOUNT[0],
                         password_file=password())) as daemon:
            expect(daemon.send(), "deferred")
        assert not server.bodies


def test_a_server_that_repeats_the_password_is_not_quoted():
    cert = certificate()
    server = Script({"AUTH": f"535 5.7.8 no: {ACCOUNT[1]}"}, tls=tls_context(cert),
                    auth=True)
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0], user=ACCOUNT[0],
                     password_file=password())) as daemon:
        daemon.secrets.add(ACCOUNT[1])
        answer = daemon.send()
        expect(answer, "deferred")
        assert ACCOUNT[1] not in answer[1]


def test_what_follows_a_login_that_is_refused_for_now():
    cert = certificate()
    server = Script({"AUTH": "454 4.7.0 Temporary authentication failure"},
                    tls=tls_context(cert), auth=True)
    with mailer(smtp(server.port, tls="starttls", ca_file=cert[0], user=ACCOUNT[0],
                     password_file=password())) as daemon:
        expect(daemon.send(), "deferred", "454 4.7.0")
        daemon.wait_log("mail deferred")
        assert not any("as configured" in line for line in daemon.log)


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
