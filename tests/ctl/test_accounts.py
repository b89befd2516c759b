# SPDX-License-Identifier: MIT
"""otpctl accounts and otpctl tokens: tables, JSON, refusals, and what is asked first."""
import json
import re

from fake_otpd import FakeMailer, FakeOtpd, Refusal
from harness import DONE, OTHER, REFUSED, UNREACHABLE, USAGE, Terminal, otpctl

NOVEMBER = 1795183200  # 2026-11-20T14:00:00Z
KEYS = [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": kid * 2}
        for kid in ("signing", "coming", "going")]


class Accounts:
    """A handler with accounts in memory, of the tenants that it is made with."""

    def __init__(self, *tenants):
        self.tenants = tenants or ("acme",)
        self.rows = {}  # identifier -> row

    def __call__(self, method, parameters):
        return getattr(self, method.split(".")[1])(**parameters)

    def tenant(self, tenant):
        known = self.tenants if tenant is None else [t for t in self.tenants if t == tenant]
        return known[0] if len(known) == 1 else None

    def find(self, login, tenant=None):
        """A row, or why there is none."""
        if login in self.rows and tenant in (None, self.rows[login]["tenant"]):
            return self.rows[login], None
        if self.tenant(tenant) is None:
            return None, Refusal("BadName")
        for row in self.rows.values():
            if row["tenant"] == self.tenant(tenant) and login in (row["address"], row["login"]):
                return row, None
        return None, Refusal("NoUser")

    def AddAccount(self, address, login="", tenant=None, verified=False, language=""):
        if self.tenant(tenant) is None:
            return Refusal("BadName")
        if login.startswith("-"):
            return Refusal("BadLogin", reason="it must begin with a letter or a digit")
        tenant = self.tenant(tenant)
        if not self.find(address, tenant)[1]:
            return Refusal("Exists")
        identifier = f"{len(self.rows) + 1:032x}"
        self.rows[identifier] = {
            "account": identifier, "tenant": tenant, "address": address, "login": login,
            "language": language, "verified": verified, "state": "active",
            "created_at": NOVEMBER, "last_login_at": 0, "password_at": NOVEMBER,
            "has_password": True, "reset_until": 0, "sessions": 2, "recovery_codes": 8}
        return {"account": identifier, "tenant": tenant}

    def ListAccounts(self, tenant=None, after="", limit=40):
        if self.tenant(tenant) is None:
            return Refusal("BadName")
        rows = sorted((row for row in self.rows.values()
                       if row["tenant"] == self.tenant(tenant) and row["address"] > after),
                      key=lambda row: row["address"])
        page = rows[:limit]
        return {"accounts": page} | ({"next": page[-1]["address"]} if len(rows) > limit else {})

    def ShowAccount(self, login, tenant=None):
        row, refusal = self.find(login, tenant)
        return refusal or {
            "account": row, "wrong_hour": 1, "wrong_day": 2, "wrong_month": 3,
            "sends_hour": 4, "sends_day": 5, "live_challenges": 6, "locked_for": 90,
            "wrong_passwords_hour": 7, "wrong_passwords_day": 8, "passwords_locked_for": 95,
            "wrong_resets_month": 9, "resets_locked_for": 99}

    def change(self, login, tenant, **members):
        row, refusal = self.find(login, tenant)
        if not refusal:
            row.update(members)
        return refusal or {}

    def VerifyAccount(self, login, tenant=None):
        return self.change(login, tenant, verified=True)

    def DisableAccount(self, login, tenant=None):
        return self.change(login, tenant, state="disabled", sessions=0)

    def UnlockAccount(self, login, tenant=None):
        return self.change(login, tenant, state="active")

    def RequireReset(self, login, tenant=None):
        row, refusal = self.find(login, tenant)
        if row and row["state"] == "disabled":
            return Refusal("Disabled")
        return refusal or self.change(login, tenant, state="must_reset", sessions=0)

    def AllowReset(self, login, seconds, tenant=None):
        if self.tenant(tenant) == "mail":
            return Refusal("NotAllowed")
        answer = self.change(login, tenant, reset_until=NOVEMBER + seconds)
        return answer or {"reset_until": NOVEMBER + seconds}

    def RemoveAccount(self, login, tenant=None):
        row, refusal = self.find(login, tenant)
        if row:
            del self.rows[row["account"]]
        return refusal or {}

    def EndSessions(self, tenant=None, login=None, all=False):
        assert bool(login) != all
        rows = [row for row in self.rows.values() if tenant in (None, row["tenant"])]
        if login:
            row, refusal = self.find(login, tenant)
            if refusal:
                return refusal
            rows = [row]
        elif tenant and tenant not in self.tenants:
            return Refusal("BadName")
        n = sum(row["sessions"] for row in rows)
        for row in rows:
            row["sessions"] = 0
        return {"sessions": n}

    def RotateTokenKey(self):
        return {"kid": "coming"}

    def Keys(self):
        return {"keys": KEYS}


def some(*names, tenants=()):
    fake = Accounts(*tenants)
    for name in names:
        fake.AddAccount(name + "@example.org", name, fake.tenants[0], True)
    return fake


def row_of(fake, name):
    return fake.find(name + "@example.org", fake.tenants[0])[0]


def test_accounts_add_sends_what_was_said():
    with FakeOtpd(Accounts()) as otpd:
        otpctl(otpd, "accounts", "add", "ada@example.org").expect(
            DONE, "ada@example.org has an account of acme; its owner sets a password by a reset")
        assert otpd.calls == [("Admin.AddAccount", {"address": "ada@example.org",
                                                    "verified": False})]
        answer = otpctl(otpd, "accounts", "add", "bob@example.org", "--login", "bob",
                        "--tenant", "acme", "--language", "de", "--verified",
                        "--json").expect(DONE).json()
        assert otpd.calls[1][1] == {"address": "bob@example.org", "login": "bob", "tenant": "acme",
                                    "language": "de", "verified": True}
        assert answer == {"account": f"{2:032x}", "tenant": "acme",
                          "address": "bob@example.org", "result": "added"}


def test_accounts_add_refusals():
    with FakeOtpd(Accounts("acme", "shop")) as otpd:
        add = ("accounts", "add", "ada@example.org")
        otpctl(otpd, *add).expect(
            REFUSED, "does not name that tenant, or names several", "--tenant", "otpctl status")
        otpctl(otpd, *add, "--tenant", "amce").expect(REFUSED, "does not name that tenant")
        otpctl(otpd, *add, "--tenant", "shop").expect(DONE, "an account of shop")
        otpctl(otpd, *add, "--tenant", "shop").expect(
            REFUSED, "ada@example.org: the tenant has an account of that address or user name")
        otpctl(otpd, *add, "--tenant", "acme", "--login=-x").expect(
            REFUSED, "it must begin with a letter or a digit")


def test_a_bad_address_or_language_never_reaches_otpd():
    with FakeOtpd(Accounts()) as otpd:
        for bad in ("x", "a@b", "a\r\nb@example.org", "+491701234567"):
            otpctl(otpd, "accounts", "add", bad).expect(USAGE, "no address for mail")
        otpctl(otpd, "accounts", "add", "a@example.org", "--language", "german").expect(
            USAGE, '"german" is no language')
        for command in (("show", b"\xff"), ("disable", b"\xff"), ("list", "--tenant", b"\xff"),
                        ("logout", "ada", "--tenant", b"\xff"),
                        ("allow-reset", "ada", "--tenant", b"\xff")):
            otpctl(otpd, "accounts", *command).expect(USAGE, "not UTF-8")
        otpctl(otpd, "tokens", "revoke-all", "--yes", "--tenant", b"\xff").expect(
            USAGE, "not UTF-8")
        assert otpd.calls == []


def test_accounts_add_warns_of_a_language_without_templates():
    with FakeOtpd(Accounts()) as otpd:
        with FakeMailer(lambda *_: {"languages": ["de"]}, otpd):
            result = otpctl(otpd, "accounts", "add", "ada@example.org", "--language", "xx")
            assert 'no templates in "xx"' in result.expect(DONE).err
            result = otpctl(otpd, "accounts", "add", "bob@example.org", "--language", "de")
            assert result.expect(DONE).err == ""


def test_accounts_list_pages_through_all():
    fake = some(*(f"u{i:05}" for i in range(95)))
    with FakeOtpd(fake) as otpd:
        out = otpctl(otpd, "accounts", "list").expect(DONE).out.splitlines()
        assert len(out) == 96, out
        assert re.search(r"^ADDRESS +LOGIN +STATE +SESSIONS +LAST SIGN-IN +ACCOUNT$", out[0])
        assert re.search(r"^u00000@example.org +u00000 +active +2 +- +0+1$", out[1]), out[1]
        assert [call[1].get("after") for call in otpd.calls] == \
            [None, "u00039@example.org", "u00079@example.org"]
        rows = otpctl(otpd, "accounts", "list", "--json", "--tenant", "acme").expect(DONE).json()
        assert [row["login"] for row in rows] == [f"u{i:05}" for i in range(95)]
        assert {call[1].get("tenant") for call in otpd.calls[3:]} == {"acme"}


def test_accounts_list_filters_and_says_what_is_in_the_way():
    fake = some("ada", "bob", "cyd", "dan", "eve")
    row_of(fake, "eve").update(state="locked")
    row_of(fake, "bob").update(verified=False, has_password=False)
    row_of(fake, "cyd").update(state="disabled", verified=False)
    row_of(fake, "dan").update(state="must_reset")
    with FakeOtpd(fake) as otpd:
        out = otpctl(otpd, "accounts", "list").expect(DONE).out
        for name, state in (("ada", "active"), ("bob", "unverified, no password"),
                            ("cyd", "disabled, unverified"), ("dan", "must reset")):
            assert re.search(rf"^{name}@\S+ +{name} +{state}  +\d", out, re.M), out

        def names(*options):
            rows = otpctl(otpd, "accounts", "list", "--json", *options).expect(DONE).json()
            return [row["login"] for row in rows]
        assert names("--unverified") == ["bob", "cyd"]
        assert names("--disabled") == ["cyd"]
        assert names("--disabled", "--unverified") == ["cyd"]
        assert names("--locked") == ["eve"]


def test_an_empty_list_and_an_unknown_tenant():
    with FakeOtpd(Accounts("acme", "shop")) as otpd:
        assert otpctl(otpd, "accounts", "list", "--tenant", "shop", "--json").expect(
            DONE).json() == []
        for options in ((), ("--tenant", "amce")):
            otpctl(otpd, "accounts", "list", *options).expect(REFUSED, "does not name that tenant")


def test_the_longest_names_fit_and_cannot_write_to_the_terminal():
    fake = Accounts()
    for i in range(100):
        fake.AddAccount("a" * 61 + f"{i:03}@" + "b" * 186 + ".org", "l" * 64)
    next(iter(fake.rows.values()))["login"] = "eve\x1b]0;x\x07\u202e\nroot"
    with FakeOtpd(fake) as otpd:
        assert len(otpctl(otpd, "accounts", "list", "--json").expect(DONE).json()) == 100
        out = otpctl(otpd, "accounts", "list").expect(DONE, "eve?]0;x???root").out
        out += otpctl(otpd, "accounts", "show", f"{1:032x}").expect(DONE).out
        assert "\x1b" not in out and "\u202e" not in out and "\nroot" not in out


def test_accounts_show():
    fake = some("ada")
    row_of(fake, "ada").update(reset_until=NOVEMBER + 60)
    with FakeOtpd(fake) as otpd:
        for name in ("ada", "ada@example.org", f"{1:032x}"):
            out = otpctl(otpd, "accounts", "show", name).expect(DONE).out
        for title, value in (
                ("account", f"{1:032x}"), ("tenant", "acme"), ("login", "ada"), ("state", "active"),
                ("address", "ada@example.org"), ("language", "-"), ("last sign-in", "-"),
                ("made", "2026-11-20T14:00:00+00:00"), ("sessions", "2"),
                ("password set", "2026-11-20T14:00:00+00:00"),
                ("reset allowed until", "2026-11-20T14:01:00+00:00"), ("recovery codes left", "8"),
                ("wrong codes, last hour", "1"), ("wrong codes, last day", "2"),
                ("wrong codes, last 30 days", "3"), ("locked for", "90 s"),
                ("wrong passwords, last hour", "7"), ("wrong passwords, last day", "8"),
                ("passwords locked for", "95 s"), ("mails to sign in, last hour", "4"),
                ("wrong codes of resets, 30 days", "9"), ("resets locked for", "99 s"),
                ("mails to sign in, last day", "5"), ("live challenges", "6")):
            assert re.search(f"^{title} +{re.escape(value)}$", out, re.M), (title, out)
        assert out.count("\n") == 24, out
        answer = otpctl(otpd, "accounts", "show", "ada", "--json").expect(DONE).json()
        assert answer["account"] == row_of(fake, "ada") and answer["passwords_locked_for"] == 95
        otpctl(otpd, "accounts", "show", "ghost").expect(
            REFUSED, "ghost: there is no such account", "otpctl accounts list")
        otpctl(otpd, "accounts", "show", "ada", "--tenant", "shop").expect(REFUSED, "ada: ")
    for answer in ({}, {"account": 1}, {"account": []}):
        with FakeOtpd(lambda *_: answer) as otpd:
            otpctl(otpd, "accounts", "show", "ada").expect(UNREACHABLE)


def test_changes_take_many_and_go_on_after_a_refusal():
    fake = some("ada", "bob")
    with FakeOtpd(fake) as otpd:
        for command, method, done, member, value in (
                ("verify", "VerifyAccount", "verified", "verified", True),
                ("disable", "DisableAccount", "disabled", "state", "disabled"),
                ("unlock", "UnlockAccount", "unlocked", "state", "active"),
                ("require-reset", "RequireReset", "must reset", "state", "must_reset")):
            otpd.calls.clear()
            otpctl(otpd, "accounts", command, "ada", "ghost", "bob@example.org",
                   "--tenant", "acme").expect(REFUSED, f"ada: {done}\n",
                                              f"bob@example.org: {done}\n",
                                              "ghost: there is no such account")
            assert row_of(fake, "ada")[member] == value == row_of(fake, "bob")[member]
            assert otpd.calls[0] == ("Admin." + method, {"login": "ada", "tenant": "acme"})
            rows = otpctl(otpd, "accounts", command, "ada", "ghost", "--json").expect(
                REFUSED).json()
            assert rows == [{"login": "ada", "result": done},
                            {"login": "ghost", "error": "NoUser"}]
            assert otpd.calls[-1][1] == {"login": "ghost"}


def test_require_reset_of_a_disabled_account():
    fake = some("ada")
    with FakeOtpd(fake) as otpd:
        otpctl(otpd, "accounts", "disable", "ada").expect(DONE)
        otpctl(otpd, "accounts", "require-reset", "ada").expect(
            REFUSED, "ada: the account is disabled", "otpctl accounts unlock")


def test_allow_reset():
    fake = some("ada")
    with FakeOtpd(fake) as otpd:
        otpctl(otpd, "accounts", "allow-reset", "ada").expect(
            DONE, "ada: may reset the password until 2026-11-20T15:00:00+00:00\n")
        assert otpd.calls == [("Admin.AllowReset", {"login": "ada", "seconds": 3600})]
        rows = otpctl(otpd, "accounts", "allow-reset", "ada", "ghost", "--for", "1d",
                      "--tenant", "acme", "--json").expect(REFUSED).json()
        assert rows == [{"login": "ada", "result": "reset allowed",
                         "reset_until": NOVEMBER + 86400}, {"login": "ghost", "error": "NoUser"}]
        assert otpd.calls[1][1] == {"login": "ada", "tenant": "acme", "seconds": 86400}
    with FakeOtpd(some("ada", tenants=("mail",))) as otpd:
        otpctl(otpd, "accounts", "allow-reset", "ada").expect(REFUSED, "reset = admin")


def test_logout():
    fake = some("ada", "bob")
    row_of(fake, "bob").update(sessions=1)
    with FakeOtpd(fake) as otpd:
        otpctl(otpd, "accounts", "logout", "ada", "bob").expect(
            DONE, "ada: 2 sessions ended\nbob: 1 session ended\n")
        assert otpd.calls[0] == ("Admin.EndSessions", {"login": "ada"})
        rows = otpctl(otpd, "accounts", "logout", "--json", "ada").expect(DONE).json()
        assert rows == [{"login": "ada", "result": "logged out", "sessions": 0}]


def test_nobody_is_logged_out_by_an_empty_variable():
    fake = some("ada")
    with FakeOtpd(fake) as otpd:
        otpctl(otpd, "accounts", "logout", "").expect(USAGE, "empty")
        otpctl(otpd, "accounts", "logout", "ada", "").expect(USAGE, "empty")
        otpctl(otpd, "tokens", "revoke-all", "--yes", "--tenant", "").expect(USAGE, "empty")
        assert otpd.calls == [] and row_of(fake, "ada")["sessions"] == 2


def test_accounts_remove_needs_yes_or_an_answer():
    fake = some("ada", "bob")
    with FakeOtpd(fake) as otpd:
        otpctl(otpd, "accounts", "remove", "ada", stdin=b"y\n").expect(
            USAGE, "accounts remove forgets accounts for good; give --yes")
        for answer in ("\n", "n\n", "\x04"):
            terminal = Terminal(otpd, "accounts", "remove", "ada")
            terminal.expect("Forget 1 account, with profile,")
            terminal.expect("[y/N] ")
            terminal.type(answer)
            assert "nothing was removed" in terminal.end(OTHER)
        assert otpd.calls == []
        terminal = Terminal(otpd, "accounts", "remove", "ada", "ghost")
        terminal.expect("Forget 2 accounts,")
        terminal.type("y\n")
        terminal.end(REFUSED)
        otpctl(otpd, "accounts", "remove", "--yes", "bob@example.org").expect(DONE, "removed")
        assert fake.rows == {}


def test_tokens_keys():
    with FakeOtpd(Accounts()) as otpd:
        out = otpctl(otpd, "tokens", "keys").expect(DONE).out.splitlines()
        assert re.search(r"^KEY +STATE +ALGORITHM +PUBLIC$", out[0]), out
        assert [line.split() for line in out[1:]] == [
            ["signing", "signs", "Ed25519", "signingsigning"],
            ["coming", "next", "Ed25519", "comingcoming"],
            ["going", "before", "Ed25519", "goinggoing"]], out
        assert otpctl(otpd, "tokens", "keys", "--json").expect(DONE).json() == {"keys": KEYS}
        assert otpd.methods() == ["Account.Keys"] * 2
    for answer in ({}, {"keys": 1}):
        with FakeOtpd(lambda *_: answer) as otpd:
            otpctl(otpd, "tokens", "keys").expect(UNREACHABLE)


def test_tokens_rotate():
    with FakeOtpd(Accounts()) as otpd:
        otpctl(otpd, "tokens", "rotate").expect(
            DONE, "tokens are signed with the key coming from now on\n")
        assert otpctl(otpd, "tokens", "rotate", "--json").expect(DONE).json() == {"kid": "coming"}
        assert otpd.calls == [("Admin.RotateTokenKey", {})] * 2
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        otpctl(otpd, "tokens", "rotate").expect(REFUSED, "this needs root")
    with FakeOtpd(lambda *_: Refusal("Throttled", retry_after=3700)) as otpd:
        otpctl(otpd, "tokens", "rotate").expect(
            REFUSED, "too many keys have tokens that are still good (for 1 h 1 min)")


def test_revoke_all_asks_first():
    fake = some("ada", "bob", tenants=("acme", "shop"))
    with FakeOtpd(fake) as otpd:
        revoke = ("tokens", "revoke-all")
        otpctl(otpd, *revoke, stdin=b"y\n").expect(
            USAGE, "tokens revoke-all signs everybody out; give --yes")
        otpctl(otpd, *revoke, "--json").expect(USAGE, "--yes")
        terminal = Terminal(otpd, *revoke)
        terminal.expect("End the sessions of all accounts of all tenants? [y/N] ")
        terminal.type("n\n")
        assert "no session was ended" in terminal.end(OTHER)
        assert otpd.calls == []
        terminal = Terminal(otpd, *revoke, "--tenant", "shop")
        terminal.expect("of all accounts of the tenant shop? [y/N] ")
        terminal.type("y\n")
        assert "0 sessions ended" in terminal.end(DONE)
        otpctl(otpd, *revoke, "--yes").expect(DONE, "4 sessions ended\n")
        assert otpd.calls == [("Admin.EndSessions", {"all": True, "tenant": "shop"}),
                              ("Admin.EndSessions", {"all": True})]
        assert otpctl(otpd, *revoke, "--yes", "--json").expect(DONE).json() == {"sessions": 0}
        otpctl(otpd, *revoke, "--yes", "--tenant", "amce").expect(
            REFUSED, "amce: ", "does not name that tenant")


def test_refusals_of_users_keep_their_words():
    with FakeOtpd(lambda *_: Refusal("NoUser")) as otpd:
        otpctl(otpd, "users", "show", "ada").expect(REFUSED, "is not enrolled", "users list")
        error = otpctl(otpd, "accounts", "show", "ada", "--json").expect(REFUSED).error()
        assert error["error"] == "NoUser" and "no such account" in error["message"], error
        assert json.dumps(error).count("users") == 0
