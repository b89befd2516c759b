#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Addresses, names and letters that nobody means well with.

  hostile.py SOCKET SEED COUNT

hands COUNT sealed letters to otpd-mail over several connections, each with many calls on
the way, and prints as JSON what became of them. What an address may be is said here once
more, and differently than in the C code: RFC 5321 Mailbox without quotes and literals.
"""
import base64
import collections
import ctypes
import ctypes.util
import json
import os
import random
import re
import sys
import time

from lab import Varlink

CONNECTIONS = 4
BATCH = 25
KINDS = {  # and the code
    **dict.fromkeys(("login", "verify", "register", "reset", "recovery"), "42424242"),
    **dict.fromkeys(("registered", "welcome", "password-changed", "address-changed", "locked",
                     "recovery-codes", "recovery-used", "break-glass", "break-glass-made",
                     "test"), "")}
PIECES = (
    "\r\n", "\n", "\r", "\r\n.\r\n", "\n.\n", "\r\nRCPT TO:<evil@evil.example>\r\n",
    "\r\nBcc: evil@evil.example", "\nSubject: you have won", "> SIZE=1\r\nDATA\r\n", "\r\n\r\n",
    "RSET", "QUIT\r\n", "%0d%0a", "%0D%0ARCPT", "=0D=0A", "=?utf-8?Q?=0D=0ABcc:_e@evil.example?=",
    "<", ">", "><", "<>", '"', "'", "\\", "(", ")", "(comment)", ",", ";", ":", "@", "@@", "..",
    ".", "-", " ", "\t", "\v", "\f", "\x00", "\x01", "\x1b[2J", "\x7f", "\x80", "\x85", "\u2028",
    "\u2029", "\u202e", "\u200b", "\ufeff", "\u560a\u560d", "\u3002", "\uff20", "é", "ß", "語",
    "😀", "xn--", "[127.0.0.1]", "[IPv6:::1]", "@evil.example:", "@evil.example,", "127.0.0.1",
    "!", "%", "evil.example!", "%evil.example", "+", "|sh", "`id`", "$(id)", "%s%n", "--=_", "{{code}}",
    "{{#name}}", "</html>", "<script>", "\r\n--=_", "A" * 60, "b" * 250, "-.", ".-", "1", "_", "*")
TEXTS = ("name", "user", "service", "host", "rhost", "tty", "command", "address", "tenant")
ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(r"(?=.{1,254}\Z)(?=[^@]{1,64}@)%s(?:\.%s)*@(?:%s\.)+(?!\d+\Z)%s" %
                     (ATEXT, ATEXT, LABEL, LABEL))
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def is_address(text):
    return bool(ADDRESS.fullmatch(text))


def worsen(rng, text, least, most):
    for _ in range(rng.randint(least, most)):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(PIECES) + text[at + rng.randint(0, 1):]
    return text


def address(rng):
    """A good address that has met with an accident."""
    return worsen(rng, "u%d.%x@h%d.example.org" % (
        rng.randrange(1000), rng.getrandbits(24), rng.randrange(50)), 1, 3)


def name(rng):
    return worsen(rng, rng.choice(("", "Ada", "Jane Doe", "web1.example.org")), 0, 4)


def plain(kind):
    """A letter that nobody has meddled with."""
    return {"to": "ada@example.org", "template": kind, "at": 1700000000, "expires_at": 1700000600,
            "code": KINDS[kind], "reference": "K7Q", **dict.fromkeys(TEXTS, "x")}


def letter(rng):
    """One letter, and whether it may be sent: True, False, or None for either."""
    whole = plain(rng.choice(list(KINDS)))
    whole["to"] = address(rng)
    whole.update((key, name(rng)) for key in TEXTS)
    whole["language"] = rng.choice(("", "", "", "de", "e\r\n", "../../x", "%s%s%n"))
    if rng.random() < 0.05:
        whole["to"] = "u%x@h.example.org" % rng.getrandbits(32)
    if rng.random() < 0.2:
        whole["second"] = rng.choice((address(rng), "+4930%d" % rng.getrandbits(20), "+1\r\n2"))
    second = whole.get("second", "")
    good = is_address(whole["to"]) and (not second or is_address(second) or
                                        bool(PHONE.fullmatch(second)))
    good = good and not any("\x00" in str(value) for value in whole.values())
    if good and whole["language"] not in ("", "de"):
        good = None
    return whole, good


class Sealer:
    """crypto_box with the costly half done once, as otpd does it."""

    def __init__(self, public):
        self.sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        self.sodium.sodium_init()
        sender, secret, self.shared = (ctypes.create_string_buffer(32) for _ in range(3))
        self.sodium.crypto_box_keypair(sender, secret)
        self.sodium.crypto_box_beforenm(self.shared, base64.b64decode(public), secret)
        self.sender = base64.b64encode(sender.raw).decode()

    def seal(self, plain):
        nonce, box = os.urandom(24), ctypes.create_string_buffer(len(plain) + 16)
        self.sodium.crypto_box_easy_afternm(box, plain, ctypes.c_ulonglong(len(plain)), nonce,
                                            self.shared)
        return {"sender": self.sender, "nonce": base64.b64encode(nonce).decode(),
                "sealed": base64.b64encode(box.raw).decode()}


def frame(sealer, text):
    return json.dumps({"method": "org.emailotp.Mail.Send", "parameters": {
        "mail": os.urandom(16).hex(), "deadline": int(time.time()) + 600,
        **sealer.seal(text)}}).encode() + b"\0"


def hand_over(rng, lines, sealer, counts, wrong, n):
    """n letters on each line, all on their way before the first answer is read."""
    expected = []
    for line in lines:
        frames = []
        while len(frames) < n:
            whole, good = letter(rng)
            text = json.dumps(whole, ensure_ascii=rng.random() < 0.5).encode()
            if len(text) < 4000:  # LIMIT_SEALED
                frames.append(frame(sealer, text))
                expected.append((line, good, whole))
        line.send(b"".join(frames))
    for line, good, whole in expected:
        answer = json.loads(line.receive())
        result = answer.get("parameters", {}).get("result", answer.get("error"))
        counts[result] += 1
        if good is not None and (result == "sent") != good and len(wrong) < 3:
            wrong.append([result, whole])


def main(path, seed, count):
    rng = random.Random(int(seed))
    lines = [Varlink(path, 120) for _ in range(CONNECTIONS)]
    sealer = Sealer(lines[0].call("org.emailotp.Mail.PublicKey")["key"])
    counts, wrong = collections.Counter(), []
    while sum(counts.values()) < int(count):
        hand_over(rng, lines, sealer, counts, wrong, BATCH)
    print(json.dumps({"counts": counts, "wrong": wrong}))


if __name__ == "__main__":
    main(*sys.argv[1:])
