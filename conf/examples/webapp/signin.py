# SPDX-License-Identifier: MIT
"""Signing in through PAM, over two requests of a browser.

The page for the password makes the first call: the conversation gives the password, and has
nobody at the prompt for the code. By then the module has had the code mailed; the call fails,
and the code stays good. The page for the code makes the second call, with password and code.
otpd resumes the challenge of the same account, service, remote host and caller, so that one
mail goes for the two calls.

So the password is needed again, minutes later. Where it waits: in a bytearray in this
process' memory, in the session of the browser that typed it, until the code was right or a
minute after it has expired, and it is overwritten then. Not in a cookie and not in the page,
where it would end in backups of browsers, in caches and in the hands of the next person at
the machine, encrypted or not. An application that must not keep it even so, or that
has several processes, uses otpd's own Login and Verify, whose second call takes the challenge
and the code alone; then no other module of the PAM file is asked.

PAM speaks in prompts made for people. What a page needs besides, such as when the code
expires and how long to wait, Login says: right behind the first call it resumes the same
challenge too, and mails nothing.
"""
import collections
import contextlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import threading

from sessions import network

PAM_AUTH_ERR, PAM_USER_UNKNOWN = 7, 10
COMMAND = [sys.executable, "-I", str(pathlib.Path(__file__).with_name("pam_call.py"))]
LIMIT_S = 30
# Processes, in all and of one network. Each is there for some 50 ms; but of a wrong password for
# some 2 s, by which PAM slows down guessing, and one host must not keep all others out.
AT_ONCE, OF_NETWORK, PATIENCE_S = 8, 3, 1
running = collections.Counter()
changed = threading.Condition()


class PamUnavailable(Exception):
    """PAM could not be asked."""


def check(service):
    """At the start, when somebody is looking: what would otherwise look like wrong passwords."""
    if importlib.util.find_spec("PAM") is None:
        raise ImportError("python3-pam is not installed (pam_call.py says why that one)")
    if not any(os.path.exists(f"{d}/{service}") for d in ("/etc/pam.d", "/usr/lib/pam.d")):
        raise FileNotFoundError(f"/etc/pam.d/{service} is missing, and without it PAM would go "
                                "by /etc/pam.d/other: see README")


@contextlib.contextmanager
def turn(rhost):
    """Waits for a process, not for long: a thread that waits serves no page."""
    whose = network(rhost)
    with changed:
        if not changed.wait_for(lambda: running.total() < AT_ONCE and
                                running[whose] < OF_NETWORK, PATIENCE_S):
            raise PamUnavailable("too many at once")
        running[whose] += 1
    try:
        yield
    finally:
        with changed:
            running[whose] -= 1
            if not running[whose]:
                del running[whose]
            changed.notify_all()


def pam_call(service, login, password, rhost, code=None, reference=""):
    """What pam_call.py answers: result 0 is success."""
    ask = {"service": service, "login": login, "password": password, "code": code,
           "reference": reference, "rhost": rhost}
    if any("\0" in (value or "") for value in ask.values()) or not login:
        return {"result": PAM_AUTH_ERR, "said": [], "asked": False, "token": None}
    try:
        with turn(rhost):
            done = subprocess.run(COMMAND, input=json.dumps(ask).encode(), capture_output=True,
                                  timeout=LIMIT_S, check=True, env={"LANG": "C.UTF-8"})
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as e:
        # Not str(e): it may hold what was written to the process.
        raise PamUnavailable("pam_call.py: " + type(e).__name__) from None


def is_wrong_password(answer):
    return answer["result"] in (PAM_AUTH_ERR, PAM_USER_UNKNOWN) and not answer["asked"]


def still_live(otpd, service, step, rhost):
    """Whether the next call of PAM would ask for the code of this step. Asked before a code is
    sent: a challenge that has ended would be followed by a new one, and a new mail."""
    found = otpd.call("Auth.Find", user=step.login, service=service, rhost=rhost, account=True)
    return found["state"] == "challenge" and found["challenge"] == step.challenge
