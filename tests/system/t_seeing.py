# SPDX-License-Identifier: MIT
"""What administrators and their tools see: the lines of the log by the grammar of otpd(8), the
journal, fail2ban, logcheck, the audit and the metrics; of real logins, and of hostile ones."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from lab import ROOT, SANITIZER, Skip, Terminal, Varlink, check, equal, wait_for, wrong
from shop import CONFIG, SECRET, Shop
from world import CLIENTS, MODULE, OTPD, SOCKET, mount, prompt, refused, tries

ROOMY = """policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 400
    wrong_per_hour = 100\n wrong_per_day = 100\n wrong_per_month = 100\n tries = 5 }
"""
# For those who begin a thousand times.
WIDE = "sends_per_host_hour = 100000000\nsends_per_rhost_hour = 400\n"
HOSTS = ("192.0.2.7", "2001:db8::7", "::ffff:198.51.100.9", "::1")
# What a name or a host can do to whoever reads the log.
FORGED = 'x" service="sshd" rhost="203.0.113.66" uid=0 ref=AAA result=wrong'
HOSTILE = (FORGED, 'a"', "a\\", "a\\x22 rhost=\\x22203.0.113.66\\x22", "a\nwrong code " + FORGED,
           "a\r\x1b[2Jb", "\u202eadmin", "rhost=203.0.113.66", '" rhost="203.0.113.66',
           "x' OR ''='", "$(id)", "<HOST>", "result=verified", "\u0085\u2028", "a" * 200 + '"' * 40)
EVENTS = int(os.environ.get("EVENTS", "200000"))  # 1000000 have been measured
ATTACKS = {"wrong", "burnt", "password_wrong", "recovery_wrong"}


def _manual():
    """The expression of otpd(8), as it stands there."""
    page = (ROOT / "man/otpd.8").read_text("utf-8")
    text = page.partition(".Ss How to read the lines\n")[2].partition(".Ss ")[0]
    *parts, last = text.partition(".Bd -literal -offset 2n\n")[2].partition(
        "\n.Ed")[0].split("\n")
    quoted = re.search(r"QUOTED is\n\.Ql (.*)", text)[1]
    grammar = (" ".join(parts) + last).replace("QUOTED", quoted).replace("\\e", "\\")
    return re.compile(grammar)


GRAMMAR = _manual()


def _documented():
    """(event, sentence) of the lists of otpd(8)."""
    log = (ROOT / "man/otpd.8").read_text("utf-8").partition(".Sh LOG\n")[2]
    found = set()
    for item in re.finditer(r"(?m)^\.It Ql ([a-z_]+)\n((?:(?!\.It |\.El).*\n)+)", log):
        text = " ".join(line for line in item[2].split("\n") if not line.startswith(".Ql"))
        for part in text.split(".")[0].strip().split("; or: "):
            found.add((item[1], part.partition(": ")[2] or part))
    return found


def _plain(quoted):
    """What stood between the quotes."""
    data = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), quoted.encode())
    return data.decode()


def _clean(text):
    """As otpd keeps it: controls become question marks, what is too long is cut."""
    return re.sub("[\x00-\x1f\x7f-\x9f]", "?", text)


def _begin(w, **more):
    """What a stranger may send. False: it is no name that anybody can have, and no line."""
    return w.refusal("Auth.Begin", **{"service": "sshd", **more}) != "BadName"


def _written(w):
    # Not splitlines(), which takes U+2028 for the end of a line as well.
    return [line.partition(": ")[2] for line in w.log("otpd").split("\n")
            if " result=" in line and line.startswith("otpd: ")]


def _lines(w):
    """The lines of events, without the program's name. An answer leaves before its line, so the
    last one may still be on its way: there are as many as the audit has."""
    events = len(json.loads(w.otpctl("audit", "--all", "--json")))
    return wait_for("%d lines" % events, lambda: len(_written(w)) >= events and _written(w))


def _parse(line):
    found = GRAMMAR.fullmatch(line)
    check(found, "not by the grammar of otpd(8):", repr(line))
    return found.groupdict()


def _real_logins(w):
    """Honest and other ones, through sshd: a right code, wrong ones, a burnt challenge, nobody."""
    w.start(policy=ROOMY, users=("ada", "bob"))
    w.start_sshd()
    w.log_in()
    terminal, _ = w.ssh_to_code("bob")
    code = w.wait_mails(1, "bob@example.org").code
    tries(terminal, wrong(code), wrong(code), wrong(code))
    refused(terminal)
    terminal, _ = w.ssh_to_code("bob")
    tries(terminal, wrong(code), wrong(code))
    refused(terminal)
    terminal, _ = w.ssh_to_code("carol")  # known, and not enrolled
    tries(terminal, "123456", "123456", "123456")
    refused(terminal)


def lines_of_real_logins_are_what_the_manual_says(w):
    _real_logins(w)
    w.log_in()
    parsed = [_parse(line) for line in _lines(w)]
    told = _documented()
    for one in parsed:
        check((one["event"], one["sentence"].strip()) in told, "otpd(8) has no", one)
    logins = [one for one in parsed if one["service"] == "sshd"]
    equal({one["rhost"] for one in logins}, {"127.0.0.1"}, "hosts")
    check({"issued", "verified", "wrong", "burnt", "decoy"} <= {one["event"] for one in logins},
          "events", sorted({one["event"] for one in logins}))
    # The audit has the same, in the same order.
    audit = w.audit()[::-1]
    equal([(e["event"], e["user"], e["rhost"], e["reference"] or "-", e["detail"] or None)
           for e in audit],
          [(one["event"], _plain(one["user"]), _plain(one["rhost"]), one["ref"], one["detail"])
           for one in parsed], "the audit")
    # The module's lines: a verdict, a sentence of its list, pairs.
    own = [line for line in w.syslog if "pam_emailotp(" in line and "result=" in line]
    rows = (ROOT / "man/pam_emailotp.8").read_text("utf-8").partition(".Sh LOG\n")[2]
    for line in own:
        found = re.search(r"pam_emailotp\(sshd:auth\): (accepted|refused|passed over), ([^:]+): "
                          r'user="[^"]*" service="sshd" rhost="[^"]*" ref=\S+ result=[a-z_]+'
                          r'(?: error="[^"]*")?$', line)
        check(found and "\n.It Ql %s\n" % found[2] in rows, "pam_emailotp(8) has no", line)
    check(len(own) >= 4, own)


def hostile_names_and_hosts_stay_in_their_quotes(w):
    w.start(policy=ROOMY, extra=WIDE)
    wanted = []
    for text in HOSTILE:
        for more in ({"user": text, "rhost": "192.0.2.1"}, {"user": "ada", "rhost": text},
                     {"user": "ada", "rhost": "192.0.2.1", "service": text[:60]}):
            if _begin(w, **more):
                wanted.append((more["user"], more.get("service", "sshd"), more["rhost"]))
    for host in HOSTS:
        w.begin(user="nobody", rhost=host)
        wanted.append(("nobody", "sshd", host))
    check(len(wanted) > 2 * len(HOSTILE), len(wanted), "lines are wanted")
    parsed = [_parse(line) for line in _lines(w)][-len(wanted):]
    equal([_plain(one["service"]) for one in parsed], [_clean(s) for _, s, _ in wanted], "lines")
    for one, (user, service, rhost) in zip(parsed, wanted):
        for name, text in (("user", user), ("service", service), ("rhost", rhost)):
            got = _plain(one[name])
            check(got == _clean(text) or (got.endswith("...") and
                                          _clean(text).startswith(got[:-3])), name, got, text)
    check("\x1b" not in w.log("otpd"), "an escape sequence")
    # The same through libpam and the module, which has lines of its own.
    w.pam("sshd", MODULE)
    before, names = len(_lines(w)), [FORGED, 'a" rhost="203.0.113.66', "a\\b", "<HOST>"]
    for name in names:
        terminal = Terminal(["/usr/bin/python3", str(ROOT / "tests/system/pamhost.py"), "sshd",
                             name, "-h", 'x" y="', "authenticate"])
        for _ in range(3):
            prompt(terminal)
            terminal.type("123456")
        terminal.expect("RESULT authenticate 7\n")  # PAM_AUTH_ERR
        terminal.end()
    lines = [_parse(line) for line in _lines(w)[before:]]
    equal({_plain(one["rhost"]) for one in lines}, {'x" y="'}, "hosts")
    equal({_plain(one["user"]) for one in lines if one["event"] == "decoy"}, set(names), "names")
    own = wait_for("the module's lines", lambda: len(w.syslog) >= len(names) and [
        line for line in w.syslog if "refused, the user is not known to this system" in line])
    equal([_plain(re.search(r': user="([^"]*)" service="sshd" rhost="x\\x22 y=\\x22" ', line)[1])
           for line in own], names, "names in the module's lines")


def _framed(lines, program="otpd"):
    """As rsyslog writes them, as logger(1) makes it of standard error, and with ISO times."""
    return [["Nov 21 14:00:%02d host %s[7]: %s" % (i % 60, program, line)
             for i, line in enumerate(lines)],
            ["Nov 21 14:00:%02d host %s: %s: %s" % (i % 60, program, program, line)
             for i, line in enumerate(lines)],
            ["2026-11-21T14:00:%02d.123456+00:00 host %s[7]: %s" % (i % 60, program, line)
             for i, line in enumerate(lines)]]


def _banned(w, lines):
    """The hosts that fail2ban finds, in the order of the lines that it takes."""
    if not shutil.which("fail2ban-regex"):
        raise Skip("fail2ban is not installed")
    log = w.write("f2b.log", "\n".join(lines) + "\n")
    return w.run("fail2ban-regex", "--usedns=no", "-o", "ip", log,
                 ROOT / "conf/fail2ban/filter.d/otpd.conf").split()


def _is_attack(one):
    return ((one["event"] in ATTACKS and one["detail"] != "repeated") or
            (one["event"] == "refused_locked" and "unseen" in one["sentence"]) or
            (one["event"] == "decoy" and one["detail"] == "unknown_user"))


def _unmapped(host):
    return host.removeprefix("::ffff:")


def fail2ban_finds_who_guesses_and_nobody_else(w):
    w.start(policy=CONFIG % ("", "cool_down = 0\n wrong_per_hour = 6") +
            "policy hard { cool_down = 0\n tries = 3\n wrong_per_hour = 3\n conceal = no }\n" +
            ROOMY + "policy sudo { cool_down = 0 }\n", users=("ada", "bob"), extra=WIDE)
    w.start_sshd()
    w.log_in()
    terminal, _ = w.ssh_to_code("bob")
    tries(terminal, *["000000"] * 3)
    refused(terminal)
    for host in HOSTS:  # each kind of guess from each kind of address
        w.begin(user="mallory", rhost=host, unknown=True)
        begun = w.begin(user="bob", service="sudo", rhost=host)
        w.refusal("Auth.Verify", challenge=begun["challenge"], code="0000000")
    begun = w.begin(user="ada", service="hard", rhost=HOSTS[0])
    other = w.begin(user="ada", service="hard", rhost=HOSTS[1])
    for _ in range(5):
        w.refusal("Auth.Verify", challenge=begun["challenge"], code="0000000")
    w.refusal("Auth.Verify", challenge=other["challenge"], code="0000000")
    w.refusal("Auth.Begin", user="ada", service="hard", rhost=HOSTS[0])  # the owner, locked out
    shop = Shop(w)
    for host in HOSTS[:2]:
        for _ in range(2):  # a program that repeats what it has is no attack
            shop.refusal("Login", login=_unmapped(host)[:3] + "x@example.org",
                         password=SECRET, rhost=host)
    # Honest ones, and hostile names of those who do not guess.
    w.begin(user="carol", rhost=HOSTS[1])
    for text in HOSTILE:
        _begin(w, user="ada", rhost="192.0.2.200", service=text[:60])
        _begin(w, user="carol", rhost=text)
    w.begin(user="mallory", rhost="", unknown=True)
    w.begin(user="mallory", rhost="host.example.org", unknown=True)
    lines = [(line, _parse(line)) for line in _lines(w)]
    attacks = [line for line, one in lines if _is_attack(one) and
               re.fullmatch(r"[0-9a-f.:]+", one["rhost"])]
    hosts = [_unmapped(_parse(line)["rhost"]) for line in attacks]
    honest = [line for line, _ in lines if line not in set(attacks)]
    check({_parse(line)["event"] for line in attacks} ==
          {"wrong", "burnt", "decoy", "refused_locked", "password_wrong"}, attacks)
    check(len(honest) > 30 and len(attacks) > 15, len(honest), len(attacks))
    equal(_banned(w, sum(_framed(attacks), [])), 3 * hosts, "who is banned")
    equal(_banned(w, sum(_framed(honest), [])), [], "honest ones")
    # With a name that is an attack line, from a host that is to be banned itself.
    before = len(_lines(w))
    taken = [text for text in HOSTILE if _begin(w, user=text, rhost="192.0.2.9", unknown=True)]
    check(len(taken) > 8, taken)
    equal(_banned(w, sum(_framed(_lines(w)[before:]), [])), ["192.0.2.9"] * 3 * len(taken),
          "with a hostile name")
    # What other programs write of it is no line of otpd.
    forged = ["Nov 21 14:00:00 host sshd[7]: Invalid user %s from 192.0.2.9 port 4" % text
              for text in [line.replace("192.0.2.7", "203.0.113.66") for line in attacks] +
              ["otpd: " + attacks[0], "x host otpd[7]: " + attacks[0]]]
    forged += ["Nov 21 14:00:00 host otpd[7]: " + text for text in (
        attacks[0] + ' rhost="203.0.113.66"', "x " + attacks[0], attacks[0].replace(
            'rhost="', 'rhost="203.0.113.66" x="'))]
    equal([h for h in _banned(w, forged)], [], "forged lines")


def the_jail_is_one_that_fail2ban_takes_and_off_until_somebody_wants_it(w):
    if not shutil.which("fail2ban-client"):
        raise Skip("fail2ban is not installed")
    conf = w.dir / "fail2ban"
    shutil.copytree("/etc/fail2ban", conf)
    for one in ("filter.d/otpd.conf", "jail.d/otpd.conf"):
        shutil.copy(ROOT / "conf/fail2ban" / one, conf / one)
    (conf / "jail.d/defaults-debian.conf").unlink(missing_ok=True)

    def dumped():
        w.run("fail2ban-client", "-c", conf, "-t")
        return w.run("fail2ban-client", "-c", conf, "-d")
    check("otpd" not in dumped(), "the jail is on")
    (conf / "jail.d/otpd.local").write_text("[otpd]\nenabled = true\n")
    out = dumped()
    for word in ("'add', 'otpd', 'systemd'", "'addjournalmatch', '_SYSTEMD_UNIT=otpd.service'",
                 "'maxretry', 6"):
        check(word in out, word, "is not in", out)
    equal(len(re.findall("no code sent, challenge cannot be passed user=", out)), 1, "expressions")


def logcheck_leaves_out_the_routine_and_nothing_else(w):
    _real_logins(w)
    w.log_in()
    w.begin(user="ada", rhost="192.0.2.7", service="sudo")
    for text in HOSTILE:
        _begin(w, user=text, rhost=text, service=text[:60])
    w.settle()
    lines = _lines(w)
    w.stop(w.otpd)
    rules = ROOT / "conf/logcheck/ignore.d.server/otpd"
    known = {"verified", "issued", "resumed", "cancelled"}
    alarming = {"wrong", "burnt", "decoy", "locked", "disabled", "user_added", "throttled"}
    check(known - {"resumed", "cancelled"} <= {_parse(line)["event"] for line in lines}, lines)
    mails = [line.partition(": ")[2] for line in w.log("otpd-mail").splitlines()
             if ": mail sent " in line]
    check(mails, "no mail was sent")
    own = ["ready on /run/otpd/otpd.sock", "stopping"]
    for one in own:
        check("otpd: %s\n" % one in w.log("otpd"), one, "is not in the log")
    for program, taken in (("otpd", lines + own), ("otpd-mail", mails)):
        for framed in _framed(taken, program):
            log = w.write("logcheck.log", "\n".join(framed) + "\n")
            left = w.run("grep", "-Evf", rules, log, wanted=None).stdout.splitlines()
            for line in framed:
                event = re.search(r" result=(\w+)", line)
                routine = not event or event[1] not in alarming
                equal(line not in left, routine, line)
    module = [line.partition("pam_emailotp(")[2] for line in w.syslog if " result=" in line]
    check({"accepted", "refused"} == {re.search(r": (\w+)", line)[1] for line in module}, module)
    for line in module:
        log = w.write("logcheck.log", "Nov 21 14:00:00 host sshd[7]: pam_emailotp(%s\n" % line)
        equal("refused, " in line, w.run("grep", "-Evf", rules, log, wanted=None).stdout != "",
              line)


class Journal:
    """journald: the stream that standard error is, and the socket of entries. It can stop."""

    def __init__(self, w):
        self.w = w
        self.entries, self.lines = [], []
        self.going = threading.Event()
        self.going.set()
        path = pathlib.Path("/run/systemd/journal/socket")
        path.parent.mkdir(parents=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.stream, self.error = socket.socketpair()
        for read in (self.read_entries, self.read_lines):
            threading.Thread(target=read, daemon=True).start()

    def read_entries(self):
        while True:
            self.going.wait()
            data = self.socket.recv(65536)
            self.going.wait()
            self.entries.append(dict(line.split("=", 1) for line in
                                     data.decode().rstrip("\n").split("\n")))

    def read_lines(self):
        with open(self.w.dir / "otpd.log", "ab") as log:
            while True:
                self.going.wait()
                data = self.stream.recv(65536)
                self.lines.append(data.decode())
                log.write(data)
                log.flush()
                if not data:
                    return

    def start_otpd(self):
        status = os.fstat(self.error.fileno())
        w = self.w
        w.otpd = subprocess.Popen(
            [w.bin / "otpd", "--config", w.dir / "otpd.conf"], user=OTPD, group=OTPD,
            extra_groups=[CLIENTS], stdin=subprocess.DEVNULL, stdout=self.error,
            stderr=self.error, start_new_session=True,
            env={**w.environment, "JOURNAL_STREAM": "%d:%d" % (status.st_dev, status.st_ino)})
        w.otpd.name = "otpd"
        w.processes.append(w.otpd)
        w.ready(w.otpd, lambda: w.answers(SOCKET))

    def find(self, **wanted):
        return [e for e in self.entries if all(e.get(k) == v for k, v in wanted.items())]


def _in_a_journal(w, extra=""):
    journal = Journal(w)
    w.configure_mailer(w.maildir())
    w.configure_otpd(ROOMY, extra)
    w.start_mailer()
    journal.start_otpd()
    for user in ("ada", "bob"):
        w.otpctl("users", "add", user, w.address(user), "--verified")
    return journal


def the_journal_gets_fields_of_real_logins(w):
    journal = _in_a_journal(w, "wrong_alert = 2")
    w.start_sshd()
    w.log_in()
    terminal, _ = w.ssh_to_code("bob")
    code = w.wait_mails(1, "bob@example.org").code
    tries(terminal, wrong(code), wrong(code), wrong(code))
    refused(terminal)
    wait_for("three wrong ones", lambda: len(journal.find(OTPD_EVENT="wrong")) == 3)
    ids = {m[1]: m[2] for m in re.finditer(r'\{ "(\w+)", "(\w{32})" \}',
                                          (ROOT / "otpd/core/event.c").read_text())}
    for entry in journal.entries:
        if "OTPD_EVENT" not in entry:
            continue
        one = _parse(entry["MESSAGE"])
        equal((entry["OTPD_EVENT"], entry.get("OTPD_USER", ""), entry.get("OTPD_RHOST", ""),
               entry["OTPD_UID"], entry.get("OTPD_REFERENCE", "-"), entry.get("OTPD_DETAIL")),
              (one["event"], one["user"], one["rhost"], one["uid"], one["ref"], one["detail"]),
              "fields and line")
        equal(entry.get("MESSAGE_ID"), ids.get(one["event"]), "MESSAGE_ID of " + one["event"])
        equal(entry["SYSLOG_IDENTIFIER"], "otpd")
        check(entry["PRIORITY"] in "456", entry)
    equal(len(journal.find(OTPD_EVENT="verified", OTPD_USER="ada", OTPD_SERVICE="sshd",
                           OTPD_RHOST="127.0.0.1")), 1, "ada's login")
    alert = [e for e in journal.entries if e["MESSAGE"].startswith("ALERT: ")]
    equal([(e["MESSAGE"], e["PRIORITY"], len(e["MESSAGE_ID"])) for e in alert],
          [("ALERT: 2 wrong codes in the last hour on this host", "3", 32)], "alerts")
    check("<6>ready on " in "".join(journal.lines), journal.lines)
    # A host with a line end in it makes no field.
    w.begin(user="mallory", rhost="x\nOTPD_EVENT=verified\nPRIORITY=0")
    entry = wait_for("the entry", lambda: journal.find(OTPD_USER="mallory"))[0]
    equal((entry["OTPD_EVENT"], entry["OTPD_RHOST"], entry["PRIORITY"]),
          ("decoy", "x?OTPD_EVENT=verified?PRIORITY=0", "5"), "a hostile host")


def a_journal_that_has_stopped_holds_up_no_login(w):
    journal = _in_a_journal(w, WIDE)
    w.start_sshd()
    w.log_in()
    journal.going.clear()
    took = []
    with Varlink(SOCKET) as otpd:  # far more than both of its sockets take
        for i in range(3000):
            started = time.monotonic()
            otpd.call("org.emailotp.Auth.Begin", user="user%d" % i, service="sshd",
                      rhost="10.0.%d.1" % (i % 200))
            took.append(1000 * (time.monotonic() - started))
    w.log_in()  # a whole real one
    took.sort()
    print("Begin beside a journal that has stopped: p50 %.2f ms, p99 %.2f ms, most %.2f ms"
          % (took[1500], took[2970], took[-1]))
    journal.going.set()
    w.begin(user="carol", rhost="192.0.2.250")
    lost = wait_for("what was lost", lambda: re.findall(
        r"<4>(\d+) lines were lost, nobody took them", "".join(journal.lines)))
    numbers = {n["name"]: n["value"] for n in w.call("Admin.Metrics")["numbers"]}
    equal(sum(map(int, lost)), numbers["log_lines_lost"], "lines that were lost")
    check(int(lost[0]) > 0, lost)
    # Not one of them is missing in the audit.
    events = json.loads(w.otpctl("audit", "--all", "--json", "--event", "decoy"))
    equal(len([e for e in events if e["user"].startswith("user")]), 3000, "events in the audit")


def a_real_journald_finds_logins_by_their_fields(w):
    """systemd-journald itself, with sockets and a journal of its own."""
    journald = pathlib.Path("/lib/systemd/systemd-journald")
    if not journald.exists() or not shutil.which("journalctl"):
        raise Skip("there is no systemd-journald")
    pathlib.Path("/run/systemd/journal").mkdir(parents=True)
    machine = w.write("machine-id", os.urandom(16).hex() + "\n")
    if not os.path.exists("/etc/machine-id"):
        raise Skip("/etc/machine-id is missing")
    mount("--bind", machine, "/etc/machine-id")
    w.spawn("journald", [journald], env={"SYSTEMD_LOG_LEVEL": "warning"})
    stdout = "/run/systemd/journal/stdout"
    wait_for("journald", lambda: os.path.exists(stdout))
    stream = socket.socket(socket.AF_UNIX)
    wait_for("its stream", lambda: stream.connect_ex(stdout) == 0)
    # Identifier, unit, priority, whether lines have levels, and where else they go.
    stream.sendall(b"otpd\n\n6\n1\n0\n0\n0\n")
    w.configure_mailer(w.maildir())
    w.configure_otpd(ROOMY)
    w.start_mailer()
    status = os.fstat(stream.fileno())
    w.otpd = subprocess.Popen(
        [w.bin / "otpd", "--config", w.dir / "otpd.conf"], user=OTPD, group=OTPD,
        extra_groups=[CLIENTS], stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
        start_new_session=True, env={**w.environment, "JOURNAL_STREAM": "%d:%d" % (
            status.st_dev, status.st_ino)})
    w.otpd.name = "otpd"
    w.processes.append(w.otpd)
    w.ready(w.otpd, lambda: w.answers(SOCKET))
    w.otpctl("users", "add", "ada", w.address("ada"), "--verified")
    w.start_sshd()
    w.log_in()

    def journalctl(*match):
        out = w.run("journalctl", "-D", "/run/log/journal", "-o", "json", *match, wanted=None)
        return [json.loads(line) for line in out.stdout.splitlines()]
    found = wait_for("the login in the journal", lambda: journalctl(
        "OTPD_EVENT=verified", "OTPD_USER=ada", "OTPD_RHOST=127.0.0.1"))
    equal(len(found), 1, "entries")
    entry = found[0]
    equal((entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"], entry["_UID"], entry["_COMM"],
           _parse(entry["MESSAGE"])["ref"]),
          ("otpd", "5", str(OTPD), "otpd", entry["OTPD_REFERENCE"]), "the entry")
    equal(len(journalctl("MESSAGE_ID=" + entry["MESSAGE_ID"])), 1, "by its MESSAGE_ID")
    ready = [e for e in journalctl("SYSLOG_IDENTIFIER=otpd") if e["MESSAGE"].startswith("ready on")]
    equal([(e["PRIORITY"], e.get("OTPD_EVENT")) for e in ready], [("6", None)], "the plain line")


def _parsed_metrics(text):
    try:
        from prometheus_client.openmetrics import parser
    except ImportError:
        raise Skip("python3-prometheus-client is not installed") from None
    return {(s.name, *sorted(s.labels.values())): s.value
            for family in parser.text_string_to_metric_families(text) for s in family.samples}


def metrics_are_those_of_real_logins(w):
    _real_logins(w)
    w.log_in()
    w.settle()
    out = w.otpctl("metrics", "--mail-socket", "/run/otpd-mail/mail.sock")
    found = _parsed_metrics(out)
    audit = json.loads(w.otpctl("audit", "--all", "--json"))
    for event in {e["event"] for e in audit}:
        equal(found["otpd_events_total", event],
              len([e for e in audit if e["event"] == event]), event)
    sent = len([m for m in w.queue() if m["state"] == "sent"])
    equal(found["otpd_mail_results_total", "sent"], sent, "mails")
    equal(found["otpd_mail_transport_tries_total", "sent", "test"], sent, "tries")
    equal(found["otpd_wrong_codes_last_hour",], found["otpd_events_total", "wrong"] +
          found["otpd_events_total", "burnt"] - 3, "wrong codes, less those on a decoy")
    check(found["otpd_commit_seconds_count",] > 5 and
          found["otpd_call_seconds_count",] >= found["otpd_answers_total", "Done"], out)
    for name in ("ada", "bob", "carol", "127.0.0.1", "example.org"):
        check(name not in out, name, "is in the metrics")
    w.stop(w.mailer)
    found = _parsed_metrics(w.otpctl("metrics", "--mail-socket", "/run/otpd-mail/mail.sock"))
    equal((found["otpd_up",], found["otpd_mail_up",]), (1, 0), "up")


def the_unit_of_the_metrics_writes_the_file_whole_or_not_at_all(w):
    """Its command, as it stands in the unit, with the paths of this world."""
    w.start()
    unit = (ROOT / "conf/otpd-metrics.service").read_text()
    command = re.search(r"(?m)^ExecStart=/bin/sh -Cc '((?:.*\\\n)*.*)'$", unit)[1]
    command = command.replace("\\\n", "").replace("$$", "$")
    directory = w.dir / "textfile"
    directory.mkdir()
    for old, new in (("/var/lib/prometheus/node-exporter", str(directory)),
                     ("/usr/bin/otpctl", str(w.bin / "otpctl"))):
        check(old in command, command)
        command = command.replace(old, new)

    def run(wanted=0):
        w.run("/bin/sh", "-Cc", command, wanted=wanted)
        equal(os.listdir(directory), ["otpd.prom"], "files")
        return _parsed_metrics((directory / "otpd.prom").read_text())
    equal(run()["otpd_up",], 1)
    # Links that the owner of the directory has left there lead nowhere.
    other = w.dir / "textfile-other"
    other.mkdir()
    (directory / "otpd.prom").unlink()
    (directory / "otpd.prom").symlink_to(other)
    (directory / ".otpd.prom").symlink_to(w.dir / "textfile-victim")
    equal(run()["otpd_up",], 1)
    equal((os.listdir(other), (w.dir / "textfile-victim").exists()), ([], False), "links")
    # One that comes back behind rm leads nowhere either.
    (w.dir / "textfile-victim").write_text("precious")
    racing = command.replace("rm -f .otpd.prom; ", "", 1)
    check(racing != command, command)
    (directory / ".otpd.prom").symlink_to(w.dir / "textfile-victim")
    w.run("/bin/sh", "-Cc", racing, wanted=2)
    equal((w.dir / "textfile-victim").read_text(), "precious", "the target of a link")
    w.stop(w.otpd)
    equal(run()["otpd_up",], 0)
    before = (directory / "otpd.prom").read_text()
    (w.bin / "otpctl").write_text("#!/bin/sh\necho half\nexit 5\n")
    w.run("/bin/sh", "-c", command, wanted=5)
    equal(((directory / "otpd.prom").read_text(), os.listdir(directory)),
          (before, ["otpd.prom"]), "after a failure")


def _fill_audit(w, n):
    """n events, as if of years; otpd is not running."""
    path = w.dir / "otpd/otpd.db"
    base = int(time.time()) - n
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO audit (at, event, user, service, rhost, uid, reference, detail)"
            " VALUES (?, ?, ?, 'sshd', ?, 0, 'AAA', '')",
            ((base + i, "wrong" if i % 10 == 0 else "verified", "user%d" % (i % 5000),
              "192.0.2.%d" % (i % 250)) for i in range(n)))
    db.close()
    for name in os.listdir(path.parent):
        os.chown(path.parent / name, OTPD, OTPD)


def _logins(otpd, seconds_or_event, took):
    """Begin and a wrong code, again and again, until the event is set."""
    i = 0
    while not seconds_or_event.is_set():
        started = time.monotonic()
        begun = otpd.call("org.emailotp.Auth.Begin", user="nobody%d" % i, service="sshd",
                          rhost="10.0.%d.%d" % (i // 200 % 250, i % 200))
        try:
            otpd.call("org.emailotp.Auth.Verify", challenge=begun["challenge"], code="000000")
        except Exception:  # wrong, as it must be
            pass
        took.append(1000 * (time.monotonic() - started))
        i += 1


def an_audit_of_many_events_holds_up_no_login(w):
    """It goes into a file whole, in little memory; meanwhile people sign in. Times are printed,
    for people; memory is bounded."""
    n = EVENTS // 4 if SANITIZER else EVENTS
    w.start(policy=ROOMY, extra="audit_max = 10000000\naudit_keep = 3650d\n"
            + WIDE)
    w.stop(w.otpd)
    _fill_audit(w, n)
    w.start_otpd()
    said = []
    for what in ("alone", "beside the audit"):
        done, took = threading.Event(), []
        with Varlink(SOCKET) as otpd, concurrent.futures.ThreadPoolExecutor(1) as pool:
            logins = pool.submit(_logins, otpd, done, took)
            wait_for("some logins", lambda: len(took) > 50)
            if what != "alone":
                began = time.monotonic()
                with open(w.dir / "audit.csv", "w") as out:
                    audit = subprocess.Popen([w.bin / "otpctl", "--socket", SOCKET, "audit",
                                              "--all", "--csv"], stdout=out)
                    _, status, usage = os.wait4(audit.pid, 0)
                audit.returncode = os.waitstatus_to_exitcode(status)
                equal(audit.returncode, 0, "otpctl audit")
                said.append("%d events in %.1f s, %d KiB" % (n, time.monotonic() - began,
                                                             usage.ru_maxrss))
                check(SANITIZER or usage.ru_maxrss < 32 * 1024, "memory", usage.ru_maxrss)
            else:
                wait_for("more of them", lambda: len(took) > 2000)
            done.set()
            logins.result()
        took.sort()
        said.append("logins %s: %d, p50 %.2f ms, p99 %.2f ms, most %.2f ms" % (
            what, len(took), took[len(took) // 2], took[len(took) * 99 // 100], took[-1]))
    with open(w.dir / "audit.csv") as rows:
        equal(sum(1 for line in rows if ",AAA," in line), n, "rows")
    # What is searched for and not there is looked for in bounded steps as well.
    equal(json.loads(w.otpctl("audit", "--all", "--json", "--user", "nobody-at-all")), [])
    found = json.loads(w.otpctl("audit", "--all", "--json", "--user", "user7", "--event",
                                "verified", "--from", "192.0.2.7"))
    check(found and all((e["user"], e["event"], e["rhost"]) ==
                        ("user7", "verified", "192.0.2.7") for e in found), found[:3])
    print("; ".join(said))
