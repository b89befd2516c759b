# SPDX-License-Identifier: MIT
"""The whole way through a real Postfix: otpd, otpd-mail, TLS, smtpd, queue, mailbox."""
from lab import check, equal, wait_for
from postfix import Authority, Greylist, Policy, Postfix, Wire
from world import POLICY, enters, prompt

# A second try comes 5 to 6 seconds after the first, a third 15 to 19 after that.
RETRIES = 90


def row(w, condition):
    """The newest mail of the queue, once this holds of it."""
    def look():
        mails = w.call("Admin.Queue")["mails"]
        return mails and condition(mails[0]) and mails[0]
    return wait_for("the state of the mail", look, RETRIES)


def is_deferred(mail):
    return mail["state"] == "queued" and mail["tries"] >= 1


def start(w, policy=None, otpd=POLICY, env=None, **main):
    relay = Postfix(w, policy, **main)
    w.start(policy=otpd, transport=relay.transport(), env=env)
    w.start_sshd()
    return relay


def accepted_and_delivered(w):
    start(w)
    terminal, asked = w.ssh_to_code()
    check("was e-mailed" in asked, asked)
    mail = w.wait_mails(1, "ada@example.org")
    sent = row(w, lambda m: m["state"] == "sent")  # before the code is used, or it is dead
    terminal.type(mail.code)
    enters(terminal)
    check(sent["mail"] in mail.message["Message-ID"], "another mail:", mail.message["Message-ID"])
    check("250 2.0.0 Ok: queued as" in sent["detail"], sent["detail"])
    check("ESMTPS" in mail.message["Received"], "not by TLS:", mail.message["Received"])


def greylisted_then_delivered(w):
    grey = Greylist()
    relay = start(w, Policy(grey))
    terminal, _ = w.ssh_to_code()
    put_off = row(w, is_deferred)
    check("450 4.7.1" in put_off["detail"] and "Greylisted" in put_off["detail"],
          put_off["detail"])
    terminal.type("000000")
    asked = prompt(terminal)
    check("Wrong code" in asked and "may take minutes" in asked, asked)
    terminal.hang_up()
    equal(w.begin(rhost="127.0.0.1")["delivery"], "deferred", "delivery")
    terminal, asked = w.ssh_to_code()
    check("on its way" in asked and "may take minutes" in asked, asked)
    equal(w.mails(), [], "mails before the greylist opened")
    grey.open.add("ada@example.org")
    sent = row(w, lambda m: m["state"] == "sent")
    mail = w.wait_mails(1)
    equal(sent["mail"], put_off["mail"], "the row that was sent")
    check(sent["mail"] in mail.message["Message-ID"], "another mail")
    terminal.type(mail.code)
    enters(terminal)
    equal(len(w.mails()), 1, "mails")
    check(len(relay.policy.asked) >= 2, "there was no second try")


def refused_and_told_and_sent_again(w):
    """One code an hour is all there is: what was refused must not have cost it."""
    relay = start(w, otpd="policy sshd { sends_per_hour = 1 }", users=("bob",))
    terminal, _ = w.ssh_to_code()
    failed = row(w, lambda m: m["state"] == "failed")
    check("550 5.1.1" in failed["detail"], failed["detail"])
    equal(failed["tries"], 1, "tries")
    terminal.hang_up()
    again = w.begin(rhost="127.0.0.1")
    equal((again["resumed"], again["delivery"], again["resend_in"]), (True, "failed", 0),
          "what Begin says")
    terminal, asked = w.ssh_to_code()
    check("could not be delivered" in asked, asked)
    relay.stop()
    relay.write("mailboxes", "ada@example.org mails/\n")
    relay.start()
    terminal.type("r")
    check("new code was e-mailed" in prompt(terminal), terminal.all)
    terminal.type(w.wait_mails(1).code)
    enters(terminal)
    equal(w.show()["sends_hour"], 1, "codes of this hour")


def deferred_until_its_time_is_over(w):
    """Soft bounces: tried again, and given up while the code still lives."""
    start(w, env=w.clock(), users=("bob",), more="soft_bounce = yes")
    first = w.begin()
    check("450 4.1.1" in row(w, is_deferred)["detail"], "not a soft bounce")
    w.set_clock(530)  # the try that comes now has no next one before 540
    failed = row(w, lambda m: m["state"] != "queued")
    equal(failed["state"], "failed", failed["detail"])
    check(failed["tries"] >= 2, "no second try")
    again = w.begin()
    equal((again["challenge"], again["delivery"]), (first["challenge"], "failed"), "Begin")
    equal(again["resend_in"], 0, "the wait for another one")
    equal(w.mails(), [], "mails")


def away_and_back(w):
    """A relay that goes while a connection to it is kept, and comes back."""
    relay = start(w)
    w.log_in()
    relay.stop()
    terminal, _ = w.ssh_to_code()
    put_off = row(w, is_deferred)
    relay.start()
    sent = row(w, lambda m: m["state"] == "sent")
    equal(sent["mail"], put_off["mail"], "the row that was sent")
    mail = w.wait_mails(2)
    check(sent["mail"] in mail.message["Message-ID"], "another mail")
    terminal.type(mail.code)
    enters(terminal)
    equal(len(w.mails()), 2, "mails")


def nothing_in_clear(w):
    """A relay that nobody vouches for, that is another one, or that offers no TLS."""
    relay = Postfix(w)
    wire = Wire(relay.port)
    other = Authority(w, "other-authority", server="elsewhere.example.org")
    good = relay.transport(port=wire.port)
    w.start(transport=relay.transport(ca_file=other.file, port=wire.port))

    def refuses(what, words):
        start_of_words = len(wire.said)
        w.begin(rhost="10.0.0.%d" % len(tried))
        tried.append(what)
        detail = row(w, is_deferred)["detail"]
        check(any(word in detail for word in words), what, detail)
        said = wire.said[start_of_words:]
        check(b"EHLO" in said or b"\x16\x03" in said, what, "nothing was said:", said)
        for secret in (b"MAIL", b"RCPT", b"@", b"DATA", b"AUTH"):
            check(secret not in said.partition(b"\x16\x03")[0], what, secret, "in clear")

    def with_relay(text, conf=good):
        relay.stop()
        relay.write("main.cf", text)
        relay.start()
        w.stop(w.mailer)
        w.configure_mailer(conf)
        w.start_mailer()

    tried = []
    refuses("a foreign authority", ("certificate", "SSL"))
    main = (relay.dir / "etc/main.cf").read_text()
    with_relay(main.replace("level = encrypt", "level = none"))
    refuses("no TLS", ("STARTTLS", "SSL"))
    with_relay(main.replace(str(relay.authority.chain), str(other.chain)),
               relay.transport(ca_file=other.file, port=wire.port))
    refuses("another server's certificate", ("certificate", "host", "SSL"))
    equal(relay.policy.asked, [], "recipients that the relay heard of")
    with_relay(main)
    w.begin(rhost="10.0.1.1")
    row(w, lambda m: m["state"] == "sent")
    for secret in (b"MAIL", b"RCPT", b"example.org", w.wait_mails(1).code.encode()):
        check(secret not in wire.said, secret, "in clear")
