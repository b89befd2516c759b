# SPDX-License-Identifier: MIT
"""A web application that is a listed client, and what it asks of otpd."""
import base64
import json
import re

from lab import Refused, Varlink, check, equal, wait_for
from world import CLIENTS, SOCKET, WEB, as_uid

CONFIG = """
client shop { user = web\n services = { shop }\n tenant = acme\n audience = "https://shop.example" }
tenant acme { %s }
policy shop { tenant = acme\n cool_down = 0\n sends_per_hour = 100\n sends_per_day = 400\n %s }
"""
SECRET = "a long horse battery"
RHOST = "192.0.2.7"


class Shop:
    """Calls as the client's user; answers are dictionaries, refusals raise Refused."""

    def __init__(self, w, uid=WEB):
        self.w = w
        self.uid = uid
        self.seen = {}  # how many mails of an address have been looked at

    def call(self, method, **parameters):
        def ask():
            with Varlink(SOCKET) as otpd:
                try:
                    return {"answer": otpd.call("org.emailotp." + method, **parameters)}
                except Refused as refused:
                    return {"error": refused.name, "why": refused.parameters}
        said = as_uid(self.uid, ask, groups=[CLIENTS])
        check("failed" not in said, method, said)
        if "error" in said:
            raise Refused(said["error"], said["why"])
        return said["answer"]

    def __getattr__(self, method):
        return lambda **parameters: self.call("Account." + method, **parameters)

    def refusal(self, method, **parameters):
        """The name of the error; its parameters are kept in self.why."""
        try:
            answer = self.call("Account." + method, **parameters)
        except Refused as refused:
            self.why = refused.parameters
            return refused.name
        return "no error but %s" % answer

    def mailed(self, address, n=None):
        """The n-th code that came to this address; else the next one after those seen."""
        self.seen[address] = n or self.seen.get(address, 0) + 1
        return wait_for("mail %d to %s" % (self.seen[address], address), lambda: (
            self.mails(address)[self.seen[address] - 1:] or [None])[0])

    def mails(self, address):
        """In their order; one that a crash has repeated counts once."""
        first = {}
        for mail in self.w.mails(address):
            first.setdefault(mail.message["Message-ID"], mail)
        return list(first.values())

    def register(self, address, password=SECRET, **more):
        """A whole registration, the form first; what the last step answers."""
        begun = self.Register(address=address, password=password, rhost=RHOST, **more)
        done = self.Confirm(challenge=begun["challenge"], code=self.mailed(address).code)
        self.mailed(address)  # the welcome
        return done

    def sign_in(self, login, address, password=SECRET):
        begun = self.Login(login=login, password=password, rhost=RHOST)
        return self.Verify(challenge=begun["challenge"], code=self.mailed(address).code)


def claims(token):
    """What stands in a token; nothing is checked."""
    check(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token), token)
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def subject_is(w, mail, *words):
    for word in words:
        check(word in mail.message["Subject"], mail.message["Subject"], "lacks", word)


def the_account(answer):
    check(re.fullmatch("[0-9a-f]{32}", answer["account"]), answer)
    equal(claims(answer["access_token"])["sub"], answer["account"], "sub")
    return answer["account"]
