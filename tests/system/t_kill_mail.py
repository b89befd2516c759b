# SPDX-License-Identifier: MIT
"""kill -9 of otpd or otpd-mail, whichever the dice say, KILLS times (see lab.py), while 50 codes a second are asked for and mailed to an SMTP server that is slow, that puts
some off and refuses others. The ledger, when all is quiet again:

 - every code that was promised has one mail, and that mail one final state, which is the
   one that the server's answers make of it: none is lost;
 - each further copy of a mail at the server is explained by a kill of its own, has the
   same Message-ID, and is the same to the byte;
 - nothing is brought to the server after its code has died.
"""
import collections
import itertools
import random
import signal
import threading
import time

from lab import KILLS, Refused, Varlink, check, equal, wait_for
from sink import Sink, transport
from world import SOCKET

RATE = 50  # codes a second
CLIENTS = 16
PER_IMPORT = 40
# A code of "short" lives a minute, and is handed over in its first half or not at all.
POLICY = "policy sshd { }\npolicy short { life = 60s }"


def user(number):
    return "user%06d" % number


def fate(number):
    """What the server does with the mails of this user."""
    if number % 20 == 3:
        return "refused"
    if number % 20 == 7:
        return "deferred"  # once, when the whole mail is there
    return "late" if number % 50 == 9 else "taken"


class Server(Sink):
    def __init__(self):
        self.seen = collections.Counter()
        super().__init__(self.decide)

    def decide(self, stage, one):
        if stage == "banner":
            return None
        time.sleep(random.uniform(0, 0.03))  # a slow server: more is under way at a kill
        what = fate(int(one.rcpt[4:10]))
        if stage == "RCPT" and what == "refused":
            return "550 5.1.1 no such mailbox"
        if stage == "RCPT" and what == "late":
            return "451 4.2.0 not now"
        if stage == "body" and what == "deferred":
            self.seen[one.rcpt] += 1
            return "451 4.3.0 once more" if self.seen[one.rcpt] == 1 else None
        return None


class Load:
    """Asks for one code for each user, in turn and in time; asks again until it is
    answered, whoever dies meanwhile."""

    def __init__(self, w):
        self.w = w
        self.imported = 0
        self.numbers = itertools.count()
        self.answered = {}  # number: when
        self.problems = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.client, daemon=True)
                        for _ in range(CLIENTS)]

    def start(self):
        self.provide()
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def due(self):
        return int((time.monotonic() - self.began) * RATE)

    def provide(self, ahead=1000):
        """Enrols users, so that there are some for the next seconds."""
        wanted = (self.due() if self.imported else 0) + ahead
        while self.imported < wanted:
            batch = range(self.imported, self.imported + PER_IMPORT)
            self.w.call("Admin.ImportUsers", verified=True, users=[
                {"user": user(n), "address": user(n) + "@example.org"} for n in batch])
            self.imported += PER_IMPORT

    def client(self):
        try:
            for number in self.numbers:
                if self.over.wait(max(0, self.began + number / RATE - time.monotonic())):
                    return
                wait_for("users to be enrolled", lambda: number < self.imported, 120)
                wait_for("an answer", lambda: self.begin(number), 120)
                self.answered[number] = time.monotonic()
        except Exception as problem:  # whatever it was, the test hears of it
            self.problems.append(repr(problem))

    def begin(self, number):
        try:
            with Varlink(SOCKET) as otpd:
                return otpd.call("org.emailotp.Auth.Begin", user=user(number),
                                 service="short" if fate(number) == "late" else "sshd",
                                 rhost="10.%d.%d.1" % (number >> 8 & 255, number & 255))
        except OSError:  # otpd is gone, or not there yet
            return None
        except Refused as refused:
            if refused.name == "Unavailable":
                return None
            raise

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(150)
        equal(self.problems, [], "problems of the clients")
        return len(self.answered) / (max(self.answered.values()) - self.began)


def kill(w, kills):
    who = random.choice(("otpd", "otpd-mail"))
    before = time.time()
    w.stop(w.otpd if who == "otpd" else w.mailer, signal.SIGKILL)
    kills.append((before, who))
    if who == "otpd":
        w.start_otpd()
    else:
        w.start_mailer()


def one_row_each(load, queue):
    """Every promised code has one mail in its right final state; those mails."""
    mails, rows = {}, collections.defaultdict(list)
    for mail in queue:
        rows[mail["user"]].append(mail)
    equal(len(rows), len(load.answered), "users with mails")
    for number in load.answered:
        own = rows[user(number)]
        equal(len(own), 1, "mails of %s" % user(number))
        wanted = "failed" if fate(number) in ("refused", "late") else "sent"
        equal(own[0]["state"], wanted, "%s (%s) %s" % (user(number), fate(number), own[0]))
        mails[own[0]["mail"]] = own[0]
    return mails


def explain(mail, tries, kills):
    """A kill for each copy but the first that the server took. The first copy may come to it
    after the kill, when otpd had handed it over, but not before that: the answer to the try
    before, or Begin, was then known."""
    explained, last, known = [], None, mail["created_at"]
    for one in tries:
        if one.taken and last:
            between = [k for k in kills if last <= k[0] <= one.arrived and k not in explained]
            check(between, mail, "came twice without a kill")
            explained.append(between[0])
        if one.taken:
            last = known
        known = one.at
    return explained


def examine_copies(mails, tries, kills):
    """The copies of each mail; how many there were too many, at most after one kill."""
    copies, blame = collections.defaultdict(list), collections.Counter()
    for one in tries:
        if one.data:
            copies[one.mail].append(one)
    for ident, own in copies.items():
        check(ident in mails, ident, "was never promised")
        equal(len({one.data for one in own}), 1, "kinds of bytes of " + ident)
        blame.update(explain(mails[ident], own, kills))
    for ident, mail in mails.items():
        taken = [one for one in copies[ident] if one.taken]
        check(bool(taken) == (mail["state"] == "sent"), ident, mail["state"], "but",
              len(taken), "copies were taken")
    return sum(blame.values()), max(blame.values(), default=0)


def examine_deaths(mails, tries):
    """Nothing is tried after the death of its code; by how much the deadline was missed."""
    mails = {mail["user"]: mail for mail in mails.values()}
    worst = -1000.0
    for one in tries:
        mail = mails[one.rcpt[:10]]
        life = 60 if fate(int(one.rcpt[4:10])) == "late" else 600
        end = one.arrived or one.at
        check(end <= mail["created_at"] + life, one.rcpt, "was tried", end - mail["created_at"],
              "s after its code was made")
        worst = max(worst, end - mail["deadline"])
    return worst


def mails_outlive_both_daemons(w):
    server = Server()
    w.start(users=(), policy=POLICY, transport=transport(server.port, "connections = 8"),
            extra="sends_per_host_hour = 100000000")
    load = Load(w)
    load.start()
    kills = []
    while len(kills) < KILLS:
        load.provide()
        time.sleep(random.uniform(0.02, 0.5))  # the random point, nothing is waited for
        kill(w, kills)
    rate = load.stop()
    wait_for("every mail to have its final state",
             lambda: not w.call("Admin.Queue", open=True)["mails"], 600)
    mails = one_row_each(load, w.queue())
    tries = sorted(server.tries, key=lambda one: one.at)
    repeats, most = examine_copies(mails, tries, kills)
    worst = examine_deaths(mails, tries)
    states = collections.Counter(mail["state"] for mail in mails.values())
    by = collections.Counter(who for _, who in kills)
    check(len(mails) > KILLS, "hardly any load:", len(mails), "mails")
    print("%d kills of otpd, %d of otpd-mail; %d mails, %.1f a second; %d sent, %d failed, "
          "%d tries, %d repeats (at most %d after one kill); the last try %+.1f s from its "
          "deadline" % (by["otpd"], by["otpd-mail"], len(mails), rate, states["sent"],
                        states["failed"], len(tries), repeats, most, worst))
