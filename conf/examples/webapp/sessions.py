# SPDX-License-Identifier: MIT
"""What the server remembers between two requests of one browser.

The browser gets a random name in a cookie and nothing else. Tokens, challenges, grants and,
for a few minutes, the password of a sign-in stay here, in this process' memory: nothing of
it can be read from a page, a URL, a history, a log or a stolen backup. The price is that
there is one process (with many threads), and that a restart signs everybody out of the
application. For more processes, put the same four methods before Redis or a database, and
leave out the passwords: see signin.py.
"""
import hashlib
import ipaddress
import secrets
import threading
import time

IDLE_S = 600  # of a session that nobody has signed in
GRANT_S = 900  # how long a grant may wait: as long as otpd keeps it
MAX_SESSIONS = 10_000
MAX_OF_HOST = 100  # of one network, that nobody has signed in: else it could fill them all
MAX_STEPS = 5  # of one browser; the oldest gives way


class Full(Exception):
    """There are too many sessions. The answer is "come back later", and never to drop
    somebody else's: that would let a flood sign people out."""


def network(rhost):
    """Whose a remote host is: of IPv6 the /64, since one owner has all of its addresses."""
    try:
        address = ipaddress.ip_address(rhost)
    except ValueError:
        return rhost
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


class Step:
    """Something begun that a later request goes on with: a code that was mailed, or the form
    behind it. purpose is otpd's, login is what the user typed."""

    def __init__(self, begun, login, password=None):
        self.id = secrets.token_urlsafe(6)  # stands in URLs: worth nothing without the cookie
        self.lock = threading.Lock()
        self.login = login
        self.password = self.grant = self.note = None
        self.keep(password)
        self.update(begun)

    def update(self, begun):
        """Takes what Register, Login, Resend and the like answered."""
        now = time.monotonic()
        self.recovery = False  # whether a recovery code is asked for
        self.code = None  # the right one, that waits for it
        self.challenge, self.purpose = begun["challenge"], begun["purpose"]
        self.reference, self.delivery = begun["reference"], begun["delivery"]
        self.length, self.alphabet = begun["length"], begun["alphabet"]
        self.tries_left = begun["tries_left"]
        self.life_s = begun["expires_in"]
        self.expires_at = now + begun["expires_in"]
        self.resend_at = now + begun["resend_in"]
        # A late code is told that it is late, and another can be sent; but no password waits.
        self.ends_at = self.expires_at + (60 if self.password else GRANT_S)

    def allow(self, grant, seconds):
        """The code was right; what it allows, and for how long."""
        self.grant, self.ends_at = grant, time.monotonic() + min(seconds, GRANT_S)

    @property
    def expires_in(self):
        return max(0, round(self.expires_at - time.monotonic()))

    @property
    def resend_in(self):
        return max(0, round(self.resend_at - time.monotonic()))

    def keep(self, password):
        self.wipe()
        self.password = bytearray(password.encode()) if password is not None else None

    def wipe(self):
        """Python may have made copies that nobody can reach; the short life is what counts."""
        if self.password is not None:
            self.password[:] = bytes(len(self.password))
        self.password = self.grant = self.code = None


class Session:
    def __init__(self, network=None):
        self.network = network
        self.lock = threading.Lock()  # refresh tokens are good once: one request at a time
        self.steps = {}
        self.notice = None  # shown once, on the next page
        self.account = self.access = self.refresh = None
        self.ends_at = time.monotonic() + IDLE_S

    def sign_in(self, tokens):
        """Takes what Exchange, Confirm, CompleteRegistration or Refresh answered."""
        self.account, self.access = tokens["account"], tokens["access_token"]
        self.refresh = tokens.get("refresh_token")
        life = tokens.get("refresh_expires_in") or tokens["expires_in"]
        self.access_ends_at = time.monotonic() + tokens["expires_in"]
        self.ends_at = time.monotonic() + life

    def begin(self, begun, login, password=None, earlier=None):
        """A step for what was begun: the earlier one where otpd goes on with its challenge, so
        that a second tab and the back button find themselves at the same page."""
        same = next((s for s in list(self.steps.values())
                     if s.challenge == begun["challenge"]), earlier)
        step = same or Step(begun, login, password)
        if same:
            same.keep(password)
            same.update(begun)
        elif len(self.steps) >= MAX_STEPS:
            self.end(next(iter(self.steps)))
        self.steps[step.id] = step
        self.ends_at = max(self.ends_at, step.ends_at + GRANT_S)
        return step

    def waiting(self, purpose, login):
        """The step of that purpose and login that still waits for its code."""
        return next((s for s in list(self.steps.values()) if s.purpose == purpose
                     and s.login == login and not s.grant), None)

    def end(self, step_id):
        step = self.steps.pop(step_id, None)
        if step:
            step.wipe()

    def sweep(self, now):
        for step in [s for s in list(self.steps.values()) if s.ends_at < now]:
            self.end(step.id)

    def wipe(self):
        for step_id in list(self.steps):
            self.end(step_id)
        self.account = self.access = self.refresh = None


class Store:
    def __init__(self):
        self.sessions = {}
        self.lock = threading.Lock()
        threading.Thread(target=self._sweep_for_ever, daemon=True).start()

    @staticmethod
    def _key(name):
        # The name itself is nowhere in memory, and how long a look-up takes tells nothing.
        return hashlib.sha256(name.encode()).digest()

    def find(self, name):
        with self.lock:
            session = self.sessions.get(self._key(name))
        if session is None or session.ends_at < time.monotonic():
            return None
        session.sweep(time.monotonic())
        return session

    def open(self, name, rhost=None):
        """The session of that name, which is made if it is not there. rhost: who wants it, if
        nobody has signed in yet."""
        session = self.find(name)
        if session is None:
            session = Session(None if rhost is None else network(rhost))
            with self.lock:
                if len(self.sessions) >= MAX_SESSIONS or self._is_crowd(session.network):
                    raise Full()
                self.sessions[self._key(name)] = session
        return session

    def _is_crowd(self, whose):
        return whose is not None and MAX_OF_HOST <= sum(
            s.network == whose and not s.account for s in self.sessions.values())

    def end(self, name):
        with self.lock:
            session = self.sessions.pop(self._key(name), None)
        if session:
            session.wipe()

    def sweep(self):
        now = time.monotonic()
        with self.lock:
            over = [k for k, s in self.sessions.items() if s.ends_at < now]
            gone = [self.sessions.pop(k) for k in over]
            kept = list(self.sessions.values())
        for session in gone:
            session.wipe()
        for session in kept:
            session.sweep(now)

    def _sweep_for_ever(self):
        while True:
            time.sleep(15)
            self.sweep()
