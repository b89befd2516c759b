#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What asks PAM and has nothing to do with codes goes on as before, with codes asked for in
sshd and sudo: 100 jobs over cron, at, systemd --user and su, then login and the stack of a
locked screen. Their files are those of before, to the byte."""
import os
import pathlib
import pwd
import select
import stat
import time

from inside import (LIMIT, PASSWORD, Failed, Post, Terminal, ask_for_codes, equal, fingerprint,
                    install, main, people, run, ssh_with_code, step)

EACH = 25
REPORT = "/run/jobs"


class Reports:
    """A pipe that every job writes a line to."""

    def __init__(self):
        os.mkfifo(REPORT)
        os.chmod(REPORT, stat.S_IRUSR | stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
        self.fd = os.open(REPORT, os.O_RDWR | os.O_NONBLOCK)
        self.rest = b""

    def wait(self, kind, count, limit):
        """Until so many jobs of a kind have said that they ran as ada."""
        end, seen = time.monotonic() + limit, set()
        while len(seen) < count:
            if not select.select([self.fd], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Failed(kind, "ran", str(len(seen)), "of", str(count))
            *whole, self.rest = (self.rest + os.read(self.fd, 65536)).split(b"\n")
            seen |= {line for line in whole if line.startswith(kind.encode() + b" ada ")}
        equal(len(seen), count, kind)


def says(kind, index):
    return "echo %s $(id -un) %d >%s" % (kind, index, REPORT)


def cron(reports):
    pathlib.Path("/etc/cron.d/jobs").write_text("".join(
        "* * * * * ada %s\n" % says("cron", index) for index in range(EACH)))
    reports.wait("cron", EACH, 150)  # it looks once a minute
    os.unlink("/etc/cron.d/jobs")


def at(reports):
    for index in range(EACH):
        run("runuser", "-u", "ada", "--", "sh", "-c", "echo '%s' | at -q %s now" %
            (says("at", index), chr(ord("c") + index % 20)), cwd="/")
    reports.wait("at", EACH, 150)


def user_units(reports):
    """Services of ada's own systemd, which PAM has let in."""
    uid = pwd.getpwnam("ada").pw_uid
    units = pathlib.Path("/home/ada/.config/systemd/user")
    run("runuser", "-u", "ada", "--", "mkdir", "-p", units)
    (units / "job@.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo user $$(id -un) %%i >%s'\n" %
        REPORT)
    run("loginctl", "enable-linger", "ada")
    run("systemctl", "start", "user@%d.service" % uid)
    for index in range(EACH):
        run("runuser", "-u", "ada", "--", "env", "XDG_RUNTIME_DIR=/run/user/%d" % uid,
            "systemctl", "--user", "start", "job@%d.service" % index, cwd="/")
    reports.wait("user", EACH, LIMIT)


def su(reports):
    for index in range(EACH):
        run("su", "ada", "-c", says("su", index))
    reports.wait("su", EACH, LIMIT)


def su_by_password():
    terminal = Terminal(["runuser", "-u", "nobody", "--", "su", "ada", "-c", "id -un"])
    terminal.expect("[Pp]assword:")
    terminal.type(PASSWORD)
    terminal.expect("ada")
    equal(terminal.end(LIMIT), 0, "su")


def behind_hangup(terminal, pattern):
    """login(1) hangs its terminal up and opens it anew; in between it seems to have ended."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return terminal.expect(pattern)
        except Failed:
            if os.waitpid(terminal.pid, os.WNOHANG) != (0, 0) or time.monotonic() > end:
                raise
            time.sleep(0.01)


def login():
    terminal = Terminal(["login", "ada"])
    behind_hangup(terminal, "[Pp]assword:")
    terminal.type(PASSWORD)
    terminal.expect("\\$ ")
    terminal.type("id -un; exit")
    terminal.expect("ada")
    terminal.end(LIMIT)


def locked_screen():
    terminal = Terminal(["runuser", "-u", "ada", "--", "pamtester", "i3lock", "ada",
                         "authenticate"])
    terminal.expect("[Pp]assword:")
    terminal.type(PASSWORD)
    terminal.expect("successfully authenticated")
    equal(terminal.end(LIMIT), 0, "pamtester")


def part():
    people()
    before = fingerprint("sshd", "sudo", "sudo-i", "10-emailotp.conf")
    step("the packages install", install)
    post = Post()
    ask_for_codes()
    step("ssh asks for a code", ssh_with_code, post)
    step("every other file of PAM is as it was, to the byte", equal,
         fingerprint("sshd", "sudo", "sudo-i", "10-emailotp.conf"), before)
    reports = Reports()
    for job in (at, user_units, su, cron):
        step("%d jobs over %s" % (EACH, job.__name__), job, reports)
    for index in range(5):
        step("su by password, %d" % index, su_by_password)
        step("login, %d" % index, login)
        step("a locked screen, %d" % index, locked_screen)
    step("none of it mailed a code", equal, post.arrived.qsize(), 0)
    post.close()


main(part)
