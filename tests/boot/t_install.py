#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""E1: the packages on a machine that has nothing of ours, configured by hand, and then real
logins. Nothing changes before somebody changes it, and root is never shut out."""
import os
import pathlib
import stat
import time

from inside import (PASSWORD, UNITS, Post, Terminal, ask_for_codes, check, equal, fingerprint,
                    install, main, number, people, root_by_key, run, settled, ssh,
                    ssh_with_code, ssh_with_password, step, sudo, up)


def modes():
    """As the daemons insist, and as SECURITY.md says."""
    wanted = {"/run/otpd": ("root", "root", 0o755), "/run/otpd/otpd.sock":
              ("root", "otpd-clients", 0o660), "/run/otpd/mail.sock": ("otpd", "otpd", 0o600),
              "/var/lib/otpd": ("otpd", "otpd", 0o700),
              "/var/lib/otpd-mail": ("otpd-mail", "otpd-mail", 0o700),
              "/var/lib/otpd/otpd.db": ("otpd", "otpd", 0o600),
              "/var/lib/otpd/otpd.key": ("otpd", "otpd", 0o600),
              "/etc/otpd": ("root", "root", 0o755),
              "/etc/otpd/otpd.conf": ("root", "root", 0o644),
              "/etc/otpd/mail.conf": ("root", "root", 0o644)}
    for name, (owner, group, mode) in wanted.items():
        path = pathlib.Path(name)
        equal((path.owner(), path.group(), stat.S_IMODE(os.stat(path).st_mode)),
              (owner, group, mode), name)


def checks():
    run("otpd", "--check")
    run("runuser", "-u", "otpd-mail", "--", "otpd-mail", "--check")


def wrong_code(post):
    terminal = Terminal(ssh("ada", "-o", "NumberOfPasswordPrompts=1", "id"))
    terminal.expect("[Pp]assword:")
    terminal.type(PASSWORD)
    terminal.expect("(?i)code[^:]*: ")
    code = post.next().code
    terminal.type(code[:-1] + ("1" if code[-1] == "0" else "0"))
    terminal.expect("(?i)(wrong|not right)")
    terminal.type(code)
    equal(terminal.end(), 0, "the right code after a wrong one")


def part():
    step("the bare machine is up", settled)
    people()
    step("root by key, ada by password, before", root_by_key)
    step("ada by password, before", ssh_with_password)
    before = fingerprint()
    started = time.monotonic()
    check(step("the packages install without a question", install), "no packages")
    step("the install leaves PAM and sshd to the byte", equal, fingerprint(), before)
    step("sockets and services are up and enabled, nothing failed", up)
    step("owners and modes", modes)
    step("both configurations check", checks)
    step("root by key, after the install", root_by_key)
    step("ada is asked for no code before anybody sets it up", ssh_with_password)
    step("sudo neither", sudo, None)
    post = Post()
    ask_for_codes()
    took = step("ssh asks for the mailed code", ssh_with_code, post)
    number("install_to_first_login", time.monotonic() - started, "s", 60)
    if took is not None:
        number("first_prompt_after_install", took, "ms", 200)
    step("sudo asks for a code", sudo, post)
    step("sudo -i asks for a code", sudo, post, "-i")
    step("a wrong code is refused, the right one after it passes", wrong_code, post)
    step("root by key, with codes asked for", root_by_key)
    run("systemctl", "restart", *UNITS[2:])
    step("after a restart of the daemons", ssh_with_code, post)
    step("all is still up", up)
    post.close()


main(part)
