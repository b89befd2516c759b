# SPDX-License-Identifier: MIT
"""SMTP servers: aiosmtpd for good manners, a script on a bare socket for bad ones."""

import base64
import http.server
import json
import socket
import ssl
import struct
import subprocess
import threading
import urllib.parse

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


def make_certificate(directory, name, san, when=None):
    cert, key = f"{directory}/{name}.crt", f"{directory}/{name}.key"
    clock = ["faketime", when] if when else []
    subprocess.run([*clock, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
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
        self.command = ""  # the last one
        self.peer = None  # who has connected
        self.certificate = None  # that the client has shown

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
        self.certificate = self.socket.getpeercert()
        self.tls = True
        self.buffer = b""


class Script(threading.Thread):
    """
    A server on a bare socket. replies maps a stage (banner, EHLO, STARTTLS, AUTH, MAIL,
    RCPT, DATA, body) to what is said there in place of the usual: text, or a function
    of the Line. Returning False from one closes the connection. auth: the mechanisms it
    offers (True: PLAIN LOGIN). It listens at address, or on a Unix socket at path.
    """

    def __init__(self, replies=None, tls=None, auth=False, starttls=True,
                 pipelining=False, implicit=None, address="127.0.0.1", path=None):
        super().__init__(daemon=True)
        self.replies = replies or {}
        self.tls, self.implicit, self.pipelining = tls, implicit, pipelining
        self.auth = "PLAIN LOGIN" if auth is True else auth
        self.offers_starttls = tls is not None and starttls
        self.lines, self.bodies, self.commands = [], [], []
        self.clear = b""
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen()
            self.port = None
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.listener = socket.create_server((address, 0), family=family)
            self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            sock.settimeout(60)
            line = Line(self, sock, len(self.lines))
            line.peer = peer
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
        if self.implicit:
            line.starttls(self.implicit)
        if self.reply(line, "banner", "220 test ESMTP") is False:
            return
        while True:
            command = line.command = line.hear()
            if command == "AUTH XOAUTH2":  # too long for an initial response
                line.say("334 ")
                command = line.command = f"{command} {line.hear()}"
            self.commands.append(command)
            verb = command.split(" ", 1)[0].upper()
            if verb == "EHLO":
                extra = "250-STARTTLS\r\n" if self.offers_starttls and not line.tls else ""
                extra += f"250-AUTH {self.auth}\r\n" if self.auth else ""
                extra += "250-PIPELINING\r\n" if self.pipelining else ""
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


class TokenServer:
    """
    An OAuth2 token endpoint that keeps what it is asked. answers are played in turn, the
    last one for ever: each a (status, body, headers) with any of the last two left out,
    a body being text or what becomes JSON, or a function of the form that returns one.
    """

    def __init__(self, *answers, tls=None):
        self.answers, self.forms, self.paths = list(answers), [], []
        self.types = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # the base class names it so
                outer.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, request):
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        form = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True,
                                           strict_parsing=True))
        with self.arrived:
            self.forms.append((raw.decode(), form))
            self.types.append(request.headers["Content-Type"])
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.arrived.notify_all()
        if callable(answer):
            answer = answer(form)
        status, body, headers = (*answer, *((200, "", {})[len(answer):]))
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(data)
        except OSError:
            pass  # it has heard enough


def token(value, seconds=3600, **more):
    """The answer with an access token."""
    return 200, {"access_token": value, "token_type": "Bearer", "expires_in": seconds,
                 **more}


def xoauth2(command):
    """(user, token) of an AUTH XOAUTH2 command."""
    verb, mechanism, initial = command.split(" ")
    assert (verb, mechanism) == ("AUTH", "XOAUTH2"), command
    user, bearer, *rest = base64.b64decode(initial).decode().split("\x01")
    assert user.startswith("user=") and bearer.startswith("auth=Bearer ") \
        and rest == ["", ""], command
    return user[5:], bearer[12:]


class Resolver(threading.Thread):
    """
    A name server (RFC 1035) on UDP. answer(name, is_ipv6) is None for silence, an error
    code (2: SERVFAIL, 3: NXDOMAIN), or a list of addresses.
    """

    def __init__(self, address, answer):
        super().__init__(daemon=True)
        self.answer, self.names = answer, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.start()

    def run(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            reply = self.reply(query)
            if reply:
                self.socket.sendto(reply, peer)

    def reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        at += 1
        kind = struct.unpack("!H", query[at:at + 2])[0]
        self.names.append(".".join(labels))
        said = self.answer(self.names[-1], kind == 28)
        if said is None:
            return None
        code, addresses = (said, []) if isinstance(said, int) else (0, said)
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        reply = head + query[12:at + 4]
        for one in addresses:
            family = socket.AF_INET6 if ":" in one else socket.AF_INET
            packed = socket.inet_pton(family, one)
            reply += struct.pack("!HHHIH", 0xc00c, kind, 1, 60, len(packed)) + packed
        return reply

    def close(self):
        self.socket.close()
