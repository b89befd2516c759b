#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An upgrade from an earlier version while a login waits at its prompt, another challenge is
alive, and callers keep calling: nobody is refused, and nothing is lost. The earlier version is
the same tree with a lower number; what is upgraded is everything that packages do."""
import pathlib
import threading

from inside import (SOCKET, Post, Varlink, apt, ask_for_codes, begin_ssh, check, equal, finish_ssh,
                    install, json_of, main, people, root_by_key, run, ssh_with_code, step, up)


class Callers(threading.Thread):
    """Calls otpd on a connection of its own each time, until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answered, self.errors, self.over = 0, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                with Varlink(SOCKET) as otpd:
                    otpd.call("org.varlink.service.GetInfo")
                self.answered += 1
            except Exception as error:  # each is one too many
                self.errors.append(repr(error))
                if len(self.errors) > 100:
                    return

    def stop(self):
        self.over.set()
        self.join()
        return self.errors


def version():
    return json_of("status")["version"]


def inode():
    return pathlib.Path(SOCKET).stat().st_ino


def live(post):
    with Varlink(SOCKET) as otpd:
        begun = otpd.call("org.emailotp.Auth.Begin", user="ada", service="waiting",
                          rhost="192.0.2.1")
    return begun["challenge"], post.next("ada@example.org").code


def verify(challenge, code):
    with Varlink(SOCKET) as otpd:
        equal(otpd.call("org.emailotp.Auth.Verify", challenge=challenge, code=code)["state"],
              "verified")


def no_error_in_the_log():
    said = run("journalctl", "-b", "-p", "err", "-o", "cat", "--no-pager", "-u", "otpd", "-u",
               "otpd-mail", "-u", "otpd.socket", "-u", "otpd-mail.socket")
    equal(said.replace("-- No entries --", "").strip(), "", "errors in the journal:")


def part():
    people()
    step("the earlier version installs", install, "old")
    post = Post()
    ask_for_codes()
    before, stacks = version(), pathlib.Path("/etc/pam.d/sshd").read_bytes()
    step("a login with the earlier version", ssh_with_code, post)
    challenge, code = live(post)
    terminal, _ = begin_ssh()
    socket = inode()
    callers = Callers()
    step("the packages upgrade", install, "new")
    errors = callers.stop()
    step("it is another version", lambda: check(version() != before, "still", before))
    step("no call was refused meanwhile", equal, errors, [])
    step("calls were answered meanwhile", lambda: check(callers.answered > 100,
                                                        callers.answered))
    step("the socket is the same, it was never closed", equal, inode(), socket)
    step("the login that waited at its prompt succeeds", finish_ssh, terminal, post)
    step("a live challenge takes its code after the upgrade", verify, challenge, code)
    step("a login with the new version", ssh_with_code, post)
    step("the PAM lines are as they were", equal, pathlib.Path("/etc/pam.d/sshd").read_bytes(),
         stacks)
    step("root by key", root_by_key)
    step("all is up", up)
    step("no error in the journal", no_error_in_the_log)
    terminal, _ = begin_ssh()
    apt("--reinstall", "install", next(str(p) for p in pathlib.Path("/root/new").glob("otpd_*")))
    step("the same during a reinstallation of otpd", finish_ssh, terminal, post)
    post.close()


main(part)
