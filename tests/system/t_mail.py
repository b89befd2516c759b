# SPDX-License-Identifier: MIT
"""The ways of a mail: another transport when one is down, another address when one is
refused, mail services and text messages over HTTP; and what the administrator sees."""
import base64
import hashlib
import hmac
import os
import re
import socket

from lab import Mail, Terminal, Varlink, check, equal, wait_for
from postfix import Authority
from sink import Sink, Web, transport
from world import (ADA, BOB, MAIL_SOCKET, MAILER, MODULE, PASSWORD, SOCKET, UNIX, as_uid, enters,
                   prompt)

SECOND = """policy sshd { cool_down = 0\n second_route = refused\n sends_per_hour = 100 }
policy su { cool_down = 0\n second_route = refused }"""


def _dead_port():
    """A port that nobody listens on, as long as the socket that is returned lives."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]


def _refuses(*addresses):
    return Sink(lambda stage, one: "550 5.1.1 no such mailbox"
                if stage == "RCPT" and one.rcpt in addresses else None)


def _mail_of(server, n=1):
    """The n-th mail that a sink has taken."""
    return Mail(wait_for("mail %d" % n, lambda: len(server.taken()) >= n and
                         server.taken()[n - 1].data))


def _row(w, state):
    """The newest mail. Ask before its code is used: a mail whose result comes later is dead."""
    return wait_for("a mail that is " + state, lambda: [
        m for m in w.queue()[-1:] if m["state"] == state])[0]


def _stats():
    with Varlink(MAIL_SOCKET) as mailer:
        return mailer.call("org.emailotp.Mail.Stats")


def _self(method, **parameters):
    """A call that ada makes for herself."""
    def call():
        with Varlink(SOCKET) as otpd:
            return otpd.call("org.emailotp.Self." + method, **parameters)
    answer = as_uid(ADA, call)
    check("failed" not in answer, method, answer)
    return answer


def the_next_transport_takes_what_a_dead_one_cannot(w):
    reserved, port = _dead_port()
    server = Sink()
    w.start(transport={"first": transport(port), "spare": transport(server.port)})
    w.start_sshd()
    with reserved:
        terminal, asked = w.ssh_to_code()
        check("was e-mailed" in asked, asked)
        sent = _row(w, "sent")
        equal((sent["tries"], sent["transport"]), (1, "spare"), "tries and transport")
        terminal.type(_mail_of(server).code)
        enters(terminal)
        w.begin(rhost="10.0.0.1")
        _mail_of(server, 2)
    stats = {t["name"]: t for t in _stats()["transports"]}
    equal(stats["first"]["state"], "paused", "the dead one")
    check(stats["first"]["retry_in"] > 0 and stats["first"]["last_error"], stats["first"])
    equal((stats["spare"]["state"], stats["spare"]["sent"]), ("up", 2), "the other one")


def a_silent_transport_is_left_for_the_next(w):
    """It accepts connections and says nothing: the same Send goes on when its time is over."""
    silent = socket.create_server(("127.0.0.1", 0))
    server = Sink()
    first = transport(silent.getsockname()[1]).replace("30s", "5s")
    w.start(transport={"first": first, "spare": transport(server.port)})
    with silent:
        challenge = w.begin()["challenge"]
        sent = _row(w, "sent")
        equal((sent["tries"], sent["transport"]), (1, "spare"), "tries and transport")
        w.verify(challenge, _mail_of(server).code)


def a_greylisted_mail_goes_to_no_other_transport(w):
    grey, spare = Sink(lambda stage, one: "451 4.7.1 greylisted" if one else None), Sink()
    w.start(transport={"first": transport(grey.port), "spare": transport(spare.port)})
    w.begin()
    wait_for("a try", lambda: [m for m in w.queue() if m["tries"]])
    equal((len(grey.tries), len(spare.tries)), (1, 0), "tries at the two")


def a_refused_address_leads_to_the_second(w):
    server = _refuses("ada@example.org")
    w.start(policy=SECOND, transport=transport(server.port))
    w.call("Admin.SetSecond", user="ada", address="ada@second.example", verified=True)
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = _mail_of(server)
    equal(mail.to, "ada@second.example", "the address of the mail")
    equal([one.rcpt for one in server.tries], ["ada@example.org", "ada@second.example"], "tries")
    sent = _row(w, "sent")
    equal((sent["second"], sent["tries"]), (True, 1), "second route, tries")
    equal(w.show()["user"]["refusals"], 1, "refusals")
    check(not w.show()["user"]["undeliverable"], "undeliverable after one")
    terminal.type(mail.code)
    enters(terminal)


def a_second_address_that_may_not_be_used_is_not(w):
    """Not without the policy, not unproven."""
    server = _refuses("ada@example.org", "bob@example.org")
    w.start(policy="policy sshd { cool_down = 0 }\n"
                   "policy su { cool_down = 0\n second_route = refused }",
            users=("ada", "bob"), transport=transport(server.port))
    w.call("Admin.SetSecond", user="ada", address="ada@second.example", verified=True)
    w.call("Admin.SetSecond", user="bob", address="bob@second.example")
    for user, service in (("ada", "sshd"), ("bob", "su")):
        w.begin(user, service=service)
        failed = _row(w, "failed")
        equal((failed["user"], failed["second"]), (user, False), "the failed mail")
    equal([one.rcpt for one in server.tries], ["ada@example.org", "bob@example.org"], "tries")


def three_refusals_mark_the_address_and_the_user_is_told(w):
    server = _refuses("ada@example.org")
    w.start(policy=SECOND, transport=transport(server.port))
    w.call("Admin.SetSecond", user="ada", address="ada@second.example", verified=True)
    for n in range(3):
        equal(w.call("Admin.ListUsers")["users"][0]["undeliverable"], False, "after %d" % n)
        w.begin(rhost="10.0.0.%d" % n)
        wait_for("refusal %d" % (n + 1),
                 lambda n=n: w.show()["user"]["refusals"] == n + 1)
    equal(w.call("Admin.ListUsers")["users"][0]["undeliverable"], True, "after 3")
    check("undeliverable" in w.otpctl("users", "list"), w.otpctl("users", "list"))
    w.pam("su", UNIX + MODULE)
    terminal = Terminal(["su", "ada", "-c", "echo in as $(id -un)"], user=BOB)
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    prompt(terminal)
    terminal.type(_mail_of(server, 4).code)
    terminal.expect("keep being refused.*\n(?s:.*)in as ada")
    equal(terminal.end(), 0, "exit status of su")


def _web(w):
    authority = Authority(w, "web-authority")
    web = Web(authority.chain)
    return web, 'url = "https://localhost:%d/%%s"\nca_file = "%s"\n' % (web.port, authority.file)


def _secret(w, name, text):
    return w.write(name, text + "\n", 0o600, MAILER)


def a_login_code_over_http(w):
    """An organisation's own endpoint: the signature holds, and the code opens the login."""
    web, options = _web(w)
    secret = os.urandom(32)
    signing = _secret(w, "signing", "whsec_" + base64.b64encode(secret).decode())
    w.start(transport="type = http\npreset = webhook\n%ssigning_secret_file = \"%s\"" % (
        options % "hook", signing))
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    body = wait_for("the request", web.bodies)[0]
    equal((body["to"], body["kind"]), ("ada@example.org", "login"), "the request")
    path, headers, raw = web.requests[0]
    headers = {name.lower(): value for name, value in headers.items()}
    signed = "%s.%s." % (headers["webhook-id"], headers["webhook-timestamp"])
    digest = hmac.new(secret, signed.encode() + raw, hashlib.sha256).digest()
    equal(headers["webhook-signature"], "v1," + base64.b64encode(digest).decode(), "signature")
    equal(_row(w, "sent")["mail"], body["mail"], "mail")
    terminal.type(re.search(r"(?m)^\s*([0-9]{6})\s*$", body["text"]).group(1))
    enters(terminal)
    equal((path, len(web.requests)), ("/hook", 1), "requests")


def a_mail_service_that_is_down_is_left_for_smtp(w):
    web, options = _web(w)
    web.status = 503
    server = Sink()
    w.start(transport={"service": "type = http\npreset = webhook\n" + options % "hook",
                       "relay": transport(server.port)})
    challenge = w.begin()["challenge"]
    equal(_row(w, "sent")["transport"], "relay", "transport")
    equal(len(web.requests), 1, "requests")
    w.verify(challenge, _mail_of(server).code)


def a_telephone_as_second_route_gets_a_short_text(w):
    web, options = _web(w)
    server = _refuses("ada@example.org")
    body = w.write("sms.json", '{"to": "{{to}}", "text": "{{text}}"}\n')
    w.start(policy=SECOND, transport={
        "relay": transport(server.port),
        "phone": "type = sms\n%sbody_file = \"%s\"" % (options % "sms", body)})
    w.call("Admin.SetSecond", user="ada", address="+4930123456", verified=True)
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    said = wait_for("the text message", web.bodies)[0]
    equal((sorted(said), said["to"]), (["text", "to"], "+4930123456"), "the request")
    check(len(said["text"]) <= 160 and "<" not in said["text"], "no short text:", said["text"])
    codes = re.findall(r"\b[0-9]{6}\b", said["text"])
    equal(len(codes), 1, "codes in " + said["text"])
    sent = _row(w, "sent")
    equal((sent["transport"], sent["second"]), ("phone", True), "the way")
    terminal.type(codes[0])
    enters(terminal)
    equal([one.rcpt for one in server.tries], ["ada@example.org"], "tries by mail")


def a_user_brings_a_second_address(w):
    """Its code proves the second route and nothing else."""
    server = Sink()
    w.start(transport=transport(server.port), extra="socket_mode = 0666\nself_enrol = yes")
    begun = _self("EnrolSecond", address="ada@second.example")
    mail = _mail_of(server)
    equal(mail.to, "ada@second.example", "the address of the mail")
    login = w.begin()["challenge"]
    equal(w.refusal("Auth.Verify", challenge=login, code=mail.code), "WrongCode", "at a login")
    equal(_self("Status")["second_verified"], False, "before the code")
    _self("Confirm", challenge=begun["challenge"], code=mail.code)
    status = _self("Status")
    equal((status["second"], status["second_verified"]), ("a***@second.example", True), "Status")
    check(w.show()["user"]["second_verified_at"] > 0, w.show())


def the_administrator_sees_the_way_and_the_counters(w):
    reserved, port = _dead_port()
    server = _refuses("nobody@example.org")
    w.start(transport={"first": transport(port), "spare": transport(server.port)})
    with reserved:
        said = w.otpctl("send-test", "ada@example.org", "--mail-socket", MAIL_SOCKET)
        for word in ("first", "spare", "failover", "greeting", "rcpt", "body", "sent"):
            check(word in said, word, "is not in", said)
        failed = w.otpctl("send-test", "nobody@example.org", "--mail-socket", MAIL_SOCKET,
                          wanted=None)
        check(failed.returncode != 0, "a refusal ended with 0")
        check("no such mailbox" in failed.stdout + failed.stderr, failed)
    said = w.otpctl("mail", "stats", "--mail-socket", MAIL_SOCKET)
    for word in ("first", "paused", "spare", "up", "example.org", "refused"):
        check(word.lower() in said.lower(), word, "is not in", said)
    check("spare" in w.otpctl("queue"), w.otpctl("queue"))
    domain = _stats()["domains"]
    equal([(d["domain"], d["sent"], d["refused"]) for d in domain], [("example.org", 1, 1)],
          "domains")
