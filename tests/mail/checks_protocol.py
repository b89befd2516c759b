# SPDX-License-Identifier: MIT
"""What otpd may ask, who may ask, and what is not a mail at all."""

import base64
import json
import os
import subprocess
import time

from client import Refused, letter
from daemon import MAIL, smtp
from servers import Script
from support import Skip, expect, mailer

CONSOLE = "type = console"


def test_the_service_describes_itself():
    with mailer(CONSOLE) as daemon:
        client = daemon.client()
        info = client.call("org.varlink.service.GetInfo")
        assert info["product"] == "otpd-mail"
        assert "org.emailotp.Mail" in info["interfaces"]
        text = client.call("org.varlink.service.GetInterfaceDescription",
                           interface="org.emailotp.Mail")["description"]
        assert "method Send(" in text


def test_sealed_garbage_is_refused():
    with mailer(CONSOLE) as daemon:
        good = daemon.prepare()
        short = base64.b64encode(b"x" * 16).decode()
        flipped = bytearray(base64.b64decode(good["sealed"]))
        flipped[20] ^= 1
        cases = [
            {"sealed": ""}, {"sealed": "!!!"}, {"sealed": short},
            {"sealed": base64.b64encode(bytes(flipped)).decode()},
            {"sealed": good["sealed"].rstrip("=") + "A"},
            {"sender": base64.b64encode(b"\0" * 32).decode()},
            {"sender": base64.b64encode(b"\1" * 31).decode()},
            {"sender": "x"}, {"nonce": base64.b64encode(b"\0" * 24).decode()},
            {"nonce": ""}, {"mail": "xyz"}, {"mail": "A" * 32}, {"mail": ""},
        ]
        client = daemon.client()
        for case in cases:
            answer = client.call(MAIL + "Send", **{**good, **case})
            assert answer["result"] == "refused", (case, answer)
        assert client.call(MAIL + "Send", **good)["result"] == "sent"
        assert daemon.status()["refused"] == len(cases)


def test_letters_that_break_the_contract_are_refused():
    bad = [b"{", b"[]", b"null", b'{"to":"a@b.example"}', b"\xff\xfe", b"\0" * 50,
           {**letter(), "surprise": 1}, {**letter(), "to": 5}, {**letter(), "at": "now"},
           {**letter(), "template": "nonsense"}, {**letter(), "code": ""},
           {**letter(), "code": "12 34"}, {**letter(), "code": "1" * 17},
           {**letter(), "template": "locked"}, {**letter(), "reference": "K7QQ"},
           {**letter(), "at": 0}, {**letter(), "expires_at": -1},
           {**letter(), "name": None}, {**letter(), "name": ["x"]},
           b'{"to":"a@b.example","to":"c@d.example"}']
    bad += [letter(to=to) for to in (
        "", "a", "a@b", "a b@c.example", "a@b.example\r\nRCPT TO:<x@y.example>",
        "a@b.example>", "<a@b.example>", '"a"@b.example', "ä@b.example", "a@[127.0.0.1]",
        "a" * 65 + "@b.example", "a@" + "b." * 130 + "example", "a@b.example,c@d.example")]
    with mailer(CONSOLE) as daemon:
        for plain in bad:
            expect(daemon.send(plain=plain), "refused", "not understood")


def test_every_template_is_sent():
    with mailer(CONSOLE) as daemon:
        for template, code in (("login", "424242"), ("verify", "424242"), ("locked", ""),
                               ("test", "")):
            expect(daemon.send(template=template, code=code), "sent")
        daemon.wait_log("    424242")
        daemon.wait_log("Sign-in is locked")


def test_members_that_may_be_left_out():
    with mailer(CONSOLE) as daemon:
        plain = {"to": "a@b.example", "template": "test", "at": int(time.time())}
        expect(daemon.send(plain=plain), "sent")


def test_a_mail_after_its_deadline_is_never_sent():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        for deadline in (0, 1, int(time.time()) - 1, int(time.time())):
            expect(daemon.send(deadline=deadline), "refused", "expired")
        daemon.wait_log('detail="expired"')
    assert not server.lines
    with mailer(CONSOLE) as daemon:
        expect(daemon.send(deadline=int(time.time())), "refused", "expired")


def test_a_mail_that_waits_beyond_its_deadline_is_never_sent():
    server = Script({"RCPT": lambda line: hold(line)})
    seconds = 2

    def hold(line):
        if line.number == 0:
            while time.time() < until:
                time.sleep(0.05)
        line.say("250 fine")
        return True
    with mailer(smtp(server.port, connections=1)) as daemon:
        first, second = daemon.client(), daemon.client()
        until = int(time.time()) + seconds
        first.send(MAIL + "Send", **daemon.prepare())
        second.send(MAIL + "Send", **daemon.prepare(deadline=until))
        answer = second.receive()
        expect((answer["result"], answer["detail"]), "refused", "expired")
        assert first.receive()["result"] == "sent"
    assert len(server.bodies) == 1


def test_the_same_mail_twice_at_once_is_sent_once():
    import threading
    go = threading.Event()

    def wait(line):
        go.wait(30)
        line.say("250 queued")
        return True
    server = Script({"body": wait})
    with mailer(smtp(server.port)) as daemon:
        first = daemon.client()
        parameters = daemon.prepare(mail="cd" * 16)
        first.send(MAIL + "Send", **parameters)
        while not server.bodies:
            time.sleep(0.005)
        second = daemon.client().call(MAIL + "Send", **parameters)
        expect((second["result"], second["detail"]), "deferred", "already on its way")
        go.set()
        assert first.receive()["result"] == "sent"
    assert len(server.bodies) == 1


CALLER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from client import Client, Refused
os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[3]))
for method in ("PublicKey", "Status"):
    try:
        Client(sys.argv[2]).call("org.emailotp.Mail." + method)
        print("allowed")
    except Refused as refused:
        print(refused)
print(Client(sys.argv[2]).call("org.varlink.service.GetInfo")["product"])
"""


def call_as(daemon, uid):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(here + "/client.py", encoding="utf-8") as module:
        with open(f"{daemon.directory}/client.py", "w", encoding="utf-8") as copy:
            os.fchmod(copy.fileno(), 0o644)
            copy.write(module.read())
    out = subprocess.run(["/usr/bin/python3", "-c", CALLER, daemon.directory,
                          daemon.socket, str(uid)], capture_output=True, text=True,
                         check=False)
    return out.stdout.split() or [out.stderr]


def test_only_root_and_otpd_may_call():
    if os.geteuid() != 0:
        raise Skip("needs root to be somebody else")
    with mailer(CONSOLE, head='otpd_user = "nobody"\nsocket_mode = 0666') as daemon:
        denied = "org.emailotp.Error.Denied"
        assert call_as(daemon, 65534) == ["allowed", "allowed", "otpd-mail"]
        assert call_as(daemon, 12345) == [denied, denied, "otpd-mail"]
        daemon.wait_log("denied uid=12345")


def test_the_socket_is_private_and_otpds():
    if os.geteuid() != 0:
        raise Skip("needs root to hand the socket over")
    with mailer(CONSOLE, head='otpd_user = "nobody"') as daemon:
        stat = os.stat(daemon.socket)
        assert (stat.st_mode & 0o777, stat.st_uid) == (0o600, 65534)
        assert call_as(daemon, 65534)[0] == "allowed"
        assert "PermissionError" in call_as(daemon, 12345)[0]


def test_an_unknown_otpd_user_is_a_warning():
    with mailer(CONSOLE, head='otpd_user = "no-such-user"') as daemon:
        daemon.wait_log("otpd_user no-such-user does not exist")
        expect(daemon.send(), "sent")


def test_parameters_are_checked_by_name():
    with mailer(CONSOLE) as daemon:
        good = daemon.prepare()
        for case in ({"deadline": "x"}, {"deadline": -1}, {"sealed": "A" * 7000},
                     {"extra": 1}, {"mail": 5}):
            client = daemon.client()
            try:
                client.call(MAIL + "Send", **{**good, **case})
                raise AssertionError(case)
            except Refused as refused:
                assert "InvalidParameter" in str(refused)
        client = daemon.client()
        client.socket.sendall(json.dumps({"method": MAIL + "Nothing"}).encode() + b"\0")
        try:
            client.receive()
            raise AssertionError
        except Refused as refused:
            assert "MethodNotFound" in str(refused)
