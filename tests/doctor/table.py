# SPDX-License-Identifier: MIT
"""Configurations that the doctor is shown: what is laid over a good /etc, and what must be
found, exactly. A finding is its name and where: "file:line", "file", or None.
"""
PAM, SSH, DROPIN = "/etc/pam.d/", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/"
OURS = "auth [success=ok default=die] pam_emailotp.so\n"
SOME = "auth [success=ok ignore=ignore default=die] pam_emailotp.so"
UNIX = """auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
"""
SSHD = "@include common-auth\n" + OURS + "account required pam_nologin.so\n" \
    "@include common-account\n"
SUDO = "@include common-auth\n" + OURS + "@include common-account\n"
EMAILOTP = """UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
LoginGraceTime 300
"""
KEY = EMAILOTP.replace("keyboard", "publickey,keyboard")
SUDOERS = """Defaults env_reset
root ALL=(ALL:ALL) ALL
%admins ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""
# What every case begins with: a host that is set up well.
BASE = {
    PAM + "common-auth": UNIX,
    PAM + "common-account": "account required pam_unix.so\n",
    PAM + "common-password": "password required pam_unix.so\n",
    PAM + "common-session": "session required pam_unix.so\n",
    PAM + "common-session-noninteractive": "session required pam_unix.so\n",
    PAM + "other": "auth required pam_deny.so\naccount required pam_deny.so\n",
    PAM + "sshd": SSHD,
    PAM + "sudo": SUDO,
    PAM + "sudo-i": SUDO,
    PAM + "su": "auth sufficient pam_rootok.so\n@include common-auth\n"
                "@include common-account\n",
    PAM + "login": "auth optional pam_faildelay.so delay=3000000\n@include common-auth\n",
    PAM + "cron": "@include common-account\nsession required pam_loginuid.so\n",
    PAM + "passwd": "@include common-password\n",
    PAM + "swaylock": "auth include login\n",
    SSH: "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\n"
         "UsePAM yes\nX11Forwarding yes\n",
    DROPIN + "10-emailotp.conf": EMAILOTP,
    "/etc/sudoers": SUDOERS,
}
TEN = DROPIN + "10-emailotp.conf"


class Case:
    """files: path -> text (None: removed), policy: behind otpd.conf, more: behind mail.conf,
    modes: path -> mode, found: what must be found. fixed: files that put it right again.
    """

    def __init__(self, name, files=None, found=(), policy="", more="", modes=None,
                 owners=None, resolver=None):
        self.name, self.files, self.found = name, files or {}, set(found)
        self.policy, self.more, self.modes, self.owners = policy, more, modes or {}, owners or {}
        self.resolver = resolver


def sshd(lines, text=SSHD):
    """The stack of sshd with other lines in place of ours."""
    return {PAM + "sshd": text.replace(OURS, lines)}


def conf(**values):
    """10-emailotp.conf with other values; those of None are left out."""
    lines = dict(line.split(" ", 1) for line in EMAILOTP.splitlines())
    lines.update(values)
    return {TEN: "".join("%s %s\n" % pair for pair in lines.items() if pair[1] is not None)}


def match(text):
    return {DROPIN + "20-match.conf": text}


SMTP = 'transport out {\n type = smtp\n host = "%s"\n user = "%s"\n password_file = ' \
       '"/etc/otpd/smtp-password"\n}\n'

GOOD = [
    Case("password and code, sshd and sudo"),
    Case("key and code", {**sshd("", ""), TEN: KEY, PAM + "sshd": OURS +
                          "account required pam_unix.so\n"}),
    Case("key, password and code", {TEN: KEY}),
    Case("sudo only", sshd("")),
    Case("some users by the policy", {
        PAM + n: t.replace(OURS, SOME + "\n")
        for n, t in (("sshd", SSHD), ("sudo", SUDO), ("sudo-i", SUDO))},
        policy='policy default { required_groups = {"admins"} }\n'),
    Case("some users by PAM", sshd(
        "auth [success=1 default=ignore] pam_succeed_if.so quiet user notingroup admins\n" +
        OURS + "auth required pam_permit.so\n")),
    Case("a Match for one bastion", match(
        "Match Address 10.1.2.3\n  AuthenticationMethods publickey\n")),
    Case("a Match for a user with a key", match(
        "Match User carol\n  AuthenticationMethods publickey\n")),
    Case("a web application", {
        PAM + "shop": "auth requisite pam_unix.so\n" + OURS.replace("\n", " token\n") +
        "account required pam_emailotp.so\n"},
        policy='client shop { user = "web" services = {"shop"} }\n'),
    Case("accounts in one box", {
        PAM + "dovecot": OURS.replace("\n", " password=account append\n") +
        "account required pam_emailotp.so password=account\n"}),
    Case("passwords of the system, without another module", {
        PAM + "backup": OURS.replace("\n", " password=system\n")}),
    Case("a code before passwd", {
        PAM + "passwd": "password [success=ok ignore=ignore default=die] pam_emailotp.so\n"
                        "@include common-password\n"}),
    Case("an include of one type", {PAM + "sshd": "auth include common-auth\n" + OURS}),
    Case("several who check passwords", {PAM + "common-auth": """\
auth required pam_faillock.so preauth
auth [success=3 default=ignore] pam_unix.so nullok
auth [success=2 default=ignore] pam_sss.so use_first_pass
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
auth optional pam_cap.so
"""}),
    Case("a file of its own that the services include", {
        PAM + "emailotp-auth": OURS,
        **{PAM + n: "@include common-auth\n@include emailotp-auth\n"
           for n in ("sshd", "sudo", "sudo-i")}}),
    Case("not enrolled and not asked", sshd(SOME + " nullok\n")),
    Case("two transports, and a domain that says so", more=SMTP % (
        "mail.test.example.org", "otpd@test.example.org") + SMTP.replace("out", "next") % (
        "mx.test.example.org", "otpd@test.example.org"),
        resolver={"test.example.org": ["v=spf1 -all"],
                  "_dmarc.test.example.org": ["v=DMARC1; p=reject"]}),
    Case("a long list of services without us", {
        PAM + n: "@include common-auth\n" for n in ("xrdp", "vsftpd", "polkit-1", "gdm-password")}),
]


def place(path, line=None):
    """line: a number, or LAST, LAST-1, FROM in a file that the daemons' tests write."""
    if isinstance(line, str):
        return (path, line)
    return path if line is None else "%s:%d" % (path, line)


def one(finding, path=None, line=None):
    return [(finding, place(path, line) if path else None)]


SSHD_PAM, SUDO_PAM = PAM + "sshd", PAM + "sudo"

BROKEN = [
    # ---- stacks
    Case("sufficient before us", {SSHD_PAM: "auth sufficient pam_unix.so\n" + OURS +
                                  "auth requisite pam_deny.so\n"},
         one("pam-skipped", SSHD_PAM, 1)),
    Case("success=done before us", {PAM + "common-auth": UNIX.replace(
        "success=1", "success=done")},
        one("pam-skipped", PAM + "common-auth", 1)),
    Case("a jump over us", {SSHD_PAM: "auth [success=1 default=die] pam_unix.so\n" + OURS +
                            "auth required pam_permit.so\n"},
         one("pam-skipped", SSHD_PAM, 1)),
    Case("a jump over us in an included file", {
        PAM + "common-auth": UNIX.replace("success=1", "success=3"),
        SSHD_PAM: SSHD.replace(OURS, OURS + "auth required pam_permit.so\n"),
        SUDO_PAM: SUDO.replace(OURS, OURS + "auth required pam_permit.so\n"),
        PAM + "sudo-i": SUDO.replace(OURS, OURS + "auth required pam_permit.so\n"),
        PAM + "login": None, PAM + "su": None, PAM + "swaylock": None},
        one("pam-skipped", PAM + "common-auth", 1)),
    Case("a counter that ends the stack", {PAM + "common-auth": UNIX +
                                           "auth sufficient pam_faillock.so authsucc\n"},
         one("pam-skipped", PAM + "common-auth", 4)),
    Case("optional", sshd("auth optional pam_emailotp.so\n"), one("pam-optional", SSHD_PAM, 2)),
    Case("sufficient", sshd("auth sufficient pam_emailotp.so\n"),
         one("pam-optional", SSHD_PAM, 2)),
    Case("default=ignore", sshd("auth [success=ok default=ignore] pam_emailotp.so\n"),
         one("pam-failure-ignored", SSHD_PAM, 2)),
    Case("authinfo_unavail=ignore", sshd(
        "auth [success=ok authinfo_unavail=ignore default=die] pam_emailotp.so\n"),
        one("pam-failure-ignored", SSHD_PAM, 2)),
    Case("maxtries=ignore", sshd("auth [success=ok maxtries=ignore default=die] pam_emailotp.so\n"),
         one("pam-failure-ignored", SSHD_PAM, 2)),
    Case("a failure that is forgotten", sshd(
        "auth required pam_emailotp.so\nauth [default=reset] pam_debug.so\n"
        "auth required pam_permit.so\n"),
        one("pam-failure-ignored", SSHD_PAM, 2) + one("pam-required", SSHD_PAM, 2)),
    Case("required", sshd("auth required pam_emailotp.so\n"), one("pam-required", SSHD_PAM, 2)),
    Case("no password before sudo", {SUDO_PAM: OURS + "@include common-account\n"},
         one("pam-no-first-factor", SUDO_PAM, 1)),
    Case("pam_deny is missing", {SUDO_PAM: "auth [success=1 default=ignore] pam_unix.so\n"
                                 "auth required pam_permit.so\n" + OURS},
         one("pam-password-unchecked", SUDO_PAM, 3)),
    Case("common-auth", {PAM + "common-auth": UNIX + OURS, **sshd(""), **{
        PAM + n: SUDO.replace(OURS, "") for n in ("sudo", "sudo-i")}},
        one("pam-common", PAM + "common-auth", 4)),
    Case("common-auth and sshd", {PAM + "common-auth": UNIX + OURS, **{
        PAM + n: SUDO.replace(OURS, "") for n in ("sudo", "sudo-i")}},
        one("pam-common", PAM + "common-auth", 4) + one("pam-twice", SSHD_PAM, 2)),
    Case("cron", {PAM + "cron": "@include common-auth\n" + OURS},
         one("pam-cannot-ask", PAM + "cron", 2)),
    Case("systemd --user", {PAM + "systemd-user": OURS},
         one("pam-cannot-ask", PAM + "systemd-user", 1)),
    Case("a screen locker", {PAM + "swaylock": "auth include login\n" + OURS},
         one("pam-locker", PAM + "swaylock", 2)),
    Case("the console", {PAM + "login": "@include common-auth\n" + OURS, PAM + "swaylock": None},
         one("pam-console", PAM + "login", 2)),
    Case("an option misspelt", sshd(OURS.replace("\n", " prompt_s=2\n")),
         one("pam-options", SSHD_PAM, 2)),
    Case("two options at odds", sshd(OURS.replace("\n", " append\n")),
         one("pam-options", SSHD_PAM, 2)),
    Case("another socket", sshd(OURS.replace("\n", " socket=/run/otpd.sock\n")),
         one("pam-socket", SSHD_PAM, 2)),
    Case("nullok without anybody who says yes", {
        PAM + "backup": SOME + " password=system nullok\n"},
        one("pam-nullok-alone", PAM + "backup", 1)),
    Case("nullok and default=die", sshd(OURS.replace("\n", " nullok\n")),
         one("pam-exempt-refused", SSHD_PAM, 2)),
    Case("exempt users and default=die", policy='policy sshd { exempt_users = {"carol"} }\n',
         found=one("pam-exempt-refused", SSHD_PAM, 2)),
    Case("passwd without ignore=ignore", {
        PAM + "passwd": "password [success=ok default=die] pam_emailotp.so\n"
                        "@include common-password\n"},
        one("pam-passwd", PAM + "passwd", 1)),
    Case("the code before the password", {SSHD_PAM: OURS + "@include common-auth\n"},
         one("pam-order", SSHD_PAM, 1)),
    Case("a required password", {SSHD_PAM: "auth required pam_unix.so\n" + OURS},
         one("pam-mail-early", SSHD_PAM, 1)),
    Case("a substack, which ends alone", {SSHD_PAM: "auth substack common-auth\n" + OURS},
         one("pam-mail-early", SSHD_PAM, 1)),
    Case("a substack in a file that is included", {
        SSHD_PAM: "@include local\n" + OURS, PAM + "local": "# x\nauth substack common-auth\n"},
        one("pam-mail-early", PAM + "local", 2)),
    Case("twice", sshd(OURS + "\n# once more\n" + OURS), one("pam-twice", SSHD_PAM, 5)),
    Case("a type that does not exist", {SUDO_PAM: SUDO + "accounts required pam_unix.so\n"},
         one("pam-broken", SUDO_PAM, 4)),
    Case("a malformed control", {SUDO_PAM: SUDO + "account [success=okay] pam_unix.so\n"},
         one("pam-broken", SUDO_PAM, 4)),
    Case("an include of nothing", {SUDO_PAM: SUDO + "session include nothing\n"},
         one("pam-broken", SUDO_PAM, 4)),
    Case("no service asks", {**sshd(""), SUDO_PAM: SUDO.replace(OURS, ""),
                             PAM + "sudo-i": SUDO.replace(OURS, "")}, one("pam-unused")),
    # ---- sshd
    Case("sshd does not start", {SSH: "UsePAM maybe\n"}, one("sshd-config", SSH)),
    Case("KbdInteractiveAuthentication no", conf(KbdInteractiveAuthentication="no"),
         one("sshd-kbdint-off", TEN, 2)),
    Case("the drop-in is not read", {SSH: "KbdInteractiveAuthentication no\nUsePAM yes\n"},
         one("sshd-kbdint-off", SSH, 1) + one("sshd-password-on", SSH) +
         one("sshd-key-alone", SSH) + one("sshd-grace", SSH)),
    Case("the drop-in comes too late", {DROPIN + "05-site.conf": "UsePAM yes\n"
                                        "KbdInteractiveAuthentication no\n"},
         one("sshd-kbdint-off", DROPIN + "05-site.conf", 2) + one("sshd-overridden", TEN, 2)),
    Case("the old spelling", {DROPIN + "05-old.conf": "ChallengeResponseAuthentication no\n"},
         one("sshd-kbdint-off", DROPIN + "05-old.conf", 1) +
         one("sshd-overridden", TEN, 2) + one("sshd-old-spelling", TEN, 2)),
    Case("PasswordAuthentication yes", conf(PasswordAuthentication="yes"),
         one("sshd-password-on", TEN, 3)),
    Case("UsePAM no", conf(UsePAM="no"), one("sshd-usepam-off", TEN, 1)),
    Case("AuthenticationMethods any", conf(AuthenticationMethods="any"),
         one("sshd-key-alone", TEN, 4)),
    Case("no AuthenticationMethods", conf(AuthenticationMethods=None),
         one("sshd-key-alone", SSH)),
    Case("a key alone", conf(AuthenticationMethods="publickey keyboard-interactive:pam"),
         one("sshd-key-alone", TEN, 4)),
    Case("a list with a password", conf(
        AuthenticationMethods="publickey,password keyboard-interactive:pam"),
        one("sshd-methods", TEN, 4)),
    Case("the code alone", {SSHD_PAM: OURS}, one("sshd-code-alone", TEN, 4)),
    Case("the code alone for some", {**sshd("", ""), SSHD_PAM: OURS, TEN: KEY, **match(
        "Match User bob\n  AuthenticationMethods keyboard-interactive:pam\n")},
        one("sshd-code-alone", DROPIN + "20-match.conf", 2)),
    Case("LoginGraceTime 30", conf(LoginGraceTime="30"), one("sshd-grace", TEN, 5)),
    Case("LoginGraceTime left as it was", conf(LoginGraceTime=None), one("sshd-grace", SSH)),
    Case("MaxAuthTries 1", conf(MaxAuthTries="1"), one("sshd-tries", TEN, 6)),
    Case("PermitEmptyPasswords", conf(PermitEmptyPasswords="yes"),
         one("sshd-empty-passwords", TEN, 6)),
    Case("root, who is not enrolled", conf(PermitRootLogin="yes"), one("sshd-root", TEN, 6)),
    Case("a Match that asks for nothing more", match(
        "Match Group admins\n  AuthenticationMethods publickey\n"),
        one("sshd-match-off", DROPIN + "20-match.conf", 2)),
    Case("a Match without keyboard-interactive", match(
        "# some\nMatch User bob\n  KbdInteractiveAuthentication no\n"),
        one("sshd-match-off", DROPIN + "20-match.conf", 3)),
    Case("a Match for whoever is called so", match(
        "Match User b*\n  X11Forwarding no\n  AuthenticationMethods publickey\n"),
        one("sshd-match-off", DROPIN + "20-match.conf", 3)),
    Case("a Match with passwords", match("Match User bob\n  PasswordAuthentication yes\n"),
         one("sshd-password-on", DROPIN + "20-match.conf", 2)),
    # ---- sudo
    Case("sudo without sudo-i", {PAM + "sudo-i": SUDO.replace(OURS, "")},
         one("sudo-one-of-two", PAM + "sudo-i")),
    Case("sudo-i without sudo", {SUDO_PAM: SUDO.replace(OURS, "")},
         one("sudo-one-of-two", SUDO_PAM)),
    Case("sudoers is broken", {"/etc/sudoers": SUDOERS + "ada ALL=\n"},
         one("sudo-syntax", "/etc/sudoers")),
    Case("!authenticate", {"/etc/sudoers.d/site": "# all\nDefaults:ada !authenticate\n"},
         one("sudo-no-authenticate", "/etc/sudoers.d/site", 2)),
    Case("rootpw", {"/etc/sudoers": SUDOERS + "Defaults lecture=never, \\\n  rootpw\n"},
         one("sudo-targetpw", "/etc/sudoers", 5)),
    Case("another PAM service", {"/etc/sudoers": SUDOERS + "Defaults pam_service=su\n"},
         one("sudo-pam-service", "/etc/sudoers", 5)),
    Case("asked once for ever", {"/etc/sudoers": SUDOERS + "Defaults timestamp_timeout=-1\n"},
         one("sudo-forever", "/etc/sudoers", 5)),
    Case("NOPASSWD", {"/etc/sudoers.d/90-cloud": "ada ALL=(ALL) NOPASSWD: ALL\n"},
         one("sudo-nopasswd", "/etc/sudoers.d/90-cloud", 1)),
    # ---- files
    Case("a PAM file for everybody", modes={SSHD_PAM: 0o666},
         found=one("file-writable", SSHD_PAM)),
    Case("otpd.conf for a group", modes={"/etc/otpd/otpd.conf": 0o664},
         found=one("file-writable", "/etc/otpd/otpd.conf") + one("otpd-config",
                                                                 "/etc/otpd/otpd.conf")),
    Case("otpd.conf of somebody else", owners={TEN: 2001}, found=one("file-owner", TEN)),
    # ---- otpd.conf and mail.conf
    Case("otpd.conf has a fault", policy="policy sshd { life = 5 }\n",
         found=one("otpd-config", "/etc/otpd/otpd.conf", "LAST")),
    Case("mail.conf has a fault", more="transport more { type = pigeon }\n",
         found=one("mail-config", "/etc/otpd/mail.conf", "LAST")),
    Case("everybody is exempt", policy='policy sshd {\n exempt_networks = {"0.0.0.0/0"}\n}\n',
         files=sshd(SOME + "\n"), found=one("policy-nobody", "/etc/otpd/otpd.conf", "LAST-1")),
    Case("a group that does not exist", files=sshd(SOME + "\n"),
         policy='policy sshd {\n required_groups = {"stuff"}\n}\n',
         found=one("policy-nobody", "/etc/otpd/otpd.conf", "LAST-1") +
         one("policy-unknown-name", "/etc/otpd/otpd.conf", "LAST-1")),
    # ---- DNS
    Case("no SPF, no DMARC", more=SMTP % ("m.test.example.org", "otpd@test.example.org"),
         resolver={"test.example.org": ["something else"]},
         found=one("dns-spf", "/etc/otpd/mail.conf", "FROM") +
         one("dns-dmarc", "/etc/otpd/mail.conf", "FROM")),
    Case("a domain that does not exist", more=SMTP % (
        "m.test.example.org", "otpd@test.example.org"), resolver={},
        found=one("dns-no-domain", "/etc/otpd/mail.conf", "FROM")),
    Case("a domain that takes no mail", more=SMTP % (
        "m.test.example.org", "otpd@test.example.org"),
        resolver={"test.example.org": ["v=spf1 -all", None],
                  "_dmarc.test.example.org": ["v=DMARC1; p=none"]},
        found=one("dns-null-mx", "/etc/otpd/mail.conf", "FROM")),
    Case("no resolver", more=SMTP % ("m.test.example.org", "otpd@test.example.org"),
         found=one("dns-no-answer", "/etc/otpd/mail.conf", "FROM")),
]
