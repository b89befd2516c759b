# SPDX-License-Identifier: MIT
"""Logins by a real ssh client at a real sshd."""
import re
import json

from lab import check, equal, wrong
from world import MODULE, PASSWORD, SOCKET, UNIX, Tap, enters, prompt, refused, tries

LETS_PASS = MODULE.replace("default=die", "ignore=ignore default=die")


def password_and_code(w):
    w.start()
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("reference" in asked, asked)
    mail = w.wait_mails(1, "ada@example.org")
    check(w.call("Admin.Queue")["mails"][0]["user"] == "ada", "not in the queue")
    # Shown in groups, accepted with and without the separator.
    terminal.type(mail.code[:3] + "-" + mail.code[3:])
    enters(terminal)
    equal(len(w.mails()), 1, "mails")


def wrong_password_mails_nothing(w):
    w.start()
    w.start_sshd()
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type("wrong horse")
    refused(terminal)
    equal(w.call("Admin.Queue")["mails"], [], "mails")


def key_and_code(w):
    w.start()
    w.start_sshd("AuthenticationMethods publickey,keyboard-interactive:pam", pam=MODULE)
    w.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", w.dir / "key")
    w.write("home/ada/.ssh/authorized_keys", (w.dir / "key.pub").read_text())
    key = ("-i", str(w.dir / "key"), "-o", "IdentitiesOnly=yes")
    terminal = w.ssh("ada", *key)
    prompt(terminal)
    check("Password" not in terminal.all, "a password was asked for")
    terminal.type(w.wait_mails(1).code)
    enters(terminal)
    # Neither alone is enough.
    terminal = w.ssh("ada", *key, "-o", "KbdInteractiveAuthentication=no")
    refused(terminal)
    terminal = w.ssh("ada", "-o", "PubkeyAuthentication=no")
    refused(terminal)
    equal(len(w.mails()), 1, "mails")


def wrong_foreign_and_used_codes_stay_out(w):
    w.start(users=("ada", "bob"))
    w.start_sshd()
    terminal, _ = w.ssh_to_code("ada")
    first = w.wait_mails(1, "ada@example.org")
    terminal.type(first.code)
    enters(terminal)
    _foreign, _ = w.ssh_to_code("bob")
    terminal, _ = w.ssh_to_code("ada")
    second = w.wait_mails(2, "ada@example.org")
    tries(terminal, first.code, w.wait_mails(1, "bob@example.org").code, wrong(second.code))
    refused(terminal)
    equal(terminal.all.count("Wrong code"), 2, "prompts again")
    equal(w.show()["wrong_hour"], 3, "wrong tries of ada")
    equal(w.show("bob")["wrong_hour"], 0, "wrong tries of bob")


def an_answer_that_is_no_code_is_not_sent(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    tries(terminal, PASSWORD, "12345", "1234567")
    refused(terminal)
    equal(w.show()["wrong_hour"], 0, "wrong tries")


def sshds_password_method_cannot_log_in(w):
    tap = Tap("/run/tap.sock", SOCKET)
    w.start()
    w.start_sshd("KbdInteractiveAuthentication no", "PasswordAuthentication yes",
                 pam=UNIX + MODULE + " socket=/run/tap.sock")
    terminal = w.ssh("ada", "-o", "PreferredAuthentications=password")
    terminal.expect("password: ")
    terminal.type(PASSWORD)
    refused(terminal)
    equal(w.show()["wrong_hour"], 0, "wrong tries")
    check(tap.seen, "otpd was not asked at all")
    check(PASSWORD.encode() not in b"".join(tap.seen), "the password went to otpd")
    check(b"Verify" not in b"".join(tap.seen), "something was tried")


def a_dropped_connection_is_resumed(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    terminal.hang_up()
    terminal, asked = w.ssh_to_code()
    check("still good" in asked, asked)
    terminal.type(mail.code)
    enters(terminal)
    w.settle()
    equal(len(w.mails()), 1, "mails")


def resend_at_the_prompt(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    old = w.wait_mails(1)
    terminal.type("r")
    check("new code was e-mailed" in prompt(terminal), terminal.all)
    new = w.wait_mails(2)
    check(new.message["Message-ID"] != old.message["Message-ID"], "the same mail again")
    terminal.type(old.code)
    check("Wrong code" in prompt(terminal), terminal.all)
    terminal.type("resend")
    prompt(terminal)
    terminal.type(w.wait_mails(3).code)
    enters(terminal)
    equal(w.show()["wrong_hour"], 1, "wrong tries: neither a resend nor success clears them")


def resend_has_a_cool_down(w):
    w.start(policy="policy sshd { }")
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    terminal.type("r")
    check("No new code can be sent" in prompt(terminal), terminal.all)
    terminal.type(mail.code)
    enters(terminal)
    w.settle()
    equal(len(w.mails()), 1, "mails")


def strangers_see_the_same_prompt(w):
    """Unknown, not enrolled, disabled: nothing tells them apart, and nothing is mailed.

    The second prompt of the unknown is not compared: sshd answers in their place, and with
    what is no code.
    """
    w.start(users=("ada", "carol"))
    w.otpctl("users", "disable", "carol")
    w.start_sshd(pam=MODULE)  # the code alone, so that everybody gets to it

    def shape(user):
        terminal = w.ssh(user)
        asked = prompt(terminal).replace("(%s@127.0.0.1) " % user, "")
        words = asked.split()
        words[words.index("(reference") + 1] = "..."
        terminal.type("123456")
        answer = prompt(terminal).replace("(%s@127.0.0.1) " % user, "")
        terminal.hang_up()
        return " ".join(words), answer.split("reference")[0]

    wanted = shape("ada")
    equal(shape("nobody-knows-him")[0], wanted[0], "the prompt of an unknown user")
    for user in ("bob", "carol"):
        equal(shape(user), wanted, user)
    w.settle()
    equal([m.to for m in w.mails()], ["ada@example.org"], "mails")
    equal(w.show("carol")["wrong_hour"], 0, "wrong tries while disabled")


def not_enrolled_is_refused(w):
    w.start()
    w.start_sshd(pam=UNIX + LETS_PASS)
    terminal, _ = w.ssh_to_code("bob")
    tries(terminal, "123456", "123456", "123456")
    refused(terminal)


def nullok_lets_the_not_enrolled_in(w):
    w.start()
    w.start_sshd(pam=UNIX + LETS_PASS + " nullok")
    terminal = w.ssh("bob")
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    enters(terminal, "bob")
    equal(w.mails(), [], "mails")
    terminal, _ = w.ssh_to_code("ada")  # who is enrolled is asked all the same
    terminal.hang_up()


def the_stack_of_the_manual_denies_even_ignore(w):
    w.start()
    w.start_sshd(pam=UNIX + MODULE + " nullok")
    terminal = w.ssh("bob")
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    refused(terminal)


def exempt_users_groups_and_networks_pass(w):
    def passes(user, *options):
        terminal = w.ssh(user, *options)
        terminal.expect("Password: ")
        terminal.type(PASSWORD)
        enters(terminal, user)

    w.start(policy="""policy sshd {
        cool_down = 0
        exempt_users = { bob }
        exempt_groups = { exempt }
        exempt_networks = { "127.0.0.8/29" }
    }""")
    w.start_sshd(pam=UNIX + LETS_PASS)
    passes("bob")
    passes("carol")
    passes("ada", "-b", "127.0.0.9")
    equal(w.mails(), [], "mails")
    terminal, _ = w.ssh_to_code("ada", "-b", "127.0.0.7")
    terminal.hang_up()


def a_group_that_is_hard_to_read_exempts_nobody(w):
    """A group line of more than 64 KiB, the one behind it, and a user otpd cannot look up."""
    members = ",".join("member%05d" % i for i in range(8000))
    with open("/etc/group", "a") as group:
        group.write("large:x:2300:ada,%s\nbehind:x:2301:ada\n" % members)
    w.start(policy="policy one { cool_down = 0\n required_groups = { large } }\n"
                   "policy two { cool_down = 0\n required_groups = { behind } }\n"
                   "policy three { cool_down = 0\n required_groups = { admins } }\n"
                   "policy four { required_groups = { exempt } }")
    for service in ("one", "two", "three"):
        equal(w.begin(user="ada", service=service, rhost="")["state"], "challenge", service)
    equal(w.begin(user="ada", service="four")["state"], "exempt")
    # Root's module has seen him; the daemon's name service has not.
    w.call("Admin.AddUser", user="elsewhere", address="e@example.org", verified=True)
    equal(w.begin(user="elsewhere", service="four")["state"], "challenge")


def required_groups_are_asked_and_no_others(w):
    w.start(policy="policy sshd { required_groups = { admins } }")
    w.start_sshd(pam=UNIX + LETS_PASS)
    terminal = w.ssh("bob")
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    enters(terminal, "bob")
    terminal, _ = w.ssh_to_code("ada")
    terminal.hang_up()


def an_unverified_address_is_verified_first(w):
    w.start(users=())
    w.otpctl("users", "add", "ada", "ada@example.org")
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("not verified" in asked, asked)
    terminal.type(w.wait_mails(1, "ada@example.org").code)
    refused(terminal)  # the code has proved the address and opens nothing
    check(w.show()["user"]["verified_at"] > 0, "still not verified")
    terminal, asked = w.ssh_to_code()
    check("not verified" not in asked, asked)
    terminal.type(w.wait_mails(2, "ada@example.org").code)
    enters(terminal)


def password_system_checks_the_shadow_entry(w):
    w.start()
    w.start_sshd(pam=MODULE + " password=system")
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type("wrong horse")
    refused(terminal)
    equal(w.call("Admin.Queue")["mails"], [], "mails after a wrong password")
    w.log_in()


def five_wrong_codes_burn_it(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    tries(terminal, *[wrong(mail.code)] * 3)
    refused(terminal)
    terminal, asked = w.ssh_to_code()
    check("still good" in asked, asked)
    terminal.type(wrong(mail.code))
    check("1 try left" in prompt(terminal), terminal.all)
    terminal.type(wrong(mail.code))
    refused(terminal)
    terminal, asked = w.ssh_to_code()
    check("still good" not in asked, "resumed a burnt challenge")
    check(w.wait_mails(2).code, "no new code")
    terminal.type(mail.code)  # right once, for another challenge
    check("Wrong code" in prompt(terminal), terminal.all)
    terminal.type(w.mails()[1].code)
    enters(terminal)
    equal(w.show()["wrong_hour"], 6, "wrong tries")


def too_many_wrong_codes_lock_and_root_unlocks(w):
    w.start(policy="policy default { cool_down = 0\n wrong_per_hour = 3 }")
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1, "ada@example.org")
    tries(terminal, *[wrong(mail.code)] * 3)
    refused(terminal)
    check(w.show()["locked_for"] > 0, "not locked")
    terminal, _ = w.ssh_to_code()  # concealed: the same prompt
    terminal.type(mail.code)
    check("Wrong code" in prompt(terminal), "the right code of before the lock")
    terminal.hang_up()
    w.settle()
    codes = [m for m in w.mails("ada@example.org") if "ocked" not in m.message["Subject"]]
    equal(len(codes), 1, "codes mailed")
    w.otpctl("users", "unlock", "ada")
    equal(w.show()["locked_for"], 0, "locked for")
    w.log_in()


def a_lock_that_is_not_concealed_says_so(w):
    w.start(policy="policy sshd { wrong_per_hour = 1\n conceal = no }")
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    tries(terminal, *[wrong(w.wait_mails(1).code)] * 2)
    refused(terminal)
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    terminal.expect("locked for [0-9]+ minutes")
    terminal.type("")
    refused(terminal)


def the_log_has_no_code_and_no_second_line(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    terminal.type(wrong(mail.code))
    prompt(terminal)
    terminal.type("654 321 00")  # not a code
    prompt(terminal)
    terminal.type(mail.code)
    enters(terminal)
    logs = "\n".join([w.log("otpd"), w.log("otpd-mail"), *w.syslog, json.dumps(w.audit()),
                      str(w.call("Admin.Queue"))])
    stored = b"".join(p.read_bytes() for p in (w.dir / "otpd").iterdir())
    for secret in (mail.code, wrong(mail.code), "654 321 00", "65432100", PASSWORD):
        check(secret not in logs, repr(secret), "is in a log")
        check(secret.encode() not in stored, repr(secret), "is in the store")
    # These lines are an interface: otpd(8), and whoever bans by them.
    for line in (r'otpd: code issued user="ada" service="sshd" rhost="127\.0\.0\.1" uid=0 '
                 r'ref=\w{3} result=issued\n',
                 r'otpd: wrong code user="ada" service="sshd" rhost="127\.0\.0\.1" uid=0 '
                 r'ref=\w{3} result=wrong\n',
                 r'otpd: code verified user="ada" service="sshd" rhost="127\.0\.0\.1" uid=0 '
                 r'ref=\w{3} result=verified\n'):
        check(re.search(line, w.log("otpd")), line, "is not in", w.log("otpd"))
