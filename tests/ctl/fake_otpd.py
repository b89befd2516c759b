# SPDX-License-Identifier: MIT
"""An otpd, or an otpd-mail, that does what a test tells it: JSON, NUL, on a Unix socket.

handler(method, parameters) is called for each call, with the method's name without
"org.emailotp.", and returns the parameters of the answer, Refusal(name, parameters), raw
bytes to be sent as they are, CLOSE, or HANG. Every call is kept in calls. Parameters are
held against the .varlink files first, as otpd does it.
"""
import json
import os
import re
import socket
import tempfile
import threading
import time

FRAME = 8192
PROTO = os.path.join(os.path.dirname(__file__), "../../otpd/proto")
TYPES = {"string": str, "int": int, "bool": bool, "object": dict}
CLOSE = object()
HANG = object()


class Refusal:
    def __init__(self, name, **parameters):
        self.name = name if "." in name else "org.emailotp.Error." + name
        self.parameters = parameters


# What of the interfaces otpctl uses; held against the files where they have it too.
USED = {"Admin": """
    method AddUser(user: string, address: string, name: ?string, verified: ?bool,
                   replace: ?bool, language: ?string)
    method SetLanguage(user: string, language: string)
    method SetSecond(user: string, address: string, verified: ?bool)
    method SendTest(address: string, template: ?string, language: ?string, tenant: ?string)
    method EndSessions(login: ?string, tenant: ?string, all: ?bool)
    method RotateTokenKey()
    method RecoveryCodes(user: string)
    method BreakGlass(user: string)
"""
    # what of accounts is the same for all
    + "".join(f"method {name}(login: string, tenant: ?string)" for name in
              ("ShowAccount", "VerifyAccount", "DisableAccount", "UnlockAccount",
               "RequireReset", "RemoveAccount")) + """
    method AllowReset(login: string, tenant: ?string, seconds: int)
    method ListAccounts(tenant: ?string, after: ?string, limit: ?int)
    method AddAccount(address: string, login: ?string, tenant: ?string, verified: ?bool,
                      language: ?string)
""", "Self": """
    method EnrolSecond(address: string)
    method BeginRecovery()
    method RecoveryCodes(challenge: string)
""", "Mail": """
    method Stats(after: ?string, limit: ?int)
    method Trace(mail: string)
    method Status()
""", "Account": """
    method Keys()
"""}


def read_methods(text):
    """Method -> parameter -> (Python type, optional)."""
    return {method: {field: (TYPES.get(type_, list), bool(optional))
                     for field, optional, type_ in
                     re.findall(r"(\w+): *(\??)((?:\[\])?\w+)", fields)}
            for method, fields in re.findall(r"method (\w+)\(([^)]*)\)", text)}


def read_interfaces():
    methods = {}
    for name in ("Account", "Admin", "Self", "Auth", "Mail"):
        path = os.path.join(PROTO, f"org.emailotp.{name}.varlink")
        with open(path, encoding="utf-8") as file:
            written = read_methods(re.sub("#.*", "", file.read()))
        used = read_methods(USED.get(name, ""))
        for method in written | used:
            fields = used.get(method, {}) | written.get(method, {})
            for field, type_ in used.get(method, {}).items():
                assert fields[field] == type_, f"{name}.{method}: {field}"
            methods[f"{name}.{method}"] = fields
    return methods


METHODS = read_interfaces()


def wrong_parameter(method, parameters):
    """The name of a parameter that otpd would refuse; None if there is none."""
    fields = METHODS[method]
    for name, value in parameters.items():
        if name not in fields or type(value) is not fields[name][0]:
            return name
    if not 1 <= parameters.get("limit", 1) <= 100:
        return "limit"
    missing = [name for name, (_, optional) in fields.items()
               if not optional and name not in parameters]
    return missing[0] if missing else None


class FakeOtpd:
    """otpd; name and directory put another daemon beside it. uid: who listens."""

    def __init__(self, handler, name="otpd.sock", directory=None, uid=None):
        self.handler = handler
        self.calls = []
        self.times = []
        self.frames = []
        self.closed = threading.Event()
        self.directory = directory or tempfile.TemporaryDirectory(prefix="otpctl")
        self.path = os.path.join(self.directory.name, name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        # Its effective uid at listen() is what SO_PEERCRED shows to who connects.
        if uid is not None:
            os.seteuid(uid)
        try:
            self.listener.listen(64)
        finally:
            if uid is not None:
                os.seteuid(0)

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.directory.cleanup()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        data = b""
        with conn:
            while True:
                while b"\0" not in data:
                    try:
                        more = conn.recv(65536)
                    except OSError:
                        return
                    if not more:
                        return
                    data += more
                frame, data = data.split(b"\0", 1)
                if not self.answer(conn, frame):
                    return

    def answer(self, conn, frame):
        self.frames.append(len(frame) + 1)
        call = json.loads(frame)
        assert set(call) <= {"method", "parameters"}, call
        assert call["method"].startswith("org.emailotp."), call
        method = call["method"].removeprefix("org.emailotp.")
        parameters = call.get("parameters", {})
        self.calls.append((method, parameters))
        self.times.append(time.monotonic())
        wrong = wrong_parameter(method, parameters)
        answer = Refusal("org.varlink.service.InvalidParameter", parameter=wrong) \
            if wrong else self.handler(method, parameters)
        if answer is CLOSE:
            return False
        if answer is HANG:
            self.closed.wait()
            return False
        if isinstance(answer, Refusal):
            answer = {"error": answer.name, "parameters": answer.parameters}
        elif not isinstance(answer, bytes):
            answer = {"parameters": answer}
        if not isinstance(answer, bytes):
            answer = json.dumps(answer, ensure_ascii=False).encode() + b"\0"
        try:
            conn.sendall(answer)
        except OSError:
            return False
        return True

    def methods(self):
        return [method for method, _ in self.calls]


class FakeMailer(FakeOtpd):
    """otpd-mail, where otpctl looks for it: beside the otpd that it belongs to."""

    def __init__(self, handler, otpd, **more):
        super().__init__(handler, "mail.sock", otpd.directory, **more)


class Daemon:
    """A handler with users in memory, for what needs an otpd that remembers."""

    def __init__(self):
        self.users = {}
        self.more = {}  # user -> members of the row that are not the usual ones

    def __call__(self, method, parameters):
        return getattr(self, method.split(".")[1])(**parameters)

    def row(self, user):
        address, name, verified, disabled = self.users[user]
        return {"user": user, "address": address, "name": name,
                "verified_at": 1700000000 if verified else 0, "disabled": disabled,
                "created_at": 1690000000, "last_login_at": 0, "language": "",
                "second": "", "second_verified_at": 0, "refusals": 0,
                "undeliverable": False} | self.more.get(user, {})

    def AddUser(self, user, address, name="", verified=False, replace=False, language=""):
        if user in self.users and not replace:
            return Refusal("Exists")
        self.note(user, language=language)
        self.users[user] = [address, name, verified, False]
        return {}

    def ListUsers(self, after="", limit=100):
        names = sorted(name for name in self.users if name > after)
        rows = [self.row(name) for name in names[:limit]]
        return {"users": rows, "next": names[limit - 1]} if len(names) > limit else \
            {"users": rows}

    def ShowUser(self, user):
        if user not in self.users:
            return Refusal("NoUser")
        return {"user": self.row(user), "wrong_hour": 1, "wrong_day": 2, "wrong_month": 3,
                "sends_hour": 4, "sends_day": 5, "live_challenges": 1, "locked_for": 90}

    def change(self, user, index, value):
        if user not in self.users:
            return Refusal("NoUser")
        self.users[user][index] = value
        return {}

    def note(self, user, **members):
        self.more.setdefault(user, {}).update(members)

    def SetLanguage(self, user, language):
        if user not in self.users:
            return Refusal("NoUser")
        self.note(user, language=language)
        return {}

    def SetSecond(self, user, address, verified=False):
        if user not in self.users:
            return Refusal("NoUser")
        if address == self.users[user][0]:
            return Refusal("BadAddress", reason="it is the first address")
        self.note(user, second=address,
                  second_verified_at=1700000000 if address and verified else 0)
        return {}

    def VerifyUser(self, user):
        return self.change(user, 2, True)

    def DisableUser(self, user):
        return self.change(user, 3, True)

    def UnlockUser(self, user):
        return self.change(user, 3, False)

    def RemoveUser(self, user):
        return {} if self.users.pop(user, None) else Refusal("NoUser")

    def ImportUsers(self, users, verified=False, update=False, dry_run=False):
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        problems = []
        for line, new in enumerate(users):
            old = self.users.get(new["user"])
            if new["user"].startswith("bad"):
                problems.append({"line": line, "reason": "bad_name"})
            elif old and old[0] != new["address"] and not update:
                problems.append({"line": line, "reason": "exists"})
            elif old:
                counts["updated" if old[0] != new["address"] else "unchanged"] += 1
            else:
                counts["added"] += 1
        if problems:
            return {"added": 0, "updated": 0, "unchanged": 0, "problems": problems}
        if not dry_run:
            for new in users:
                self.users[new["user"]] = [new["address"], new.get("name", ""), verified,
                                           False]
        return counts | {"problems": []}
