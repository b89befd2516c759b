# SPDX-License-Identifier: MIT
"""XOAUTH2: the token endpoint, how long a token is kept, and who hears of a secret."""

import base64
import json
import os
import signal
import subprocess
import threading
import time

from checks_life import run_config
from daemon import MAIL, smtp
from servers import Script, TokenServer, tls_context, token, xoauth2
from support import certificate, expect, mailer, needs_namespaces

USER = "otpd@relay.example"
SECRETS = {"client": "c1ient+s&cret=%/ä", "refresh": "1//refresh-t0ken_A"}


class Rig:
    """A mail server, a token endpoint, and the files of the secrets."""

    def __init__(self, *answers, replies=None, refresh=True, token_tls=None, **options):
        self.tokens = TokenServer(*answers, tls=token_tls)
        self.server = Script(replies, auth="PLAIN LOGIN XOAUTH2")
        self.directory = None
        self.refresh, self.options = refresh, options

    def write(self, name, text):
        path = f"{self.directory}/{name}"
        with open(path, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text + "\n")
        return path

    def transport(self):
        options = {"auth": "oauth2", "user": USER, "token_url": self.tokens.url,
                   "client_id": "the client", "scope": "https://mail.example/ off",
                   "client_secret_file": self.write("client", SECRETS["client"]),
                   **self.options}
        if self.refresh:
            options["refresh_token_file"] = f"{self.directory}/refresh"
        return smtp(self.server.port, **options)

    def start(self, daemon):
        """Takes the daemon over to the transport, whose files are in its directory."""
        self.directory = daemon.directory
        if self.refresh and not os.path.exists(f"{self.directory}/refresh"):
            self.write("refresh", SECRETS["refresh"])
        self.reload(daemon)
        daemon.secrets.update(SECRETS.values())

    def reload(self, daemon):
        start = len(daemon.log)
        daemon.configure(self.transport())
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_log("configuration reloaded", start)

    def logins(self):
        return [xoauth2(c) for c in self.server.commands if c.startswith("AUTH")]


def run(rig, test, **options):
    with mailer("type = console", **options) as daemon:
        rig.start(daemon)
        test(daemon)


def check_send(rig, result, *parts, complains=None):
    """One mail that ends like this; the log."""
    def test(daemon):
        expect(daemon.send(), result, *parts)
        daemon.wait_log(f"mail {result}")
        if complains is not None:
            loud = any("does not work as configured" in line for line in daemon.log)
            assert loud == complains, daemon.log
        lines.extend(daemon.log)
    lines = []
    run(rig, test)
    return lines


def test_a_token_is_fetched_once_and_used_by_every_connection():
    gate = threading.Event()

    def late(_):
        gate.wait(60)
        return token("access-1")
    rig = Rig(late)

    def test(daemon):
        daemon.secrets.add("access-1")
        clients = [daemon.client() for _ in range(12)]
        for client in clients:
            client.send(MAIL + "Send", **daemon.prepare())
        while not rig.tokens.forms:
            time.sleep(0.005)
        daemon.status()
        gate.set()
        for client in clients:
            assert client.receive()["result"] == "sent"
        expect(daemon.send(), "sent")
    run(rig, test)
    assert len(rig.tokens.forms) == 1
    assert set(rig.logins()) == {(USER, "access-1")}
    assert len(rig.server.bodies) == 13 and len(rig.server.lines) <= 4


def test_the_form_is_exact():
    rig = Rig(token("t"))
    check_send(rig, "sent")
    raw, form = rig.tokens.forms[0]
    assert raw == ("grant_type=refresh_token&client_id=the%20client"
                   "&client_secret=c1ient%2Bs%26cret%3D%25%2F%C3%A4"
                   "&refresh_token=1%2F%2Frefresh-t0ken_A"
                   "&scope=https%3A%2F%2Fmail.example%2F%20off"), raw
    assert form["client_secret"] == SECRETS["client"]
    assert rig.tokens.types == ["application/x-www-form-urlencoded"]


def test_client_credentials():
    rig = Rig(token("t"), refresh=False)
    check_send(rig, "sent")
    _, form = rig.tokens.forms[0]
    assert form["grant_type"] == "client_credentials" and "refresh_token" not in form


def closing(line):
    line.say("250 queued")
    return False


def test_a_token_that_has_ended_is_replaced():
    answers = [token(f"t{n}", seconds=1) for n in range(100)]
    rig = Rig(*answers, replies={"body": closing})

    def test(daemon):
        until = time.monotonic() + 60
        while len(rig.tokens.forms) < 3 and time.monotonic() < until:
            expect(daemon.send(), "sent")
    run(rig, test)
    assert len(rig.tokens.forms) >= 3
    assert [t for _, t in rig.logins()][-1] == f"t{len(rig.tokens.forms) - 1}"


def test_a_token_that_lives_is_kept_over_connections():
    rig = Rig(token("t"), replies={"body": closing})

    def test(daemon):
        for _ in range(5):
            expect(daemon.send(), "sent")
    run(rig, test)
    assert len(rig.server.lines) == 5 and len(rig.tokens.forms) == 1


def refuse(bad, said):
    def reply(line):
        _, given = xoauth2(line.command)
        if given not in bad:
            line.say("235 2.7.0 welcome")
            return True
        line.say(said)
        if said.startswith("334"):
            line.hear()
            line.say("535 5.7.8 not accepted")
        return False
    return reply


GMAIL = "334 " + base64.b64encode(
    b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}').decode()


def test_a_refused_token_is_replaced_once():
    for said in ("535 5.7.3 Authentication unsuccessful", GMAIL):
        rig = Rig(token("old"), token("new"), replies={"AUTH": refuse({"old"}, said)})
        check_send(rig, "sent", complains=False)
        assert [t for _, t in rig.logins()] == ["old", "new"]
        assert len(rig.tokens.forms) == 2 and len(rig.server.bodies) == 1


def test_tokens_that_are_all_refused_defer_loudly():
    for said, words in (("535 5.7.3 Authentication unsuccessful", "535 5.7.3"),
                        (GMAIL, '"status":"400"')):
        rig = Rig(token("a"), token("b"), token("c"),
                  replies={"AUTH": refuse({"a", "b"}, said)})

        def test(daemon):
            expect(daemon.send(), "deferred", words)
            daemon.wait_log("does not work as configured")
            # The next mail's is a new one: perhaps the account is in order now.
            expect(daemon.send(), "sent")
        run(rig, test)
        assert [t for _, t in rig.logins()] == ["a", "b", "c"]


def test_a_login_that_is_not_possible_now_costs_no_token():
    rig = Rig(token("t"), replies={"AUTH": "454 4.7.0 Temporary failure"})
    check_send(rig, "deferred", "454 4.7.0", complains=False)
    assert len(rig.tokens.forms) == 1


def test_many_connections_with_a_refused_token_fetch_one_new():
    barrier = threading.Barrier(4)

    def reply(line):
        _, given = xoauth2(line.command)
        if given == "old":
            barrier.wait(30)
            line.say("535 5.7.3 no")
            return False
        line.say("235 yes")
        return True
    rig = Rig(token("old"), token("new"), replies={"AUTH": reply})

    def test(daemon):
        clients = [daemon.client() for _ in range(4)]
        for client in clients:
            client.send(MAIL + "Send", **daemon.prepare())
        for client in clients:
            assert client.receive()["result"] == "sent"
    run(rig, test)
    assert len(rig.tokens.forms) == 2 and len(rig.server.bodies) == 4


def test_errors_of_the_endpoint():
    denied = {"error": "invalid_grant",
              "error_description": "AADSTS70008: expired\r\n\x1b[31mTrace"}
    cases = [
        ((400, denied), True, "400: invalid_grant: AADSTS70008: expired"),
        ((401, {"error": "invalid_client"}), True, "401: invalid_client"),
        ((403, "<html>no"), True, "403"), ((404, ""), True, "404"),
        ((302, "", {"Location": "https://127.0.0.1:1/elsewhere"}), True, "302"),
        ((200, "no json"), True, "no bearer token"),
        ((200, {"access_token": "t", "token_type": "mac"}), True, "no bearer token"),
        ((200, {"access_token": "a\r\nRCPT TO:<x>", "token_type": "Bearer"}), True,
         "no bearer token"),
        ((200, "x" * 70000), False, "more than 64 KiB"),
        ((429, {"error": "slow_down"}, {"Retry-After": "7"}), False, "429"),
        ((500, ""), False, "500"), ((503, {"error": "later"}), False, "503: later"),
    ]
    for answer, complains, words in cases:
        rig = Rig(answer)
        check_send(rig, "deferred", words, complains=complains)
        assert len(rig.tokens.forms) == 1 and not rig.server.bodies, answer
        assert not rig.logins(), answer


def test_an_endpoint_that_repeats_secrets_is_not_quoted():
    for key in SECRETS:
        rig = Rig((400, {"error": "invalid_client", "error_description":
                         f"you said {SECRETS[key]}"}))
        log = check_send(rig, "deferred", "400: invalid_client", complains=True)
        assert not any(SECRETS[key] in line for line in log)


def test_a_mail_server_that_repeats_the_token_is_not_quoted():
    def echo(line):
        line.say("535 5.7.8 bad token " + xoauth2(line.command)[1])
        return False
    rig = Rig(token("a-very-secret-token"), replies={"AUTH": echo})

    def test(daemon):
        daemon.secrets.add("a-very-secret-token")
        answer = daemon.send()
        expect(answer, "deferred")
        assert "a-very-secret-token" not in answer[1]
    run(rig, test)


def traced(daemon):
    """What a test mail's trace says, in one text."""
    mail = "ab" * 16
    answer = daemon.post(mail=mail, template="test", code="")
    steps = daemon.ask("Trace", mail=mail)["steps"]
    assert steps
    return answer, " ".join(step["said"] for step in steps)


def pieces(secret):
    return [secret[at:at + 8] for at in range(max(1, len(secret) - 7))]


def check_echo(daemon, secrets):
    """Neither answer nor trace nor log has as much as a piece of what AUTH said."""
    answer, steps = traced(daemon)
    expect((answer["result"], answer["detail"]), "deferred", "repeated a secret")
    daemon.wait_log("mail deferred")
    said = answer["detail"] + steps + "\n".join(daemon.log)
    for secret in secrets:
        assert not [piece for piece in pieces(secret) if piece in said], said


def test_a_mail_server_that_repeats_auth_is_not_quoted():
    for cut in (None, 70):
        def echo(line, cut=cut):
            line.say(f'500 5.5.1 Command unrecognized: "{line.command[:cut]}')
            return False
        value = "a-very-secret-token"
        rig = Rig(token(value), replies={"AUTH": echo})
        blob = base64.b64encode(f"user={USER}\1auth=Bearer {value}\1\1".encode())
        run(rig, lambda daemon, blob=blob: check_echo(daemon, [value, blob.decode()]))


def test_a_mail_server_that_repeats_a_password_is_not_quoted():
    password = "hunter2-secret"
    forms = [password.encode(), base64.b64encode(f"\0me\0{password}".encode()),
             base64.b64encode(password.encode())]
    for mechanism in ("PLAIN", "LOGIN"):
        def echo(line):
            said = line.command
            if "LOGIN" in said:
                line.say("334 UGFzc3dvcmQ6")
                said = line.hear()
            line.say(f'500 5.5.1 Command unrecognized: "{said}"')
            return False
        server = Script({"AUTH": echo}, auth=mechanism)
        with mailer("type = console") as daemon:
            path = f"{daemon.directory}/password"
            with open(path, "w", encoding="ascii") as out:
                os.fchmod(out.fileno(), 0o600)
                out.write(password + "\n")
            daemon.configure(smtp(server.port, user="me", password_file=path))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("configuration reloaded")
            check_echo(daemon, [form.decode() for form in forms])


def test_an_endpoint_that_is_silent_or_gone_defers():
    held = threading.Event()

    def silent(_):
        held.wait(60)
        return token("late")
    rig = Rig(silent, timeout="5s")
    check_send(rig, "deferred", "token_url", complains=False)
    held.set()
    rig = Rig(token("t"))
    rig.tokens.server.shutdown()
    rig.tokens.server.server_close()
    check_send(rig, "deferred", "token_url", complains=False)


test_an_endpoint_that_is_silent_or_gone_defers.slow = True


def test_a_fetch_does_not_hold_up_the_end():
    held = threading.Event()

    def silent(_):
        held.wait(60)
        return token("late")
    rig = Rig(silent)

    def test(daemon):
        client = daemon.client()
        client.send(MAIL + "Send", **daemon.prepare(deadline=int(time.time()) + 3600))
        while not rig.tokens.forms:
            time.sleep(0.005)
        other = Rig(token("t"))
        other.start(daemon)
        expect(daemon.send(), "sent")
        held.set()
        assert client.receive()["result"] == "sent"
    run(rig, test)


def test_the_endpoint_is_verified():
    good, other = certificate(), certificate("other", "DNS:localhost,IP:127.0.0.1")
    wrong = certificate("wrong", "DNS:mail.example.org")
    rig = Rig(token("t"), token_tls=tls_context(good), ca_file=good[0])
    check_send(rig, "sent")
    for shown, trusted in ((good, other), (wrong, wrong)):
        rig = Rig(token("t"), token_tls=tls_context(shown), ca_file=trusted[0])
        check_send(rig, "deferred", "token_url", complains=True)
        assert not rig.tokens.forms and not rig.logins()


def test_no_proxy_stands_between_us_and_the_endpoint():
    proxy = TokenServer(token("wrong"))
    url = f"http://127.0.0.1:{proxy.port}"
    rig = Rig(token("t"))

    def test(daemon):
        expect(daemon.send(), "sent")
    run(rig, test, environment={"http_proxy": url, "ALL_PROXY": url, "https_proxy": url})
    assert not proxy.forms and len(rig.tokens.forms) == 1


def kept(daemon):
    path = f"{daemon.directory}/relay.refresh-token"
    if not os.path.exists(path):
        return None
    assert os.stat(path).st_mode & 0o7777 == 0o600
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")[1]


def restart(daemon):
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(30) == 0
    daemon.reader.join(30)
    daemon.log = []
    daemon.start()


def asked(rig):
    return [form["refresh_token"] for _, form in rig.tokens.forms]


def test_a_rotated_refresh_token_is_kept():
    rig = Rig(token("t1", refresh_token="rotated-1"),
              token("t2", refresh_token="rotated-2"), token("t3"))

    def test(daemon):
        daemon.secrets.update({"rotated-1", "rotated-2"})
        expect(daemon.send(), "sent")
        assert kept(daemon) == "rotated-1"
        # With another scope the access token is a new one; the grant is the same.
        rig.options["scope"] = "another"
        rig.reload(daemon)
        expect(daemon.send(), "sent")
        assert kept(daemon) == "rotated-2"
        # Over a restart, too.
        restart(daemon)
        expect(daemon.send(), "sent")
        assert kept(daemon) == "rotated-2"
        assert not os.path.exists(f"{daemon.directory}/relay.refresh-token.new")
    run(rig, test)
    assert asked(rig) == [SECRETS["refresh"], "rotated-1", "rotated-2"]


def test_a_new_configured_token_wins_over_the_kept_one():
    rig = Rig(token("t1", refresh_token="rotated"), token("t2"))

    def test(daemon):
        expect(daemon.send(), "sent")
        rig.write("refresh", "from the administrator".replace(" ", "-"))
        rig.reload(daemon)
        expect(daemon.send(), "sent")
    run(rig, test)
    assert asked(rig) == [SECRETS["refresh"], "from-the-administrator"]


def test_a_kept_token_that_is_dead_gives_way_to_the_configured_one():
    dead = 400, {"error": "invalid_grant"}
    rig = Rig(token("t1", refresh_token="rotated"), dead, token("t2"), dead)

    def test(daemon):
        expect(daemon.send(), "sent")
        restart(daemon)
        expect(daemon.send(), "sent")
        assert kept(daemon) is None
        restart(daemon)
        expect(daemon.send(), "deferred", "invalid_grant")
    run(rig, test)
    assert asked(rig) == [SECRETS["refresh"], "rotated", SECRETS["refresh"],
                          SECRETS["refresh"]]


def test_a_dead_token_that_cannot_be_deleted_is_not_asked_for_again():
    needs_namespaces()
    dead = 400, {"error": "invalid_grant"}
    rig = Rig(token("t1", seconds=1, refresh_token="rotated"), dead,
              replies={"body": closing})

    def test(daemon):
        daemon.secrets.add("rotated")
        expect(daemon.send(), "sent")
        path = f"{daemon.directory}/relay.refresh-token"
        # A place where something is mounted is neither deleted nor replaced.
        subprocess.run(["nsenter", "--mount", "-t", str(daemon.process.pid),
                        "mount", "--bind", path, path], check=True)
        end = int(time.time()) + 20
        while len(rig.tokens.forms) == 1:
            answer = daemon.send(deadline=end)
        expect(answer, "deferred", "invalid_grant")
        began = time.monotonic()
        assert len(rig.tokens.forms) == 3, len(rig.tokens.forms)
        for _ in range(3):
            expect(daemon.send(), "deferred", "invalid_grant")
        allowed = (time.monotonic() - began) // 5 + 1
        assert len(rig.tokens.forms) <= 3 + allowed, len(rig.tokens.forms)
        assert asked(rig)[:3] == [SECRETS["refresh"], "rotated", SECRETS["refresh"]]
        assert set(asked(rig)[2:]) == {SECRETS["refresh"]}
        assert sum("cannot be deleted" in line for line in daemon.log) == 1
    run(rig, test, resolver="127.0.0.1")


def test_what_failed_is_left_alone_for_a_moment():
    rig = Rig((503, ""))

    def test(daemon):
        began = time.monotonic()
        for _ in range(20):
            expect(daemon.send(), "deferred", "token_url answered 503")
        allowed = (time.monotonic() - began) // 5 + 1
        assert len(rig.tokens.forms) <= allowed, (len(rig.tokens.forms), allowed)
        # What an administrator has changed is tried at once.
        before = len(rig.tokens.forms)
        rig.tokens.answers = [token("t")]
        rig.options["scope"] = "another"
        rig.reload(daemon)
        expect(daemon.send(), "sent")
        assert len(rig.tokens.forms) == before + 1
    run(rig, test)


class Rotating:
    """An endpoint that takes each refresh token once, and revokes all at a reuse."""

    def __init__(self):
        self.gate, self.lock = threading.Event(), threading.Lock()
        self.valid, self.n, self.revoked = SECRETS["refresh"], 0, False

    def __call__(self, form):
        self.gate.wait(60)
        with self.lock:
            self.revoked = self.revoked or form["refresh_token"] != self.valid
            if self.revoked:
                return 400, {"error": "invalid_grant"}
            self.n += 1
            self.valid = f"rotated-{self.n}"
            return token(f"t{self.n}", refresh_token=self.valid)


def test_a_reload_during_a_fetch_uses_the_refresh_token_once():
    endpoint = Rotating()
    rig = Rig(endpoint)

    def test(daemon):
        first, second = daemon.client(), daemon.client()
        first.send(MAIL + "Send", **daemon.prepare())
        while not rig.tokens.forms:
            time.sleep(0.005)
        rig.reload(daemon)
        second.send(MAIL + "Send", **daemon.prepare())
        while daemon.transports()["relay"]["waiting"] != 1:
            time.sleep(0.005)
        endpoint.gate.set()
        assert first.receive()["result"] == "sent"
        assert second.receive()["result"] == "sent"
        assert kept(daemon) == "rotated-1"
    run(rig, test)
    assert asked(rig) == [SECRETS["refresh"]] and not endpoint.revoked
    assert {t for _, t in rig.logins()} == {"t1"}


def test_a_fetch_that_fails_during_a_reload_is_told_to_both():
    gate = threading.Event()

    def late(_):
        gate.wait(60)
        return 400, {"error": "invalid_grant"}
    rig = Rig(late)

    def test(daemon):
        first, second = daemon.client(), daemon.client()
        first.send(MAIL + "Send", **daemon.prepare())
        while not rig.tokens.forms:
            time.sleep(0.005)
        rig.reload(daemon)
        second.send(MAIL + "Send", **daemon.prepare())
        while daemon.transports()["relay"]["waiting"] != 1:
            time.sleep(0.005)
        gate.set()
        for client in (first, second):
            answer = client.receive()
            expect((answer["result"], answer["detail"]), "deferred", "invalid_grant")
    run(rig, test)
    assert len(rig.tokens.forms) == 1


def test_a_refresh_token_that_cannot_be_kept_is_used_and_said():
    rig = Rig(token("t1", seconds=1, refresh_token="rotated"), token("t2"),
              replies={"body": closing})

    def test(daemon):
        # A directory where the file goes: neither root nor anybody else replaces it.
        os.mkdir(f"{daemon.directory}/relay.refresh-token")
        expect(daemon.send(), "sent")
        daemon.wait_log("cannot be kept")
        while len(rig.tokens.forms) < 2:
            expect(daemon.send(), "sent")
    run(rig, test)
    assert asked(rig) == [SECRETS["refresh"], "rotated"]


def test_check_reads_every_file_of_every_transport():
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        def write(name, text, mode=0o600):
            with open(f"{directory}/{name}", "w", encoding="utf-8") as out:
                os.fchmod(out.fileno(), mode)
                out.write(text)
            return f"{directory}/{name}"
        first = 'type = smtp\nhost = "mail.example.net"\n}\ntransport second {\n'
        oauth = first + ('type = smtp\nhost = "mail.example.net"\nauth = oauth2\n'
                         'user = "otpd@relay.example"\nclient_id = "a"\n'
                         'token_url = "https://a.example/t"\n'
                         f'client_secret_file = "{directory}/secret"\n'
                         f'refresh_token_file = "{directory}/refresh"\n')
        write("secret", "s\n")
        write("refresh", "r\n")
        code, out, err = run_config(directory, oauth, ["--check"])
        assert code == 0 and "auth = oauth2" in out, err
        for name in ("secret", "refresh"):
            for text, mode, why in (("", 0o600, "does not hold a secret"),
                                    ("x\n", 0o644, "must belong to root")):
                write(name, text, mode)
                code, _, err = run_config(directory, oauth, ["--check"])
                assert code == 1 and "transport second" in err and why in err, err
            write(name, "x\n")
        cert, key = certificate()
        shown = first + ('type = smtp\nhost = "mail.example.net"\n'
                         f'certificate_file = "{directory}/cert"\n'
                         f'certificate_key_file = "{directory}/key"\n')
        with open(cert, encoding="ascii") as file:
            write("cert", file.read(), 0o644)
        with open(key, encoding="ascii") as file:
            good = file.read()
        write("key", good)
        assert run_config(directory, shown, ["--check"])[0] == 0
        for text, mode, why in (
                (good, 0o644, "must belong to root"), ("x", 0o600, "no private key"),
                (good.replace("PRIVATE", "ENCRYPTED PRIVATE"), 0o600, "is encrypted")):
            write("key", text, mode)
            code, _, err = run_config(directory, shown, ["--check"])
            assert code == 1 and "transport second" in err and why in err, err
        write("key", good)
        write("cert", "nothing", 0o644)
        code, _, err = run_config(directory, shown, ["--check"])
        assert code == 1 and "no certificate" in err, err
        credential = shown.replace(f'{directory}/key', "key-credential")
        with open(cert, encoding="ascii") as file:
            write("cert", file.read(), 0o644)
        # Without them, and as systemd 252 has it for a reload: named, and out of reach.
        for environment in ({}, {"CREDENTIALS_DIRECTORY": directory + "/none"}):
            code, _, err = run_config(directory, credential, ["--check"],
                                      environment=environment)
            assert code == 0 and "systemd credential" in err, err
        ca = first + f'type = smtp\nhost = "a.example"\nca_file = "{directory}/ca"\n'
        for text, why in ((None, "No such file"), ("nothing", "no certificate")):
            if text:
                write("ca", text)
            code, _, err = run_config(directory, ca, ["--check"])
            assert code == 1 and why in err, err


def test_a_token_that_is_longer_than_a_line_is_taken():
    rig = Rig(token("t" * 10000))
    check_send(rig, "sent")
    assert rig.logins()[0][1] == "t" * 10000


def test_answers_are_read_as_json():
    rig = Rig((200, json.dumps({"access_token": "t", "token_type": "bearer",
                                "expires_in": "3599", "ext_expires_in": 3599})))
    check_send(rig, "sent")
