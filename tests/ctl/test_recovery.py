# SPDX-License-Identifier: MIT
"""recovery-codes, its offer at the end of enrol, users recovery-codes, break-glass."""
from fake_otpd import CLOSE, FakeOtpd, Refusal
from harness import DONE, OTHER, REFUSED, UNREACHABLE, Terminal, otpctl
from test_enrol import CODES, OFFER, PROMPT, Enrolment

GLASS = {"code": CODES[0], "expires_at": 1700000900, "told": 2}


def test_recovery_codes_on_a_terminal():
    enrolment = Enrolment()
    with FakeOtpd(enrolment) as otpd:
        terminal = Terminal(otpd, "recovery-codes")
        terminal.expect("on its way to your address; it is good for 10 min.")
        terminal.expect("reference K7M (6 digits; " + PROMPT)
        terminal.type("000000\n")
        terminal.expect("not the code")
        terminal.expect(PROMPT)
        terminal.type("123 456\n")
        out = terminal.end(DONE)
        for code in CODES:
            assert out.count(code) == 1, out
        assert "not shown again" in out and "Earlier ones are void" in out
        assert otpd.methods() == ["Self.BeginRecovery", "Self.Confirm", "Self.Confirm",
                                  "Self.RecoveryCodes"]


def test_recovery_codes_from_a_pipe_and_json():
    with FakeOtpd(Enrolment()) as otpd:
        result = otpctl(otpd, "recovery-codes", stdin=b"123456").expect(DONE)
        assert [line.strip() for line in result.out.splitlines()
                if line.startswith("  ")] == CODES
        assert not any(code in result.err for code in CODES)
        result = otpctl(otpd, "--json", "recovery-codes", stdin=b"234567").expect(DONE)
        assert result.json() == {"codes": CODES}


def test_who_cannot_have_recovery_codes_is_told_why():
    for name, text in (("NoUser", "otpctl enrol"), ("NotAllowed", "otpctl self"),
                       ("Throttled", "wait"), ("Denied", "may not")):
        refusal = Refusal(name, retry_after=30) if name == "Throttled" else Refusal(name)
        with FakeOtpd(lambda *_, refusal=refusal: refusal) as otpd:
            otpctl(otpd, "recovery-codes").expect(REFUSED, text)
            assert otpd.methods() == ["Self.BeginRecovery"]


def test_no_code_no_recovery_codes():
    with FakeOtpd(Enrolment()) as otpd:
        otpctl(otpd, "recovery-codes").expect(OTHER, "run otpctl recovery-codes again")
        otpctl(otpd, "recovery-codes", stdin=b"000000\n111111\n222222\n").expect(
            REFUSED, "then run otpctl recovery-codes again")
        assert "Self.RecoveryCodes" not in otpd.methods()


def test_codes_that_make_no_sense_are_not_shown():
    for codes in ("", 7, None, "a\x1b[2Jb"):
        enrolment = Enrolment()
        enrolment.recovery = {"codes": codes}
        with FakeOtpd(enrolment) as otpd:
            result = otpctl(otpd, "recovery-codes", stdin=b"123456")
            result.expect(UNREACHABLE, "not one of otpd")
            assert result.out == ""


def test_enrol_offers_recovery_codes():
    for yes in ("\n", "y\n", "Yes\n"):
        with FakeOtpd(Enrolment()) as otpd:
            terminal = Terminal(otpd, "enrol", "a@example.org")
            terminal.expect(PROMPT)
            terminal.type("123456\n")
            terminal.expect(OFFER)
            terminal.type(yes)
            out = terminal.end(DONE)
            assert all(code in out for code in CODES), out
            assert otpd.methods()[-1] == "Self.RecoveryCodes"


def test_an_offer_that_is_declined_makes_none():
    for no in ("n\n", "what\n", "\x04"):
        with FakeOtpd(Enrolment()) as otpd:
            terminal = Terminal(otpd, "enrol", "a@example.org")
            terminal.expect(PROMPT)
            terminal.type("123456\n")
            terminal.expect(OFFER)
            terminal.type(no)
            assert "otpctl recovery-codes" in terminal.end(DONE)
            assert "Self.RecoveryCodes" not in otpd.methods()


def test_enrol_in_a_script_makes_none():
    with FakeOtpd(Enrolment()) as otpd:
        otpctl(otpd, "enrol", "a@example.org", stdin=b"123456\ny\n").expect(
            DONE, "You are enrolled", "otpctl recovery-codes")
        assert "Self.RecoveryCodes" not in otpd.methods()


def test_codes_that_cannot_be_made_do_not_undo_the_enrolment():
    for recovery in (Refusal("NoChallenge"), Refusal("Busy", retry_after=2), CLOSE,
                     {"codes": ""}):
        enrolment = Enrolment()
        enrolment.recovery = recovery
        with FakeOtpd(enrolment) as otpd:
            terminal = Terminal(otpd, "enrol", "a@example.org")
            terminal.expect(PROMPT)
            terminal.type("123456\n")
            terminal.expect(OFFER)
            terminal.type("y\n")
            assert "you are enrolled, but there are no recovery codes" in terminal.end(DONE)


def test_a_second_route_comes_without_recovery_codes():
    class Second(Enrolment):
        def __call__(self, method, parameters):
            return super().__call__(method.replace("EnrolSecond", "Enrol"), parameters)
    with FakeOtpd(Second()) as otpd:
        terminal = Terminal(otpd, "enrol", "--second", "+4930123456")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        out = terminal.end(DONE)
        assert "your second route" in out and "recovery" not in out


def test_users_recovery_codes():
    with FakeOtpd(lambda *_: {"codes": CODES}) as otpd:
        result = otpctl(otpd, "users", "recovery-codes", "ada").expect(
            DONE, "Recovery codes of ada", *CODES)
        assert result.err == ""
        assert otpd.calls == [("Admin.RecoveryCodes", {"user": "ada"})]
        assert otpctl(otpd, "--json", "users", "recovery-codes", "ada").expect(
            DONE).json() == {"user": "ada", "codes": CODES}
    with FakeOtpd(lambda *_: Refusal("NoUser")) as otpd:
        otpctl(otpd, "users", "recovery-codes", "bob").expect(REFUSED, "bob: the user is not")
    for answer in ({}, {"codes": []}, {"codes": [1]}, {"codes": ["\x1b[2J"]}):
        with FakeOtpd(lambda *_, answer=answer: answer) as otpd:
            otpctl(otpd, "users", "recovery-codes", "bob").expect(UNREACHABLE)


def test_break_glass():
    with FakeOtpd(lambda *_: GLASS) as otpd:
        result = otpctl(otpd, "break-glass", "ada").expect(
            DONE, CODES[0], "lets ada in once, until 2023-11-14T22:28:20+00:00",
            "2 administrators are told")
        assert result.out.splitlines()[0] == CODES[0] and result.err == ""
        assert otpd.calls == [("Admin.BreakGlass", {"user": "ada"})]
        assert otpctl(otpd, "--json", "break-glass", "ada").expect(
            DONE).json() == GLASS | {"user": "ada"}
    with FakeOtpd(lambda *_: GLASS | {"told": 1}) as otpd:
        otpctl(otpd, "break-glass", "ada").expect(DONE, "1 administrator is told")


def test_break_glass_that_nobody_hears_of_is_said():
    with FakeOtpd(lambda *_: GLASS | {"told": 0}) as otpd:
        result = otpctl(otpd, "break-glass", "ada").expect(DONE, CODES[0])
        assert "nobody is told" in result.err and "administrators = {" in result.err
        result = otpctl(otpd, "--json", "break-glass", "ada").expect(DONE)
        assert result.json()["told"] == 0 and "nobody is told" in result.err


def test_break_glass_refused():
    for name in ("NoUser", "NotAllowed", "Denied"):
        with FakeOtpd(lambda *_, name=name: Refusal(name)) as otpd:
            result = otpctl(otpd, "break-glass", "ada").expect(REFUSED, "ada")
            assert result.out == ""


def test_an_answer_of_break_glass_that_makes_no_sense():
    for change in ({"code": None}, {"code": "\x1b"}, {"expires_at": "x"}, {"told": None}):
        with FakeOtpd(lambda *_, change=change: GLASS | change) as otpd:
            result = otpctl(otpd, "break-glass", "ada").expect(UNREACHABLE, "not one of otpd")
            assert result.out == ""


def test_users_show_and_list_say_how_many_codes_are_left():
    row = {"user": "ada", "address": "a@example.org", "name": "", "language": "",
           "verified_at": 1, "created_at": 1, "last_login_at": 0, "disabled": False,
           "second": "", "second_verified_at": 0, "refusals": 0, "undeliverable": False,
           "locked": True, "recovery_codes": 7}
    card = dict.fromkeys(("wrong_hour", "wrong_day", "wrong_month", "sends_hour", "sends_day",
                          "live_challenges", "locked_for"), 0) | {"recovery_locked_for": 90}

    def handler(method, _):
        return {"users": [row]} if method == "Admin.ListUsers" else {"user": row} | card
    with FakeOtpd(handler) as otpd:
        lines = otpctl(otpd, "users", "list").expect(DONE).out.splitlines()
        assert lines[0].split()[-2:] == ["CODES", "NAME"], lines
        assert lines[1].split()[:2] == ["ada", "locked"] and " 7 " in lines[1] + " ", lines
        out = otpctl(otpd, "users", "show", "ada").expect(DONE, "locked").out
        rows = dict(line.rsplit("  ", 1) for line in out.splitlines() if "  " in line)
        said = {key.strip(): value.strip() for key, value in rows.items()}
        assert said["recovery codes left"] == "7" and said["recovery locked for"] == "90 s", out
