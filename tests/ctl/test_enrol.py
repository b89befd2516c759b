# SPDX-License-Identifier: MIT
"""enrol and self: a person on a terminal, a script on a pipe."""
import re

from fake_otpd import FakeOtpd, Refusal
from harness import DONE, OTHER, REFUSED, UNREACHABLE, USAGE, Skip, Terminal, otpctl

PROMPT = "r: send it again): "
OFFER = "for when no mail reaches you? [Y/n] "
CODES = [f"CDFG-HJKM-NPQR-TVWX-000{i}" for i in range(10)]


class Enrolment:
    """An org.emailotp.Self with one right code per mail."""

    def __init__(self, alphabet="digits", codes=("123456", "234567")):
        self.codes = list(codes)
        self.alphabet = alphabet
        self.mails = 0
        self.tries = []
        self.throttled = False
        self.recovery = {"codes": " ".join(CODES)}

    def answer(self):
        self.mails += 1
        return {"challenge": f"{self.mails:032x}", "reference": "K7M",
                "length": len(self.codes[0]), "alphabet": self.alphabet,
                "expires_in": 600, "resend_in": 60}

    def __call__(self, method, parameters):
        if method in ("Self.Enrol", "Self.BeginRecovery"):
            return self.answer()
        if method == "Self.RecoveryCodes" and self.recovery:
            assert parameters == {"challenge": f"{self.mails:032x}"}, parameters
            return self.recovery
        if parameters["challenge"] != f"{self.mails:032x}":
            return Refusal("NoChallenge")
        if method == "Self.Resend":
            if self.throttled:
                return Refusal("Throttled", retry_after=59)
            return self.answer()
        assert method == "Self.Confirm", method
        self.tries.append(parameters["code"])
        if parameters["code"] == self.codes[self.mails - 1]:
            return {}
        return Refusal("WrongCode", tries_left=5 - len(self.tries), resend_in=30,
                       delivery="sent")


def decline(terminal):
    """Enrolled, and no recovery codes now."""
    terminal.expect(OFFER)
    terminal.type("no\n")


def test_enrol_on_a_terminal():
    enrolment = Enrolment()
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect("on its way to a@example.org; it is good for 10 min.")
        terminal.expect("spam folder")
        terminal.expect("reference K7M (6 digits; " + PROMPT)
        terminal.type("123 456\n")
        terminal.expect("You are enrolled with a@example.org")
        terminal.expect(OFFER)
        terminal.type("n\n")
        assert "otpctl recovery-codes" in terminal.end(DONE)
        assert otpd.calls[0] == ("Self.Enrol", {"address": "a@example.org"})
        assert enrolment.tries == ["123456"]


def test_enrol_asks_for_the_address():
    with FakeOtpd(Enrolment()) as otpd:
        terminal = Terminal(otpd, "enrol")
        terminal.expect("Your mail address: ")
        terminal.type("me@example.org\n")
        terminal.expect(PROMPT)
        terminal.type("123-456\n")
        decline(terminal)
        terminal.end(DONE)
        assert otpd.calls[0][1] == {"address": "me@example.org"}


def test_enrol_without_address_and_terminal_is_a_usage_error():
    with FakeOtpd(Enrolment()) as otpd:
        otpctl(otpd, "enrol").expect(USAGE, "otpctl enrol ADDRESS")
        assert otpd.calls == []


def test_three_wrong_codes_end_it():
    enrolment = Enrolment()
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        for left, code in ((4, "000000"), (3, "111111"), (2, "222222")):
            terminal.expect(PROMPT)
            terminal.type(code + "\n")
            terminal.expect(f"not the code ({left} tries left)")
        assert "otpctl enrol again" in terminal.end(REFUSED)
        assert enrolment.tries == ["000000", "111111", "222222"]


def test_a_wrong_code_then_the_right_one():
    with FakeOtpd(Enrolment()) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect(PROMPT)
        terminal.type("999999\n")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        decline(terminal)
        terminal.end(DONE)


def test_resend_makes_the_old_code_useless():
    with FakeOtpd(Enrolment()) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect(PROMPT)
        terminal.type("r\n")
        terminal.expect("A new code is on its way")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        terminal.expect("not the code")
        terminal.expect(PROMPT)
        terminal.type("234567\n")
        decline(terminal)
        terminal.end(DONE)


def test_resend_too_soon_says_how_long_and_goes_on():
    enrolment = Enrolment()
    enrolment.throttled = True
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect(PROMPT)
        terminal.type("R\n")
        terminal.expect("for 59 s; the last one is still good")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        decline(terminal)
        terminal.end(DONE)


def test_what_does_not_look_like_a_code_is_not_sent_and_costs_no_try():
    enrolment = Enrolment()
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        for line in ("", "hunter2", "12345", "1234567", "12345x", "x" * 300, "１２３"):
            terminal.expect(PROMPT)
            terminal.type(line + "\n")
            terminal.expect("6 digits; nothing was sent")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        decline(terminal)
        terminal.end(DONE)
        assert enrolment.tries == ["123456"]


def test_codes_of_letters_are_taken_in_either_case():
    enrolment = Enrolment("letters", ("CDFG-HJ3".replace("-", ""),))
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect("(7 letters; ")
        terminal.type("AEIOUAE\n")
        terminal.expect("nothing was sent")
        terminal.expect(PROMPT)
        terminal.type("cdfg hj3\n")
        decline(terminal)
        terminal.end(DONE)
        assert enrolment.tries == ["CDFGHJ3"]


def test_nobody_is_asked_for_ever():
    with FakeOtpd(Enrolment()) as otpd:
        result = otpctl(otpd, "enrol", "a@example.org", stdin=b"x\n" * 1000)
        result.expect(REFUSED)
        assert result.err.count(PROMPT) == 12
        assert otpd.methods() == ["Self.Enrol"]


def test_the_end_of_input_says_that_the_code_stays_good():
    with FakeOtpd(Enrolment()) as otpd:
        otpctl(otpd, "enrol", "a@example.org").expect(OTHER, "stays good until it expires")


def test_a_code_from_a_pipe_and_json():
    with FakeOtpd(Enrolment()) as otpd:
        result = otpctl(otpd, "--json", "enrol", "a@example.org", stdin=b"123456").expect(DONE)
        assert result.json() == {"result": "enrolled"}


def test_the_code_is_never_repeated():
    with FakeOtpd(Enrolment()) as otpd:
        result = otpctl(otpd, "enrol", "a@example.org", stdin=b"987654\n123456\n")
        result.expect(DONE)
        assert not re.search("987654|123456", result.out + result.err)


def memory_of(pid):
    """All that the process could write to."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            first, last = (int(at, 16) for at in span.split("-"))
            # Not the shadow memory of a sanitizer, which is terabytes.
            if mode.startswith("rw") and last - first < 1 << 28:
                try:
                    memory.seek(first)
                    yield memory.read(last - first)
                except OSError:
                    pass


def test_the_code_stays_nowhere_in_memory():
    with FakeOtpd(Enrolment("letters", ("CDFGHJKMNPQRTVWX",))) as otpd:
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect(PROMPT)
        terminal.type("YXWV-TRQP-NMKJ-HGFD\n")
        terminal.expect("not the code")
        terminal.expect(PROMPT)
        try:
            memory = b"".join(memory_of(terminal.pid))
        except PermissionError:
            raise Skip("the memory of a child may not be read here") from None
        assert b"K7M" in memory, "what is kept is found"
        # The first bytes of a freed block are overwritten by the allocator.
        assert b"TRQPNMKJHG" not in memory and b"TRQP-NMKJ" not in memory
        terminal.type("CDFGHJKMNPQRTVWX\n")
        decline(terminal)
        terminal.end(DONE)


def test_a_dead_code_ends_it():
    for name in ("Expired", "Burnt", "NoChallenge"):
        def handler(method, _, name=name):
            return Enrolment().answer() if method == "Self.Enrol" else Refusal(name)
        with FakeOtpd(handler) as otpd:
            otpctl(otpd, "enrol", "a@example.org", stdin=b"123456\n" * 3).expect(
                REFUSED, "begin again")
            assert otpd.methods() == ["Self.Enrol", "Self.Confirm"]


def test_the_last_try_is_the_last():
    def handler(method, _):
        return Enrolment().answer() if method == "Self.Enrol" else \
            Refusal("WrongCode", tries_left=0, resend_in=0, delivery="sent")
    with FakeOtpd(handler) as otpd:
        otpctl(otpd, "enrol", "a@example.org", stdin=b"000000\n" * 3).expect(
            REFUSED, "0 tries left")
        assert otpd.methods().count("Self.Confirm") == 1


def test_refusals_at_the_begin():
    for name, text in (("Exists", "otpctl self"), ("NotAllowed", "self_enrol"),
                       ("Denied", "ask an administrator"), ("Throttled", "wait")):
        refusal = Refusal(name, retry_after=30) if name == "Throttled" else Refusal(name)
        with FakeOtpd(lambda *_: refusal) as otpd:
            otpctl(otpd, "enrol", "a@example.org").expect(REFUSED, text)


def test_an_answer_without_challenge_is_refused():
    for change in ({"challenge": "x" * 33}, {"challenge": None}, {"length": 0},
                   {"length": 17}, {"alphabet": 3}):
        with FakeOtpd(lambda *_: Enrolment().answer() | change) as otpd:
            otpctl(otpd, "enrol", "a@example.org", stdin=b"123456\n").expect(
                UNREACHABLE, "not one of otpd")


def test_no_connection_is_held_while_a_person_types():
    with FakeOtpd(Enrolment()) as otpd:
        served = []
        serve = otpd.serve

        def counted(conn):
            serve(conn)
            served.append(conn)
        otpd.serve = counted
        terminal = Terminal(otpd, "enrol", "a@example.org")
        terminal.expect(PROMPT)
        terminal.type("000000\n")
        terminal.expect(PROMPT)
        assert served, "the first connection has been given back"
        terminal.type("123456\n")
        decline(terminal)
        terminal.end(DONE)


def test_self():
    status = {"user": "alice", "enrolled": True, "verified": True, "disabled": False,
              "address": "a***@example.org"}
    with FakeOtpd(lambda *_: status) as otpd:
        otpctl(otpd, "self").expect(DONE, "alice", "enrolled", "a***@example.org")
        assert otpctl(otpd, "self", "--json").expect(DONE).json() == status
    with FakeOtpd(lambda *_: status | {"enrolled": False}) as otpd:
        otpctl(otpd, "self").expect(DONE, "not enrolled; run: otpctl enrol")
    for left, text in ((0, "none; to make ten: otpctl recovery-codes"), (1, "1 left; to make"),
                       (3, "3 left"), (10, "10 left")):
        with FakeOtpd(lambda *_, n=left: status | {"recovery_codes": n}) as otpd:
            otpctl(otpd, "self").expect(DONE, text)
    with FakeOtpd(lambda *_: status | {"locked": True, "recovery_codes": 2}) as otpd:
        otpctl(otpd, "self").expect(DONE, "locked after wrong codes; a recovery code unlocks")
    with FakeOtpd(lambda *_: status | {"disabled": True}) as otpd:
        otpctl(otpd, "self").expect(DONE, "disabled; ask an administrator")
