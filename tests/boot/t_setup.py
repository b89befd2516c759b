#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The three commands of README's installation and the one back: from a bare machine to a login
with a code by "otpctl setup" with options, with its trial login on a second port, then
"setup --undo", and then once more with the removal of the packages as the way back."""
import pathlib
import subprocess
import time

from inside import (LIMIT, PORT, Post, begin_ssh, check, equal, finish_ssh, fingerprint,
                    install, main, number, people, root_by_key, run, settled, skip,
                    ssh_with_code, ssh_with_password, step, sudo, up, apt)

SETUP = ["otpctl", "setup", "--relay", "smtp+plain://127.0.0.1:%d" % PORT, "--from",
         "codes@example.net", "--user", "ada", "--address", "ada@example.org", "--verified",
         "--services", "sshd,sudo", "--users", "all", "--first-factor", "password", "--trial",
         "wait=120", "--yes"]
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "otpd/ctl/setup"


def set_up(post):
    """Runs setup, logs in where it says, and waits for its end."""
    with subprocess.Popen(SETUP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if "ssh -p " in line:
                break
        try:
            check(said and "ssh -p " in said[-1], "setup said:", "".join(said))
            port = said[-1].split("-p ")[1].split()[0]
            terminal, _ = begin_ssh("-p", port)
            finish_ssh(terminal, post)
        finally:
            said += process.stdout.readlines()
        equal(process.wait(LIMIT), 0, "setup ended, having said " + "".join(said))


def no_waiting():
    """Only so that nobody has to wait for the next code; the default is 60s."""
    directory = pathlib.Path("/etc/otpd/otpd.conf.d")
    directory.mkdir(mode=0o755, exist_ok=True)
    (directory / "zz.conf").write_text("".join(
        "policy %s {\n\tcool_down = 0\n\tsends_per_hour = 100\n}\n" % name
        for name in ("sshd", "sudo", "sudo-i")))
    run("systemctl", "reload", "otpd")


def part():
    if not SOURCE.is_dir():
        skip("otpctl setup", "this tree has none")
        return
    people()
    before = fingerprint()
    post = Post()
    started = time.monotonic()
    step("the packages install", install)
    step("setup, with its trial login", set_up, post)
    number("install_to_first_login_by_setup", time.monotonic() - started, "s", 60)
    no_waiting()
    step("ssh asks for a code", ssh_with_code, post)
    step("sudo asks for a code", sudo, post)
    step("all is up", up)
    step("the way back", run, "otpctl", "setup", "--undo")
    step("files of PAM and sshd are as before, to the byte", equal, fingerprint(), before)
    step("root by key", root_by_key)
    step("ada by password", ssh_with_password)
    step("a second way back finds nothing to do", run, "otpctl", "setup", "--undo")
    pathlib.Path("/etc/otpd/otpd.conf.d/zz.conf").unlink()
    apt("purge", "libpam-emailotp", "otpd")
    step("the packages install again", install)
    step("setup again", set_up, post)
    step("removing the module alone is a way back", apt, "remove", "libpam-emailotp")
    step("files of PAM and sshd are as before, to the byte, without the module", equal,
         fingerprint(), before)
    step("ada by password, without the module", ssh_with_password)
    step("the packages install once more", install)
    step("setup once more", set_up, post)
    step("purging is the way back", apt, "purge", "libpam-emailotp", "otpd")
    step("files of PAM and sshd are as before, to the byte, after the purge", equal,
         fingerprint(), before)
    step("nothing of the set-up is left", equal,
         [d for d in ("/var/lib/otpd-setup", "/etc/otpd") if pathlib.Path(d).exists()], [])
    step("root by key, after the purge", root_by_key)
    step("ada by password, after the purge", ssh_with_password)
    step("nothing failed", settled)
    post.close()


main(part)
