# SPDX-License-Identifier: MIT
"""Hostile addresses, names, hosts and tenants, HOSTILE of them (see lab.py), at
every door: what is taken is what the grammar allows, no more and no less, and at the mail
server arrives not one command and not one header that was not asked for.
"""
import concurrent.futures
import json
import random
import re
import sys

import hostile
from lab import HOSTILE as COUNT
from lab import ROOT, Refused, Varlink, check, equal, wait_for
from sink import Sink, transport
from world import ADA, MAIL_SOCKET, SOCKET, as_uid

WORKERS = 2
PER_IMPORT = 40
COMMAND = re.compile(
    rb"(?:EHLO \S+|MAIL FROM:<otpd@test\.example\.org>(?: SIZE=\d+)?|RCPT TO:<(.+)>|DATA|QUIT|RSET)"
    rb"\r\n")
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
LONG = re.compile(rb"[^\n]{80}")  # 78 and its CR LF
HEADER = re.compile(rb"(?m)^([^ \t\r:][^\r:]*):")
BOUNDARY = re.compile(rb"(?m)^--=_")


class Strict(Sink):
    """Looks at every byte that it is told."""

    def __init__(self):
        self.problems = []
        self.shapes = set()  # header names in their order, and how many parts
        self.commands = self.mails = 0
        super().__init__()

    def complain(self, *what):
        if len(self.problems) < 5:
            self.problems.append(what)

    def converse(self, client, lines):
        """As the sink's, but a command is one of six to the byte, each in its turn."""
        client.sendall(b"220 sink ESMTP\r\n")
        wanted = {b"EHLO"}
        after = {b"EHLO": b"MAIL QUIT RSET", b"MAIL": b"RCPT", b"RCPT": b"DATA",
                 b"DATA": b"MAIL QUIT RSET", b"RSET": b"MAIL QUIT"}
        while line := lines.readline():
            verb, command = line[:4], COMMAND.fullmatch(line)
            self.commands += 1
            if not command or verb not in wanted:
                self.complain("command", line)
            if verb == b"QUIT":
                client.sendall(b"221 2.0.0 bye\r\n")
                return
            wanted = set(after.get(verb, b"").split())
            if verb == b"RCPT" and command:
                rcpt = command.group(1).decode("latin-1")
                if not hostile.is_address(rcpt):
                    self.complain("recipient", rcpt)
            if verb == b"DATA":
                client.sendall(b"354 go ahead\r\n")
                if not self.read_mail(lines, rcpt):
                    return
            client.sendall(b"250-sink\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n"
                           if verb == b"EHLO" else b"250 2.0.0 fine\r\n")

    def read_mail(self, lines, rcpt):
        data = []
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return False
            data.append(line)
        self.mails += 1
        self.look(b"".join(data), rcpt)
        return True

    def look(self, data, rcpt):
        for what, pattern in (("line end", BARE), ("long line", LONG)):
            found = pattern.search(data)
            if found:
                self.complain(what, data[max(0, found.start() - 80):found.end() + 80])
        if not data.isascii() or b"\0" in data:
            self.complain("bytes", data)
        head, _, body = data.partition(b"\r\n\r\n")
        self.shapes.add((*HEADER.findall(head), len(BOUNDARY.findall(body))))
        to = re.search(rb"(?m)^To:((?:[^\r\n]|\r\n[ \t])*)", head).group(1)
        flat = re.sub(rb"[\r\n \t<>]", b"", to)
        # An address that no line has room for stands on the envelope only.
        if not flat.endswith(rcpt.encode()) and (
                len(rcpt) < 70 or flat != b"undisclosed-recipients:;"):
            self.complain("To", to, "for", rcpt)


def _worker(w, seed):
    done = w.run(sys.executable, ROOT / "tests/system/hostile.py", MAIL_SOCKET, seed,
                 -(-COUNT // WORKERS), limit=3600)  # the runner's limit comes first
    return json.loads(done)


def letters_to_otpd_mail(w):
    server = Strict()
    w.start(transport=transport(server.port, "connections = 8"))
    with Varlink(MAIL_SOCKET) as mailer:
        sealer = hostile.Sealer(mailer.call("org.emailotp.Mail.PublicKey")["key"])
        for kind in hostile.KINDS:
            mailer.send(hostile.frame(sealer, json.dumps(hostile.plain(kind)).encode()))
            check(b'"sent"' in mailer.receive(), "a plain letter:", kind)
    wanted = set(server.shapes)
    check(1 <= len(wanted) <= 2, "shapes of good mails", wanted)
    before = server.mails
    seeds = [random.SystemRandom().getrandbits(32) for _ in range(WORKERS)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda seed: _worker(w, seed), seeds))
    counts = {}
    for seed, result in zip(seeds, results):
        equal(result["wrong"], [], "letters that went another way than they must, seed %d" % seed)
        for key, n in result["counts"].items():
            counts[key] = counts.get(key, 0) + n
    equal(server.problems, [], "what the server heard, seeds %s" % seeds)
    equal(server.shapes, wanted, "headers and parts, seeds %s" % seeds)
    equal(server.mails - before, counts["sent"], "mails at the server")
    check(set(counts) <= {"sent", "refused"}, "results", counts)
    check(sum(counts.values()) >= COUNT and min(counts.values()) > COUNT / 20, "results", counts)
    print("%d letters: %d sent, %d refused; %d commands at the server" % (
        sum(counts.values()), counts["sent"], counts["refused"], server.commands))


def addresses_to_otpd(w):
    """Admin.ImportUsers for all of them; some also by AddUser and Self.Enrol, one by one."""
    w.start(extra="self_enrol = yes\nsocket_mode = 0666")
    seed = random.SystemRandom().getrandbits(32)
    rng = random.Random(seed)
    taken = 0
    with Varlink(SOCKET, 120) as otpd:
        for at in range(0, COUNT, PER_IMPORT):
            users = []
            while len(users) < PER_IMPORT:
                text = hostile.address(rng)
                if "\0" not in text and sum(len(u["address"]) for u in users) < 2500:
                    users.append({"user": "u%d" % (at + len(users)), "address": text})
                elif "\0" not in text:
                    users.append({"user": "u%d" % (at + len(users)), "address": "a@b.example"})
            problems = otpd.call("org.emailotp.Admin.ImportUsers", users=users, dry_run=True,
                                 verified=True)["problems"]
            bad = [n for n, u in enumerate(users) if not hostile.is_address(u["address"])]
            equal([(p["line"], p["reason"]) for p in problems], [(n, "bad_address") for n in bad],
                  "problems, seed %d, %s" % (seed, users))
            taken += PER_IMPORT - len(bad)
    for n in range(COUNT // 100):
        text = hostile.address(rng)
        _judge(text, _ask("Admin.AddUser", user="v%d" % n, address=text), {"ok"}, seed)
    for _ in range(20):  # as many as one uid may call at once
        text = hostile.address(rng)
        answer = as_uid(ADA, lambda a=text: _ask("Self.Enrol", address=a))
        _judge(text, answer, {"Exists", "NotAllowed"}, seed)  # ada is enrolled
    check(COUNT / 20 < taken < COUNT, "taken", taken)
    print("%d addresses: %d taken" % (COUNT, taken))


def _ask(method, **parameters):
    try:
        with Varlink(SOCKET) as otpd:
            otpd.call("org.emailotp." + method, **parameters)
        return "ok"
    except Refused as refused:
        return refused.name
    except ConnectionError:
        return "closed"


def _judge(text, answer, good, seed):
    """A NUL is not JSON that otpd reads, whoever sends it."""
    wanted = {"closed"} if "\0" in text else {"BadAddress", "InvalidParameter"}
    check(answer in (good if hostile.is_address(text) else wanted), seed, repr(text), answer)


def names_to_otpd(w):
    """The whole way: who asks for a code has chosen user, service, host and terminal."""
    server = Strict()
    w.start(users=(), transport=transport(server.port),
            policy="policy x { }\nsends_per_host_hour = 100000000")
    w.call("Admin.AddUser", user="plain", address="plain@example.org", verified=True)
    w.begin("plain", service="x", rhost="192.0.2.1")
    w.settle()
    wanted = set(server.shapes)
    seed = random.SystemRandom().getrandbits(32)
    rng = random.Random(seed)
    begun = 0
    for n in range(max(500, COUNT // 200)):
        user = hostile.worsen(rng, "user%d" % n, 0, 2)
        try:
            w.call("Admin.AddUser", user=user, address="user%d@example.org" % n, verified=True,
                   name=hostile.worsen(rng, "Ada", 0, 2))
            answer = w.begin(user, service=hostile.worsen(rng, "x", 0, 2)[:63],
                             rhost=hostile.name(rng)[:255], tty=hostile.name(rng)[:63])
            begun += answer["state"] == "challenge"
        except Refused as refused:
            check(refused.name in ("BadName", "InvalidParameter", "Exists", "Throttled"), seed,
                  refused, repr(user))
        except ConnectionError:  # a frame that is none: the connection ends
            pass
    wait_for("all mails", lambda: not w.call("Admin.Queue", open=True)["mails"], 120)
    equal(server.problems, [], "what the server heard, seed %d" % seed)
    equal(server.shapes, wanted, "headers and parts, seed %d" % seed)
    equal(server.mails, begun + 1, "mails, seed %d" % seed)
    check(begun > 50, "hardly any:", begun)
