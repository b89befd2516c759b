# SPDX-License-Identifier: MIT
"""What otpd is to otpd-mail: a Varlink client that seals mails with libsodium."""

import base64
import ctypes
import ctypes.util
import json
import os
import socket
import time

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
sodium.sodium_init()


class Refused(Exception):
    """The daemon answered with a Varlink error."""


class Client:
    def __init__(self, path, timeout=90, check=None):
        """check is told each method and its answer; this file is used alone, too."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.rest = b""
        self.asked, self.check = [], check

    def send(self, method, **parameters):
        self.asked.append(method)
        message = json.dumps({"method": method, "parameters": parameters})
        self.socket.sendall(message.encode() + b"\0")

    def receive(self):
        while b"\0" not in self.rest:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed without an answer")
            self.rest += data
        text, self.rest = self.rest.split(b"\0", 1)
        answer = json.loads(text)
        method = self.asked.pop(0) if self.asked else None
        if "error" in answer:
            raise Refused(answer["error"])
        if method and self.check:
            self.check(method, answer["parameters"])
        return answer["parameters"]

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()

    def close(self):
        self.socket.close()


class Sealer:
    """An ephemeral key pair and the mailer's public key."""

    def __init__(self, public):
        self.public = base64.b64decode(public)
        self.pk = ctypes.create_string_buffer(32)
        self.sk = ctypes.create_string_buffer(32)
        sodium.crypto_box_keypair(self.pk, self.sk)

    def seal(self, plain):
        if not isinstance(plain, bytes):
            plain = json.dumps(plain).encode()
        nonce = os.urandom(24)
        box = ctypes.create_string_buffer(len(plain) + 16)
        r = sodium.crypto_box_easy(box, plain, ctypes.c_ulonglong(len(plain)), nonce,
                                   self.public, self.sk.raw)
        assert r == 0
        return {
            "sender": base64.b64encode(self.pk.raw).decode(),
            "nonce": base64.b64encode(nonce).decode(),
            "sealed": base64.b64encode(box.raw).decode(),
        }


def letter(**changes):
    """The plaintext of a mail, as otpd writes it."""
    now = int(time.time())
    whole = {
        "to": "jane.doe@example.net", "template": "login", "name": "Jane Doe",
        "user": "jdoe", "service": "sshd", "host": "web1.example.org",
        "rhost": "203.0.113.7", "tty": "", "at": now, "expires_at": now + 600,
        "code": "424242", "reference": "K7Q", "language": "",
    }
    whole.update(changes)
    return whole
