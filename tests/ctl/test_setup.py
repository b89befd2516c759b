# SPDX-License-Identifier: MIT
"""otpctl setup without a terminal: what is missing or wrong is named, and nothing is done.
All else is in tests/system/t_setup.py."""
import os
import shutil
import tempfile

from fake_otpd import Daemon, FakeOtpd
from harness import OTPCTL, REFUSED, USAGE, otpctl

ALL = {"--relay": "smtp://mail.example.net", "--from": "otpd@example.net", "--user": "root",
       "--address": "root@example.net", "--services": "sshd,sudo", "--users": "all",
       "--trial": "wait"}


def run(otpd=None, *more, **without_or_other):
    """With all answers, but for those that are given here: --trial as trial=..., None to
    leave it out."""
    options = dict(ALL)
    for name, value in without_or_other.items():
        options["--" + name.replace("_", "-")] = value
    words = [word for pair in options.items() if pair[1] is not None for word in pair]
    return otpctl(otpd, "setup", *words, *more)


def test_a_missing_answer_is_named_by_its_option():
    with FakeOtpd(Daemon()) as otpd:
        for option in ALL:
            left_out = {option[2:]: None}
            run(otpd, "--yes", **left_out).expect(USAGE, f"the answer of {option} is missing")
        run(otpd).expect(USAGE, "the answer of --yes is missing")
        error = run(otpd, "--json").error()
        assert error["error"] == "Usage" and "--yes" in error["message"], error
        # Only sshd has a trial, and what is configured has its sender.
        run(otpd, trial=None, services="sudo").expect(USAGE, "--yes is missing")
        run(otpd, **{"from": None}, relay="configured").expect(USAGE, "--yes is missing")


def test_an_answer_that_cannot_be_is_refused_with_the_reason():
    for option, value, why in (
            ("relay", "mail.example.net", "write smtp://HOST:PORT"),
            ("relay", "smtp://smtp.example.org", "the example of the manual"),
            ("from", "otpd", "--from"),
            ("from", "otpd@example.org", "the example of the manual"),
            ("user", "no-such-user", "this host has no such user"),
            ("address", "root", "--address"),
            ("services", "sshd,ftp", "other services are set up by hand"),
            ("services", "", "name sshd, sudo, or both"),
            ("users", "everybody", "all, group:NAME, or configured"),
            ("users", "group:no-such-group", "this host has no such group"),
            ("users", 'group:a"}', "no name of a group"),
            ("first_factor", "both", "say password or key"),
            ("trial", "yes", "wait=SECONDS"),
            ("trial", "wait=5", "10 to 3600"),
            ("password_file", "/nonexistent", "No such file"),
            ("relay_user", "otpd", "--relay-user needs --password-file"),
            ("trial_port", "70000", "--trial-port")):
        run(None, "--yes", **{option: value}).expect(USAGE, why)


def test_answers_at_odds_are_refused():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "password")
        with open(path, "w", encoding="ascii") as file:
            file.write("secret\n")
        run(None, "--yes", password_file=path).expect(USAGE, "--password-file needs")
        run(None, "--yes", password_file=path, relay_user="otpd", relay="sendmail").expect(
            USAGE, "--relay-user is for a relay by SMTP")
        with open(path, "w", encoding="ascii") as file:
            file.write("\nsecret\n")
        run(None, "--yes", password_file=path, relay_user="otpd").expect(
            USAGE, "its first line is empty")
    run(None, "--yes", first_factor="key", services="sudo").expect(
        USAGE, "--first-factor is about sshd")
    otpctl(None, "setup", "--undo", "--users", "all").expect(USAGE, "no other option")


def test_only_root_sets_up():
    nobody = {} if os.geteuid() else {"user": 65534, "group": 65534, "extra_groups": []}
    with tempfile.TemporaryDirectory() as directory:  # the tree may be root's alone
        os.chmod(directory, 0o755)
        copy = shutil.copy(OTPCTL, directory)
        otpctl(None, "setup", "--undo", cwd="/", executable=copy, **nobody).expect(
            REFUSED, "sudo otpctl setup")
