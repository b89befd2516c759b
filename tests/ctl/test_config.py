# SPDX-License-Identifier: MIT
"""otpctl config: the settings of both daemons, page by page."""
from fake_otpd import FakeMailer, FakeOtpd, Refusal
from harness import DONE, REFUSED, UNREACHABLE, otpctl

ROWS = [{"section": section, "name": name, "value": value, "origin": origin}
        for section, name, value, origin in (
            ("", "database", '"/var/lib/otpd/otpd.db"', "default"),
            ("", "wrong_alert", "50", "/etc/otpd/otpd.conf:7"),
            ("policy sshd", "cool_down", "5s", "/etc/otpd/otpd.conf.d/a.conf:3"),
            ("policy sudo", "cool_down", "60s", "default"),
            ("policy sudo", "tries", "5", "default"))]


def daemon(rows=ROWS, changed=(), page=2):
    def answer(method, parameters):
        assert method in ("Admin.Config", "Mail.Config"), method
        after = parameters.get("after", 0)
        more = {"next": after + page} if after + page < len(rows) else {}
        return {"settings": rows[after:after + page], "changed": list(changed)} | more
    return answer


def test_config_shows_all_with_their_origins():
    with FakeOtpd(daemon()) as otpd:
        lines = otpctl(otpd, "config").expect(DONE).out.splitlines()
        assert lines[0].split() == ["SECTION", "SETTING", "VALUE", "FROM"]
        assert [line.split()[-1] for line in lines[1:]] == [row["origin"] for row in ROWS]
        assert lines[3].split() == ["policy", "sshd", "cool_down", "5s",
                                    "/etc/otpd/otpd.conf.d/a.conf:3"]
        assert otpctl(otpd, "config", "--json").expect(DONE).json() == ROWS
        assert otpd.calls[1][1] == {"after": 2}


def test_config_shows_one():
    with FakeOtpd(daemon()) as otpd:
        for word, wanted in (("cool_down", ROWS[2:4]), ("sudo.cool_down", ROWS[3:4]),
                             ("policy sshd.cool_down", ROWS[2:3]), ("database", ROWS[:1])):
            assert otpctl(otpd, "config", "--json", word).expect(DONE).json() == wanted
        otpctl(otpd, "config", "cooldown").expect(REFUSED, 'did you mean "cool_down"?')
        otpctl(otpd, "config", "sshd.tries").expect(REFUSED, "no setting")
        otpctl(otpd, "config", "zzzzzzzz").expect(REFUSED, "otpctl config")


def test_config_of_the_mailer():
    with FakeOtpd(daemon()) as otpd, FakeMailer(daemon(ROWS[:1], ["/etc/otpd/mail.conf"]),
                                                otpd) as mailer:
        done = otpctl(otpd, "config", "--mail").expect(DONE, "database")
        assert "/etc/otpd/mail.conf is not as otpd-mail has read it" in done.err
        assert "systemctl reload otpd-mail" in done.err
        assert mailer.methods() == ["Mail.Config"] and otpd.calls == []


def test_config_says_what_waits_for_a_reload():
    with FakeOtpd(daemon(changed=["/etc/otpd/otpd.conf\x1b[2J"])) as otpd:
        done = otpctl(otpd, "config", "database").expect(DONE, "systemctl reload otpd")
        assert done.err.count("is not as otpd has read it") == 1 and "\x1b" not in done.err


def test_config_of_a_daemon_that_is_not_sensible():
    for answer in ({}, {"settings": 5}, {"settings": [5]},
                   {"settings": [], "changed": [], "next": 0},
                   {"settings": [], "changed": [], "next": -7}):
        with FakeOtpd(lambda *_: answer) as otpd:
            otpctl(otpd, "config").expect(UNREACHABLE, "not one of otpd")
    with FakeOtpd(lambda *_: Refusal("Denied")) as otpd:
        otpctl(otpd, "config").expect(REFUSED, "needs root")
