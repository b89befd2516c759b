# SPDX-License-Identifier: MIT
"""Mails that arrive late: after 30 to 540 seconds, which otpd's clock is told, while sshd
ends the login at its LoginGraceTime and the user logs in again, or waits at the prompt.

The relay has taken each mail at once and holds it (as a mailbox provider that scans does),
so that otpd has nothing to repeat.
"""
import pathlib

from lab import check, equal, wait_for
from postfix import Policy, Postfix
from world import enters, refused

DELAYS = (30, 90, 150, 300, 540)
GRACE_S = 20  # real time, for the logins to come to their prompts on a slow machine


def start(w, grace):
    relay = Postfix(w, Policy(lambda request: "HOLD until the test releases it"))
    w.start(policy="policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 100 }",
            transport=relay.transport(), env=w.clock())
    w.sshd = w.start_sshd("LoginGraceTime %d" % grace)
    return relay


def from_host(w, delay):
    """A login from an address of its own, and so with a challenge of its own; and the
    reference that it shows."""
    terminal, asked = w.ssh_to_code("ada", "-b", "127.0.%d.%d" % (delay >> 8, delay & 255 | 1))
    return terminal, asked.partition("reference ")[2][:3], asked


def children(process):
    return pathlib.Path("/proc/%d/task/%d/children" % (process.pid, process.pid)).read_text()


def hold_all(w, relay):
    """By their delay, the names that the relay has given to the mails it holds."""
    def all_sent():
        rows = w.call("Admin.Queue")["mails"]
        return [m["state"] for m in rows] == ["sent"] * len(DELAYS) and rows

    rows = wait_for("the relay to have taken all", all_sent)
    wait_for("the relay to hold all", lambda: len(relay.held()) == len(DELAYS))
    equal(w.mails(), [], "mails in the mailbox")
    return dict(zip(DELAYS, [m["detail"].split()[-1] for m in reversed(rows)]))


def mail_with(w, reference):
    return wait_for("the mail " + reference,
                    lambda: [m for m in w.mails() if reference in m.text])[0]


def users_who_are_dropped_come_back(w):
    relay = start(w, GRACE_S)
    dropped = {delay: from_host(w, delay) for delay in DELAYS}
    held = hold_all(w, relay)
    # ssh, which waits for its user, sees it only when he types.
    wait_for("sshd to drop them", lambda: not children(w.sshd), 6 * GRACE_S)
    for terminal, _, _ in dropped.values():
        terminal.type("")
        refused(terminal)
    for delay, (_, reference, _) in dropped.items():
        w.set_clock(delay)
        terminal, again, asked = from_host(w, delay)
        check("still good" in asked, delay, asked)
        equal(again, reference, "the reference after %d s" % delay)
        relay.release(held[delay])
        terminal.type(mail_with(w, reference).code)
        enters(terminal)
    equal(len(w.mails()), len(DELAYS), "mails")
    equal(w.show()["wrong_hour"], 0, "wrong tries")


def users_who_wait_at_the_prompt_get_in(w):
    relay = start(w, 300)
    waiting = {delay: from_host(w, delay) for delay in DELAYS}
    held = hold_all(w, relay)
    for delay, (terminal, reference, _) in waiting.items():
        w.set_clock(delay)
        relay.release(held[delay])
        terminal.type(mail_with(w, reference).code)
        enters(terminal)
    equal(len(w.mails()), len(DELAYS), "mails")
