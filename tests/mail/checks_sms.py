# SPDX-License-Identifier: MIT
"""Short messages over an SMS gateway: for telephone numbers, and for nothing else."""

from support import expect, mailer
from web import Web, answer, http, own_file

BODY = '{"to": "{{to}}", "from": "{{sender_name}}", "text": "{{text}}",' \
       ' "rest": "{{html}}{{raw}}{{subject}}{{message_id}}"}'
NUMBER = "+4930123456"


def gateway(web, **options):
    options.setdefault("body_file", own_file(BODY))
    return http(web.url("/sms"), type="sms", **options)


def test_a_number_gets_a_short_text():
    web = Web(answer("201 Created", {"messages": [{"status": 0}]}))
    with mailer(gateway(web, accepted_field="messages.0.status=0")) as daemon:
        expect(daemon.send(to=NUMBER, mail="ab" * 16), "sent", "201 Created")
    request, = web.requests
    assert (request.method, request.path) == ("POST", "/sms")
    assert request.header("Idempotency-Key") == "ab" * 16
    body = request.json()
    text = body.pop("text")
    assert body == {"to": NUMBER, "from": "Example Corp", "rest": ""}
    assert "424242" in text and "K7Q" in text
    assert len(text) <= 160 and "<" not in text


def test_a_gateway_that_says_no_in_its_json_defers():
    web = Web(answer("200 OK", {"messages": [{"status": 9, "error-text": "no credit"}]}))
    with mailer(gateway(web, accepted_field="messages.0.status=0")) as daemon:
        expect(daemon.send(to=NUMBER), "deferred", "no credit")


def test_a_gateway_with_a_form_and_a_key():
    body = own_file("To={{to}}\n&From=%2B15005550006\n&Body={{text}}\n")
    web = Web(answer("201 Created"))
    account = own_file("the token\n")
    with mailer(gateway(web, body_file=body, user="AC123", password_file=account,
                        content_type="application/x-www-form-urlencoded")) as daemon:
        expect(daemon.send(to=NUMBER), "sent")
    form = web.requests[0].form()
    assert (form["To"], form["From"]) == (NUMBER, "+15005550006")
    assert "424242" in form["Body"] and len(form) == 3


def test_a_gateway_that_has_the_number_in_a_header():
    web, body = Web(), own_file('{"text": "{{text}}"}')
    with mailer(gateway(web, body_file=body, headers=["X-To: {{to}}"])) as daemon:
        expect(daemon.send(to=NUMBER), "sent")
    assert web.requests[0].header("X-To") == NUMBER
    assert "424242" in web.requests[0].json()["text"]


def test_an_address_is_not_for_a_gateway():
    web = Web()
    with mailer(gateway(web)) as daemon:
        assert daemon.send()[0] != "sent"
    assert web.n_connections == 0
