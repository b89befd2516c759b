# SPDX-License-Identifier: MIT
"""What the tests share."""

import contextlib
import functools
import tempfile
import threading

from daemon import Mailer
from servers import make_certificate


class Skip(Exception):
    """Why a test cannot run here."""


def slow(function):
    """Begins first, since a time limit of the daemon has to pass."""
    function.slow = True
    return function


@contextlib.contextmanager
def mailer(*args, **options):
    one = Mailer(*args, **options)
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
def make(name, san):
    return make_certificate(DIRECTORY.name, name, san)


def certificate(name="good", san="DNS:localhost,IP:127.0.0.1"):
    """A certificate and its key, made once."""
    with LOCK:
        return make(name, san)


def secret_file(mail, name, text):
    path = f"{mail}/{name}"
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    import os
    os.chmod(path, 0o600)
    return path


def expect(actual, result, *parts):
    """actual is (result, detail)."""
    assert actual[0] == result, f"{actual} is not {result}"
    for part in parts:
        assert part in actual[1], f"'{part}' is not in {actual}"
