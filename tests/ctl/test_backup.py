# SPDX-License-Identifier: MIT
"""otpctl backup and restore: the file, its name, and what happens when something fails.
The store itself is in tests/system/t_backup.py."""
import base64
import json
import os
import pty
import signal
import stat
import subprocess
import tempfile

from fake_otpd import CLOSE, HANG, FakeOtpd, Refusal
from harness import (BAD_FILE, DONE, OTHER, OTPCTL, REFUSED, UNREACHABLE, USAGE, Terminal,
                     otpctl)

PIECE = 32768


class Store:
    """An otpd with a backup of these bytes."""

    def __init__(self, data, stop_at=None, stop=CLOSE):
        self.data = data
        self.stop_at, self.stop = stop_at, stop
        self.ended = False

    def __call__(self, method, parameters):
        if method == "Admin.Config":
            return {"settings": [{"section": "", "name": "key_file", "value": '"/k/otpd.key"',
                                  "origin": "default"}], "changed": []}
        if method == "Admin.BeginBackup":
            return {"backup": "b" * 32, "size": len(self.data)}
        assert parameters["backup"] == "b" * 32
        if method == "Admin.EndBackup":
            self.ended = True
            return {}
        offset = parameters["offset"]
        if self.stop_at is not None and offset >= self.stop_at:
            return self.stop
        end = offset + PIECE
        answer = {"data": base64.b64encode(self.data[offset:end]).decode()}
        return answer | ({"next": end} if end < len(self.data) else {})


def in_directory(test):
    def run():
        with tempfile.TemporaryDirectory() as directory:
            test(directory)
    return run


@in_directory
def test_backup_writes_what_otpd_gives(directory):
    path = os.path.join(directory, "backup")
    for size in (1, PIECE - 1, PIECE, PIECE + 1, 10 * PIECE + 17):
        store = Store(os.urandom(size))
        with FakeOtpd(store) as otpd:
            otpctl(otpd, "backup", "--replace", path).expect(
                DONE, f"{size} bytes", "The key", "/k/otpd.key", "is not in it")
            with open(path, "rb") as file:
                assert file.read() == store.data
            assert store.ended
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            assert os.listdir(directory) == ["backup"]
            assert otpctl(otpd, "backup", "--replace", "--json", path).expect(DONE).json() == \
                {"file": path, "size": size}


@in_directory
def test_backup_does_not_replace(directory):
    path = os.path.join(directory, "backup")
    for make in (lambda: open(path, "w").close(), lambda: os.symlink("/nonexistent", path)):
        make()
        with FakeOtpd(Store(b"x")) as otpd:
            otpctl(otpd, "backup", path).expect(OTHER, "exists", "--replace")
            assert otpd.calls == []
        os.unlink(path)

    class Late(Store):
        """Somebody makes a file of that name meanwhile."""

        def __call__(self, method, parameters):
            if method == "Admin.ReadBackup":
                with open(path, "w", encoding="ascii") as file:
                    file.write("mine")
            return super().__call__(method, parameters)
    with FakeOtpd(Late(b"x")) as otpd:
        otpctl(otpd, "backup", path).expect(OTHER, "exists", "--replace")
    with open(path, encoding="ascii") as file:
        assert file.read() == "mine"
    assert os.listdir(directory) == ["backup"]


@in_directory
def test_backup_leaves_nothing_where_it_fails(directory):
    path = os.path.join(directory, "backup")
    for stop, code in ((CLOSE, UNREACHABLE), (Refusal("NoChallenge"), REFUSED),
                       ({"data": ""}, UNREACHABLE), ({"data": "%%%%"}, UNREACHABLE),
                       ({"data": base64.b64encode(b"x" * 48000).decode() + "%"}, UNREACHABLE),
                       ({"data": 7}, UNREACHABLE), ({}, UNREACHABLE)):
        with FakeOtpd(Store(bytes(5 * PIECE), 2 * PIECE, stop)) as otpd:
            otpctl(otpd, "backup", path).expect(code)
            assert os.listdir(directory) == [], stop
    for answer in ({}, {"backup": "b", "size": 0}, {"backup": "b" * 100, "size": 1}):
        with FakeOtpd(lambda *_: answer) as otpd:
            otpctl(otpd, "backup", path).expect(UNREACHABLE)
    with FakeOtpd(lambda *_: Refusal("Busy")) as otpd:
        otpctl(otpd, "backup", path).expect(REFUSED, "another backup is being made")
    with FakeOtpd(lambda *_: HANG) as otpd:
        otpctl(otpd, "backup", "--timeout", "1", path).expect(UNREACHABLE, "in time")
    assert os.listdir(directory) == []
    otpctl(None, "backup", "/nonexistent/backup").expect(OTHER, "directory")


@in_directory
def test_backup_that_is_interrupted_leaves_nothing(directory):
    store = Store(bytes(10 ** 9))  # longer than anybody waits
    with FakeOtpd(store) as otpd:
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [OTPCTL, "--socket", otpd.path, "backup", os.path.join(directory, "b")],
                stderr=subprocess.PIPE, text=True)
            before = len(otpd.calls)
            while len(otpd.calls) < before + 10:
                assert process.poll() is None
            process.send_signal(number)
            assert "nothing was kept" in process.communicate(timeout=20)[1]
            assert process.returncode == OTHER and os.listdir(directory) == []


@in_directory
def test_backup_to_a_pipe_and_not_to_a_terminal(directory):
    store = Store(b"hello" * 3000)
    with FakeOtpd(store) as otpd:
        done = otpctl(otpd, "backup", "-").expect(DONE)
        assert done.out == store.data.decode()
        window = Terminal(otpd, "backup", "-")
        window.expect("not for a terminal")
        window.end(USAGE)
        path = os.path.join(directory, "b")
        window = Terminal(otpd, "backup", path)
        assert "reading [" in window.end(DONE)
    with open("/dev/full", "wb") as full, FakeOtpd(store) as otpd:
        done = subprocess.run([OTPCTL, "--socket", otpd.path, "backup", "-"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=20)
        assert done.returncode == OTHER and "disk is full" in done.stderr, done


def fake_tree(directory, script):
    """otpctl with an otpd beside it that does what script says."""
    for name, text in (("otpd", "#!/bin/sh\n" + script),):
        path = os.path.join(directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, 0o755)
    program = os.path.join(directory, "otpctl")
    with open(OTPCTL, "rb") as source, open(program, "wb") as copy:
        copy.write(source.read())
    os.chmod(program, 0o755)
    return program


FACTS = """cat >"$0.in.$#"; printf '%s\\n' "$*" >>"$0.calls"
printf 'made_at=1700000000\\nusers=12\\naccounts=3\\nrecovery_codes=20\\nkey=KEY\\n'
"""


def restore(program, *arguments, **more):
    environment = dict(os.environ, TZ="UTC", LC_ALL="C")
    return subprocess.run([program, "restore", *arguments], text=True, capture_output=True,
                          timeout=20, env=environment, stdin=subprocess.DEVNULL, **more)


@in_directory
def test_restore_checks_asks_and_hands_over(directory):
    program = fake_tree(directory, FACTS.replace("KEY", "fits") +
                        "echo old_store=read; echo voided_codes=4\n")
    backup = os.path.join(directory, "backup")
    with open(backup, "w", encoding="ascii") as file:
        file.write("a backup")
    done = restore(program, backup)
    assert done.returncode == USAGE and "give --yes" in done.stderr, done
    assert "backup of 2023-11-14T22:13:20+00:00, 12 users, 3 accounts" in done.stderr
    with open(os.path.join(directory, "otpd.calls"), encoding="ascii") as file:
        assert file.read() == "--restore - --check\n"
    done = restore(program, "--yes", "--config", "/some/where", backup)
    assert done.returncode == DONE, done
    assert "4 recovery codes were used or replaced" in done.stdout
    assert "warning" not in done.stderr, done.stderr
    with open(os.path.join(directory, "otpd.calls"), encoding="ascii") as file:
        assert file.read().splitlines()[1:] == [
            "--restore - --config /some/where --check", "--restore - --config /some/where"]
    for n in (3, 4, 5):
        with open(os.path.join(directory, f"otpd.in.{n}"), encoding="ascii") as file:
            assert file.read() == "a backup", n
    done = restore(program, "--yes", "--json", backup)
    assert json.loads(done.stdout) == {
        "made_at": 1700000000, "users": 12, "accounts": 3, "key": "fits",
        "old_store": "read", "voided_codes": 4}


@in_directory
def test_restore_warns_of_what_comes_back(directory):
    program = fake_tree(directory, FACTS.replace("KEY", "other") +
                        "echo old_store=damaged; echo voided_codes=0\n")
    done = restore(program, "--yes", "/dev/null")
    assert done.returncode == DONE, done
    assert "made with another key" in done.stderr
    assert "work again" in done.stderr, done.stderr


@in_directory
def test_restore_tells_failures_apart(directory):
    fails = "echo 'otpd: standard input: is damaged' >&2; exit 1\n"
    program = fake_tree(directory, fails)
    done = restore(program, "--yes", "/dev/null")
    assert done.returncode == BAD_FILE and "is damaged" in done.stderr, done
    assert "nothing was changed" in done.stderr
    program = fake_tree(directory, FACTS + 'test "$3" = --check || exit 1\n')
    done = restore(program, "--yes", "/dev/null")
    assert done.returncode == OTHER and "the store stays as it was" in done.stderr, done
    done = restore(program, "--yes", "/nonexistent")
    assert done.returncode == BAD_FILE and "otpctl backup made" in done.stderr, done


@in_directory
def test_restore_asks_a_person(directory):
    program = fake_tree(directory, FACTS.replace("KEY", "fits"))
    for answer, code, text in (("n\n", OTHER, "nothing was changed"),
                               ("y\n", DONE, "restored")):
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(program, [program, "restore", "/dev/null"])
        window = Terminal.__new__(Terminal)
        window.pid, window.fd, window.seen = pid, fd, ""
        window.expect("Replace the store")
        window.type(answer)
        assert text in window.end(code)
