#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An SMTP server on loopback that keeps every mail as a file.

smtpd.py DIR: uses DIR/tls.crt and DIR/tls.key, takes the user "otpd" with the password
in DIR/smtp-password, writes mails to DIR/mails/0001.eml and so on, and its port to
DIR/smtp-port once it listens. STARTTLS and AUTH are required. Prints nothing.

A file DIR/smtp-mode, read at each mail, makes it misbehave: "defer" (451), "refuse"
(550), "slow" (never answers). "smtpd.py DIR plain" offers no TLS.
"""
import asyncio
import logging
import os
import pathlib
import socket
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

directory = pathlib.Path(sys.argv[1])
plain = sys.argv[2:] == ["plain"]


def write(name, data):
    """Whole or not at all."""
    draft = directory / (name + ".new")
    draft.write_bytes(data)
    draft.rename(directory / name)


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        mode = directory / "smtp-mode"
        mode = mode.read_text().strip() if mode.exists() else "take"
        if mode == "defer":
            return "451 4.3.0 come back later"
        if mode == "refuse":
            return "550 5.1.1 no such mailbox"
        if mode == "slow":
            write("smtp-busy", b"")
            await asyncio.sleep(3600)
        self.count += 1
        to = "X-Envelope-To: " + ", ".join(envelope.rcpt_tos) + "\r\n"
        write("mails/%04d.eml" % self.count, to.encode() + envelope.content)
        return "250 2.0.0 kept"


def check(server, session, envelope, mechanism, data):
    password = (directory / "smtp-password").read_bytes().strip()
    right = data.login == b"otpd" and data.password == password
    return AuthResult(success=right, handled=right)


def protocol():
    if plain:
        return SMTP(keep)
    return SMTP(keep, tls_context=tls, require_starttls=True, auth_required=True,
                authenticator=check, timeout=3600)


async def main():
    server = await asyncio.get_running_loop().create_server(protocol, sock=listener)
    write("smtp-port", b"%d" % listener.getsockname()[1])
    await server.serve_forever()


warnings.simplefilter("ignore")
logging.disable()
os.makedirs(directory / "mails", exist_ok=True)
keep = Keep()
listener = socket.create_server(("127.0.0.1", 0))
tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
if not plain:
    tls.load_cert_chain(directory / "tls.crt", directory / "tls.key")
try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
