# SPDX-License-Identifier: MIT
"""conf/otpctl.bash, sourced into a bash and asked."""
import os
import re
import subprocess
import tempfile

from fake_otpd import Daemon, FakeOtpd, Refusal
from harness import DONE, OTPCTL, ROOT, otpctl
from test_accounts import Accounts
from test_usage import commands

SCRIPT = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_otpctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words, cwd=None):
    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", SCRIPT, "bash",
         os.path.join(ROOT, "conf/otpctl.bash"), OTPCTL, *words],
        capture_output=True, text=True, timeout=20, check=True, cwd=cwd)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def test_commands_are_offered():
    assert set(complete("")) == {command.split()[0] for command in commands()}
    assert complete("st") == ["status"]
    for group in ("users", "accounts", "tokens", "mail"):
        assert {f"{group} {word}" for word in complete(group, "")} == \
            {command for command in commands() if command.startswith(group + " ")}
    assert complete("help", "users", "im") == ["import"]
    assert complete("mail", "") == ["stats"] == complete("help", "mail", "")
    assert complete("send-test", "--mail-socket", "x", "--") == complete("send-test", "--")
    assert complete("--json", "--timeout", "5", "users", "ad") == ["add"]


def test_options_are_those_of_the_help():
    for command in commands():
        text = otpctl(None, "help", *command.split()).expect(DONE).out
        known = set(re.findall(r"^  (--[a-z-]+)", text, re.M))
        assert set(complete(*command.split(), "--")) == known, command


def test_events_are_those_of_the_table():
    with open(os.path.join(ROOT, "otpd/core/event.c"), encoding="ascii") as file:
        names = re.findall(r'^\t\{ "([a-z_]+)", ', file.read(), re.M)
    assert len(names) > 50 and complete("audit", "--event", "") == names


def test_users_are_offered_where_users_are_meant():
    daemon = Daemon()
    for name in ("alice", "albert", "bob"):
        daemon.AddUser(name, "x@example.org")
    with FakeOtpd(daemon) as otpd:
        front = ("--socket", otpd.path)
        for word in ("show", "verify", "disable", "unlock", "remove", "language", "second"):
            assert complete(*front, "users", word, "al") == ["albert", "alice"]
        assert complete(*front, "users", "verify", "bob", "al") == ["albert", "alice"]
        assert complete(*front, "audit", "--user", "b") == ["bob"]
        assert complete(*front, "users", "add", "") == []
        assert complete(*front, "users", "second", "alice", "") == []


def test_accounts_are_offered_where_accounts_are_meant():
    fake = Accounts("acme", "shop")
    for address in ("ada@example.org", "al+x@example.org"):
        fake.AddAccount(address, tenant="acme")
    fake.AddAccount("alan@example.org", tenant="shop")
    with FakeOtpd(fake) as otpd:
        front = ("--socket", otpd.path)
        for word in ("show", "verify", "disable", "unlock", "require-reset", "allow-reset",
                     "logout", "remove"):
            assert complete(*front, "accounts", word, "--tenant", "acme", "a") == \
                ["ada@example.org", "al+x@example.org"], word
        assert complete(*front, "accounts", "show", "--tenant", "shop", "a") == \
            ["alan@example.org"]
        assert complete(*front, "accounts", "show", "a") == [], "which tenant is not said"
        assert complete(*front, "accounts", "add", "a") == []
        assert complete(*front, "accounts", "list", "") == []
        assert complete(*front, "tokens", "revoke-all", "") == []


def test_languages_are_offered():
    assert complete("users", "language", "alice", "") == ["en", "de", "fr", "es", "pt", "ja"]
    assert complete("users", "language", "alice", "e") == ["en", "es"]
    assert complete("send-test", "--language", "d") == ["de"]
    assert complete("users", "add", "a", "a@example.org", "--language", "f") == ["fr"]
    assert complete("send-test", "--tenant", "") == []


def test_answers_of_setup_are_offered():
    assert complete("setup", "--first-factor", "") == ["password", "key"]
    assert complete("setup", "--services", "ss") == ["sshd", "sshd,sudo"]
    assert complete("setup", "--trial", "n") == ["none"]
    assert complete("setup", "--relay", "x", "--yes", "--un") == ["--undo"]


def test_hostile_names_are_not_offered_and_not_run():
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon()
        for name in (f"$(touch {directory}/x)", f"`touch {directory}/x`", "a;b", "a b",
                     'a"user":"b', "*", "ok"):
            daemon.AddUser(name, "x@example.org")
        with FakeOtpd(daemon) as otpd:
            assert complete("--socket", otpd.path, "users", "show", "") == ["ok"]
        assert os.listdir(directory) == []


def test_nothing_is_said_where_otpd_does_not_answer():
    assert complete("--socket", "/nonexistent", "users", "show", "") == []
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        assert complete("--socket", otpd.path, "users", "show", "") == []


def test_files_are_offered_for_import():
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "users.csv"), "w", encoding="ascii"):
            pass
        assert complete("users", "import", "us", cwd=directory) == ["users.csv"]
        assert complete("mail", "stats", "--mail-socket", "us", cwd=directory) == \
            ["users.csv"]
