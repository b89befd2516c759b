# SPDX-License-Identifier: MIT
"""The socket: who may call what, and frames that no honest client sends."""
import itertools
import json
import os
import resource
import socket
import time

from lab import Refused, Varlink, check, equal, wait_for
from world import ADA, CAROL, CLIENTS, MAILER, OTPD, SOCKET, WEB, as_uid

CLIENT = 'client app { user = "web"\n services = { webapp } }\n'


def _ask(method, **parameters):
    """For as_uid: the error's name, or "ok", or why it did not come that far."""
    def ask():
        try:
            with Varlink(SOCKET) as otpd:
                otpd.call(method, **parameters)
            return "ok"
        except Refused as refused:
            return refused.name
        except OSError as error:
            return type(error).__name__
    return ask


def each_uid_may_do_what_its_row_says(w):
    w.start(extra='socket_mode = 0666\nself_enrol = yes\n' + CLIENT)
    ours = w.begin(user="ada", service="webapp")["challenge"]
    auth, admin, self_ = ("org.emailotp.%s." % n for n in ("Auth", "Admin", "Self"))

    def begin(user, service):
        return auth + "Begin", {"user": user, "service": service}

    verify = (auth + "Verify", {"challenge": ours, "code": "123456"})
    calls = {
        "begin ada sshd": begin("ada", "sshd"),
        "begin ada webapp": begin("ada", "webapp"),
        "begin bob sshd": begin("bob", "sshd"),
        "verify root's": verify,
        "cancel root's": (auth + "Cancel", {"challenge": ours}),
        "own status": (self_ + "Status", {}),
        "admin list": (admin + "ListUsers", {}),
        "admin unlock": (admin + "UnlockUser", {"user": "ada"}),
        "admin add": (admin + "AddUser", {"user": "eve", "address": "eve@example.org"}),
        "info": ("org.varlink.service.GetInfo", {}),
    }
    # uid: the calls that are not answered with Denied (or NoChallenge: not theirs)
    allowed = {
        WEB: {"begin ada webapp", "own status", "info"},
        ADA: {"begin ada sshd", "begin ada webapp", "own status", "info"},
        CAROL: {"own status", "info"},
        OTPD: {"own status", "info"},
        MAILER: {"own status", "info"},
        65534: {"own status", "info"},
    }
    for (uid, may), (name, (method, parameters)) in itertools.product(
            allowed.items(), calls.items()):
        answer = as_uid(uid, _ask(method, **parameters), groups=[CLIENTS])
        if name in may:
            check(answer != "Denied", uid, name, answer)
        elif name in ("verify root's", "cancel root's"):
            check(answer in ("NoChallenge", "Denied") or name.startswith("cancel") and
                  answer == "ok", uid, name, answer)
        else:
            equal(answer, "Denied", "%s: %s" % (uid, name))
    state = w.begin(user="ada", service="webapp")
    check(state["resumed"] and state["challenge"] == ours, "somebody ended root's challenge")
    equal(state["tries_left"], 5, "somebody used up tries of root's challenge")
    equal(w.refusal("Admin.ShowUser", user="eve"), "NoUser")


def the_socket_keeps_strangers_out(w):
    w.start()
    equal(as_uid(CAROL, _ask("org.varlink.service.GetInfo")), "PermissionError")
    equal(as_uid(WEB, _ask("org.varlink.service.GetInfo"), groups=[CLIENTS]), "ok")
    status = os.stat(SOCKET)
    equal((oct(status.st_mode & 0o777), status.st_gid), ("0o660", CLIENTS), "socket")
    for path in (w.dir / "otpd").iterdir():
        equal(oct(path.stat().st_mode & 0o077), "0o0", path.name)


def a_user_enrols_herself(w):
    w.start(users=(), extra="socket_mode = 0666\nself_enrol = yes\n"
                            'enrol_domains = { "example.org" }')

    def me(method, **parameters):
        def ask():
            with Varlink(SOCKET) as otpd:
                try:
                    return otpd.call("org.emailotp.Self." + method, **parameters)
                except Refused as refused:
                    return {"error": refused.name}
        return as_uid(ADA, ask)

    equal(me("Enrol", address="ada@example.net")["error"], "NotAllowed")
    equal(me("Enrol", address="ada@example.org\r\nRCPT TO:<eve@evil>")["error"], "BadAddress")
    begun = me("Enrol", address="ada@example.org")
    code = w.wait_mails(1, "ada@example.org").code
    equal(w.refusal("Admin.ShowUser", user="ada"), "NoUser", "before the code")
    equal(me("Confirm", challenge=begun["challenge"], code=code), {})
    check(w.show()["user"]["verified_at"] > 0, "not verified")
    equal(me("Enrol", address="ada@example.org")["error"], "Exists")


def the_interface_describes_itself(w):
    w.start()
    info = json.loads(_raw(b'{"method":"org.varlink.service.GetInfo"}\0')[0])["parameters"]
    check("org.emailotp.Auth" in info["interfaces"], info)
    for interface in info["interfaces"]:
        with Varlink(SOCKET) as otpd:
            text = otpd.call("org.varlink.service.GetInterfaceDescription",
                             interface=interface)["description"]
        check("interface " + interface in text, text[:200])


def _raw(data, limit=20):
    """Sends bytes; all messages that come back until otpd closes or falls silent."""
    with Varlink(SOCKET, limit) as otpd:
        try:
            otpd.send(data)
            otpd.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass
        messages = []
        while True:
            message = otpd.receive()
            if message is None:
                return messages
            messages.append(message)


def frames_that_no_client_sends(w):
    w.start()
    begin = b'{"method":"org.emailotp.Auth.Begin","parameters":{%s}}\0'
    good = b'"user":"ada","service":"sshd"'
    frames = {
        "empty": b"\0",
        "no JSON": b"hello\0",
        "cut": b'{"method":"org.emailotp.Auth.Beg',
        "cut in a string": begin[:40],
        "too long": b'{"method":"' + b"x" * 9000 + b'"}\0',
        "too long, without an end": b"x" * 100000,
        "nested": b"[" * 4000 + b"]" * 4000 + b"\0",
        "nested parameters": begin % (good + b',"rhost":' + b'{"a":' * 50 + b"1" + b"}" * 50),
        "a key twice": begin % (good + b',"user":"bob"'),
        "not UTF-8": begin % b'"user":"\xff\xfe","service":"sshd"',
        "a surrogate": begin % b'"user":"\\ud800","service":"sshd"',
        "a NUL in a string": begin % b'"user":"ada\\u0000bob","service":"sshd"',
        "a list": b'["org.emailotp.Auth.Begin"]\0',
        "no method": b'{"parameters":{}}\0',
        "a method that is a number": b'{"method":1}\0',
        "parameters that are a list": b'{"method":"org.emailotp.Auth.Begin","parameters":[]}\0',
        "an unknown method": b'{"method":"org.emailotp.Auth.Open"}\0',
        "an unknown interface": b'{"method":"org.example.X"}\0',
        "an unknown parameter": begin % (good + b',"admin":true'),
        "a missing parameter": begin % b'"user":"ada"',
        "a wrong type": begin % b'"user":7,"service":"sshd"',
        "a user of 65536 bytes": begin % (b'"user":"' + b"a" * 65536 + b'","service":"sshd"'),
        "a user of 256 bytes": begin % (b'"user":"' + b"a" * 256 + b'","service":"sshd"'),
        "a user with a line end": begin % b'"user":"ada\\nroot","service":"sshd"',
        "an empty user": begin % b'"user":"","service":"sshd"',
        "two answers wanted": b'{"method":"org.emailotp.Auth.Begin","more":true,'
                              b'"parameters":{' + good + b'}}\0',
    }
    for what, frame in frames.items():
        for message in _raw(frame):
            answer = json.loads(message)
            check(what == "two answers wanted" or answer.get("error"), what, answer)
        check(w.otpd.poll() is None, "otpd ended at:", what)
    messages = _raw((begin % good) * 3)
    equal(len(messages), 3, "answers to three calls in one write")
    check(all("error" not in json.loads(m) for m in messages), messages)
    w.settle()
    equal(len(w.mails()), 1, "mails")


def a_frame_that_never_ends_is_cut_off(w):
    w.start()
    with Varlink(SOCKET) as otpd:
        otpd.send(b'{"method":')
        started = time.monotonic()
        equal(otpd.receive(), None)
        check(time.monotonic() - started < 15, "it took long")


def ten_thousand_connections(w):
    """Those that go beyond the limit are turned away; root's way in stays open."""
    w.start(extra="socket_mode = 0666")
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))

    def flood():
        kept = []
        for _ in range(10000):
            client = socket.socket(socket.AF_UNIX)
            client.connect(SOCKET)
            kept.append(client)
        return True

    w.begin()
    equal(as_uid(CAROL, flood), True)
    w.begin()
    clients = []
    for _ in range(600):  # as root, beyond max_connections
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(SOCKET)
        except BlockingIOError:
            pass
        clients.append(client)
    for client in clients:
        client.close()

    def has_room():
        try:
            return w.begin()
        except OSError:  # it has not seen yet that those have gone
            return None
    wait_for("room for root", has_room)
    check(w.otpd.poll() is None, "otpd has ended")


def one_uid_cannot_take_all_connections(w):
    w.start(extra="socket_mode = 0666")

    def grab():
        kept = []
        for _ in range(100):
            client = Varlink(SOCKET)
            try:
                client.call("org.varlink.service.GetInfo")
                kept.append(client)
            except OSError:
                pass
        return len(kept)

    equal(as_uid(CAROL, grab), 16, "connections of one uid")
