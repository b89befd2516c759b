#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The way back: removing and purging, with lines that somebody wrote himself, and root's key
login open before, during and after. The module never goes before the lines do."""
import pathlib
import subprocess

from inside import (LINE, STACKS, UNITS, Post, Terminal, apt, ask_for_codes, check, equal,
                    fingerprint, install, main, people, root_by_key, run, settled, ssh,
                    ssh_with_code, ssh_with_password, step, sudo)

EXTRA = pathlib.Path("/etc/pam.d/homemade")
COMMON = pathlib.Path("/etc/pam.d/common-auth")
DATA = ["/var/lib/otpd", "/var/lib/otpd-mail", "/etc/otpd", "/var/backups/pam_emailotp",
        "/run/otpd"]


def module():
    return list(pathlib.Path("/usr/lib").glob("*/security/pam_emailotp.so"))


def lines():
    return [str(path) for path in pathlib.Path("/etc/pam.d").iterdir()
            if any("pam_emailotp.so" in line.partition("#")[0]
                   for line in path.read_text().splitlines())]


def others(before):
    """The files of PAM that are not as they were; the profile of pam-auth-update is."""
    now = fingerprint("10-emailotp.conf")
    return sorted(name for name in before.keys() | now.keys()
                  if before.get(name) != now.get(name) and name != str(EXTRA))


def check_removed(before):
    step("no active line is left", equal, lines(), [])
    step("the module is gone", equal, module(), [])
    step("every other file of PAM is as it was before the installation", equal,
         others(before), [])
    step("a line that others jump over has kept its place", lambda: check(
        "[default=ignore]\tpam_permit.so" in EXTRA.read_text(), EXTRA.read_text()))
    step("ada logs in by password", ssh_with_password)
    step("sudo by password", sudo, None)
    step("root by key, after", root_by_key)
    step("nothing failed", settled)


def set_up(before):
    step("the packages install", install)
    ask_for_codes()
    EXTRA.write_text("@include common-auth\n"
                     "auth [success=1 default=ignore] pam_succeed_if.so user notingroup otp\n" +
                     LINE + "auth required pam_permit.so\n")
    del before


def profile():
    """The profile of pam-auth-update, which somebody has switched on."""
    run("pam-auth-update", "--enable", "emailotp")
    check("pam_emailotp.so" in COMMON.read_text(), "the profile is not in common-auth")


def first(before):
    set_up(before)
    post = Post()
    step("ssh asks for a code", ssh_with_code, post)
    step("root by key, before", root_by_key)
    profile()
    during = Terminal(ssh("root", "echo open; read line; echo got $line"))
    during.expect("open")
    step("libpam-emailotp is removed, and otpd with it",
         apt, "remove", "libpam-emailotp", "otpd")
    during.type("through")
    during.expect("got through")
    step("root's session of before goes on", equal, during.end(), 0)
    check_removed(before)
    step("removing keeps the data", lambda: check(
        pathlib.Path("/var/lib/otpd/otpd.db").exists(), "it is gone"))
    said = step("purging says what it removes", apt, "purge", "libpam-emailotp", "otpd")
    for directory in DATA[:3]:
        step("purge has named " + directory, lambda d=directory: check(
            "removing " + d in (said or ""), said))
    step("the data are gone", equal, [d for d in DATA if pathlib.Path(d).exists()], [])
    units = run("systemctl", "list-unit-files", "otpd*", "--no-legend", wanted=None).strip()
    step("no unit is left", equal, units, "")
    step("sshd takes its configuration", run, "sshd", "-t")
    post.close()


def second(before):
    """dpkg alone, without the dependencies: otpd goes under the feet of the module."""
    set_up(before)
    step("otpd alone is removed by force", run, "dpkg", "--remove", "--force-depends", "otpd")
    step("no active line is left", equal, lines(), [])
    step("ada logs in by password", ssh_with_password)
    step("root by key", root_by_key)
    run("dpkg", "--purge", "libpam-emailotp")
    subprocess.run(["debconf-set-selections"], check=True, text=True,
                   input="otpd otpd/purge-data boolean false\n")
    said = run("dpkg", "--purge", "otpd")
    step("purge without the data says so", lambda: check("keeping /var/lib/otpd" in said, said))
    step("and keeps them", lambda: check(pathlib.Path("/var/lib/otpd/otpd.db").exists(), said))
    step("an installation after that finds the user", install)
    step("who is there", run, "otpctl", "users", "show", "ada")
    run("dpkg", "--purge", "libpam-emailotp", "otpd")


def third(before):
    """A line that cannot be taken out: the package stays, and so does the module."""
    set_up(before)
    run("mount", "--bind", "/etc/pam.d/sudo", "/etc/pam.d/sudo")
    said = run("dpkg", "--remove", "libpam-emailotp", wanted=None)
    step("a removal that would leave a line fails and says which", lambda: check(
        "/etc/pam.d/sudo still has" in said, said))
    step("the module has stayed", lambda: check(module(), "it is gone"))
    run("umount", "/etc/pam.d/sudo")
    step("after that is mended it is removed", run, "dpkg", "--purge", "libpam-emailotp", "otpd")
    check_removed(before)


def part():
    people()
    before = fingerprint("10-emailotp.conf")
    for name in STACKS:
        check(LINE not in pathlib.Path("/etc/pam.d", name).read_text(), name)
    first(before)
    second(before)
    third(before)
    step("no unit was left behind", lambda: equal(
        [u for u in UNITS if pathlib.Path("/run/systemd/units", u).exists()], []))


main(part)
