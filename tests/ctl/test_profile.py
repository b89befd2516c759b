# SPDX-License-Identifier: MIT
"""Languages, second routes and addresses that refuse mail, as root and as the user."""
import re

from fake_otpd import Daemon, FakeMailer, FakeOtpd, Refusal
from harness import DONE, OTHER, REFUSED, USAGE, Terminal, otpctl
from test_enrol import PROMPT, Enrolment


def users(**more):
    daemon = Daemon()
    for name in ("ada", "bob", "eve"):
        daemon.AddUser(name, name + "@example.org", "", True)
    for name, members in more.items():
        daemon.note(name, **members)
    return daemon


def test_a_language_at_adding():
    with FakeOtpd(Daemon()) as otpd:
        otpctl(otpd, "users", "add", "root", "r@example.org", "--language", "de").expect(DONE)
        assert otpd.calls[0][1]["language"] == "de"
        otpctl(otpd, "users", "add", "root", "r@example.org", "--replace").expect(DONE)
        assert "language" not in otpd.calls[1][1], "what was not said is not changed"


def test_users_language():
    daemon = users()
    with FakeOtpd(daemon) as otpd:
        otpctl(otpd, "users", "language", "ada", "pt-BR").expect(
            DONE, "ada: mails are in the language pt-BR\n")
        otpctl(otpd, "users", "show", "ada").expect(DONE, "pt-BR")
        otpctl(otpd, "users", "language", "ada", "--none").expect(
            DONE, "language of the configuration")
        assert otpd.calls[-1] == ("Admin.SetLanguage", {"user": "ada", "language": ""})
        answer = otpctl(otpd, "users", "language", "ada", "ja", "--json").expect(DONE).json()
        assert answer == {"user": "ada", "result": "changed", "language": "ja"}
        otpctl(otpd, "users", "language", "ghost", "de").expect(
            REFUSED, "ghost: the user is not enrolled")

def test_a_language_without_templates():
    def mail(method, _):
        return {"languages": ["de", "pt"]} if method == "Mail.Status" else None
    text = 'no templates in "xx"; mails will be in its default language'
    with FakeOtpd(users()) as otpd:
        assert otpctl(otpd, "users", "language", "ada", "xx").expect(DONE).err == ""
        with FakeMailer(mail, otpd) as mailer:
            err = otpctl(otpd, "users", "language", "ada", "xx").expect(
                DONE, "ada: mails are in the language xx").err
            assert err == f"otpctl: warning: otpd-mail has {text}\n", err
            result = otpctl(otpd, "users", "language", "ada", "xx", "--json").expect(DONE)
            assert result.json()["language"] == "xx" and text in result.error()["warning"]
            otpctl(otpd, "users", "add", "root", "r@example.org", "--language",
                   "xx").expect(DONE, text)
            for good in ("pt-BR", "de", "--none"):
                assert otpctl(otpd, "users", "language", "ada", good).expect(DONE).err == ""
            mailer.handler = lambda *_: Refusal("Denied")
            assert otpctl(otpd, "users", "language", "ada", "xx").expect(DONE).err == ""
            mailer.handler = mail
            otpctl(otpd, "users", "language", "ghost", "xx").expect(REFUSED)
            mailer.calls.clear()
            otpctl(otpd, "users", "language", "ada", "--none").expect(DONE)
            assert mailer.calls == []


def test_what_is_no_language_never_reaches_otpd():
    with FakeOtpd(users()) as otpd:
        for bad in ("german", "d", "de_DE", "de-", "../x", "de--x", "x" * 16, "ä",
                    "de-123456789", "1e", "de "):
            for command in (("users", "language", "ada", bad),
                            ("users", "add", "root", "r@example.org", "--language", bad),
                            ("send-test", "a@example.org", "--language", bad)):
                otpctl(otpd, *command).expect(USAGE, f'"{bad}" is no language; give two')
        assert otpd.calls == []
        for good in ("de", "pt-BR", "zh-Hant-TW", "ast"):
            otpctl(otpd, "users", "language", "ada", good).expect(DONE)


def test_a_value_or_none_and_not_both():
    with FakeOtpd(users()) as otpd:
        for command, noun, operand, value in (
                ("language", "a language", "LANGUAGE", "de"),
                ("second", "a route", "ADDRESS|+NUMBER", "a@example.org")):
            otpctl(otpd, "users", command, "ada").expect(
                USAGE, f"give {noun} or --none: otpctl users {command} USER {operand}")
            otpctl(otpd, "users", command, "ada", "").expect(USAGE, "or --none")
            otpctl(otpd, "users", command, "ada", value, "--none").expect(
                USAGE, f"give {noun} or --none, not both")
            otpctl(otpd, "users", command, "ada", "", "--none").expect(USAGE, "not both")
        otpctl(otpd, "users", "second", "ada", "--none", "--verified").expect(
            USAGE, "leave one out")
        otpctl(otpd, "users", "language", "ada", "de", "--verified").expect(
            USAGE, "has no option --verified")
        assert otpd.calls == []


def test_users_second():
    daemon = users()
    with FakeOtpd(daemon) as otpd:
        otpctl(otpd, "users", "second", "ada", "+49 170 / 123-4567").expect(
            DONE, "second route +491701234567, not used until it is proven (ada runs: "
                  "otpctl enrol --second)")
        assert otpd.calls[-1] == ("Admin.SetSecond", {
            "user": "ada", "address": "+491701234567", "verified": False})
        out = otpctl(otpd, "users", "show", "ada").expect(DONE).out
        assert re.search(r"^second route +\+491701234567$", out, re.M), out
        assert re.search(r"^second route is +not proven, not used$", out, re.M), out
        otpctl(otpd, "users", "second", "ada", "b@example.net", "--verified").expect(
            DONE, "ada: second route b@example.net\n")
        otpctl(otpd, "users", "show", "ada").expect(DONE, "second route is", " proven\n")
        otpctl(otpd, "users", "second", "ada", "--none").expect(DONE, "ada: no second route")
        assert otpd.calls[-1][1] == {"user": "ada", "address": "", "verified": False}
        answer = otpctl(otpd, "users", "second", "ada", "--none", "--json").expect(DONE)
        assert answer.json() == {"user": "ada", "result": "changed", "second": ""}
        otpctl(otpd, "users", "second", "ada", "ada@example.org").expect(
            REFUSED, "ada@example.org: the address is not acceptable",
            "it is the first address")
        otpctl(otpd, "users", "second", "ghost", "a@example.org").expect(REFUSED, "ghost:")


def test_second_routes_that_are_none_never_reach_otpd():
    with FakeOtpd(users()) as otpd:
        for bad in ("x", "a@b", "+12", "0170 1234567", "+49 (0)170 1234567", "+4917a",
                    "a@example.org\r\nRCPT TO:<b@example.org>", "+491701234567\r\nX"):
            otpctl(otpd, "users", "second", "ada", bad).expect(
                USAGE, "no address for mail and no telephone number")
            otpctl(otpd, "enrol", "--second", bad).expect(USAGE, "and no telephone number")
        assert otpd.calls == []


def test_who_is_undeliverable_is_seen():
    gone = {"undeliverable": True, "refusals": 3}
    with FakeOtpd(users(bob=gone, eve=gone | {"verified_at": 0})) as otpd:
        out = otpctl(otpd, "users", "list").expect(DONE).out
        assert re.search(r"^ada +verified +ada@", out, re.M), out
        assert re.search(r"^bob +verified, undeliverable +bob@", out, re.M), out
        assert re.search(r"^eve +unverified, undeliverable +eve@", out, re.M), out

        def names(*options):
            rows = otpctl(otpd, "users", "list", "--json", *options).expect(DONE).json()
            return [row["user"] for row in rows]
        assert names("--undeliverable") == ["bob", "eve"]
        assert names("--undeliverable", "--unverified") == ["eve"]
        out = otpctl(otpd, "users", "show", "bob").expect(DONE, "undeliverable").out
        assert re.search(r"^mails refused in a row +3$", out, re.M), out
        otpctl(otpd, "users", "disable", "bob").expect(DONE)
        otpctl(otpd, "users", "list").expect(DONE, "disabled, undeliverable")


def test_rows_of_an_older_otpd_are_shown_too():
    row = {"user": "ada", "address": "a@example.org", "name": "", "verified_at": 1,
           "disabled": False, "created_at": 1, "last_login_at": 0}
    with FakeOtpd(lambda method, _: {"users": [row]} if method.endswith("s") else
                  {"user": row, "wrong_hour": 1}) as otpd:
        otpctl(otpd, "users", "list").expect(DONE, "verified")
        out = otpctl(otpd, "users", "show", "ada").expect(DONE).out
        assert re.search(r"^second route +-$", out, re.M), out


class Second(Enrolment):
    def __call__(self, method, parameters):
        if method == "Self.EnrolSecond":
            return self.answer()
        assert method != "Self.Enrol"
        return super().__call__(method, parameters)


def test_enrol_second_with_a_number():
    with FakeOtpd(Second()) as otpd:
        terminal = Terminal(otpd, "enrol", "--second", "+49 170 1234567")
        terminal.expect("A text message with a code is on its way to +491701234567")
        terminal.expect("No message after a minute: see whether there is reception")
        terminal.expect("Code from the text message with the reference K7M (6 digits; ")
        terminal.type("r\n")
        terminal.expect("A new code is on its way")
        terminal.expect(PROMPT)
        terminal.type("234 567\n")
        terminal.expect("+491701234567 is your second route.")
        terminal.end(DONE)
        assert otpd.calls[0] == ("Self.EnrolSecond", {"address": "+491701234567"})
        assert otpd.methods() == ["Self.EnrolSecond", "Self.Resend", "Self.Confirm"]


def test_enrol_second_asks_for_the_route():
    with FakeOtpd(Second()) as otpd:
        terminal = Terminal(otpd, "enrol", "--second")
        terminal.expect("Your second mail address, or telephone number with country (+49...): ")
        terminal.type("me@example.net\n")
        terminal.expect("A mail with a code is on its way to me@example.net")
        terminal.expect(PROMPT)
        terminal.type("123456\n")
        terminal.end(DONE)
    with FakeOtpd(Second()) as otpd:
        otpctl(otpd, "enrol", "--second").expect(USAGE, "otpctl enrol --second ADDRESS")
        otpctl(otpd, "enrol", "--second", "b@example.net").expect(
            OTHER, "run otpctl enrol --second again")
    with FakeOtpd(Second()) as otpd:
        assert otpctl(otpd, "enrol", "--second", "--json", "b@example.net",
                      stdin=b"123456\n").expect(DONE).json() == {"result": "second"}


def test_a_number_is_no_first_address():
    with FakeOtpd(Enrolment()) as otpd:
        otpctl(otpd, "enrol", "+491701234567").expect(USAGE, "otpctl enrol --second")
        otpctl(otpd, "users", "add", "root", "+491701234567").expect(USAGE, "no address")
        assert otpd.calls == []


def test_refusals_of_a_second_route():
    for name, text in (("Exists", "second route already"), ("NoUser", "run: otpctl enrol"),
                       ("NotAllowed", "second_route"), ("Denied", "otpctl users second"),
                       ("Throttled", "wait"), ("BadAddress", "correct the address")):
        with FakeOtpd(lambda *_: Refusal(name)) as otpd:
            otpctl(otpd, "enrol", "--second", "b@example.net").expect(REFUSED, text)


SELF = {"user": "ada", "enrolled": True, "verified": True, "disabled": False,
        "address": "a***@example.org", "second_verified": False, "undeliverable": False}


def test_self_shows_the_second_route():
    for change, state in (({}, "none; to add one: otpctl enrol --second"),
                          ({"second": "+49***67"}, "not proven; run: otpctl enrol --second"),
                          ({"second": "+49***67", "second_verified": True}, "proven")):
        with FakeOtpd(lambda *_: SELF | change) as otpd:
            out = otpctl(otpd, "self").expect(DONE, change.get("second", "-")).out
            assert re.search(rf"^second route is +{re.escape(state)}$", out, re.M), out
            assert otpctl(otpd, "self", "--json").expect(DONE).json() == SELF | change
    with FakeOtpd(lambda *_: SELF | {"enrolled": False}) as otpd:
        assert "second" not in otpctl(otpd, "self").expect(DONE).out


def test_self_says_that_mails_are_refused():
    with FakeOtpd(lambda *_: SELF | {"undeliverable": True}) as otpd:
        otpctl(otpd, "self").expect(DONE, "mails are refused; ask for another address")
