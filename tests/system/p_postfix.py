# SPDX-License-Identifier: MIT
"""For `make prove`: what a real Postfix does takes real minutes here, and no clock is told
anything."""
import time

from lab import check, equal, wait_for
from postfix import Policy, Postfix

DELAYS = {"ada@example.org": 60, "bob@example.org": 120, "carol@example.org": 300}


class Slow:
    """A greylist as they are: each recipient is let in some time after the first try."""

    def __init__(self):
        self.first = {}

    def __call__(self, request):
        to = request["recipient"]
        since = self.first.setdefault(to, time.monotonic())
        return ("dunno" if time.monotonic() - since >= DELAYS[to]
                else "defer_if_permit Greylisted, come back later")


def greylists_of_one_two_and_five_minutes(w):
    relay = Postfix(w, Policy(Slow()))
    users = [to.partition("@")[0] for to in DELAYS]
    w.start(transport=relay.transport(), users=users)
    begun = {user: w.begin(user)["challenge"] for user in users}
    for user in users:
        mail = wait_for("the mail to " + user, lambda u=user: w.mails(w.address(u)), 600)[0]
        equal(w.verify(begun[user], mail.code)["state"], "verified", user)
    w.settle()
    equal(len(w.mails()), len(users), "mails")
    print("tries: " + ", ".join("%s %d" % (m["user"], m["tries"]) for m in w.queue()))


def soft_bounces_end_while_the_code_lives(w):
    """A code of one minute: tried in its first half, and reported before it is dead."""
    relay = Postfix(w, users=("bob",), more="soft_bounce = yes")
    w.start(policy="policy sshd { life = 60s\n cool_down = 0 }", transport=relay.transport())
    challenge = w.begin()["challenge"]
    failed = wait_for("the end", lambda: [m for m in w.queue() if m["state"] != "queued"], 120)[0]
    equal(failed["state"], "failed", failed["detail"])
    check("450 4.1.1" in failed["detail"], failed["detail"])
    again = w.begin()
    equal((again["challenge"], again["delivery"]), (challenge, "failed"), "Begin")
    equal(len(relay.policy.asked), failed["tries"], "tries that the relay saw")
