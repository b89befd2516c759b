# SPDX-License-Identifier: MIT
"""The command line itself: help, suggestions, wrong options; nothing reaches otpd."""
import os
import re
import subprocess

from fake_otpd import FakeOtpd
from harness import DONE, OTPCTL, OTHER, ROOT, USAGE, otpctl


def commands():
    out = otpctl(None, "help").expect(DONE).out
    block = out.split("Commands:\n")[1].split("\n\n")[0]
    return [re.match(r"  ((?:users |accounts |tokens |mail )?[a-z-]+)", line).group(1)
            for line in block.splitlines()]


def test_help_lists_every_command_and_each_has_its_own_help():
    assert len(commands()) == 41, commands()
    for command in commands():
        first = otpctl(None, "help", *command.split()).expect(DONE, "Usage: otpctl").out
        assert command in first.splitlines()[0]
        assert otpctl(None, *command.split(), "--help").expect(DONE).out == first


def test_help_fits_a_terminal():
    for command in [[]] + [command.split() for command in commands()]:
        out = otpctl(None, "help", *command).expect(DONE).out
        assert max(map(len, out.splitlines())) <= 80, out
    usage = otpctl(None, "help", "send-test").out.split("\n\n")[0]
    assert usage.split() == ["Usage:", "otpctl", "send-test", "[--wait", "S]",
                             "[--mail-socket", "PATH]", "[--language", "L]", "[--tenant",
                             "T]", "ADDRESS"], usage


def test_help_of_a_group_shows_the_group():
    out = otpctl(None, "help", "users").expect(DONE, "users import").out
    assert "send-test" not in out


def test_version():
    otpctl(None, "--version").expect(DONE, "otpctl 0.")


def test_no_command():
    otpctl(None).expect(USAGE, "there is no command", "otpctl help")


def test_a_mistyped_command_gets_a_suggestion():
    otpctl(None, "staus").expect(USAGE, 'did you mean "status"?')
    otpctl(None, "users", "lsit").expect(USAGE, 'did you mean "users list"?')
    otpctl(None, "enroll").expect(USAGE, 'did you mean "enrol"?')
    otpctl(None, "sendtest").expect(USAGE, 'did you mean "send-test"?')
    otpctl(None, "users").expect(USAGE, "otpctl help users")
    otpctl(None, "mail").expect(USAGE, "otpctl help mail")
    otpctl(None, "accounts").expect(USAGE, "otpctl help accounts")
    otpctl(None, "account").expect(USAGE, 'did you mean "accounts"?')
    otpctl(None, "tokens", "rotates").expect(USAGE, 'did you mean "tokens rotate"?')
    otpctl(None, "allow-reset", "a").expect(USAGE, 'did you mean "accounts allow-reset"?')
    otpctl(None, "mali").expect(USAGE, 'did you mean "mail"?')
    otpctl(None, "user", "list").expect(USAGE, 'did you mean "users list"?')
    otpctl(None, "mails", "stat").expect(USAGE, 'did you mean "mail stats"?')
    otpctl(None, "stats").expect(USAGE, 'did you mean "mail stats"?')
    otpctl(None, "list").expect(USAGE, 'did you mean "users list"?')
    otpctl(None, "users", "secnd", "a").expect(USAGE, 'did you mean "users second"?')


def test_a_word_that_is_like_nothing_gets_no_suggestion():
    result = otpctl(None, "frobnicate").expect(USAGE, "otpctl help")
    assert "mean" not in result.err


def test_a_very_long_word_is_an_error_and_no_more():
    otpctl(None, "x" * 100000).expect(USAGE, "there is no command")
    otpctl(None, "--" + "x" * 100000).expect(USAGE, "there is no option")


def test_a_mistyped_option_gets_a_suggestion():
    otpctl(None, "users", "list", "--unverifed").expect(USAGE, "--unverified?")
    otpctl(None, "status", "--jsno").expect(USAGE, "--json?")
    otpctl(None, "status", "-x").expect(USAGE, "no option -x")


def test_an_option_of_another_command_is_refused_and_nothing_is_done():
    with FakeOtpd(lambda *_: {}) as otpd:
        otpctl(otpd, "users", "remove", "a", "--yes", "--dry-run").expect(
            USAGE, '"users remove" has no option --dry-run')
        assert otpd.calls == []


def test_operands_are_counted():
    otpctl(None, "users", "add", "alice").expect(USAGE, "too few", "USER ADDRESS")
    otpctl(None, "status", "now").expect(USAGE, "too many")
    otpctl(None, "users", "verify").expect(USAGE, "too few")


def test_values_of_options_are_checked():
    for value in ("0", "-1", "x", "3601", "", "1.5", "99999999999999999999"):
        otpctl(None, "--timeout", value, "status").expect(USAGE, "--timeout must be")
    otpctl(None, "queue", "--limit", "many").expect(USAGE, "--limit must be a number")
    otpctl(None, "queue", "--limit").expect(USAGE, "--limit needs a value")
    for value in ("59", "86401", "2d", "soon"):
        otpctl(None, "accounts", "allow-reset", "a", "--for", value).expect(
            USAGE, "--for must be a number from 60 to 86400 (seconds)")
    otpctl(None, "--json=yes", "status").expect(USAGE, "--json takes no value")


def test_usage_errors_are_json_with_json():
    assert otpctl(None, "staus", "--json").error()["error"] == "Usage"
    assert otpctl(None, "--jsonn", "--json").error()["error"] == "Usage"


def test_a_result_that_cannot_be_written_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([OTPCTL, "help"], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == OTHER, done
    assert b"disk is full" in done.stderr, done


def test_the_manual_names_every_command_and_option():
    with open(os.path.join(ROOT, "man/otpctl.8"), encoding="utf-8") as page:
        text = page.read().replace("\\-", "-")
    for command in commands():
        assert f"Cm {command}" in text, command
        for option in re.findall(r"^  --([a-z-]+)",
                                 otpctl(None, "help", *command.split()).out, re.M):
            assert f"Fl -{option}" in text, option
