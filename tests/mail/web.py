# SPDX-License-Identifier: MIT
"""A web server on a bare socket, that answers whatever it is told to, as oddly as that is."""

import dataclasses
import itertools
import json
import socket
import ssl
import struct
import threading
import urllib.parse

from support import DIRECTORY, secret_file

NUMBERS = itertools.count()


def own_file(text):
    """The path of a file with this text that no other test writes meanwhile."""
    return secret_file(DIRECTORY.name, f"own-{next(NUMBERS)}", text)


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: list  # of (name, value), as they came
    body: bytes
    connection: int  # the number of its connection
    peer: dict  # the certificate that the client has shown, or None

    def header(self, name):
        """The one header of this name; fails if there are two. None if there is none."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, f"{name}: {found}"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    def form(self):
        """The names and values of a form, strictly; every name once."""
        pairs = urllib.parse.parse_qsl(self.body.decode("ascii"), keep_blank_values=True,
                                       strict_parsing=True)
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)


class Hang:
    """Says what it has to say, and then nothing until the client gives up."""

    def __init__(self, said=b""):
        self.said = said


class Reset:
    """Says what it has to say, and resets the connection; around it, what is to happen."""

    def __init__(self, said, before, after):
        self.said, self.before, self.after = said, before, after


def answer(status=200, body=b"", **headers):
    """The bytes of a well-formed answer."""
    if not isinstance(body, bytes):
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Web(threading.Thread):
    """
    replies is what each request is answered with, in turn, the last one for ever: bytes,
    a Hang, a Reset, None (closes without a word), or a function of the Request that returns one.
    closing: a connection is closed after its answer, without having said so.
    """

    def __init__(self, *replies, tls=None, closing=False):
        super().__init__(daemon=True)
        self.replies = replies or (answer("202 Accepted"),)
        self.tls, self.closing = tls, closing
        self.requests, self.wire, self.n_connections = [], b"", 0
        self.arrived = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.start()

    def url(self, path="/send", host="localhost"):
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(60)
            number, self.n_connections = self.n_connections, self.n_connections + 1
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, number):
        try:
            if self.tls:
                sock = self.greet(sock)
            self.converse(sock, number)
        except (OSError, ssl.SSLError):
            pass
        finally:
            try:
                sock.close()
            except OSError:
                pass

    def greet(self, sock):
        """
        The handshake. Where it fails, what the client still sends is read: a reset would
        overtake the alert that says why.
        """
        sock = self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        try:
            sock.do_handshake()
        except ssl.SSLError:
            with socket.socket(fileno=sock.detach()) as plain:
                plain.settimeout(60)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
            raise
        return sock

    def receive(self, sock, number, buffer):
        """The next request and what came behind it; None at the end of the connection."""
        while b"\r\n\r\n" not in buffer:
            data = sock.recv(65536)
            if not data:
                return None, b""
            self.wire += data
            buffer += data
            if buffer[:1] == b"\x16":
                return None, b""  # the beginning of TLS
        head, buffer = buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        size = int(dict((k.lower(), v) for k, v in headers).get("content-length", 0))
        while len(buffer) < size:
            data = sock.recv(65536)
            if not data:
                return None, b""
            self.wire += data
            buffer += data
        peer = sock.getpeercert() if self.tls else None
        return Request(method, path, headers, buffer[:size], number, peer), buffer[size:]

    def converse(self, sock, number):
        buffer = b""
        while True:
            request, buffer = self.receive(sock, number, buffer)
            if not request:
                return
            with self.arrived:
                at = len(self.requests)
                self.requests.append(request)
                self.arrived.notify_all()
            reply = self.replies[min(at, len(self.replies) - 1)]
            if callable(reply):
                reply = reply(request)
            if reply is None:
                return
            if isinstance(reply, Hang):
                sock.sendall(reply.said)
                sock.recv(65536)
                return
            if isinstance(reply, Reset):
                reply.before()
                sock.sendall(reply.said)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
                sock.close()
                reply.after()
                return
            sock.sendall(reply)
            if self.closing:
                return

    def wait(self, n):
        """Until n requests have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= n, 60), \
                f"{len(self.requests)} of {n} requests"

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def http(url, type="http", **options):
    """The inside of a transport section."""
    lines = [f"type = {type}", f'url = "{url}"']
    for name, value in options.items():
        if isinstance(value, (list, tuple)):
            words = ", ".join('"' + word.replace('"', '\\"') + '"' for word in value)
            lines.append(f"{name} = {{{words}}}")
        elif isinstance(value, int) or name == "preset":
            lines.append(f"{name} = {value}")
        else:
            lines.append(f'{name} = "{value}"')
    return "\n".join(lines)
