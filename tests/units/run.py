#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The units and the AppArmor profiles, as far as they can be judged without starting them.

What they forbid is measured by systemd-analyze, and held against the filter that the
daemons put on themselves: a unit that allows less than the daemon needs would end it.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
UNITS = ("otpd.service", "otpd-mail.service", "otpd.socket", "otpd-mail.socket")
EXPOSURE = {"otpd.service": 1.0, "otpd-mail.service": 1.5}
# What the comments there say must not stand there, and why.
NEVER = {"otpd.service": ("PrivateUsers", "ProcSubset", "DynamicUser"),
         "otpd-mail.service": ("PrivateUsers", "DynamicUser")}
# What the daemons call to close their doors, before their own filter holds.
CLOSING = {"prctl", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
           "landlock_restrict_self"}
# In both, word for word.
ALWAYS = ("NoNewPrivileges=yes", "LimitCORE=0", "MemorySwapMax=0", "WatchdogSec=30",
          "Restart=always", "CapabilityBoundingSet=", "ProtectSystem=strict",
          "SystemCallArchitectures=native", "MemoryDenyWriteExecute=yes")


class Skip(Exception):
    """Why it cannot be tested here."""


def run(*argv):
    if not shutil.which(argv[0]):
        raise Skip(argv[0] + " is not installed")
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def lines_of(unit):
    return [line for line in (CONF / unit).read_text("utf-8").splitlines()
            if line and not line.startswith("#")]


def exposure_is_low():
    for unit, limit in EXPOSURE.items():
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                   "--threshold=%d" % round(limit * 10), str(CONF / unit))
        if "unrecognized option" in done.stderr:
            raise Skip("this systemd cannot judge a unit that is not loaded")
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert found, done.stdout + done.stderr
        print("  %s: exposure %s, at most %s" % (unit, found[1], limit))
        assert done.returncode == 0 and float(found[1]) <= limit, done.stdout


def systemd_finds_no_mistake():
    with tempfile.TemporaryDirectory() as directory:
        for unit in UNITS:
            # The programs need not be installed here.
            text = (CONF / unit).read_text("utf-8")
            (pathlib.Path(directory) / unit).write_text(
                re.sub(r"(?m)^ExecStart=/usr/sbin/\S+", "ExecStart=/bin/true", text))
        done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                   *(directory + "/" + unit for unit in UNITS))
    ours = [line for line in done.stderr.splitlines() if "otpd" in line]
    assert done.returncode == 0 and not ours, done.stderr


def what_must_stand_there_does():
    for unit, words in NEVER.items():
        lines = lines_of(unit)
        for line in ALWAYS:
            assert line in lines, "%s lacks %s" % (unit, line)
        for word in words:
            assert not [x for x in lines if x.startswith(word + "=")], (unit, word)
        users = [x for x in lines if x.startswith("User=")]
        assert users == ["User=" + unit.removesuffix(".service")], users


def members(name):
    """The system calls of a set of systemd, those of its own sets included."""
    done = run("systemd-analyze", "syscall-filter", "--no-pager", name)
    assert done.returncode == 0, done.stderr
    found = set()
    for line in done.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= members(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed_by(unit):
    """What SystemCallFilter= leaves, read as systemd reads it."""
    allowed = members("@default")
    for line in lines_of(unit):
        if not line.startswith("SystemCallFilter="):
            continue
        words = line.split("=", 1)[1]
        takes_away = words.startswith("~")
        for word in words.lstrip("~").split():
            names = members(word) if word.startswith("@") else {word}
            allowed = allowed - names if takes_away else allowed | names
    return allowed


def filter_names():
    """The names in otpd/sandbox/filter.c: allowed as they are, with conditions, refused."""
    text = (ROOT / "otpd/sandbox/filter.c").read_text("utf-8")
    text = re.sub(r"(?s)/\*.*?\*/", "", text)
    arrays = dict(re.findall(r"(?s)\*const (\w+)\[\] = \{(.*?)\};", text))
    plain = set(re.findall(r'"(\w+)"', arrays["common"]))
    refused = set(re.findall(r'"(\w+)"', arrays["io_uring"] + arrays["unseen"] +
                             arrays["giving"]))
    code = text[text.index("struct filter {"):]
    return plain, set(re.findall(r'"(\w+)"', code)) - refused, refused


def the_two_filters_agree():
    plain, conditional, refused = filter_names()
    assert len(plain) > 100 and {"mmap", "clone", "socket", "ioctl"} <= conditional
    assert not plain & conditional, plain & conditional
    assert {"io_uring_setup", "clone3"} <= refused
    for name in ("execve", "execveat", "ptrace", "fork", "vfork", "clone", "mprotect",
                 "socket", "bpf", "setuid", "mount", "process_vm_readv"):
        assert name not in plain, name
    for unit in EXPOSURE:
        missing = (plain | conditional | CLOSING) - allowed_by(unit)
        assert not missing, "%s forbids what the daemon may need: %s" % (
            unit, " ".join(sorted(missing)))


def profiles_are_read_by_apparmor():
    profiles = sorted((CONF / "apparmor").iterdir())
    assert len(profiles) == 2, profiles
    for profile in profiles:
        done = run("apparmor_parser", "--skip-kernel-load", "--skip-cache", str(profile))
        # What it says of its cache is about the kernel here, not about the profile.
        said = [x for x in done.stderr.splitlines() if x and not x.startswith("Cache ")]
        assert done.returncode == 0 and not said, done.stderr
        text = profile.read_text("utf-8")
        assert "include if exists <local/%s>" % profile.name in text, profile
        assert not re.search(r"(?m)^\s*[^#\n]*\s[rwkml]*[iIpPcCuU]+x,", text), "it may run programs"


TESTS = (exposure_is_low, systemd_finds_no_mistake, what_must_stand_there_does,
         the_two_filters_agree, profiles_are_read_by_apparmor)


def main():
    passed = failed = skipped = 0
    for test in TESTS:
        try:
            test()
            passed += 1
            print("ok       units: " + test.__name__)
        except Skip as why:
            skipped += 1
            print("skipped  units: %s: %s" % (test.__name__, why))
        except AssertionError as why:
            failed += 1
            print("FAILED   units: %s: %s" % (test.__name__, why))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


sys.exit(main())
