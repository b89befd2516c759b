# SPDX-License-Identifier: MIT
"""Servers that take mails: one for SMTP on a bare socket of loopback, without TLS, that knows
PIPELINING and tells every try and every mail apart; and one for HTTP.
"""
import http.server
import json
import re
import socket
import ssl
import threading
import time

MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*<([0-9a-f]{32})@")


class Try:
    """One RCPT, and the mail if it came that far. Times are time.time()."""

    def __init__(self, rcpt):
        self.rcpt = rcpt
        self.at = time.time()
        self.data = None
        self.arrived = None
        self.taken = False

    @property
    def mail(self):
        """The identifier that otpd gave it."""
        return MESSAGE_ID.search(self.data).group(1).decode()


class Sink:
    """answer(stage, try or None) is asked at "banner", "RCPT" and "body" for a reply; None is
    the usual one. It may take its time, for its own connection only."""

    def __init__(self, answer=lambda stage, one: None):
        self.answer = answer
        self.tries = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def taken(self):
        return [one for one in self.tries if one.taken]

    def serve(self, client):
        try:
            with client, client.makefile("rb") as lines:
                self.converse(client, lines)
        except OSError:
            pass

    def converse(self, client, lines):
        client.sendall((self.answer("banner", None) or "220 sink ESMTP").encode() + b"\r\n")
        one = None
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                reply = "250-sink\r\n250-PIPELINING\r\n250 SIZE 1000000"
            elif verb == b"RCPT":
                one = Try(line.partition(b"<")[2].partition(b">")[0].decode())
                self.tries.append(one)
                reply = self.answer("RCPT", one) or "250 2.1.5 fine"
                one = one if reply[0] == "2" else None
            elif verb == b"DATA" and not one:
                reply = "503 5.5.1 nobody to send it to"
            elif verb == b"DATA":
                client.sendall(b"354 go ahead\r\n")
                if not self.read(lines, one):
                    return
                reply = self.answer("body", one) or "250 2.0.0 taken"
                one.taken = reply[0] == "2"
            elif verb == b"QUIT":
                reply = "221 2.0.0 bye"
            else:
                reply = "250 2.0.0 fine"
            client.sendall(reply.encode() + b"\r\n")

    def read(self, lines, one):
        """The mail up to its dot; False if the client left before."""
        data = []
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return False
            data.append(line)
        one.data = b"".join(data)
        one.arrived = time.time()
        return True


class Web:
    """A web server with TLS: keeps the JSON of each POST, and answers with a status."""

    def __init__(self, chain, status=200):
        self.requests = []
        self.status = status
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def bodies(self):
        return [json.loads(body) for _, _, body in self.requests]


def transport(port, more=""):
    """The inside of a transport section of mail.conf that speaks to a sink."""
    return 'type = smtp\nhost = "127.0.0.1"\nport = %d\ntls = none\ntimeout = 30s\n%s' % (
        port, more)
