# SPDX-License-Identifier: MIT
"""A client of otpd in one file, with nothing but Python's standard library. Copy it.

    from emailotp import Otpd, WrongCode, Throttled, clean_code
    otpd = Otpd()
    begun = otpd.call("Account.Register", address="ada@example.org")
    try:
        done = otpd.call("Account.Confirm", challenge=begun["challenge"],
                         code=clean_code("493 817"))
    except WrongCode as e:
        print("wrong,", e.tries_left, "tries left")

What is None is left out of a call. Methods and answers: emailotp-protocol(7) and
emailotp-web(7). Each call has a connection of its own, so an object may be used from many
threads. A refusal is an exception, by its name, with its fields; Unavailable is also trouble
with the connection: whether the call was carried out is then not known.
"""
import json
import pwd
import re
import socket
import struct
import time

REPLY_MAX = 65536  # bytes of an answer, its NUL included


class Error(Exception):
    """A refusal that has no class below: name is the whole name, parameters are its fields."""
    def __init__(self, name, parameters):
        super().__init__(f"{name} {parameters}" if parameters else name)
        self.name, self.parameters = name, parameters
        for field in vars(type(self)).keys() & parameters.keys():
            setattr(self, field, parameters[field])


# What each means and what to do about it: emailotp-web(7), REFUSALS.
class WrongCode(Error): tries_left, resend_in, delivery = 0, 0, ""
class Expired(Error): pass
class Burnt(Error): pass
class Locked(Error): retry_after = 0
class Throttled(Error): retry_after = 0
class NoChallenge(Error): pass
class Denied(Error): pass
class Unavailable(Error): reason = ""
class BadAddress(Error): reason = ""
class BadName(Error): pass
class NoUser(Error): pass
class Exists(Error): pass
class NotAllowed(Error): pass
class WrongPassword(Error): pass
class Busy(Error): retry_after = 0
class NotVerified(Error): pass
class Disabled(Error): pass
class MustReset(Error): pass
class BadPassword(Error): reason = ""
class BadLogin(Error): reason = ""
class BadProfile(Error): reason = ""
class BadToken(Error): pass
class RecoveryNeeded(Error): tries_left = 0


ERRORS = {"org.emailotp.Error." + c.__name__: c for c in Error.__subclasses__()}


def clean_code(typed):
    """A code without the separators that people type, as otpd wants it."""
    return re.sub(r"[\s-]", "", typed).upper()


class Otpd:
    def __init__(self, path="/run/otpd/otpd.sock", timeout=10.0, owner="otpd"):
        self.path, self.timeout, self.owner = path, timeout, owner

    def call(self, method, **parameters):
        """Calls org.emailotp.METHOD and returns the parameters of the answer."""
        given = {k: v for k, v in parameters.items() if v is not None}
        text = json.dumps({"method": "org.emailotp." + method, "parameters": given},
                          ensure_ascii=False, allow_nan=False).encode()
        try:
            answer = json.loads(self._exchange(text + b"\0"))
            if not isinstance(answer, dict):
                raise ValueError("the answer is no object")
        except (OSError, ValueError) as e:  # bad UTF-8 and bad JSON are ValueErrors
            reason = f"{self.path}: {getattr(e, 'strerror', None) or e}"
            raise Unavailable("Unavailable", {"reason": reason}) from e
        fields = answer.get("parameters") or {}
        if answer.get("error"):
            raise ERRORS.get(answer["error"], Error)(answer["error"], fields)
        return fields

    def claims(self, token):
        """The claims of an access token of this client that is good and whose session lives."""
        answer = self.call("Account.Introspect", token=token)
        if not answer["active"]:
            raise BadToken("org.emailotp.Error.BadToken", {})
        return answer["claims"]

    def _exchange(self, request):
        end = time.monotonic() + self.timeout
        with socket.socket(socket.AF_UNIX) as s:
            # Not settimeout(): it would make connect() fail where it should wait its turn.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(
                self.timeout), int(self.timeout % 1 * 1e6)))
            s.connect(self.path)
            # Passwords go only to root (systemd holds the socket) and to otpd.
            _, uid, _ = struct.unpack("3i", s.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if uid != 0 and pwd.getpwuid(uid).pw_name != self.owner:
                raise OSError(f"it belongs to uid {uid}")
            s.settimeout(max(end - time.monotonic(), 0.001))
            s.sendall(request)
            reply = b""
            while not reply.endswith(b"\0"):
                s.settimeout(max(end - time.monotonic(), 0.001))
                data = s.recv(REPLY_MAX + 1 - len(reply))
                if not data or len(reply) + len(data) > REPLY_MAX:
                    raise OSError("the answer was cut off" if not data else "too long an answer")
                reply += data
            return reply[:-1]
