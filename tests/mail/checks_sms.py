# SPDX-License-Identifier: MIT
"""Short messages over an SMS gateway: for telephone numbers, and for nothing else."""

from support import DIRECTORY, expect, mailer, secret_file
from web import Web, answer, http

BODY = '{"to": "{{to}}", "from": "{{sender_name}}", "text": "{{text}}"}'


def gateway(web, **options):
    options.setdefault("body_file", secret_file(DIRECTORY.name, "sms.json", BODY))
    return http(web.url("/sms"), type="sms", **options)


def test_an_address_is_not_for_a_gateway():
    web = Web()
    with mailer(gateway(web)) as daemon:
        expect(daemon.send(), "refused", "not safe to send")
    assert web.n_connections == 0
