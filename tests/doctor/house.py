# SPDX-License-Identifier: MIT
"""A host for the doctor: an /etc, an /usr/sbin and modules of its own, over the machine's,
inside the namespaces of a system test.
"""
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import threading

import table
from lab import check
from world import MAIL_SOCKET, MAILER, OTPD, mount

SECURITY = next(pathlib.Path("/usr/lib").glob("*/security/pam_permit.so")).parent


def version(program):
    return subprocess.run([str(program), "--version"], check=True, capture_output=True,
                          text=True).stdout.split()[-1]


def carries(module, text):
    """The module says its version; one that does not yet is helped."""
    data = module.read_bytes()
    if b"pam_emailotp " + text.encode() not in data:
        module.write_bytes(data + b"\0pam_emailotp " + text.encode() + b"\0")


class House:
    def __init__(self, w):
        self.w = w
        self.version = version(w.bin / "otpd")
        self.own_etc()
        self.own_programs()
        w.start(policy="policy spare { cool_down = 0 }\n", users=("ada",))
        os.chown(MAIL_SOCKET, OTPD, OTPD)
        os.chmod(MAIL_SOCKET, 0o600)
        self.ask_for_recovery_codes()
        self.clean()

    def own_etc(self):
        etc = self.w.dir / "etc-all"
        shutil.copytree("/etc", etc, symlinks=True, ignore=shutil.ignore_patterns(
            "ssl", "alternatives", "fonts"))
        os.chmod(etc, 0o755)
        for name in ("shadow", "gshadow", "sudoers"):
            os.chmod(etc / name, 0o440)
        for name in ("pam.d", "sudoers.d", "ssh/sshd_config.d"):
            shutil.rmtree(etc / name, ignore_errors=True)
        mount("--bind", etc, "/etc")
        os.makedirs("/etc/otpd", exist_ok=True)
        if not list(pathlib.Path("/etc/ssh").glob("ssh_host_*_key")):
            self.w.run("ssh-keygen", "-A")
        shadow = pathlib.Path("/etc/shadow")
        person = next(line for line in shadow.read_text().splitlines()
                      if line.startswith("ada:"))
        shadow.write_text("\n".join(
            person.replace("ada:", "root:", 1) if line.startswith("root:") else line
            for line in shadow.read_text().splitlines()) + "\n")
        # Programs are no people.
        passwd = pathlib.Path("/etc/passwd")
        passwd.write_text("".join(
            line.replace("/bin/sh", "/usr/sbin/nologin")
            if line.startswith(("web:", "otpd")) else line
            for line in passwd.read_text().splitlines(True)))
        pathlib.Path("/etc/otpd/smtp-password").write_text("secret\n")
        os.chmod("/etc/otpd/smtp-password", 0o600)
        shutil.rmtree("/run/systemd", ignore_errors=True)

    def own_programs(self):
        old, sbin = pathlib.Path("/run/old-sbin"), self.w.dir / "sbin"
        old.mkdir()
        sbin.mkdir(mode=0o755)
        mount("--bind", "/usr/sbin", old)
        for program in old.iterdir():
            os.symlink(program, sbin / program.name)
        for name in ("otpd", "otpd-mail"):
            (sbin / name).unlink(missing_ok=True)
            shutil.copy(self.w.bin / name, sbin / name)
        mount("--bind", sbin, "/usr/sbin")
        modules = self.w.dir / "security"
        shutil.copytree(SECURITY, modules)
        self.module = SECURITY / "pam_emailotp.so"
        shutil.copy(self.w.module, modules / "pam_emailotp.so")
        mount("--bind", modules, SECURITY)
        carries(self.module, self.version)

    def ask_for_recovery_codes(self):
        """Ada has some, where this otpd makes them."""
        if "recovery_codes" in self.w.show()["user"]:
            self.w.call("Admin.RecoveryCodes", user="ada")

    # One case after another.

    def clean(self):
        for directory in (table.PAM, table.DROPIN, "/etc/sudoers.d"):
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
        for path, text in table.BASE.items():
            self.put(path, text)
        administrators = ""
        known = self.w.run("/usr/sbin/otpd", "--check", "--config", self.w.dir / "otpd.conf")
        if "administrators" in known:
            administrators = 'administrators = { "ops@example.org" }\n'
        self.put("/etc/otpd/otpd.conf",
                 administrators + (self.w.dir / "otpd.conf").read_text())
        self.put("/etc/otpd/mail.conf", (self.w.dir / "mail.conf").read_text())
        self.put("/etc/resolv.conf", "nameserver 127.0.0.1\n")

    def put(self, path, text):
        path = pathlib.Path(path)
        path.unlink(missing_ok=True)
        if text is None:
            return
        path.write_text(text)
        os.chmod(path, 0o440 if "sudoers" in str(path) else 0o644)
        os.chown(path, 0, 0)

    def lay(self, case):
        for path, text in case.files.items():
            self.put(path, text)
        for path, text in (("/etc/otpd/otpd.conf", case.policy),
                           ("/etc/otpd/mail.conf", case.more)):
            with open(path, "a") as out:
                out.write(text)
        for path, mode in case.modes.items():
            os.chmod(path, mode)
        for path, owner in case.owners.items():
            os.chown(path, owner, owner)

    def doctor(self, *arguments, wanted=None):
        done = self.w.otpctl("--json", "doctor", "--mail-socket", MAIL_SOCKET, *arguments,
                             wanted=None)
        check(not done.stderr, "doctor said", done.stderr)
        answer = json.loads(done.stdout)
        # Whether the machine's clock is right is not what is tested.
        answer["findings"] = [f for f in answer["findings"]
                              if f["id"] != "clock-unsynchronised"]
        bad = {f["severity"] for f in answer["findings"]}
        code = 7 if "error" in bad else 6 if "warning" in bad else 0
        check(done.returncode == code or (code == 0 and done.returncode == 6),
              "ended with", done.returncode, "for", bad)
        return answer

    def found(self, *arguments):
        """Finding and place of each, as the table has them."""
        return {(f["id"], f["file"] and (
            "%s:%d" % (f["file"], f["line"]) if f["line"] else f["file"]))
            for f in self.doctor(*arguments)["findings"]}

    def wanted(self, case):
        """What must be found, with the lines that depend on the files of the daemons."""
        found = set()
        for name, where in case.found:
            if where and not isinstance(where, str):
                path, line = where
                lines = pathlib.Path(path).read_text().splitlines()
                number = {"FROM": next((i for i, text in enumerate(lines, 1)
                                        if text.startswith("from")), 0),
                          "LAST": len(lines), "LAST-1": len(lines) - 1}[line]
                where = "%s:%d" % (path, number)
            found.add((name, where))
        return found


class Resolver:
    """A name server on loopback: zones are name -> texts, None among them for a null MX."""

    def __init__(self, zones):
        self.zones = zones
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not question:
                return
            self.socket.sendto(self.answer(question), client)

    def answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += question[at] + 1
        kind = struct.unpack(">H", question[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        records = b""
        n = 0
        for text in self.zones.get(name, ()):
            if kind == 16 and text is not None:
                data = bytes([len(text)]) + text.encode()
            elif kind == 15 and text is None:
                data = b"\0\0\0"
            else:
                continue
            records += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
            n += 1
        flags = 0x8180 | (0 if name in self.zones else 3)
        return question[:2] + struct.pack(">HHHHH", flags, 1, n, 0, 0) + \
            question[12:at + 5] + records

    def close(self):
        # A blocked recvfrom holds the port; a packet ends it.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"", ("127.0.0.1", 53))
        self.socket.close()


__all__ = ["House", "MAILER", "Resolver"]
