#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The units as systemd runs them: what they and the daemons have given up, the watchdog, and
keys that come as encrypted credentials, by the commands of otpd(8) and otpd-mail(8)."""
import json
import os
import pathlib
import re
import signal
import statistics
import time

from inside import SOCKET, Varlink, check, equal, install, main, number, run, settled, skip, step

MAIL = """from = "otpd@example.org"
transport box {
	type = maildir
	path = "/var/lib/otpd-mail/box"
}
"""
RELAY = """transport relay {
	type = smtp
	host = "127.0.0.1"
	port = 2525
	tls = none
	user = "otpd"
	password_file = "smtp-password"
}
"""
# Only so that nobody has to wait for the next code.
OTPD = "policy sshd {\n\tcool_down = 0\n\tsends_per_hour = 100\n\tsends_per_day = 100\n}\n"
EXPOSURE = {"otpd": 1.0, "otpd-mail": 1.5}
STORE = pathlib.Path("/etc/credstore.encrypted")
USER = {"userName": "dora", "uid": 61234, "gid": 61234, "homeDirectory": "/", "shell": "/bin/sh"}
GROUP = {"groupName": "dora", "gid": 61234}


def pid_of(unit):
    return int(run("systemctl", "show", "-P", "MainPID", unit))


def journal(unit):
    return run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", unit)


def configured():
    pathlib.Path("/etc/otpd/mail.conf").write_text(MAIL)
    pathlib.Path("/etc/otpd/otpd.conf.d").mkdir(exist_ok=True)
    pathlib.Path("/etc/otpd/otpd.conf.d/hand.conf").write_text(OTPD)
    run("systemctl", "restart", "otpd-mail", "otpd")
    settled()
    run("useradd", "ada")
    run("otpctl", "users", "add", "ada", "ada@example.org", "--verified")


def begin(user="ada", rhost="192.0.2.1"):
    with Varlink(SOCKET) as otpd:
        return otpd.call("org.emailotp.Auth.Begin", user=user, service="sshd", rhost=rhost)


def code_of(reference):
    """The code of the mail with this reference, once it is in the Maildir."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for path in pathlib.Path("/var/lib/otpd-mail/box/new").glob("*"):
            text = path.read_text("utf-8", "replace")
            found = re.search(r"(?m)^\s*([0-9]{3,5}(?:[ -][0-9]{3,5})+|[0-9]{6,13})\s*$", text)
            if reference in text and found:
                return re.sub("[ -]", "", found[1])
        time.sleep(0.02)
    raise AssertionError("no mail with " + reference)


def pass_with(challenge):
    with Varlink(SOCKET) as otpd:
        otpd.call("org.emailotp.Auth.Verify", challenge=challenge["challenge"],
                  code=code_of(challenge["reference"]))


def little_is_exposed():
    for unit, limit in EXPOSURE.items():
        said = run("systemd-analyze", "security", "--no-pager", unit)
        found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
        check(found and float(found[1]) <= limit, unit, "exposure", found and found[1])
        number("exposure_" + unit, float(found[1]), "of 10", limit)


def all_threads_are_confined():
    for unit in EXPOSURE:
        for task in pathlib.Path("/proc/%d/task" % pid_of(unit)).iterdir():
            status = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", (task / "status").read_text()))
            equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"), unit)
            equal((int(status["CapEff"], 16), int(status["CapBnd"], 16)), (0, 0), unit)
        check("sandbox: seccomp, " in journal(unit), unit, journal(unit))


def landlock_and_locked_memory():
    """systemd-nspawn keeps some system calls from a machine: then there is less to see."""
    if "no landlock" in journal("otpd"):
        skip("Landlock under the unit", "this machine's container has none")
    else:
        step("Landlock holds under the unit", check, re.search(
            "sandbox: seccomp, landlock [0-9]+, ", journal("otpd-mail")), journal("otpd-mail"))
    locked = {unit: int(re.search(r"VmLck:\s+(\d+)", pathlib.Path(
        "/proc/%d/status" % pid_of(unit)).read_text())[1]) for unit in EXPOSURE}
    try:
        import ctypes
        memory = ctypes.CDLL(None, use_errno=True)
        page = ctypes.create_string_buffer(4096)
        can = memory.mlock(page, 4096) == 0
    except OSError:
        can = False
    if not can:
        skip("locked memory under the unit", "this machine's container refuses mlock(2)")
    else:
        step("keys are locked under the unit", check, min(locked.values()) > 0, locked)


def reloads():
    for unit in EXPOSURE:
        before = journal(unit).count("configuration reloaded")
        run("systemctl", "reload", unit)
        end = time.monotonic() + 30
        while journal(unit).count("configuration reloaded") == before:
            check(time.monotonic() < end, unit, "was not reloaded")
            time.sleep(0.05)


def users_of_userdb():
    """Through nss-systemd, which asks over a local socket from inside of otpd."""
    userdb = pathlib.Path("/etc/userdb")
    userdb.mkdir(exist_ok=True)
    for name, record in (("dora.user", USER), ("61234.user", USER), ("dora.group", GROUP),
                         ("61234.group", GROUP)):
        (userdb / name).write_text(json.dumps(record))
    path = pathlib.Path("/etc/nsswitch.conf")
    path.write_text(re.sub(r"(?m)^(passwd|group):.*", r"\1: files systemd", path.read_text()))
    run("systemctl", "restart", "otpd")
    run("otpctl", "users", "add", "dora", "dora@example.org", "--verified")
    pass_with(begin("dora"))


def drop_in(unit, *lines):
    directory = pathlib.Path("/etc/systemd/system/%s.service.d" % unit)
    directory.mkdir(exist_ok=True)
    (directory / "key.conf").write_text("[Service]\n" + "".join(x + "\n" for x in lines))


def encrypt(name, source, target):
    STORE.mkdir(mode=0o700, exist_ok=True)
    run("systemd-creds", "encrypt", "--name=" + name, source, STORE / target)
    return "LoadCredentialEncrypted=%s:%s" % (name, STORE / target)


def keys_become_credentials():
    """A code from before is good after: the key is the same one."""
    live = begin(rhost="192.0.2.2")
    password = pathlib.Path("/root/password")
    password.write_text("secret of the relay\n")
    drop_in("otpd", encrypt("otpd.key", "/var/lib/otpd/otpd.key", "otpd.key"))
    drop_in("otpd-mail", encrypt("mail.key", "/var/lib/otpd-mail/mail.key", "otpd-mail.key"),
            encrypt("smtp-password", password, "otpd-smtp-password"))
    pathlib.Path("/etc/otpd/mail.conf").write_text(MAIL + RELAY)
    code_of(live["reference"])
    os.unlink("/var/lib/otpd/otpd.key")
    os.unlink("/var/lib/otpd-mail/mail.key")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "otpd-mail", "otpd")
    pass_with(live)
    pass_with(begin(rhost="192.0.2.3"))
    for path in ("/var/lib/otpd/otpd.key", "/var/lib/otpd-mail/mail.key"):
        check(not os.path.exists(path), path, "was made anew")


def no_credential_no_other_key():
    kept = (STORE / "otpd.key").rename(STORE / "away")
    run("systemctl", "stop", "otpd.socket", "otpd")
    check("failed" in run("systemctl", "start", "otpd", wanted=1), "it started without its key")
    check("CREDENTIALS" in run("systemctl", "status", "--no-pager", "otpd", wanted=3),
          "the status does not say why")
    check(not os.path.exists("/var/lib/otpd/otpd.key"), "another key was made")
    kept.rename(STORE / "otpd.key")
    run("systemctl", "reset-failed", "otpd.service", "otpd.socket")
    run("systemctl", "start", "otpd.socket", "otpd")
    pass_with(begin(rhost="192.0.2.4"))


def first_prompt():
    """From a call that finds no daemon to its answer."""
    took = []
    for i in range(7):
        run("systemctl", "stop", "otpd")
        run("systemctl", "reset-failed", "otpd.service", "otpd.socket")
        run("systemctl", "start", "otpd.socket")
        started = time.monotonic()
        begin(rhost="192.0.2.%d" % (10 + i % 2))
        took.append((time.monotonic() - started) * 1000)
    number("socket_activation_to_first_prompt", statistics.median(took), "ms", 200)


def the_watchdog_restarts():
    """A daemon that does not move is ended, and the next one answers."""
    run("systemctl", "reset-failed")
    before = pid_of("otpd")
    os.kill(before, signal.SIGSTOP)
    started = time.monotonic()
    while pid_of("otpd") in (before, 0):
        check(time.monotonic() < started + 150, "otpd was not restarted")
        time.sleep(0.2)
    check("Watchdog timeout" in run("journalctl", "-b", "--no-pager", "-u", "otpd"),
          "it was not the watchdog")
    pass_with(begin(rhost="192.0.2.5"))


def nothing_was_killed():
    """0 SIGSYS, in all that has happened above."""
    for unit in EXPOSURE:
        said = run("journalctl", "-b", "--no-pager", "-u", unit)
        check("status=31/SYS" not in said, said)


def part():
    check(step("the packages install", install) is not None, "no packages")
    step("configured", configured)
    step("exposure", little_is_exposed)
    step("a login", lambda: pass_with(begin()))
    step("all threads are confined", all_threads_are_confined)
    landlock_and_locked_memory()
    step("reload", reloads)
    if list(pathlib.Path("/usr/lib").glob("*/libnss_systemd.so.2")):
        step("users of nss-systemd", users_of_userdb)
    else:
        skip("users of nss-systemd", "libnss-systemd is not on this machine")
    step("keys and a password become encrypted credentials", keys_become_credentials)
    step("reload, with credentials", reloads)
    step("without its credential it starts not", no_credential_no_other_key)
    step("first prompt by socket activation", first_prompt)
    step("the watchdog restarts what hangs", the_watchdog_restarts)
    step("nothing was ended by the sandbox", nothing_was_killed)


if __name__ == "__main__":
    main(part)
