# SPDX-License-Identifier: MIT
"""kill -9 of otpd at random points under load (KILLS times, see lab.py), with a ledger of
everything that was sent and answered:

 - what was answered is in the store: challenges are there, tries are counted;
 - no code works twice, whether its first use was answered or not;
 - no counter goes back;
 - every mail that was promised is sent, or listed as one that could not be.
"""
import os
import random
import signal
import sqlite3
import threading
import time

from lab import KILLS, Failed, Mail, Refused, Varlink, check, equal, wait_for, wrong
from world import SOCKET

CLIENTS = 8
PER_IMPORT = 40


class Entry:
    """What is known of one user, who logs in once."""

    def __init__(self, number):
        self.number = number
        self.user = "user%05d" % number
        self.address = self.user + "@example.org"
        self.rhost = "10.%d.%d.1" % (number >> 8, number & 255)
        self.challenge = None
        self.wrong_sent = self.wrong_answered = 0
        self.right_sent = self.right_answered = 0


class Load:
    def __init__(self, w):
        self.w = w
        self.alive = False
        self.codes = {}  # address: the codes that were mailed, by Message-ID
        self.used = 0
        self.imported = 0
        self.lock = threading.Lock()
        self.problems = []
        threading.Thread(target=self.read_mails, daemon=True).start()

    def read_mails(self):
        directory = self.w.dir / "mails" / "new"
        known = set()
        while True:
            for name in set(os.listdir(directory) if directory.exists() else ()) - known:
                known.add(name)
                mail = Mail((directory / name).read_bytes())
                self.codes.setdefault(mail.to, {})[mail.message["Message-ID"]] = mail.code
            time.sleep(0.005)

    def code(self, entry):
        codes = list(self.codes.get(entry.address, {}).values())
        check(len(codes) <= 1, entry.user, "was mailed", len(codes), "codes")
        return codes[0] if codes else None

    def import_users(self, n):
        n = -(-n // PER_IMPORT) * PER_IMPORT
        for at in range(self.imported, self.imported + n, PER_IMPORT):
            users = [{"user": e.user, "address": e.address}
                     for e in map(Entry, range(at, at + PER_IMPORT))]
            self.w.call("Admin.ImportUsers", users=users, verified=True)
        self.imported += n

    def run(self):
        """Load until otpd is killed; the users who took part."""
        entries = []
        self.alive = True
        threads = [threading.Thread(target=self.client, args=(entries,))
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.01, 0.25))  # the random point, nothing is waited for
        self.w.stop(self.w.otpd, signal.SIGKILL)
        self.alive = False
        for thread in threads:
            thread.join(60)
        equal(self.problems, [], "problems of the clients")
        return entries

    def client(self, entries):
        while self.alive:
            with self.lock:
                entry = Entry(self.used)
                self.used += entry.number < self.imported
            if entry.number == self.imported:
                return
            entries.append(entry)
            try:
                with Varlink(SOCKET) as otpd:
                    self.log_in(otpd, entry)
            except OSError:  # ConnectionError is one: otpd is gone
                return
            except (Failed, Refused) as problem:
                self.problems.append("%s: %s" % (entry.user, problem))

    def log_in(self, otpd, entry):
        entry.challenge = otpd.call("org.emailotp.Auth.Begin", user=entry.user, service="sshd",
                                    rhost=entry.rhost)["challenge"]
        wait_for("mail to " + entry.user, lambda: self.code(entry) or not self.alive)
        code = self.code(entry)
        if not code:
            return
        for _ in range(random.randrange(3)):
            self.try_wrong(otpd, entry, wrong(code))
        entry.right_sent += 1
        otpd.call("org.emailotp.Auth.Verify", challenge=entry.challenge, code=code)
        entry.right_answered += 1

    def try_wrong(self, otpd, entry, code):
        entry.wrong_sent += 1
        try:
            otpd.call("org.emailotp.Auth.Verify", challenge=entry.challenge, code=code)
        except Refused as refused:
            equal(refused.name, "WrongCode", "a wrong code of " + entry.user)
            entry.wrong_answered += 1

    def examine(self, entry):
        """Holds what otpd knows after the crash against the ledger."""
        if not entry.challenge:
            return
        with Varlink(SOCKET) as otpd:
            counted = otpd.call("org.emailotp.Admin.ShowUser", user=entry.user)["wrong_month"]
            check(entry.wrong_answered <= counted <= entry.wrong_sent, entry.user, "has",
                  counted, "wrong tries, but", entry.wrong_answered, "were answered and",
                  entry.wrong_sent, "sent")
            code = wait_for("mail to " + entry.user, lambda: self.code(entry))
            if not entry.right_sent:
                self.try_wrong(otpd, entry, wrong(code))  # the challenge is still there
            successes = entry.right_answered
            for _ in range(2):
                try:
                    otpd.call("org.emailotp.Auth.Verify", challenge=entry.challenge, code=code)
                    successes += 1
                except Refused as refused:
                    equal(refused.name, "NoChallenge", "a used code of " + entry.user)
            check(successes <= 1, "the code of", entry.user, "worked", successes, "times")
            check(successes == 1 or entry.right_sent, "the code of", entry.user, "is lost")


def kill_under_load(w):
    w.start(users=(), policy="policy sshd { }",
            extra="sends_per_host_hour = 100000000\nwrong_alert = 1000000\n"
                  "wrong_longer = 1000000")
    load = Load(w)
    logins = answered = 0
    for _ in range(KILLS):
        load.import_users(max(0, load.used + 400 - load.imported))
        entries = load.run()
        w.start_otpd()
        for entry in entries:
            load.examine(entry)
        logins += len(entries)
        answered += sum(e.right_answered for e in entries)
    w.settle()
    w.stop(w.otpd)
    with sqlite3.connect(w.dir / "otpd" / "otpd.db") as database:
        equal(database.execute("PRAGMA integrity_check").fetchone()[0], "ok", "the database")
    check(answered > KILLS, "hardly any load:", logins, "logins,", answered, "finished")
