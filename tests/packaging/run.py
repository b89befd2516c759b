#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the packages do to PAM files when they are removed: take-pam-lines-out on files of
every shape, each compared with what must be left. Needs no root; changes nothing outside of a
temporary directory. The last line is "N passed, N failed, N skipped"."""

import os
import stat
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(TOP, "packaging/debian/take-pam-lines-out")
LINE = "auth [success=ok default=die] pam_emailotp.so\n"
LENIENT = "auth [success=ok ignore=ignore default=die] pam_emailotp.so\n"
UNIX = ("auth\t[success=ok ignore=ignore default=die]\tpam_unix.so try_first_pass "
        "# was pam_emailotp.so\n")
DENY = " pam_emailotp.so password=account token\n"

# What it is, the file before, the file after.
FILES = [
    ("the line of the manual goes, the rest stays to the byte",
     "# sshd\n@include common-auth\n" + LINE + "account  required\tpam_nologin.so\n",
     "# sshd\n@include common-auth\naccount  required\tpam_nologin.so\n"),
    ("a file without the line is not touched", "@include common-auth\n", "@include common-auth\n"),
    ("nor is a comment about it", "#" + LINE + "@include common-auth\n",
     "#" + LINE + "@include common-auth\n"),
    ("nor a comment behind another module", "auth required pam_unix.so # not pam_emailotp.so\n",
     "auth required pam_unix.so # not pam_emailotp.so\n"),
    ("nor another module with a longer name", "auth required my_pam_emailotp.so\n",
     "auth required my_pam_emailotp.so\n"),
    ("a whole path", "auth required /lib/security/pam_emailotp.so debug\n@include x\n",
     "@include x\n"),
    ("a line with a minus", "-" + LINE + "@include x\n", "@include x\n"),
    ("a line in three pieces", "auth \\\n  [success=ok default=die] \\\n pam_emailotp.so\n"
     "account required pam_unix.so\n", "account required pam_unix.so\n"),
    ("a comment that seems to go on does not hide it", "# here \\\n" + LINE, "# here \\\n"),
    ("the last line without its end", "@include x\n" + LINE[:-1], "@include x\n"),
    ("all kinds of lines", LINE + "account required pam_emailotp.so\n"
     "password [success=ok ignore=ignore default=die] pam_emailotp.so\n@include x\n",
     "@include x\n"),
    ("where a line above jumps, a line keeps the place and decides nothing",
     "auth [success=1 default=ignore] pam_succeed_if.so user notingroup otp\n" + LINE +
     "auth required pam_x.so\n",
     "auth [success=1 default=ignore] pam_succeed_if.so user notingroup otp\n"
     "auth\t[default=ignore]\tpam_permit.so # was pam_emailotp.so\nauth required pam_x.so\n"),
    ("a jump of another kind of line does not matter",
     "account [success=1 default=ignore] pam_unix.so\n" + LINE,
     "account [success=1 default=ignore] pam_unix.so\n"),
    ("what checked the password of this host goes on doing so",
     LINE[:-1] + " password=system append\n",
     "auth\t[success=ok default=die]\tpam_unix.so # was pam_emailotp.so\n"),
    ("where nothing but permission is left, the password takes the place of the code",
     "#@include common-auth\n" + LENIENT + "auth required pam_permit.so\n@include no-auth\n",
     "#@include common-auth\n" + UNIX + "auth required pam_permit.so\n@include no-auth\n"),
    ("so behind lines that ask nobody", "auth requisite pam_nologin.so\n" + LENIENT,
     "auth requisite pam_nologin.so\n" + UNIX),
    ("with no line left it is for PAM's \"other\"", "#@include x\n" + LINE + "@include no-auth\n",
     "#@include x\n@include no-auth\n"),
    ("and where another line asks, nothing takes its place",
     "auth required pam_env.so\n@include some-auth\n" + LENIENT + "auth required pam_permit.so\n",
     "auth required pam_env.so\n@include some-auth\nauth required pam_permit.so\n"),
    ("accounts of otpd are refused, not taken for users of this host",
     "auth required" + DENY + "account required pam_emailotp.so password=account\n",
     "auth\trequired\tpam_deny.so # was pam_emailotp.so\n"
     "account\trequired\tpam_deny.so # was pam_emailotp.so\n"),
]


def run(directory, copies):
    return subprocess.run([PROGRAM, directory, copies], capture_output=True, text=True)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check_files(stacks, copies):
    for index, (name, before, _) in enumerate(FILES):
        write(os.path.join(stacks, f"s{index}"), before)
    os.chmod(os.path.join(stacks, "s0"), 0o640)
    write(os.path.join(stacks, "no-auth"), "#auth required pam_unix.so\naccount required pam_x.so\n")
    write(os.path.join(stacks, "some-auth"), "auth required pam_unix.so\n")
    done = run(stacks, copies)
    yield "it succeeds", done.returncode == 0 and done.stderr == "", done.stderr
    for index, (name, before, after) in enumerate(FILES):
        got = read(os.path.join(stacks, f"s{index}"))
        copy = os.path.join(copies, f"s{index}")
        kept = read(copy) == before if before != after else not os.path.exists(copy)
        yield name, got == after and kept, got
    yield "modes stay", stat.S_IMODE(os.stat(os.path.join(stacks, "s0")).st_mode) == 0o640, ""
    yield "nothing else is left there", len(os.listdir(stacks)) == len(FILES) + 2, ""
    before = [read(os.path.join(stacks, name)) for name in sorted(os.listdir(stacks))]
    again = run(stacks, copies)
    after = [read(os.path.join(stacks, name)) for name in sorted(os.listdir(stacks))]
    yield "again, it does nothing", again.stdout == "" and before == after, again.stdout


def check_included(stacks, copies):
    write(os.path.join(stacks, "common-auth"), LINE + "auth required pam_x.so\n")
    write(os.path.join(stacks, "other"), "auth substack common-auth\n")
    run(stacks, copies)
    got = read(os.path.join(stacks, "common-auth"))
    yield ("a file that others include keeps its number of lines",
           got.startswith("auth\t[default=ignore]\tpam_permit.so"), got)


def check_link(stacks, copies):
    target = os.path.join(copies + "-target")
    write(target, LINE + "@include x\n")
    os.symlink(target, os.path.join(stacks, "sshd"))
    run(stacks, copies)
    link = os.path.islink(os.path.join(stacks, "sshd"))
    yield "a link stays one, and its file is changed", link and read(target) == "@include x\n", ""


def check_stuck(stacks, copies):
    """The copy cannot be made, so the file stays and the caller must know."""
    write(os.path.join(stacks, "sshd"), LINE)
    write(copies, "a file where the directory should be")
    done = run(stacks, copies)
    yield ("a file that cannot be changed is said, and is an error",
           done.returncode == 1 and "still has" in done.stderr and
           read(os.path.join(stacks, "sshd")) == LINE, done.stderr)


def main():
    passed = failed = 0
    for check in (check_files, check_included, check_link, check_stuck):
        with tempfile.TemporaryDirectory() as top:
            stacks = os.path.join(top, "pam.d")
            os.mkdir(stacks)
            for name, good, seen in check(stacks, os.path.join(top, "copies")):
                passed, failed = passed + bool(good), failed + (not good)
                if not good:
                    print(f"FAILED   {name}\n{seen}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
