# SPDX-License-Identifier: MIT
"""type = sendmail: the MTA of this host, by its port or by its Unix socket."""

import os

from servers import Script
from support import DIRECTORY, expect, mailer


def test_the_port_of_the_local_mta():
    server = Script()
    with mailer(f"type = sendmail\nport = {server.port}\nhost = \"127.0.0.1\"") as daemon:
        expect(daemon.send(), "sent", "queued as TEST")
        expect(daemon.send(), "sent")
    assert len(server.bodies) == 2 and len(server.lines) == 1


def test_localhost_is_the_default_and_starttls_is_not_used():
    # A local MTA's own certificate is nothing that could be verified.
    server = Script(tls=object())
    with mailer(f"type = sendmail\nport = {server.port}") as daemon:
        expect(daemon.send(), "sent")
    assert "STARTTLS" not in server.commands and len(server.bodies) == 1


def test_a_unix_socket():
    path = f"{DIRECTORY.name}/mta.sock"
    server = Script(path=path)
    with mailer(f'type = sendmail\npath = "{path}"') as daemon:
        expect(daemon.send(), "sent")
        expect(daemon.send(), "sent")
    assert len(server.bodies) == 2 and len(server.lines) == 1


def test_a_unix_socket_that_is_not_there_defers():
    path = f"{DIRECTORY.name}/none.sock"
    with mailer(f'type = sendmail\npath = "{path}"') as daemon:
        expect(daemon.send(), "deferred")
        server = Script(path=path)
        expect(daemon.send(), "sent")
        server.close()
        os.unlink(path)


def test_an_mta_that_refuses_the_recipient():
    server = Script({"RCPT": "550 5.1.1 no such user"})
    with mailer(f"type = sendmail\nport = {server.port}") as daemon:
        expect(daemon.send(), "refused", "550 5.1.1")
