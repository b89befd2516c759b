# SPDX-License-Identifier: MIT
"""What the tests share."""

import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
import threading

from daemon import BINARY, Mailer
from servers import make_certificate


class Skip(Exception):
    """Why a test cannot run here."""


def slow(function):
    """Begins first, since a time limit of the daemon has to pass."""
    function.slow = True
    return function


class Elsewhere(Mailer):
    """A daemon in a mount namespace of its own, whose name server is another."""

    def __init__(self, resolver, transport, **options):
        self.resolver = resolver
        super().__init__(transport, **options)

    def start(self):
        path = f"{self.directory}/resolv.conf"
        with open(path, "w", encoding="ascii") as out:
            out.write(f"nameserver {self.resolver}\noptions edns0\n")
        hosts = f"{self.directory}/nsswitch.conf"
        with open(hosts, "w", encoding="ascii") as out:
            out.write("passwd: files\ngroup: files\nhosts: files dns\n")
        script = ('mount --bind "$1" /etc/resolv.conf && '
                  'mount --bind "$2" /etc/nsswitch.conf && exec "$3" --config "$4"')
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", path, hosts,
             os.path.abspath(BINARY), self.config],
            stderr=subprocess.PIPE, text=True, errors="replace")
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.wait_log("is ready")


def needs_namespaces():
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skip("needs root and unshare(1)")
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        raise Skip("needs mount namespaces")


def rss(process):
    """KiB of memory that is resident."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@contextlib.contextmanager
def mailer(*args, resolver=None, **options):
    one = Elsewhere(resolver, *args, **options) if resolver else Mailer(*args, **options)
    try:
        yield one
    except BaseException:
        one.process.kill()
        one.process.wait()
        print("     log: " + "\n     log: ".join(one.log))
        raise
    one.stop()


LOCK = threading.Lock()
DIRECTORY = tempfile.TemporaryDirectory(prefix="otpd-mail-certs.")


@functools.lru_cache(None)
def make(name, san, when):
    return make_certificate(DIRECTORY.name, name, san, when)


def certificate(name="good", san="DNS:localhost,IP:127.0.0.1", when=None):
    """A certificate and its key, made once; when: what the clock shows then."""
    with LOCK:
        return make(name, san, when)


def secret_file(mail, name, text):
    """A file that only we read; whole at any time, since tests run side by side."""
    path = f"{mail}/{name}"
    fd, draft = tempfile.mkstemp(dir=mail)  # mode 0600
    with open(fd, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(draft, path)
    return path


def expect(actual, result, *parts):
    """actual is (result, detail)."""
    assert actual[0] == result, f"{actual} is not {result}"
    for part in parts:
        assert part in actual[1], f"'{part}' is not in {actual}"
