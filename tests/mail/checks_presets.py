# SPDX-License-Identifier: MIT
"""
What each known service is sent, field by field, and how it knows that it is us: the
signatures are computed anew here, from the services' own descriptions.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import re
import time

from servers import tls_context
from support import certificate, expect, mailer
from web import Web, answer, http, own_file

MAIL = "0123456789abcdef" * 2
MESSAGE_ID = f"<{MAIL}@relay.example>"
KEY = "SG.key-0123456789_abc"
SECRET = "secret/of+40/characters=0123456789abcdef"


def key_file():
    return own_file(KEY + "\n")


def password_file():
    return own_file(SECRET + "\n")


def send(reply, preset, path, head="", letter=None, **options):
    """Sends one mail through a preset; (answer, request)."""
    cert = certificate()
    web = Web(reply, tls=tls_context(cert))
    with mailer(http(web.url(path), preset=preset, ca_file=cert[0], **options),
                head=head) as daemon:
        said = daemon.send(mail=MAIL, **(letter or {}))
        assert not any(KEY in line or SECRET in line for line in daemon.log)
    web.close()
    assert len(web.requests) == 1
    request = web.requests[0]
    assert (request.method, request.path) == ("POST", path)
    assert request.header("Idempotency-Key") == MAIL
    return said, request


def basic(request):
    kind, token = request.header("Authorization").split(" ")
    assert kind == "Basic"
    return base64.b64decode(token).decode().split(":", 1)


def check_text(text, html):
    assert "\n    424242\n" in text and "Hello Jane Doe," in text
    assert html.startswith("<!DOCTYPE html>") and "424" in html


REPLY_TO = 'reply_to = "help@relay.example"'
SUBJECT = "Your sign-in code for web1.example.org (K7Q)"


def test_mailjet():
    ok = answer("200 OK", {"Messages": [{"Status": "success"}]})
    said, request = send(ok, "mailjet", "/v3.1/send", head=REPLY_TO, user="account",
                         password_file=password_file())
    expect(said, "sent", "200 OK")
    assert basic(request) == ["account", SECRET]
    assert request.header("Content-Type") == "application/json"
    body = request.json()
    assert list(body) == ["Messages"] and len(body["Messages"]) == 1
    mail = body["Messages"][0]
    check_text(mail.pop("TextPart"), mail.pop("HTMLPart"))
    assert mail == {
        "From": {"Email": "otpd@relay.example", "Name": "Sign-in code"},
        "To": [{"Email": "jane.doe@example.net", "Name": "Jane Doe"}],
        "ReplyTo": {"Email": "help@relay.example"}, "Subject": SUBJECT,
        "TrackOpens": "disabled", "TrackClicks": "disabled", "CustomID": MAIL,
        "Headers": {"Auto-Submitted": "auto-generated"}}


def test_what_mailjet_answers():
    def error(code):
        return {"Messages": [{"Status": "error", "Errors": [
            {"ErrorCode": code, "StatusCode": 400, "ErrorMessage": "no"}]}]}
    options = {"user": "account", "password_file": password_file()}
    for reply, result in (
            (answer("200 OK", error("mj-0013")), "refused"),
            (answer("400 Bad Request", error("mj-0013")), "refused"),
            (answer("200 OK", error("mj-0001")), "deferred"),
            (answer("400 Bad Request", error("mj-0003")), "deferred"),
            (answer("400 Bad Request", {"ErrorCode": "mj-0002"}), "deferred"),
            (answer("200 OK", {"Messages": []}), "deferred"),
            (answer("201 Created", {}), "deferred"),
            (answer("403 Forbidden", error("send-0008")), "deferred")):
        expect(send(reply, "mailjet", "/v3.1/send", **options)[0], result)


def test_sendgrid():
    said, request = send(answer("202 Accepted"), "sendgrid", "/v3/mail/send",
                         head=REPLY_TO, api_key_file=key_file())
    expect(said, "sent", "202 Accepted")
    assert request.header("Authorization") == "Bearer " + KEY
    assert request.header("Content-Type") == "application/json"
    body = request.json()
    text, html = body.pop("content")
    assert (text["type"], html["type"]) == ("text/plain", "text/html")
    check_text(text["value"], html["value"])
    assert body == {
        "personalizations": [
            {"to": [{"email": "jane.doe@example.net", "name": "Jane Doe"}]}],
        "from": {"email": "otpd@relay.example", "name": "Sign-in code"},
        "reply_to": {"email": "help@relay.example"}, "subject": SUBJECT,
        "headers": {"Message-ID": MESSAGE_ID, "Auto-Submitted": "auto-generated"},
        "custom_args": {"mail": MAIL},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False}}}


def test_what_sendgrid_answers():
    for reply, result in ((answer("200 OK", {}), "deferred"),  # its sandbox: not sent
                          (answer("400 Bad Request", {"errors": [
                              {"field": "personalizations.0.to.0.email"}]}), "refused"),
                          (answer("400 Bad Request", {"errors": [
                              {"field": "from.email"}]}), "deferred"),
                          (answer("400 Bad Request", {"errors": []}), "deferred"),
                          (answer("401 Unauthorized", {"errors": []}), "deferred"),
                          (answer("413 Payload Too Large", {}), "deferred")):
        said, _ = send(reply, "sendgrid", "/v3/mail/send", api_key_file=key_file())
        expect(said, result)


def test_optional_parts_are_left_out():
    said, request = send(answer("202 Accepted"), "sendgrid", "/v3/mail/send",
                         letter={"name": ""}, api_key_file=key_file())
    expect(said, "sent")
    body = request.json()
    assert body["personalizations"] == [{"to": [{"email": "jane.doe@example.net"}]}]
    assert "reply_to" not in body


def test_postmark():
    ok = answer("200 OK", {"ErrorCode": 0, "Message": "OK"})
    said, request = send(ok, "postmark", "/email", head=REPLY_TO,
                         api_key_file=key_file())
    expect(said, "sent", "200 OK")
    assert request.header("X-Postmark-Server-Token") == KEY
    assert request.header("Accept") == "application/json"
    assert request.header("Authorization") is None
    body = request.json()
    check_text(body.pop("TextBody"), body.pop("HtmlBody"))
    assert body == {
        "From": '"Sign-in code" <otpd@relay.example>', "To": "jane.doe@example.net",
        "ReplyTo": "help@relay.example", "Subject": SUBJECT,
        "TrackOpens": False, "TrackLinks": "None", "MessageStream": "outbound",
        "Metadata": {"mail": MAIL},
        "Headers": [{"Name": "Message-ID", "Value": MESSAGE_ID},
                    {"Name": "X-PM-KeepID", "Value": "true"},
                    {"Name": "Auto-Submitted", "Value": "auto-generated"}]}


def test_what_postmark_answers():
    for status, code, result in (("200 OK", 0, "sent"), ("200 OK", 406, "refused"),
                                 ("422 Unprocessable Entity", 406, "refused"),
                                 ("422 Unprocessable Entity", 300, "deferred"),
                                 ("422 Unprocessable Entity", 400, "deferred"),
                                 ("422 Unprocessable Entity", 405, "deferred"),
                                 ("422 Unprocessable Entity", 412, "deferred"),
                                 ("401 Unauthorized", 10, "deferred")):
        said, _ = send(answer(status, {"ErrorCode": code, "Message": "said so"}),
                       "postmark", "/email", api_key_file=key_file())
        expect(said, result, status, "said so")


def test_mailgun():
    ok = answer("200 OK", {"id": "<x>", "message": "Queued. Thank you."})
    said, request = send(ok, "mailgun", "/v3/mg.relay.example/messages", head=REPLY_TO,
                         domain="mg.relay.example", api_key_file=key_file())
    expect(said, "sent", "Queued. Thank you.")
    assert basic(request) == ["api", KEY]
    assert request.header("Content-Type") == "application/x-www-form-urlencoded"
    form = request.form()
    check_text(form.pop("text"), form.pop("html"))
    assert form == {
        "from": '"Sign-in code" <otpd@relay.example>', "to": "jane.doe@example.net",
        "subject": SUBJECT, "h:Reply-To": "help@relay.example",
        "h:Message-Id": MESSAGE_ID, "h:Auto-Submitted": "auto-generated",
        "v:mail": MAIL, "o:tracking": "no", "o:tracking-clicks": "no",
        "o:tracking-opens": "no"}


def aws_signature(request, region, host):
    """AWS Signature Version 4 from its own description, over what has arrived."""
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/(\w+)/aws4_request, "
        r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})",
        request.header("Authorization"))
    assert match, request.header("Authorization")
    access, date, signed_region, service, names, signature = match.groups()
    stamp = request.header("X-Amz-Date")
    assert (signed_region, service) == (region, "ses") and stamp.startswith(date)
    age = time.time() - time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) + time.timezone
    assert abs(age) < 120, stamp
    names = names.split(";")
    assert {"host", "x-amz-date"} <= set(names) and request.header("Host") == host
    headers = "".join(f"{name}:{request.header(name).strip()}\n" for name in names)
    canonical = "\n".join(["POST", request.path, "", headers, ";".join(names),
                           hashlib.sha256(request.body).hexdigest()])
    scope = f"{date}/{region}/ses/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (date, region, "ses", "aws4_request", to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return access, signature, key.hex()


def test_ses():
    cert = certificate()
    web = Web(answer("200 OK", {"MessageId": "x"}), tls=tls_context(cert))
    path = "/v2/email/outbound-emails"
    with mailer(http(web.url(path), preset="ses", ca_file=cert[0], region="eu-central-1",
                     user="AKIAIOSFODNN7EXAMPLE",
                     password_file=password_file())) as daemon:
        expect(daemon.send(mail=MAIL, name="Jäne \"Doe\""), "sent", "200 OK")
        assert not any(SECRET in line for line in daemon.log)
    request, = web.requests
    access, given, computed = aws_signature(request, "eu-central-1",
                                            f"localhost:{web.port}")
    assert access == "AKIAIOSFODNN7EXAMPLE"
    assert given == computed
    body = request.json()
    raw = base64.b64decode(body["Content"]["Raw"].pop("Data"), validate=True)
    assert body == {"FromEmailAddress": "otpd@relay.example",
                    "Destination": {"ToAddresses": ["jane.doe@example.net"]},
                    "Content": {"Raw": {}}}
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Message-ID"] == MESSAGE_ID and mail["Subject"] == SUBJECT
    assert mail["To"].addresses[0].display_name == 'Jäne "Doe"'
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_what_ses_answers():
    options = {"region": "eu-central-1", "user": "AKIA",
               "password_file": password_file()}
    said = {"message": "for example"}
    for reply, result in (
            (answer("400 Bad Request", said, x_amzn_ErrorType="BadRequestException"),
             "refused"),
            (answer("400 Bad Request", said,
                    X_Amzn_Errortype="BadRequestException:http://internal/"), "refused"),
            (answer("400 Bad Request", said, x_amzn_ErrorType="MessageRejected"),
             "deferred"),
            (answer("400 Bad Request", said), "deferred"),
            (answer("403 Forbidden", said), "deferred"),
            (answer("429 Too Many Requests", said), "deferred")):
        expect(send(reply, "ses", "/v2/email/outbound-emails", **options)[0], result)


def test_webhook():
    said, request = send(answer("204 No Content"), "webhook", "/hooks/mail?source=otpd",
                         letter={"expires_at": 1795268225})
    expect(said, "sent", "204 No Content")
    assert request.header("Authorization") is None
    assert request.header("webhook-signature") is None
    body = request.json()
    check_text(body.pop("text"), body.pop("html"))
    assert body == {
        "mail": MAIL, "kind": "login", "to": "jane.doe@example.net",
        "to_name": "Jane Doe", "from": "otpd@relay.example",
        "from_name": "Sign-in code", "subject": SUBJECT, "language": "en", "tenant": "",
        "user": "jdoe", "host": "web1.example.org", "expires_at": 1795268225,
        "reference": "K7Q"}


def test_a_webhook_knows_who_sends():
    said, request = send(answer("200 OK"), "webhook", "/", api_key_file=key_file())
    expect(said, "sent")
    assert request.header("Authorization") == "Bearer " + KEY
    said, request = send(answer("200 OK"), "webhook", "/", user="otpd",
                         password_file=password_file())
    expect(said, "sent")
    assert basic(request) == ["otpd", SECRET]


def test_signatures_of_standard_webhooks():
    raw = bytes(range(256))[7:71]
    coded = "whsec_" + base64.b64encode(raw).decode()
    for text, key in ((coded, raw), (SECRET, SECRET.encode())):
        path = own_file(text + "\n")
        before = int(time.time())
        said, request = send(answer("200 OK"), "webhook", "/", signing_secret_file=path)
        expect(said, "sent")
        stamp = request.header("webhook-timestamp")
        assert request.header("webhook-id") == MAIL
        assert before <= int(stamp) <= time.time()
        content = f"{MAIL}.{stamp}.".encode() + request.body
        digest = hmac.new(key, content, hashlib.sha256).digest()
        assert request.header("webhook-signature") == \
            "v1," + base64.b64encode(digest).decode()


def test_a_section_goes_before_its_preset():
    body = own_file('{"to": "{{to}}", "n": 1, "c": "{{code}}"}\n')
    said, request = send(answer("209 Own"), "sendgrid", "/own", body_file=body,
                         api_key_file=key_file(), accepted=["209"],
                         headers=["X-Mail: {{mail}}/{{kind}}",
                                  "authorization: Key {{key}}"])
    expect(said, "sent", "209 Own")
    assert request.header("Authorization") == "Key " + KEY
    assert request.header("X-Mail") == MAIL + "/login"
    assert request.json() == {"to": "jane.doe@example.net", "n": 1, "c": "424242"}
