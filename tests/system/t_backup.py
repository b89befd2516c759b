# SPDX-License-Identifier: MIT
"""Backups of a store that is in use (BACKUPS of them), and the way back: real daemons under
their own users, logins that go on meanwhile, kill -9 in between."""
import base64
import os
import signal
import sqlite3
import stat
import threading

from lab import BACKUPS, Refused, Varlink, check, equal, wait_for, wrong
from t_kill import PER_IMPORT
from world import OTPD, SOCKET

CLIENTS = 6
NAMES = {"otpd.db", "otpd.db-wal", "otpd.key"}


def _names(w):
    return set(os.listdir(w.dir / "otpd"))


def look(path, *queries):
    """What a backup says, which must be sound."""
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as database:
        equal(database.execute("PRAGMA integrity_check").fetchone()[0], "ok", str(path))
        return [database.execute(query).fetchone()[0] for query in queries]


def import_users(w, begin, end, prefix="user"):
    with Varlink(SOCKET) as otpd:
        for at in range(begin, end, PER_IMPORT):
            otpd.call("org.emailotp.Admin.ImportUsers", verified=True, users=[
                {"user": "%s%06d" % (prefix, i), "address": "%s%d@example.org" % (prefix, i)}
                for i in range(at, min(at + PER_IMPORT, end))])


class Load:
    """Clients that begin logins and guess, and one that enrols, until they are told."""

    def __init__(self, users):
        self.users = users
        self.stop = False
        self.counts = [0] * CLIENTS  # wrong codes that were answered
        self.enrolled = 0
        self.problems = []
        self.threads = [threading.Thread(target=self.run, args=(self.client, i))
                        for i in range(CLIENTS)]
        self.threads.append(threading.Thread(target=self.run, args=(self.enrol, 0)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop = True
        for thread in self.threads:
            thread.join(60)
        if kind is None:
            equal(self.problems, [], "what clients have met")

    def run(self, function, number):
        try:
            with Varlink(SOCKET) as otpd:
                while not self.stop:
                    function(otpd, number)
        except (Refused, OSError) as problem:
            self.problems.append(repr(problem))

    def client(self, otpd, number):
        user = "user%06d" % (sum(self.counts) * CLIENTS % self.users + number)
        try:
            begun = otpd.call("org.emailotp.Auth.Begin", user=user, service="sshd",
                              rhost="10.0.%d.%d" % (number, self.counts[number] % 250))
            otpd.call("org.emailotp.Auth.Verify", challenge=begun["challenge"],
                      code="000000")
        except Refused as refused:
            if refused.name not in ("WrongCode", "Locked", "Throttled", "Burnt"):
                raise
        self.counts[number] += 1

    def enrol(self, otpd, _):
        otpd.call("org.emailotp.Admin.AddUser", user="late%07d" % self.enrolled,
                  address="late@example.org")
        self.enrolled += 1


LOAD = ("sends_per_host_hour = 100000000\nsends_per_rhost_hour = 400\n"
        "wrong_alert = 1000000\nwrong_longer = 1000000")


def backups_under_load(w):
    w.start(users=(), policy="policy sshd { cool_down = 0 }", extra=LOAD)
    import_users(w, 0, 4000)
    with Load(4000) as load:
        wait_for("some load", lambda: sum(load.counts) > 50 and load.enrolled > 50)
        for n in range(BACKUPS):
            path = w.dir / ("backup%d" % n)
            wrongs, enrolled = sum(load.counts), load.enrolled
            w.otpctl("backup", path)
            # What was answered before is in it, and nothing comes from the future.
            users, last, late, challenges, sealed, key = look(
                path, "SELECT count(*) FROM users",
                "SELECT coalesce(max(name), '') FROM users WHERE name LIKE 'late%'",
                "SELECT count(*) FROM users WHERE name LIKE 'late%'",
                "SELECT count(*) FROM challenges",
                "SELECT count(*) FROM mail WHERE sealed IS NOT NULL OR state = 0",
                "SELECT value FROM meta WHERE name = 'backup_key'")
            check(enrolled <= late <= load.enrolled + 1, late, "late users, but", enrolled,
                  "to", load.enrolled)
            equal((users, last), (4000 + late, "late%07d" % (late - 1)), "the users")
            equal((challenges, sealed), (0, 0), "what lives")
            check(key > 0, "no key is named")
            equal(stat.S_IMODE(path.stat().st_mode), 0o600, "mode")
            os.unlink(path)
            wait_for("the load goes on", lambda: sum(load.counts) > wrongs)
        check(sum(load.counts) > 50 + BACKUPS, "hardly any load")
    equal(_names(w), NAMES, "what lies beside the store")


class Begun:
    """A connection with a backup."""

    def __init__(self):
        self.otpd = Varlink(SOCKET)
        self.answer = self.otpd.call("org.emailotp.Admin.BeginBackup")

    def read(self, offset=0):
        answer = self.otpd.call("org.emailotp.Admin.ReadBackup",
                                backup=self.answer["backup"], offset=offset)
        return base64.b64decode(answer["data"]), answer.get("next")


def one_backup_at_a_time_and_only_for_who_asked(w):
    w.start(users=())
    import_users(w, 0, 400)
    first = Begun()
    data, after = first.read()
    equal((data[:15], after), (b"SQLite format 3", 32768), "its begin")
    for offset in (first.answer["size"], 1 << 40):
        equal(first.read(offset), (b"", None), "behind its end")
    equal(w.refusal("Admin.BeginBackup"), "Busy", "a second one")
    equal(w.refusal("Admin.ReadBackup", backup=first.answer["backup"], offset=0),
          "NoChallenge", "that of another connection")
    equal(w.refusal("Admin.EndBackup", backup=first.answer["backup"]), "NoChallenge",
          "the end by another connection")
    check("otpd.db.backup" in _names(w), "it is not where it should be")
    mode = (w.dir / "otpd/otpd.db.backup").stat()
    equal((stat.S_IMODE(mode.st_mode), mode.st_uid), (0o600, OTPD), "mode and owner")
    first.otpd.close()
    wait_for("it to be removed", lambda: _names(w) == NAMES)
    second = Begun()
    second.otpd.call("org.emailotp.Admin.EndBackup", backup=second.answer["backup"])
    equal(_names(w), NAMES, "what lies beside the store")
    second.otpd.close()


def a_backup_is_gone_after_a_kill_a_stop_and_a_hang_up(w):
    w.start(users=())
    import_users(w, 0, 4000)
    for how in (signal.SIGKILL, signal.SIGTERM):
        begun = Begun()
        w.stop(w.otpd, how)
        begun.otpd.close()
        w.start_otpd()
        equal(_names(w), NAMES, "what lies beside the store")
    for _ in range(20):  # at any time of the copying
        with Varlink(SOCKET) as otpd:
            otpd.send(b'{"method":"org.emailotp.Admin.BeginBackup"}\0')
        wait_for("it to be removed", lambda: _names(w) == NAMES)
    # At any time of the copying, too.
    for how in (signal.SIGKILL, signal.SIGTERM):
        with Varlink(SOCKET) as otpd:
            otpd.send(b'{"method":"org.emailotp.Admin.BeginBackup"}\0')
            w.stop(w.otpd, how)
        w.start_otpd()
        equal(_names(w), NAMES, "what lies beside the store")


def restore(w, path, wanted=0):
    return w.run(w.bin / "otpctl", "--socket", SOCKET, "restore", "--yes", "--config",
                 w.dir / "otpd.conf", path, wanted=wanted)


def the_way_there_and_back(w):
    w.start(users=("ada", "bob"))
    begun = w.begin("ada")
    code = w.wait_mails(1, w.address("ada")).code
    path = w.dir / "backup"
    w.otpctl("backup", path)
    w.otpctl("users", "remove", "--yes", "bob")
    w.otpctl("users", "add", "carol", w.address("carol"), "--verified")
    equal(w.refusal("Auth.Verify", challenge=begun["challenge"], code=wrong(code)),
          "WrongCode", "a wrong code")
    restore(w, path, wanted=5)  # otpd runs
    equal(w.show("carol")["user"]["user"], "carol", "the store as it was")
    w.stop(w.otpd)
    restore(w, path)
    equal(_names(w), {"otpd.db", "otpd.db.before-restore", "otpd.key"}, "the files")
    for name in _names(w):
        st = (w.dir / "otpd" / name).stat()
        equal((st.st_uid, stat.S_IMODE(st.st_mode)), (OTPD, 0o600), name)
    w.start_otpd()
    equal(w.show("bob")["user"]["address"], w.address("bob"), "bob is back")
    equal(w.refusal("Admin.ShowUser", user="carol"), "NoUser", "carol")
    equal(w.refusal("Auth.Verify", challenge=begun["challenge"], code=code), "NoChallenge",
          "a code that was live at the backup")
    equal(w.show("ada")["wrong_month"], 1, "wrong codes since the backup")
    again = w.begin("ada")
    code = w.wait_mails(2, w.address("ada")).code
    equal(w.verify(again["challenge"], code)["state"], "verified", "a login after it")
    # What was there before can be brought back in the same way.
    w.stop(w.otpd)
    old = w.dir / "old"
    os.rename(w.dir / "otpd/otpd.db.before-restore", old)
    restore(w, old)
    w.start_otpd()
    equal(w.show("carol")["user"]["user"], "carol", "carol is back")


def a_file_that_is_no_backup_changes_nothing(w):
    w.start(users=("ada",))
    good = w.dir / "backup"
    w.otpctl("backup", good)
    w.stop(w.otpd)
    before = (w.dir / "otpd/otpd.db").read_bytes(), _names(w)
    data = good.read_bytes()
    for bad in (b"", b"SQLite format 3\0", os.urandom(5000), data[:8192],
                data[:8192] + os.urandom(4096) + data[12288:],
                data[:68] + b"xxxx" + data[72:]):
        path = w.write("bad", "")
        path.write_bytes(bad)
        restore(w, path, wanted=4)
        equal(((w.dir / "otpd/otpd.db").read_bytes(), _names(w)), before, "the store")
    w.start_otpd()
    equal(w.show("ada")["user"]["user"], "ada", "the store as it was")


def another_key_is_told(w):
    w.start(users=("ada",))
    path = w.dir / "backup"
    w.otpctl("backup", path)
    w.stop(w.otpd)
    os.unlink(w.dir / "otpd/otpd.key")
    check("another key" not in restore(w, path), "a key that is not there is no other one")
    w.start_otpd()  # makes another key
    w.stop(w.otpd)
    done = w.run("sh", "-c", "%s restore --yes --config %s %s 2>&1" % (
        w.bin / "otpctl", w.dir / "otpd.conf", path))
    check("made with another key" in done, done)
