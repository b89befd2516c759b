#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The clients of conf/examples against a server that says whatever the test wants: each
error of the interface has its class and its fields in both, and no answer, however broken,
is anything but Unavailable. Then clients.mjs, which does the same for Node."""
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

TREE = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = TREE / "conf/examples"
sys.dont_write_bytecode = True
sys.path.insert(0, str(EXAMPLES))
import emailotp  # noqa: E402

IDL = (TREE / "otpd/proto/org.emailotp.Error.varlink").read_text()
ERRORS = {name: dict(re.findall(r"(\w+): (\w+)", fields))
          for name, fields in re.findall(r"(?m)^error (\w+) \((.*)\)$", IDL)}
VALUES = {"int": 7, "string": "wörds"}
BROKEN = {"nothing": b"", "half": b'{"parameters":{}', "no JSON": b"hello\0",
          "no object": b"[1]\0", "no UTF-8": b'{"parameters":{"a":"\xff"}}\0',
          "too long": b'"' + b"a" * 65536 + b'"\0'}


class Server:
    """Answers each connection with the next of self.answers, and keeps what it was sent.
    None: it does not answer."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.answers, self.calls, self.kept = [], [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            data = b""
            while not data.endswith(b"\0"):
                data += client.recv(65536)
            self.calls.append(json.loads(data[:-1]))
            answer = self.answers.pop(0)
            if answer is None:
                self.kept.append(client)
                continue
            try:
                client.sendall(answer)
            except BrokenPipeError:
                pass  # it has heard enough
            client.close()


def refusal(otpd, server, *answers):
    server.answers += answers
    try:
        return otpd.call("Account.Resend", challenge="c")
    except emailotp.Error as e:
        return e


def errors(otpd, server):
    for name, fields in ERRORS.items():
        given = {field: VALUES[kind] for field, kind in fields.items()}
        answer = {"error": "org.emailotp.Error." + name, "parameters": given}
        e = refusal(otpd, server, json.dumps(answer).encode() + b"\0")
        assert type(e) is getattr(emailotp, name), (name, type(e))
        assert {field: getattr(e, field) for field in fields} == given, name
        e = refusal(otpd, server, b'{"error":"org.emailotp.Error.%s"}\0' % name.encode())
        for field, kind in fields.items():
            assert getattr(e, field) == {"int": 0, "string": ""}[kind], (name, field)
    e = refusal(otpd, server, b'{"error":"org.varlink.service.InvalidParameter",'
                b'"parameters":{"parameter":"code"}}\0')
    assert type(e) is emailotp.Error and e.parameters == {"parameter": "code"}, e


def broken(otpd, server):
    for name, answer in BROKEN.items():
        e = refusal(otpd, server, answer)
        assert type(e) is emailotp.Unavailable and e.reason, (name, e)
    e = refusal(emailotp.Otpd(otpd.path, timeout=0.1, owner=otpd.owner), server, None)
    assert type(e) is emailotp.Unavailable, e
    e = refusal(emailotp.Otpd("/nonexistent/otpd.sock"), server)
    assert type(e) is emailotp.Unavailable, e


def calls(otpd, server):
    server.answers.append(b'{"parameters":{"a":"\xc3\xb6"}}\0')
    answer = otpd.call("Account.Register", address="ö@example.org", login=None, profile={})
    assert answer == {"a": "ö"}, answer
    assert server.calls[-1] == {"method": "org.emailotp.Account.Register", "parameters": {
        "address": "ö@example.org", "profile": {}}}, server.calls[-1]
    server.answers.append(b"{}\0")
    assert otpd.call("Account.Cancel", challenge="c") == {}
    assert emailotp.clean_code(" 493 817-") == "493817" and emailotp.clean_code("cd f") == "CDF"


def tokens(otpd, server):
    server.answers += [b'{"parameters":{"active":true,"claims":{"sub":"x"}}}\0',
                       b'{"parameters":{"active":false}}\0']
    assert otpd.claims("t") == {"sub": "x"}
    try:
        raise AssertionError(otpd.claims("t"))
    except emailotp.BadToken:
        pass


def owners(otpd, server):
    """Nothing is sent to a socket of somebody else's."""
    made = len(server.calls)
    real, emailotp.pwd.getpwuid = emailotp.pwd.getpwuid, lambda uid: real(65534)
    unpack, emailotp.struct.unpack = emailotp.struct.unpack, lambda *_: (1, 4711, 4711)
    try:
        e = refusal(emailotp.Otpd(otpd.path), server)
    finally:
        emailotp.pwd.getpwuid, emailotp.struct.unpack = real, unpack
    assert type(e) is emailotp.Unavailable and "4711" in e.reason, e
    assert len(server.calls) == made


def sizes(*_):
    for path in (EXAMPLES / "emailotp.py", EXAMPLES / "emailotp.mjs"):
        lines = path.read_text().splitlines()
        assert len(lines) <= 120, (path, len(lines))
        assert "SPDX-License-Identifier: MIT" in lines[0], path


def node(*_):
    done = subprocess.run(["node", TREE / "tests/web/clients.mjs"], timeout=120, text=True,
                          capture_output=True, input=json.dumps(ERRORS))
    assert done.returncode == 0, done.stdout + done.stderr


def main():
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/otpd.sock"
        server = Server(path)
        otpd = emailotp.Otpd(path, owner=pwd.getpwuid(os.geteuid()).pw_name)
        for test in (sizes, errors, broken, calls, tokens, owners, node):
            if test is node and not shutil.which("node"):
                print("skipped  clients: node: not installed")
                skipped += 1
                continue
            try:
                test(otpd, server)
                passed += 1
                print("ok       clients:", test.__name__)
            except (AssertionError, emailotp.Error) as e:
                failed += 1
                print("FAILED   clients:", test.__name__, repr(e))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
