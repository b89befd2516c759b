# SPDX-License-Identifier: MIT
"""Start, reload, stop; the transports for development; what --check says."""

import os
import signal
import subprocess
import tempfile
import threading
import time

from daemon import BINARY, MAIL, smtp, templates
from servers import Script
from support import expect, mailer, slow


class Gate:
    """Holds the reply to a body until it is opened."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, line):
        self.reached.set()
        self.open.wait(60)
        line.say("250 2.0.0 queued late")
        return True


def test_sigterm_lets_a_mail_on_its_way_finish():
    gate = Gate()
    server = Script({"body": gate})
    with mailer(smtp(server.port)) as daemon:
        client = daemon.client()
        client.send(MAIL + "Send", **daemon.prepare())
        assert gate.reached.wait(30)
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_log("stopping")
        assert daemon.process.poll() is None
        gate.open.set()
        assert client.receive() == {
            "result": "sent", "detail": "250 2.0.0 queued late", "transport": "relay",
            "second": False, "bad_address": False}
        assert daemon.process.wait(30) == 0
        assert not os.path.exists(daemon.socket)


@slow
def test_sigterm_waits_no_longer_than_ten_seconds():
    gate = Gate()
    server = Script({"body": gate})
    with mailer(smtp(server.port)) as daemon:
        client = daemon.client()
        client.send(MAIL + "Send", **daemon.prepare())
        assert gate.reached.wait(30)
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert client.receive()["result"] == "deferred"
        assert daemon.process.wait(30) == 0
        assert 8 < time.monotonic() - began < 20
    gate.open.set()


def test_sigterm_with_a_kept_connection_whose_server_is_silent():
    def mute(line):
        line.say("250 queued")
        threading.Event().wait(60)
        return False
    server = Script({"body": mute})
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent")
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(30) == 0
        assert time.monotonic() - began < 4


def test_sigterm_says_quit_on_kept_connections():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        expect(daemon.send(), "sent")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(30) == 0
        until = time.monotonic() + 10
        while "QUIT" not in server.commands and time.monotonic() < until:
            time.sleep(0.01)
        assert "QUIT" in server.commands


def test_sighup_takes_over_the_new_and_finishes_the_old():
    gate = Gate()
    old, new = Script({"body": gate}), Script()
    with mailer(smtp(old.port)) as daemon:
        client = daemon.client()
        client.send(MAIL + "Send", **daemon.prepare())
        assert gate.reached.wait(30)
        daemon.configure(smtp(new.port), head='from_name = "Other"')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded")
        expect(daemon.send(), "sent")
        gate.open.set()
        assert client.receive()["result"] == "sent"
        expect(daemon.send(), "sent")
    assert len(old.bodies) == 1 and len(new.bodies) == 2
    assert "From: Other <otpd@relay.example>" in new.bodies[0]


def test_sighup_with_a_mistake_changes_nothing():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        for bad in ("type = pigeon", smtp(25, host="mail.example.org"),
                    smtp(25, user="u", password_file="/nonexistent/password")):
            start = len(daemon.log)
            daemon.configure(bad)
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("the old configuration stays", start)
            expect(daemon.send(), "sent")
    assert len(server.bodies) == 3


def test_the_key_survives_a_restart():
    with mailer("type = console") as daemon:
        first = daemon.client().call(MAIL + "PublicKey")
        stat = os.stat(f"{daemon.directory}/mail.key")
        assert (stat.st_mode & 0o777, stat.st_size) == (0o600, 32)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(30) == 0
        daemon.reader.join(30)
        daemon.log = []
        daemon.start()
        assert daemon.client().call(MAIL + "PublicKey") == first
        expect(daemon.send(), "sent")


def test_a_key_file_that_others_read_or_that_is_no_key_stops_the_start():
    for mode, content, text in ((0o644, b"x" * 32, "must belong to root"),
                                (0o600, b"short", "does not hold a key")):
        with tempfile.TemporaryDirectory() as directory:
            with open(f"{directory}/k", "wb") as key:
                key.write(content)
            os.chmod(f"{directory}/k", mode)
            code, _, err = run_config(directory, 'type = console', [],
                                      f'key_file = "{directory}/k"')
            assert code == 1 and text in err, err


def test_a_maildir_gets_whole_mails():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/mails"
        with mailer(f'type = maildir\npath = "{path}"') as daemon:
            for _ in range(3):
                expect(daemon.send(), "sent", "maildir")
        names = os.listdir(path + "/new")
        assert len(names) == 3 and not os.listdir(path + "/tmp")
        for name in names:
            assert os.stat(f"{path}/new/{name}").st_mode & 0o777 == 0o600
            with open(f"{path}/new/{name}", "rb") as mail:
                assert mail.read().startswith(b"From: Sign-in code <otpd@")


def test_a_maildir_that_has_gone_defers():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/mails"
        with mailer(f'type = maildir\npath = "{path}"') as daemon:
            os.rename(path + "/tmp", path + "/gone")
            expect(daemon.send(), "deferred", "No such file")
            os.rename(path + "/gone", path + "/tmp")
            expect(daemon.send(), "sent")


def test_the_console_shows_the_text():
    with mailer("type = console") as daemon:
        expect(daemon.send(), "sent")
        daemon.wait_log("----- mail ")
        daemon.wait_log("    424242")
        daemon.wait_log("----- end")


def test_a_second_daemon_on_the_socket_is_refused():
    with mailer("type = console") as daemon:
        out = subprocess.run([BINARY, "--config", daemon.config], capture_output=True,
                             text=True, check=False, timeout=30)
        assert out.returncode == 1 and "Address already in use" in out.stderr
        expect(daemon.send(), "sent")


def run_config(directory, transport, arguments, head="", environment=None):
    path = f"{directory}/mail.conf"
    with open(path, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(f'socket = "{directory}/s"\nfrom = "otpd@relay.example"\n{head}\n'
                  f'templates = "{templates(directory)}"\n'
                  f"transport relay {{\n{transport}\n}}\n")
    run = subprocess.run([BINARY, "--config", path, *arguments], capture_output=True,
                         text=True, check=False, timeout=30,
                         env={**os.environ, **(environment or {})})
    return run.returncode, run.stdout, run.stderr


def test_check_as_root_says_how_to_check_as_the_service():
    with tempfile.TemporaryDirectory() as directory:
        note = "# checked as root; as the service: runuser -u otpd-mail -- otpd-mail " \
            f"--config {directory}/mail.conf --check\n"
        _, out, err = run_config(directory, f'type = maildir\npath = "{directory}/x"',
                                 ["--check"])
        assert out.endswith(note) == (os.geteuid() == 0) and err == "", out
        _, out, _ = run_config(directory, "type = sendmail", ["--check"])
        assert out.endswith("}\n"), out


def test_check_looks_at_a_maildir():
    with tempfile.TemporaryDirectory() as directory:
        def check(path):
            code, _, err = run_config(directory, f'type = maildir\npath = "{path}"', ["--check"])
            return code, err
        assert check(f"{directory}/drop") == (0, "")
        assert os.listdir(directory).count("drop") == 0
        os.makedirs(f"{directory}/drop/new")
        assert check(f"{directory}/drop/") == (0, "")
        code, err = check("/etc/passwd")
        assert code == 1 and "transport relay: path /etc/passwd: is not a directory" in err
        code, err = check("/etc/passwd/drop")
        assert code == 1 and "path /etc/passwd/drop: is not a directory" in err, err
        code, err = check(f"{directory}/none/drop")
        assert code == 0 and f"warning: transport relay: path {directory}/none/drop: " \
            f"{directory}/none does not exist" in err, err
        with open(f"{directory}/drop/cur", "w", encoding="utf-8"):
            pass
        code, err = check(f"{directory}/drop")
        assert code == 1 and "drop/cur: is not a directory" in err, err


def test_check_looks_at_the_maildir_of_bounces():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/bounces"

        def check(path):
            code, _, err = run_config(directory, 'type = sendmail', ["--check"],
                                      f'bounce_maildir = "{path}"')
            return code, err
        code, err = check(path)
        assert code == 0 and f"warning: bounce_maildir {path} does not exist" in err, err
        code, err = check("/etc/passwd")
        assert code == 1 and "bounce_maildir /etc/passwd: is not a directory" in err, err
        os.makedirs(f"{path}/new")
        code, err = check(path)
        assert code == 1 and f"{path} is not a Maildir: it has no cur" in err, err
        os.makedirs(f"{path}/cur")
        assert check(path) == (0, "")


def test_a_maildir_of_bounces_that_is_missing_is_a_warning_at_the_start():
    with mailer(smtp(1), head='bounce_maildir = "/nonexistent/bounces"') as daemon:
        daemon.wait_log("bounce_maildir /nonexistent/bounces does not exist")
        assert daemon.status()["sent"] == 0


def test_check_prints_what_holds_and_warns():
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/pw", "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o640)
            out.write("x\n")
        relay = 'type = smtp\nhost = "mail.example.net"\nuser = "me@other.example"\n'
        code, out, err = run_config(
            directory, relay + f'password_file = "{directory}/pw"', ["--check"])
        assert code == 0 and "port = 587" in out and "timeout = 60s" in out
        assert "from is of another domain than user" in err
        os.chmod(f"{directory}/pw", 0o644)
        code, out, err = run_config(
            directory, relay + f'password_file = "{directory}/pw"', ["--check"])
        assert code == 1 and "must belong to root or this user" in err


def test_arguments():
    def run(*arguments):
        out = subprocess.run([BINARY, *arguments], capture_output=True, text=True,
                             check=False, timeout=30)
        return out.returncode, out.stdout + out.stderr
    assert run("--version")[0] == 0 and run("--help")[0] == 0
    assert "usage:" in run("--help")[1]
    assert run("--nonsense")[0] == 1 and run("extra")[0] == 1
    code, text = run("--config", "/nonexistent/mail.conf")
    assert code == 1 and "/nonexistent/mail.conf" in text


def test_memory_at_rest():
    # A sanitizer's shadow counts as ours; a leak per mail would still be seen.
    with open(BINARY, "rb") as binary:
        limit = 256 * 1024 if b"__asan_init" in binary.read() else 16 * 1024
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        def rss():
            with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
                return next(int(line.split()[1]) for line in status
                            if line.startswith("VmRSS:"))
        idle = rss()
        for _ in range(20):
            expect(daemon.send(), "sent")
        print(f"     VmRSS idle {idle} KiB, after 20 mails {rss()} KiB")
        assert idle <= limit and rss() <= idle + 32 * 1024 and rss() <= limit + 4 * 1024


def test_no_descriptor_leaks():
    server = Script()
    with mailer(smtp(server.port)) as daemon:
        def count():
            return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        expect(daemon.send(), "sent")
        before = count()
        for i in range(30):
            daemon.configure(smtp(server.port), head=f'from_name = "{i}"')
            start = len(daemon.log)
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("reloaded", start)
            expect(daemon.send(), "sent")
        assert count() <= before + 1, (before, count())

