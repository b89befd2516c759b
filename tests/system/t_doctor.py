# SPDX-License-Identifier: MIT
"""otpctl doctor, on hosts that are set up well and on hosts that are not: tests/doctor."""
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "doctor"))
import table  # noqa: E402
from house import House, Resolver  # noqa: E402
from lab import Failed, Varlink, check, equal, wait_for  # noqa: E402
from world import ADA, MAIL_SOCKET, MAILER, OTPD, as_uid  # noqa: E402


def _run(w, cases):
    """All cases on one host; each must give exactly what its row says."""
    house, wrong = House(w), []
    for case in cases:
        house.clean()
        house.lay(case)
        resolver = Resolver(case.resolver) if case.resolver is not None else None
        found = house.found()
        if resolver:
            resolver.close()
        wanted = house.wanted(case)
        if found != wanted:
            wrong.append("%s: found %s, wanted %s" % (
                case.name, sorted(map(str, found - wanted)), sorted(map(str, wanted - found))))
    if wrong:
        raise Failed("%d of %d:\n%s" % (len(wrong), len(cases), "\n".join(wrong)))
    print(len(cases), "configurations")


def doctor_finds_what_is_broken_in_stacks(w):
    _run(w, [c for c in table.BROKEN if any(n.startswith("pam-") for n, _ in c.found)])


def doctor_finds_what_is_broken_elsewhere(w):
    _run(w, [c for c in table.BROKEN if not any(n.startswith("pam-") for n, _ in c.found)])


def doctor_says_nothing_about_good_hosts(w):
    check(len(table.GOOD) >= 10 and len(table.BROKEN) >= 30, "the table is too short")
    _run(w, table.GOOD)


def _equal_found(house, wanted, *arguments):
    equal(house.found(*arguments), set(wanted), "findings")


def doctor_looks_at_daemons_and_files(w):
    house = House(w)
    _equal_found(house, [])
    # Modules.
    original = house.module.read_bytes()
    house.module.write_bytes(original.replace(
        b"pam_emailotp " + house.version.encode(), b"pam_emailotp 9.8.7\0\0\0\0"[:13 + len(
            house.version)].ljust(13 + len(house.version), b"\0")))
    _equal_found(house, [("module-version", str(house.module))])
    house.module.unlink()
    _equal_found(house, [("module-missing", None)])
    house.module.write_bytes(original)
    os.chmod(house.module, 0o757)
    _equal_found(house, [("file-writable", str(house.module))])
    os.chmod(house.module, 0o644)
    # Secrets and keys.
    house.put("/etc/otpd/mail.conf", (w.dir / "mail.conf").read_text() +
              (table.SMTP % ("m.test.example.org", "otpd@test.example.org")))
    os.chmod("/etc/otpd/smtp-password", 0o644)
    resolver = Resolver({"test.example.org": ["v=spf1 -all"],
                         "_dmarc.test.example.org": ["v=DMARC1; p=reject"]})
    found = house.found()
    check(("file-readable", "/etc/otpd/smtp-password") in found, found)
    os.chmod("/etc/otpd/smtp-password", 0o600)
    _equal_found(house, [])
    resolver.close()
    house.clean()
    key = w.dir / "otpd/otpd.key"
    os.chmod(key, 0o604)
    found = house.found()
    check(("file-readable", str(key)) in found, found)
    os.chmod(key, 0o600)
    os.chown(key, ADA, ADA)
    found = house.found()
    check(("file-owner", str(key)) in found, found)
    os.chown(key, OTPD, OTPD)
    os.chmod(w.dir / "otpd", 0o755)
    _equal_found(house, [("file-readable", str(w.dir / "otpd"))])
    os.chmod(w.dir / "otpd", 0o700)
    key.rename(w.dir / "otpd/elsewhere")
    _equal_found(house, [("key-lost", str(key))])
    (w.dir / "otpd/elsewhere").rename(key)
    # Sockets, and who may use them.
    os.chmod(w.socket, 0o666)
    _equal_found(house, [("socket-open", "/etc/otpd/otpd.conf")])
    os.chmod(w.socket, 0o660)
    os.chmod(MAIL_SOCKET, 0o602)
    found = house.found()
    check(any(name == "mail-socket-open" for name, _ in found), found)
    os.chmod(MAIL_SOCKET, 0o600)
    group = pathlib.Path("/etc/group")
    group.write_text(group.read_text().replace("otpd,web", "otpd,web,ada"))
    _equal_found(house, [("clients-people", "/etc/group")])


def doctor_says_who_is_away(w):
    house = House(w)
    w.mailer.send_signal(signal.SIGSTOP)
    found = {f["id"]: f for f in house.doctor("--timeout", "1")["findings"]}
    equal(set(found), {"mail-down"}, "while otpd-mail hangs")
    w.mailer.send_signal(signal.SIGCONT)
    w.stop(w.mailer)
    wait_for("otpd to notice", lambda: w.call("Admin.Status")["mailer"] != "up" or
             w.call("Admin.SendTest", address="ada@example.org") is None)
    equal({name for name, _ in house.found()}, {"mail-down"}, "without otpd-mail")
    w.stop(w.otpd)
    found = {f["id"]: f for f in house.doctor()["findings"]}
    equal(set(found), {"mail-down", "otpd-down"}, "without both")
    check("systemctl start otpd" in found["otpd-down"]["change"], found)


def doctor_needs_root(w):
    House(w)

    def run():
        done = w.run(w.bin / "otpctl", "doctor", wanted=None)
        return [done.returncode, done.stderr]
    status, said = as_uid(ADA, run)
    equal(status, 1, said)
    check("sudo otpctl doctor" in said, said)


def _about(house, user):
    answer = house.doctor("--user", user)
    return {f["id"] for f in answer["findings"] if f["id"].startswith("user-")}, answer


def doctor_says_why_a_user_does_not_get_in(w):
    house = House(w)
    equal(_about(house, "ada")[0], set(), "ada")
    equal(_about(house, "nobody-at-all")[0], {"user-unknown"})
    equal(_about(house, "bob")[0], {"user-not-enrolled"})
    w.otpctl("users", "disable", "ada")
    ids, answer = _about(house, "ada")
    equal(ids, {"user-disabled"})
    equal(answer["user"]["status"]["user"]["address"], "ada@example.org")
    check("disabled" in json.dumps(answer["user"]["events"]), answer["user"]["events"])
    w.otpctl("users", "unlock", "ada")
    # Ten wrong codes in an hour.
    while not w.show()["locked_for"]:
        before = w.show()["wrong_hour"]
        w.refusal("Auth.Verify", challenge=w.begin(service="spare")["challenge"],
                  code="314159")
        check(w.show()["wrong_hour"] > before, "nothing was counted")
    ids, answer = _about(house, "ada")
    check("user-locked" in ids, ids)
    locked = next(f for f in answer["findings"] if f["id"] == "user-locked")
    check("until 20" in locked["about"], locked)
    w.otpctl("users", "unlock", "ada")
    house.clean()
    # sshd, the shell, the account.
    house.put(table.DROPIN + "30-users.conf", "# who\nAllowUsers bob carol\n")
    answer = house.doctor("--user", "ada")
    found = {f["id"]: f for f in answer["findings"]}
    denied = found["user-denied"]
    equal((denied["file"], denied["line"], denied["about"]),
          (table.DROPIN + "30-users.conf", 2, "AllowUsers"))
    house.put(table.DROPIN + "30-users.conf", "DenyGroups admins\n")
    check("user-denied" in _about(house, "ada")[0], "ada is in admins")
    house.clean()
    shadow = pathlib.Path("/etc/shadow")
    text = shadow.read_text()
    shadow.write_text("\n".join("ada:!:19000:::::100:" if line.startswith("ada:") else line
                                for line in text.splitlines()) + "\n")
    check({"user-expired", "user-password"} <= _about(house, "ada")[0], "expired, locked")
    shadow.write_text(text)
    passwd = pathlib.Path("/etc/passwd")
    text = passwd.read_text()
    passwd.write_text("".join(line.replace("/bin/sh", "/usr/sbin/nologin")
                              if line.startswith("ada:") else line
                              for line in text.splitlines(True)))
    check("user-shell" in _about(house, "ada")[0], "nologin")
    passwd.write_text(text)
    house.lay(table.Case("exempt", {table.PAM + "sshd": table.SSHD.replace(
        table.OURS, table.SOME + "\n")}, policy='policy sshd { exempt_groups = {"admins"} }\n'))
    answer = house.doctor("--user", "ada")
    exempt = [f for f in answer["findings"] if f["id"] == "user-exempt"]
    equal(len(exempt), 1, answer["findings"])
    equal(exempt[0]["about"], "service sshd, by exempt_groups")


def doctor_tells_people(w):
    house = House(w)
    house.lay(table.Case("", {**table.conf(LoginGraceTime="30"), table.PAM + "cron":
                              "@include common-auth\n" + table.OURS}))
    said = w.otpctl("doctor", "--mail-socket", MAIL_SOCKET, wanted=7)
    check(said.index("Errors:") < said.index("Warnings:"), said)
    check("where:  /etc/pam.d/cron:2" in said, said)
    check("do:     LoginGraceTime 300" in said, said)
    last = said.splitlines()[-1]
    check(last.startswith("1 error, ") and last.endswith("0 hints"), last)
    check(max(map(len, said.splitlines())) <= 100, "long lines")


def doctor_judges_users_and_the_sender(w):
    house = House(w)
    house.put("/etc/mailname", "Here.Example.Org\n")
    w.otpctl("users", "add", "bob", "bob@here.example.org")
    _equal_found(house, [("users-local-mailbox", None)])
    w.otpctl("users", "remove", "bob", "--yes")
    w.otpctl("users", "add", "bob", "bob@localhost.localdomain")
    _equal_found(house, [("users-local-mailbox", None)])
    w.otpctl("users", "remove", "bob", "--yes")
    shadow = pathlib.Path("/etc/shadow")
    text = shadow.read_text()
    shadow.write_text(text.replace("root:$", "root:!$"))
    if not w.show()["user"].get("recovery_codes"):
        _equal_found(house, [("root-locked", None)])
    shadow.write_text(text)
    w.otpctl("users", "remove", "ada", "--yes")
    _equal_found(house, [("users-none", None)])
    w.otpctl("users", "add", "ada", "ada@example.org", "--verified")
    house.ask_for_recovery_codes()
    # A relay that takes mails of another domain than the sender's.
    w.write("smtp-password", "secret", 0o600, MAILER)
    w.configure_mailer('type = smtp\nhost = "localhost"\nport = 2525\ntls = none\n'
                       'user = "otpd@other.example.net"\npassword_file = "%s"'
                       % (w.dir / "smtp-password"))
    w.mailer.send_signal(signal.SIGHUP)
    with Varlink(MAIL_SOCKET) as mailer:
        wait_for("the new configuration", lambda: any(
            "from" in text for text in mailer.call("org.emailotp.Mail.Status")["warnings"]))
    found = house.found()
    check(any(name == "mail-from" and where.startswith("/etc/otpd/mail.conf:")
              for name, where in found), found)


def doctor_shows_the_way_of_a_user(w):
    house = House(w)
    house.lay(table.Case("", {table.PAM + "sudo": table.SUDO.replace(
        table.OURS, table.SOME + "\n"), **table.match(
            "Match User ada\n  AuthenticationMethods publickey,keyboard-interactive:pam\n")},
        policy='policy sudo { exempt_users = {"ada"} }\n'))
    said = w.otpctl("doctor", "--mail-socket", MAIL_SOCKET, "--user", "ada",
                    wanted=None).stdout
    for line in ("User ada", "sshd: a code (policy default, as it is built in)",
                 "sudo: no code, by exempt_users (policy sudo)",
                 "sshd wants:  publickey,keyboard-interactive:pam", "user_added"):
        check(line in said, line, "is not in", said)
