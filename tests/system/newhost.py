# SPDX-License-Identifier: MIT
"""A host on which the packages have just been installed, and nothing is set up: /etc as Debian
has it, an sshd that runs, both daemons as their units start them."""
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess

from lab import Terminal, check, free_port, sshd_options, wait_for
from world import ADA, CLIENTS, MAIL_SOCKET, MAILER, OTPD, PASSWORD, make_directory, mount

STATE = pathlib.Path("/var/lib/otpd-setup")
MODULE_LINE = "auth [success=ok default=die] pam_emailotp.so"
# As Debian has them, in short.
PAM = {
    "common-auth": "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
                   "auth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\n",
    "common-account": "account\trequired\tpam_unix.so\n",
    "common-session": "session\trequired\tpam_permit.so\n",
    "common-password": "password\trequired\tpam_unix.so\n",
    "sshd": "# PAM configuration for the Secure Shell service\n\n# Standard Un*x "
            "authentication.\n@include common-auth\n\naccount    required     pam_nologin.so\n"
            "@include common-account\n@include common-session\n@include common-password\n",
    "sudo": "#%PAM-1.0\n\nsession    required   pam_limits.so\n\n@include common-auth\n"
            "@include common-account\n@include common-session\n",
    "sudo-i": "#%PAM-1.0\n\n@include common-auth\n@include common-account\n"
              "@include common-session\n",
    "other": "auth required pam_deny.so\naccount required pam_deny.so\n",
    "cron": "@include common-auth\n@include common-account\n",
}
SSHD = """# This is the sshd server system-wide configuration file.
Include /etc/ssh/sshd_config.d/*.conf
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
"""


class NewHost:
    """What the machine of a World becomes."""

    def __init__(self, w, sshd=SSHD, root="no"):
        self.w = w
        self.ssh_port = w.ssh_port = free_port()
        self.trial_port = free_port()
        self._etc(sshd + "PermitRootLogin %s\n" % root)
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib")
        make_directory("/var/lib/otpd", OTPD, 0o700)
        make_directory("/var/lib/otpd-mail", MAILER, 0o700)
        # Where an otpd-mail that runs already may write; the world looks into w.dir/mails.
        self.relay = "maildir:/var/lib/otpd-mail/drop"
        make_directory("/var/lib/otpd-mail/drop", MAILER, 0o700)
        (w.dir / "mails").rmdir()
        (w.dir / "mails").symlink_to("/var/lib/otpd-mail/drop")
        self._module()
        self.before = self.snapshot()

    def _etc(self, sshd):
        w, etc = self.w, self.w.dir / "new-etc"
        w.run("cp", "-a", "/etc", etc)
        shutil.rmtree(etc / "pam.d")
        shutil.rmtree(etc / "ssh")
        (etc / "pam.d").mkdir()
        (etc / "ssh/sshd_config.d").mkdir(parents=True)
        (etc / "otpd").mkdir()
        for name, text in PAM.items():
            (etc / "pam.d" / name).write_text(text)
        w.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
              etc / "ssh/ssh_host_ed25519_key")
        (etc / "ssh/sshd_config").write_text("\n".join([
            sshd, *sshd_options(), "ListenAddress 127.0.0.1", "Port %d" % self.ssh_port,
            "StrictModes no", "PrintLastLog no", "UseDNS no", ""]))
        (etc / "otpd/otpd.conf").write_text(
            'host_name = "test.example.org"\nlog_level = debug\n'
            'policy default { cool_down = 0 }\nmail_socket = "%s"\n' % MAIL_SOCKET)
        (etc / "otpd/mail.conf").write_text(
            'socket = "%s"\nsocket_mode = 0666\nfrom = "otpd@example.org"\n%s\n'
            'log_level = debug\n' % (MAIL_SOCKET, w.templates()))
        mount("--bind", etc, "/etc")

    def _module(self):
        found = [p for p in pathlib.Path("/usr/lib").glob("*/security") if
                 (p / "pam_unix.so").exists()]
        check(found, "there are no PAM modules")
        copy = self.w.dir / "security"
        self.w.run("cp", "-a", found[0], copy)
        shutil.copy(self.w.module, copy / "pam_emailotp.so")
        mount("--bind", copy, found[0])

    def start(self, mailer=True):
        w = self.w
        if mailer:  # it does not start without a transport
            self.start_mailer()
        w.otpd = w.spawn("otpd", [w.bin / "otpd"], user=OTPD, group=OTPD, extra_groups=[CLIENTS],
                         env=w.environment)
        w.ready(w.otpd, lambda: w.answers(w.socket))
        self.sshd = w.spawn("sshd", ["/usr/sbin/sshd", "-D", "-e"])
        w.ready(self.sshd, lambda: "Server listening" in w.log("sshd"))
        return self

    def start_mailer(self):
        """With a transport that only this start sees: setup has to bring its own."""
        w, conf = self.w, pathlib.Path("/etc/otpd/mail.conf")
        text = conf.read_text()
        conf.write_text(text + "transport first { type = console }\n")
        w.mailer = w.spawn("otpd-mail", [w.bin / "otpd-mail"], user=MAILER, group=MAILER,
                           extra_groups=[], env=w.environment)
        w.ready(w.mailer, lambda: w.answers(MAIL_SOCKET))
        conf.write_text(text)

    def snapshot(self):
        """Every file of /etc with its bytes, owner and mode; directories too."""
        seen = {}
        for directory, names, files in os.walk("/etc"):
            for name in names + files:
                path = os.path.join(directory, name)
                st = os.lstat(path)
                data = b""
                if os.path.islink(path):
                    data = os.readlink(path).encode()
                elif os.path.isfile(path):
                    data = hashlib.sha256(pathlib.Path(path).read_bytes()).digest()
                seen[path] = (st.st_mode, st.st_uid, st.st_gid, data)
        return seen

    def differences(self):
        now = self.snapshot()
        return sorted(path for path in {*now, *self.before}
                      if now.get(path) != self.before.get(path))

    def is_untouched(self):
        check(not self.differences(), "/etc is not as it was:", self.differences())
        check(not (STATE / "pending.json").exists(), "a run is pending")

    # Running it.

    FLAGS = ("--from", "otpd@test.example.org", "--user", "ada", "--address",
             "ada@example.org", "--verified", "--users", "all", "--yes")

    def flags(self, *more, services="sshd,sudo", trial="wait=60", relay=None):
        return ["--mail-socket", MAIL_SOCKET, "--relay",
                relay or self.relay, "--services", services, "--trial",
                trial, "--trial-port", str(self.trial_port), *self.FLAGS, *more]

    def by_flags(self, *more, wanted=0, **options):
        """A run without a terminal; what it said, both streams."""
        done = self.w.otpctl("setup", *self.flags(*more, **options), wanted=None)
        check(done.returncode == wanted, "setup ended with", done.returncode, "and said:",
              done.stdout, done.stderr)
        return done

    def in_background(self, *more, **options):
        """A run by flags that goes on while the test does something else."""
        return Terminal(["sh", "-c", '"$@" </dev/null', "sh", str(self.w.bin / "otpctl"),
                         "setup", *self.flags(*more, **options)])

    def at_terminal(self, *more):
        return Terminal([str(self.w.bin / "otpctl"), "setup", "--mail-socket", MAIL_SOCKET,
                         "--trial-port", str(self.trial_port), *more],
                        env={"SUDO_USER": "ada"})

    def undo(self):
        return self.w.otpctl("setup", "--undo", "--mail-socket", MAIL_SOCKET, wanted=None)

    # Logging in.

    def ssh(self, *options, port=None, user="ada"):
        self.w.ssh_port = port or self.trial_port
        return self.w.ssh(user, *options)

    def log_in(self, port=None, user="ada"):
        """Password and code, at the trial or at the sshd that runs."""
        before = len(self.w.mails(user + "@example.org"))
        terminal = self.ssh(port=port, user=user)
        terminal.expect("Password: ")
        terminal.type(PASSWORD)
        terminal.expect("[Cc]ode[^\n]*: $")
        terminal.type(self.w.wait_mails(before + 1, user + "@example.org").code)
        terminal.expect("in as " + user)
        check(terminal.end() == 0, "the login failed")

    def old_login_works(self):
        """By password alone, as before setup; sshd may be reading its files anew."""
        self.wait_for_port(self.ssh_port)
        terminal = self.ssh("-o", "PreferredAuthentications=password", port=self.ssh_port)
        terminal.expect("password: ")
        terminal.type(PASSWORD)
        terminal.expect("in as ada")
        check(terminal.end() == 0, "the old login failed")

    def sudo_asks_no_code(self):
        done = subprocess.run(["sudo", "-S", "id", "-u"], input=PASSWORD + "\n", text=True,
                              capture_output=True, timeout=30, user=ADA, group=ADA,
                              extra_groups=[])
        check(done.stdout == "0\n", "sudo", done.stdout, done.stderr)

    def wait_for_trial(self):
        self.wait_for_port(self.trial_port)

    def wait_for_port(self, port):
        def open_yet():
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0
        wait_for("port %d" % port, open_yet)

    def result(self, done):
        return json.loads(done.stdout)
