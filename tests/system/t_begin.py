# SPDX-License-Identifier: MIT
"""The prompt never waits for the mail server: otpd answers Begin when the store has it,
whatever becomes of the mail. Counted, not timed: each answer is in the test's hands before
the server has said a word. The times are printed for people."""
import socket
import statistics
import threading
import time

from lab import LIMIT, Mail, check, equal, wait_for
from sink import Sink, transport
from world import pause

BEGINS = 100
ROOMY = "policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 400 }"


def begin_all(w, first=0):
    """BEGINS challenges, in turn; and the median of what an answer took, in ms."""
    challenges, took = [], []
    for n in range(first, first + BEGINS):
        started = time.monotonic()
        answer = w.begin(user="user%d" % (n % 40), rhost="10.%d.%d.1" % (n >> 8, n & 255))
        took.append(1000 * (time.monotonic() - started))
        equal((answer["state"], answer["delivery"], answer["resumed"]),
              ("challenge", "queued", False), "Begin %d" % n)
        challenges.append(answer["challenge"])
    return challenges, statistics.median(took)


def start(w, mail_transport):
    w.start(users=(), policy=ROOMY, transport=mail_transport,
            extra="sends_per_host_hour = 100000")
    w.call("Admin.ImportUsers", verified=True, users=[
        {"user": "user%d" % n, "address": "user%d@example.org" % n} for n in range(40)])


def answers_come_before_the_server_has_greeted(w):
    """All are answered while it has accepted and is silent; then it speaks, and each mail
    arrives, with the code of its challenge."""
    speak = threading.Event()
    server = Sink(lambda stage, one: speak.wait(10 * LIMIT) and None)
    start(w, transport(server.port, "connections = 4").replace("30s", "120s"))
    silent, dead_ms = begin_all(w)
    wait_for("a connection", lambda: server.connections)
    equal(server.tries, [], "what the server heard before it greeted")
    rows = w.queue()
    equal([m["state"] for m in rows], ["queued"] * BEGINS, "states")
    speak.set()
    wait_for("all mails", lambda: len(server.taken()) == BEGINS, 3 * LIMIT)
    codes = {one.mail: Mail(one.data).code for one in server.taken()}
    _, live_ms = begin_all(w, BEGINS)
    wait_for("the other mails", lambda: len(server.taken()) == 2 * BEGINS, 3 * LIMIT)
    for challenge, row in zip(silent, rows):
        equal(w.verify(challenge, codes[row["mail"]])["state"], "verified")
    print("Begin: median %.2f ms beside a server that does not greet, %.2f ms beside one that "
          "takes mails" % (dead_ms, live_ms))


def answers_come_whatever_is_dead(w):
    """Nobody listens; somebody whose queue of connections is full; otpd-mail stands still."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    clog = [socket.socket() for _ in range(8)]
    for one in clog:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    unused = socket.create_server(("127.0.0.1", 0))
    port = unused.getsockname()[1]
    unused.close()
    said = []
    start(w, transport(port))
    for what, conf in (("nobody listens", port), ("it does not accept", full.getsockname()[1])):
        w.stop(w.mailer)
        w.configure_mailer(transport(conf))
        w.start_mailer()
        challenges, ms = begin_all(w, BEGINS * len(said))
        equal(len(challenges), BEGINS, "challenges")
        said.append("%s %.2f ms" % (what, ms))
    pause(w.mailer)
    challenges, ms = begin_all(w, BEGINS * len(said))
    said.append("otpd-mail stands still %.2f ms" % ms)
    check(not [m for m in w.queue() if m["state"] == "sent"], "something was sent")
    print("Begin: median: " + ", ".join(said))
