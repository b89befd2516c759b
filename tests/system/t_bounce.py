# SPDX-License-Identifier: MIT
"""Mails that the next server has taken, and that came back: the report in the Maildir, the
queue, the prompt, the mark on the address, and what its owner is told when he gets in.

otpd asks for reports when otpd-mail comes up, so the tests start that anew instead of
waiting for the next turn of otpd.
"""
import itertools
import os

from lab import Mail, Varlink, check, equal, wait_for
from postfix import Postfix
from sink import Sink, transport
from world import MAIL_SOCKET, MAILER, enters, make_directory, prompt

AWAY = "ada@away.example.net"
NOTICE = "Mails to your address keep being refused."
REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org
To: otpd@test.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="the/boundary"

--the/boundary
Content-Type: text/plain; charset=us-ascii

Your mail could not be delivered.

--the/boundary
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox

--the/boundary
Content-Type: text/rfc822-headers

Message-ID: <{mail}@test.example.org>
Subject: Your sign-in code

--the/boundary--
"""


class Reports:
    """The Maildir of what comes back, which belongs to otpd-mail."""

    def __init__(self, w):
        self.w = w
        self.path = w.dir / "bounces"
        self.numbers = itertools.count()
        for part in ("", "tmp", "new", "cur"):
            make_directory(self.path / part, MAILER, 0o700)

    def options(self):
        return 'bounce_maildir = "%s"' % self.path

    def put(self, mail, to="ada@example.org"):
        name = "%04d.mx" % next(self.numbers)
        draft = self.path / "tmp" / name
        draft.write_text(REPORT.format(mail=mail, to=to))
        os.chown(draft, MAILER, MAILER)
        draft.rename(self.path / "new" / name)

    def names(self, part):
        return os.listdir(self.path / part)

    def have_been_heard(self):
        """Has otpd ask for them, and returns when it has acknowledged all."""
        self.w.stop(self.w.mailer)
        self.w.start_mailer()
        wait_for("the reports to be filed away", lambda: not self.names("new"))


def newest(w, state):
    """The newest mail of the queue, once it has this state."""
    def look():
        mails = w.call("Admin.Queue")["mails"]
        return mails and mails[0]["state"] == state and mails[0]
    return wait_for("a mail that is " + state, look)


def comes_back(w, reports):
    """What the sink has taken last comes back; its row."""
    reports.put(newest(w, "sent")["mail"])
    reports.have_been_heard()
    return newest(w, "bounced")


def _refusals(w):
    """How many there were in a row, and whether the address is marked."""
    user = w.call("Admin.ListUsers")["users"][0]
    return user["refusals"], user["undeliverable"]


def domain(name):
    with Varlink(MAIL_SOCKET) as mailer:
        rows = mailer.call("org.emailotp.Mail.Stats")["domains"]
    return next((row for row in rows if row["domain"] == name), None)


def told_and_sent_again_and_marked(w):
    """With the usual wait between two mails, which must not hold what came back."""
    sink, reports = Sink(), Reports(w)
    w.start(policy="policy sshd { cool_down = 60s }", transport=transport(sink.port),
            mail_options=reports.options())
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("was e-mailed" in asked, asked)
    row = comes_back(w, reports)
    equal(row["detail"], "bounced: 5.1.1 550 5.1.1 no such mailbox", "detail")
    equal(domain("example.org")["bounced"], 1, "what otpd-mail has counted")
    check("mail bounced mail=%s detail=" % row["mail"] in w.log("otpd"), "no line in the log")
    terminal.hang_up()

    # sshd shows what PAM says at the end where a shell is begun.
    terminal, asked = w.ssh_to_code(command="")
    check("could not be delivered" in asked, asked)
    terminal.type("r")
    asked = prompt(terminal)
    check("new code was e-mailed" in asked, asked)
    second = comes_back(w, reports)
    check(second["mail"] != row["mail"], "the same mail")
    equal(_refusals(w), (2, False), "after two")
    terminal.type("000000")
    asked = prompt(terminal)
    check("Wrong code" in asked and "could not be delivered" in asked, asked)
    terminal.type("r")
    check("new code was e-mailed" in prompt(terminal), terminal.all)
    comes_back(w, reports)
    equal(_refusals(w), (3, True), "after three")
    equal(len(w.in_audit("undeliverable", user="ada")), 1, "events")
    check("undeliverable" in w.otpctl("users", "show", "ada"), "otpctl says nothing")
    # It has arrived all the same: what came back was one copy of two.
    terminal.type(Mail(sink.taken()[-1].data).code)
    terminal.expect(NOTICE)
    terminal.type("echo in as $(id -un); exit")
    enters(terminal)

    # A code that is typed, of a mail that did not come back, ends it.
    terminal, asked = w.ssh_to_code(command="")
    wait_for("the mail", lambda: len(sink.taken()) == 4)
    newest(w, "sent")
    terminal.type(Mail(sink.taken()[-1].data).code)
    terminal.type("echo in as $(id -un); exit")
    enters(terminal)
    check(NOTICE not in terminal.all, terminal.all)
    equal(_refusals(w), (0, False), "after a success")


def a_report_is_not_lost_with_either_daemon(w):
    """otpd is away when it arrives, and dies when it has written it down."""
    sink, reports = Sink(), Reports(w)
    w.start(transport=transport(sink.port), mail_options=reports.options())
    w.begin()
    mail = newest(w, "sent")["mail"]
    w.stop(w.otpd)
    reports.put(mail)
    reports.put("0" * 32)
    w.start_otpd()
    equal(newest(w, "bounced")["mail"], mail, "the mail that came back")
    wait_for("the reports to be filed away", lambda: not reports.names("new"))
    # As if nobody had heard that otpd has it.
    name = next(name for name in reports.names("cur") if name.startswith("0000"))
    os.rename(reports.path / "cur" / name, reports.path / "new" / "0000.mx")
    reports.have_been_heard()
    equal(_refusals(w), (1, False), "refusals")
    equal(w.log("otpd").count("mail bounced "), 1, "lines")


def real_postfix_returns_a_mail(w):
    """Postfix takes the mail, and its next server refuses the recipient."""
    sink = Sink(lambda stage, one: "550 5.1.1 <%s>: no such mailbox" % one.rcpt
                if stage == "RCPT" else None)
    reports = Reports(w)
    relay = Postfix(w, next_hop=sink.port)
    w.start(users=(), transport=relay.transport(), mail_options=reports.options())
    w.otpctl("users", "add", "ada", AWAY, "--verified")
    w.start_sshd()
    terminal, asked = w.ssh_to_code()
    check("was e-mailed" in asked, asked)
    wait_for("the report", lambda: reports.names("new") or reports.names("cur"))
    equal([one.rcpt for one in sink.tries], [AWAY], "tries")
    reports.have_been_heard()
    row = newest(w, "bounced")
    equal(row["detail"], "bounced: 5.1.1 550 5.1.1 <a***@away.example.net>: no such mailbox",
          "detail")
    check(row["tries"] == 1 and row["transport"] == "test", row)
    equal(domain("away.example.net")["bounced"], 1, "what otpd-mail has counted")
    equal(_refusals(w), (1, False), "refusals")
    terminal.hang_up()
    terminal, asked = w.ssh_to_code()
    check("could not be delivered" in asked, asked)
    for name in ("otpd", "otpd-mail"):
        check(AWAY not in w.log(name), "the address is in the log of", name)
