# SPDX-License-Identifier: MIT
"""A daemon that is not there, or not what it should be."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

from fake_otpd import CLOSE, HANG, Daemon, FakeOtpd, Refusal
from harness import OTPCTL, REFUSED, ROOT, UNREACHABLE, USAGE, Skip, otpctl


def test_no_socket():
    otpctl("/nonexistent/otpd.sock", "status").expect(
        UNREACHABLE, "/nonexistent/otpd.sock", "otpd is not running", "systemctl start otpd")
    error = otpctl("/nonexistent/otpd.sock", "status", "--json").error()
    assert error["error"] == "NotReachable"


def test_a_socket_that_nobody_listens_on():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "otpd.sock")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        otpctl(path, "status").expect(UNREACHABLE, "nobody listens", "systemctl start otpd")


def test_a_socket_that_is_closed_to_us():
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")
    with FakeOtpd(Daemon()) as otpd:
        os.chmod(otpd.directory.name, 0o755)
        os.chmod(otpd.path, 0o660)
        # The build may lie where nobody else can look.
        program = os.path.join(otpd.directory.name, "otpctl")
        shutil.copy(OTPCTL, program)
        otpctl(otpd, "status", executable=program, cwd="/", user=65534, group=65534,
               extra_groups=[]).expect(
            UNREACHABLE, "be root or a member of the group otpd-clients")


def test_a_path_that_is_too_long():
    otpctl("/" + "x" * 200, "status").expect(USAGE, "too long", "--socket")


def test_a_daemon_that_closes():
    with FakeOtpd(lambda *_: CLOSE) as otpd:
        otpctl(otpd, "status").expect(UNREACHABLE, "closed the connection", "journalctl")


def test_a_daemon_that_hangs():
    with FakeOtpd(lambda *_: HANG) as otpd:
        otpctl(otpd, "--timeout", "1", "status").expect(
            UNREACHABLE, "did not answer in time", "--timeout")
        error = otpctl(otpd, "--timeout", "1", "users", "list", "--json").error()
        assert error["error"] == "TimedOut"


def test_a_daemon_that_talks_nonsense():
    for answer in (b"HTTP/1.0 400 Bad Request\r\n\r\n\0", b"\0", b"[]\0", b"{\0", b"null\0",
                   b'{"parameters":[]}\0', b'{"parameters":{},"parameters":{}}\0',
                   b'{"error":5}\0', b'{"error":"org.example.Strange"}\0',
                   b'{"parameters":{"version":"\xff"}}\0', b"[" * 5000 + b"\0"):
        with FakeOtpd(lambda *_: answer) as otpd:
            otpctl(otpd, "status").expect(UNREACHABLE, "not one of otpd")


def test_a_daemon_that_never_ends_its_answer():
    with FakeOtpd(lambda *_: b"x" * 100000) as otpd:
        otpctl(otpd, "status").expect(UNREACHABLE, "longer than the protocol allows")


def test_a_daemon_that_does_not_know_the_method():
    refusal = Refusal("org.varlink.service.MethodNotFound", method="x")
    with FakeOtpd(lambda *_: refusal) as otpd:
        otpctl(otpd, "status").expect(UNREACHABLE, "systemctl restart otpd")


def test_an_answer_as_long_as_allowed_is_taken():
    status = {"version": "x" * (65536 - len('{"parameters": {"version": ""}}') - 1)}
    assert len(json.dumps({"parameters": status})) == 65535
    with FakeOtpd(lambda *_: status) as otpd:
        assert otpctl(otpd, "status", "--json").expect(0).json() == status


def test_lists_of_other_things_than_rows_are_refused():
    for users in (None, 5, {}, "x", [1], [None]):
        with FakeOtpd(lambda *_: {"users": users}) as otpd:
            otpctl(otpd, "users", "list").expect(UNREACHABLE, "not one of otpd")


def test_rows_with_members_of_other_types_are_shown_as_nothing():
    with FakeOtpd(lambda *_: {"users": [{"user": 5, "address": None, "name": []}]}) as otpd:
        otpctl(otpd, "users", "list").expect(0, "unverified")


def test_a_list_that_stays_on_one_page_ends():
    with FakeOtpd(lambda *_: {"users": [{"user": "a"}], "next": "a"}) as otpd:
        otpctl(otpd, "users", "list").expect(UNREACHABLE, "not one of otpd")
        assert len(otpd.calls) == 2


def test_a_list_that_breaks_off_is_no_valid_json():
    daemon = Daemon()
    for i in range(100):
        daemon.AddUser(f"u{i:03}", "u@example.org")
    answers = []

    def handler(method, parameters):
        answers.append(1)
        return daemon(method, parameters) if len(answers) < 2 else CLOSE
    with FakeOtpd(handler) as otpd:
        result = otpctl(otpd, "users", "list", "--json").expect(UNREACHABLE)
        try:
            result.json()
        except json.JSONDecodeError:
            return
        raise AssertionError("a list that was cut short looks whole")


def test_what_a_daemon_says_cannot_write_to_the_terminal():
    refusal = Refusal("BadAddress", reason="\x1b[2Jgone")
    with FakeOtpd(lambda *_: refusal) as otpd:
        assert "\x1b" not in otpctl(otpd, "status").expect(REFUSED).err


def test_the_example_of_the_protocol_page_works():
    with open(os.path.join(ROOT, "man/emailotp-protocol.7"), encoding="utf-8") as page:
        code = page.read().split("import json", 1)[1].split("\n.Ed", 1)[0]

    def handler(method, parameters):
        if method == "Auth.Begin":
            return {"state": "challenge", "challenge": "0" * 32, "reference": "K7M"}
        return {"state": "verified"} if parameters["code"] == "123456" else \
            Refusal("WrongCode", tries_left=4, resend_in=0, delivery="sent")
    with FakeOtpd(handler) as otpd:
        code = ("import json" + code).replace("\\e", "\\").replace(
            "/run/otpd/otpd.sock", otpd.path)
        done = subprocess.run([sys.executable, "-c", code], input="123456\n", text=True,
                              capture_output=True, timeout=20, check=True)
        assert done.stdout == "Code (K7M): {'parameters': {'state': 'verified'}}\n", done
