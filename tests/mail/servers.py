# SPDX-License-Identifier: MIT
"""SMTP servers: aiosmtpd for good manners, a script on a bare socket for bad ones."""

import socket
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


def make_certificate(directory, name, san):
    cert, key = f"{directory}/{name}.crt", f"{directory}/{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def tls_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


class Inbox:
    """An aiosmtpd server that keeps what it is given."""

    def __init__(self, starttls=None, implicit=None, account=None):
        self.mails = []
        self.arrived = threading.Condition()
        options = {}
        if starttls:
            options = {"tls_context": starttls, "require_starttls": True}
        if account:
            options.update(auth_required=True, auth_require_tls=bool(starttls),
                           authenticator=self.authenticate)
        self.account = account
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(),
                                     ssl_context=implicit, **options)
        self.controller.start()
        self.port = self.controller.port

    def authenticate(self, server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.account, handled=False)

    async def handle_DATA(self, server, session, envelope):
        with self.arrived:
            self.mails.append(envelope)
            self.arrived.notify_all()
        return "250 2.0.0 taken"

    def close(self):
        self.controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Line:
    """One connection of a Script: everything that came in is kept in wire."""

    def __init__(self, server, sock, number):
        self.server, self.socket, self.number = server, sock, number
        self.wire = b""
        self.buffer = b""
        self.tls = False

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    def hear(self):
        while b"\r\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError
            self.buffer += data
            if not self.tls:
                self.server.clear += data
            self.wire += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def hear_body(self):
        lines = []
        while (line := self.hear()) != ".":
            lines.append(line)
        self.server.bodies.append("\r\n".join(lines))

    def starttls(self, context):
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.tls = True
        self.buffer = b""


class Script(threading.Thread):
    """
    A server on a bare socket. replies maps a stage (banner, EHLO, STARTTLS, AUTH, MAIL,
    RCPT, DATA, body) to what is said there in place of the usual: text, or a function
    of the Line. Returning False from one closes the connection.
    """

    def __init__(self, replies=None, tls=None, auth=False, starttls=True):
        super().__init__(daemon=True)
        self.replies = replies or {}
        self.tls, self.auth = tls, auth
        self.offers_starttls = tls is not None and starttls
        self.lines, self.bodies, self.commands = [], [], []
        self.clear = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(60)
            line = Line(self, sock, len(self.lines))
            self.lines.append(line)
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line):
        try:
            self.converse(line)
        except (OSError, ConnectionError, ssl.SSLError):
            pass
        finally:
            try:
                line.socket.close()
            except OSError:
                pass

    def reply(self, line, stage, usual):
        said = self.replies.get(stage, usual)
        if callable(said):
            return said(line)
        line.say(said)
        return said[:1] in "23"

    def converse(self, line):
        if self.reply(line, "banner", "220 test ESMTP") is False:
            return
        while True:
            command = line.hear()
            self.commands.append(command)
            verb = command.split(" ", 1)[0].upper()
            if verb == "EHLO":
                extra = "250-STARTTLS\r\n" if self.offers_starttls and not line.tls else ""
                extra += "250-AUTH PLAIN LOGIN\r\n" if self.auth else ""
                self.reply(line, "EHLO", f"250-test\r\n{extra}250 SIZE 1000000")
            elif verb == "STARTTLS":
                if self.reply(line, "STARTTLS", "220 go ahead"):
                    line.starttls(self.tls)
            elif verb == "AUTH":
                self.reply(line, "AUTH", "235 2.7.0 welcome")
            elif verb == "DATA":
                if self.reply(line, "DATA", "354 go ahead"):
                    line.hear_body()
                    if self.reply(line, "body", "250 2.0.0 queued as TEST") is False \
                            and "body" in self.replies and callable(self.replies["body"]):
                        return
                elif callable(self.replies.get("DATA")):
                    return
            elif verb == "QUIT":
                line.say("221 bye")
                return
            elif self.reply(line, verb, "250 2.1.0 fine") is False \
                    and callable(self.replies.get(verb)):
                return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
