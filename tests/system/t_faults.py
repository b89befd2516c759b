# SPDX-License-Identifier: MIT
"""What breaks around otpd: nothing is let in, nothing is lost, and it is said."""
import concurrent.futures
import itertools
import os
import signal
import socket
import threading
import time

from lab import LIMIT, Mail, Varlink, Refused, check, equal, wait_for, wrong
from sink import Sink, transport
from world import (MAILER, MODULE, OTPD, PASSWORD, SOCKET, UNIX, enters, mount, pause, prompt,
                   refused)

ROOMY = """policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 400
    wrong_per_hour = 100\n wrong_per_day = 100\n wrong_per_month = 100 }
"""


def _to_password(w):
    terminal = w.ssh()
    terminal.expect("Password: ")
    terminal.type(PASSWORD)
    return terminal


def _said(w, word):
    return wait_for("%r in the system log" % word,
                    lambda: [line for line in w.syslog if word in line])


def otpd_absent(w):
    w.start()
    w.start_sshd()
    w.stop(w.otpd)
    started = time.monotonic()
    refused(_to_password(w))
    check(time.monotonic() - started < 20, "it took long")
    _said(w, "authinfo_unavail")
    w.start_otpd()
    w.log_in()


def otpd_hung(w):
    w.start()
    w.start_sshd(pam=UNIX + MODULE + " timeout=2")
    pause(w.otpd)
    refused(_to_password(w))
    _said(w, "did not answer in time")
    w.otpd.send_signal(signal.SIGCONT)
    w.otpctl("users", "show", "ada")


def otpd_hung_at_verify(w):
    w.start()
    w.start_sshd(pam=UNIX + MODULE + " timeout=2")
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    pause(w.otpd)
    terminal.type(mail.code)
    refused(terminal)


def otpd_killed_between_begin_and_verify(w):
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    terminal.type(wrong(mail.code))
    prompt(terminal)
    w.stop(w.otpd, signal.SIGKILL)
    w.start_otpd()
    equal(w.show()["wrong_hour"], 1, "wrong tries after the restart")
    terminal.type(mail.code)
    enters(terminal)
    # Killed before it had written down that the mail was sent, it may send it once more.
    equal(len({m.message["Message-ID"] for m in w.mails()}), 1, "mails")
    check(len(w.mails()) <= 2, len(w.mails()), "copies of it")


def otpd_killed_before_the_mail_is_sent(w):
    w.start()
    w.stop(w.mailer)
    challenge = w.begin()["challenge"]
    w.stop(w.otpd, signal.SIGKILL)
    w.start_mailer()
    w.start_otpd()
    w.verify(challenge, w.wait_mails(1).code)


def sigterm_finishes_what_has_begun(w):
    """Calls that otpd has taken are answered, and what it answered is in the store."""
    w.start(policy=ROOMY)
    answers = []
    numbers = itertools.count()

    def hammer():
        try:
            with Varlink(SOCKET) as otpd:
                while True:
                    answers.append(otpd.call("org.emailotp.Auth.Begin", user="u%d" % next(numbers),
                                             service="sshd", unknown=True)["challenge"])
        except (OSError, ConnectionError, Refused):
            pass

    threads = [threading.Thread(target=hammer) for _ in range(16)]
    for thread in threads:
        thread.start()
    wait_for("answers", lambda: len(answers) > 50)
    equal(w.stop(w.otpd), 0, "exit status of otpd")
    for thread in threads:
        thread.join(30)
    w.start_otpd()
    for challenge in answers:
        equal(w.refusal("Auth.Verify", challenge=challenge, code="123456"), "WrongCode",
              "a challenge that was answered")


def whoever_was_accepted_before_a_stop_is_heard(w):
    """A login that begins while otpd is upgraded. Who says nothing for a second is left, so
    a machine that stands still just then gets another try."""
    w.start()
    log = w.dir / "otpd.log"
    for _ in range(5):
        late, silent = Varlink(SOCKET), Varlink(SOCKET)
        with Varlink(SOCKET) as other:
            count = other.call("org.emailotp.Admin.Status")["connections"]
            check(count >= 3, "connections", count)
        seen = log.read_text().count("stopping")
        w.otpd.send_signal(signal.SIGTERM)
        wait_for("the stop", lambda: log.read_text().count("stopping") > seen)
        try:
            late.call("org.varlink.service.GetInfo")
            answered = True
        except OSError:
            answered = False
        equal(late.receive() if answered else None, None, "a second message")
        equal(w.otpd.wait(30), 0, "exit status of otpd")
        equal(silent.receive(), None, "who said nothing")
        w.start_otpd()
        if answered:
            break
    check(answered, "nobody was heard")
    w.begin()


def the_socket_of_somebody_else_gets_nothing(w):
    w.start()
    w.start_sshd()
    w.stop(w.otpd)
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    got = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    os.seteuid(65534)  # listen() decides who the peer is
    listener.listen()
    os.seteuid(0)

    def serve():
        while True:
            client, _ = listener.accept()
            got.append(client.recv(100))
    threading.Thread(target=serve, daemon=True).start()
    refused(_to_password(w))
    _said(w, "neither root nor otpd")
    equal(b"".join(got), b"", "bytes sent")


def the_prompt_does_not_wait_for_the_mailer(w):
    w.start()
    w.start_sshd()
    pause(w.mailer)
    terminal, _ = w.ssh_to_code()
    w.mailer.send_signal(signal.SIGCONT)
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def a_mailer_that_comes_later_still_gets_the_mail(w):
    w.start()
    w.start_sshd()
    w.stop(w.mailer)
    terminal, _ = w.ssh_to_code()
    w.start_mailer()
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def _start_smtp(w, *arguments, more=""):
    w.start_smtp(*arguments, owner=MAILER)
    w.start(transport=w.smtp(more))
    w.start_sshd()


def smtp_with_starttls_and_auth(w):
    _start_smtp(w)
    w.log_in()
    mail = w.mails()[0]
    check(b"\n" not in mail.bytes.replace(b"\r\n", b""), "a bare LF")
    check(max(map(len, mail.bytes.split(b"\r\n"))) <= 78, "a line of more than 78 bytes")


def smtp_absent_then_there(w):
    _start_smtp(w)
    smtpd = w.processes[0]
    equal(smtpd.name, "smtpd")
    w.stop(smtpd)
    terminal, _ = w.ssh_to_code()
    wait_for("a second try", lambda: any(m["tries"] >= 1 and m["state"] == "queued"
                                         for m in w.call("Admin.Queue")["mails"]))
    terminal.hang_up()
    terminal, asked = w.ssh_to_code()
    check("on its way" in asked, "the prompt does not tell the truth:", asked)
    w.start_smtp()
    # The port is another one now; a reload of otpd-mail is not what is tested here.
    w.configure_mailer(w.smtp())
    w.stop(w.mailer)
    w.start_mailer()
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def smtp_that_is_slow(w):
    _start_smtp(w)
    w.write("smtp-mode", "slow")
    terminal, _ = w.ssh_to_code()
    wait_for("the try to time out", lambda: any(
        m["tries"] >= 1 for m in w.call("Admin.Queue")["mails"]))
    w.write("smtp-mode", "take")
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def smtp_that_defers(w):
    _start_smtp(w)
    w.write("smtp-mode", "defer")
    terminal, _ = w.ssh_to_code()
    wait_for("the refusal", lambda: any("451" in m["detail"] or "later" in m["detail"]
                                        for m in w.call("Admin.Queue")["mails"]))
    w.write("smtp-mode", "take")
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def smtp_that_refuses(w):
    _start_smtp(w)
    w.write("smtp-mode", "refuse")
    terminal, _ = w.ssh_to_code()
    wait_for("the failure", lambda: [m for m in w.call("Admin.Queue")["mails"]
                                     if m["state"] == "failed"])
    terminal.hang_up()
    w.write("smtp-mode", "take")
    terminal, asked = w.ssh_to_code()
    check("could not be delivered" in asked, "the prompt does not tell the truth:", asked)
    terminal.type("r")
    prompt(terminal)
    terminal.type(w.wait_mails(1).code)
    enters(terminal)


def a_mailer_killed_while_it_sends(w):
    """The mail comes all the same, once more with the same Message-ID and code."""
    _start_smtp(w)
    w.write("smtp-mode", "slow")
    challenge = w.begin()
    ident = w.call("Admin.Queue")["mails"][0]["mail"]
    wait_for("the mail to be under way", (w.dir / "smtp-busy").exists)
    w.stop(w.mailer, signal.SIGKILL)
    w.write("smtp-mode", "take")
    w.start_mailer()
    mail = w.wait_mails(1)
    check(ident in mail.message["Message-ID"], mail.message["Message-ID"], "for", ident)
    equal(w.verify(challenge["challenge"], mail.code)["state"], "verified")
    for mail in w.mails():
        check(ident in mail.message["Message-ID"], "another mail")


def a_mail_put_off_before_otpd_died_is_tried_again(w):
    """Nothing else happens that could remind the new otpd of it."""
    busy = {"ada@example.org"}
    server = Sink(lambda stage, one: "451 4.3.0 later" if one and one.rcpt in busy else None)
    w.start(transport=transport(server.port))
    challenge = w.begin()["challenge"]
    put_off = wait_for("the mail to be put off", lambda: [
        m for m in w.call("Admin.Queue")["mails"] if m["tries"] and m["state"] == "queued"])
    w.stop(w.otpd, signal.SIGKILL)
    busy.clear()
    w.start_otpd()
    one = wait_for("the mail", server.taken)[0]
    equal(one.mail, put_off[0]["mail"], "mail")
    w.verify(challenge, Mail(one.data).code)


def a_mail_put_off_for_long_does_not_wait_for_another(w):
    """The second try of bob's mail comes before the third of ada's, and is no reason to
    forget it."""
    busy = {"ada@example.org", "bob@example.org"}
    server = Sink(lambda stage, one: "451 4.3.0 later" if one and one.rcpt in busy else None)
    w.start(transport=transport(server.port), users=("ada", "bob"))

    def put_off(user, tries):
        w.begin(user)
        wait_for("try %d for %s" % (tries, user), lambda: [
            m for m in w.call("Admin.Queue")["mails"] if m["user"] == user and
            m["tries"] == tries and m["state"] == "queued"])

    put_off("ada", 2)
    put_off("bob", 1)
    busy.clear()
    wait_for("both mails", lambda: len(server.taken()) == 2, 3 * LIMIT)
    equal([one.rcpt for one in server.taken()], ["bob@example.org", "ada@example.org"], "mails")


def smtp_without_tls_gets_nothing(w):
    _start_smtp(w, "plain")
    terminal, _ = w.ssh_to_code()
    wait_for("the try to fail", lambda: [m for m in w.call("Admin.Queue")["mails"]
                                         if m["tries"] >= 1 or m["state"] == "failed"])
    terminal.hang_up()
    equal(w.mails(), [], "mails in clear")


def smtp_with_a_foreign_certificate_gets_nothing(w):
    w.start_smtp(owner=MAILER)
    w.start(transport=w.smtp().replace("tls.crt", "other.crt").replace(
        '\nca_file = "%s"' % (w.dir / "other.crt"), ""))
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    wait_for("the try to fail", lambda: [m for m in w.call("Admin.Queue")["mails"]
                                         if m["tries"] >= 1 or m["state"] == "failed"])
    terminal.hang_up()
    equal(w.mails(), [], "mails")


def _small_disk(w):
    mount("-t", "tmpfs", "-o", "size=2m,mode=700,uid=%d,gid=%d" % (OTPD, OTPD), "tmpfs",
          w.dir / "otpd")


def _fill(w):
    ballast = w.dir / "otpd" / "ballast"
    with open(ballast, "wb", buffering=0) as out:
        size = 65536
        while size:
            try:
                out.write(b"x" * size)
            except OSError:
                size //= 2
    return ballast


def a_full_disk_at_begin(w):
    _small_disk(w)
    w.start(users=("ada", "bob"))
    w.start_sshd()
    ballast = _fill(w)
    # SQLite may have some room left in the pages of its log.
    names = iter(range(100000))
    wait_for("the disk to be full", lambda: w.refusal(
        "Auth.Begin", user="x%d" % next(names), service="sshd", unknown=True,
        rhost="10.0.0.%d" % (next(names) % 250)) == "Unavailable")
    refused(_to_password(w))
    _said(w, "authinfo_unavail")
    check(w.otpd.poll() is None, "otpd has ended")
    ballast.unlink()
    wait_for("otpd to work again", lambda: w.refusal(
        "Auth.Begin", user="y", service="sshd", unknown=True).startswith("no error"), 10)
    w.log_in()


def a_full_disk_at_verify(w):
    """The right code opens nothing while its use cannot be written down; later it does."""
    _small_disk(w)
    w.start()
    w.start_sshd()
    terminal, _ = w.ssh_to_code()
    mail = w.wait_mails(1)
    w.settle()
    challenge = w.begin(rhost="127.0.0.1")
    check(challenge["resumed"], "not resumed")
    ballast = _fill(w)
    names = iter(range(100000))
    wait_for("the disk to be full", lambda: w.refusal(
        "Auth.Begin", user="x%d" % next(names), service="sshd", unknown=True,
        rhost="10.0.0.%d" % (next(names) % 250)) == "Unavailable")
    terminal.type(mail.code)
    refused(terminal)
    ballast.unlink()
    terminal, asked = w.ssh_to_code()
    check("still good" in asked, asked)
    terminal.type(mail.code)
    enters(terminal)


def a_damaged_database_stops_otpd_and_stays_as_it_is(w):
    w.start()
    w.begin()
    w.stop(w.otpd)
    database = w.dir / "otpd" / "otpd.db"
    whole = database.read_bytes()
    damages = {"a header that is no database": b"x" * 100 + whole[100:],
               "a lost page": whole[:4096] + bytes(4096) + whole[8192:],
               "cut in the middle": whole[:len(whole) // 2 + 100],
               "empty but for text": b"hello\n",
               "of another program": whole[:68] + b"abcd" + whole[72:]}
    for what, data in damages.items():
        database.write_bytes(data)
        otpd = w.spawn_otpd()
        wait_for("otpd to give up: " + what, lambda p=otpd: p.poll() is not None)
        check(otpd.returncode > 0, what, "exit status", otpd.returncode)
        check("otpd.db" in w.log("otpd").splitlines()[-1] or "database" in w.log("otpd"),
              what, "not said")
        equal(database.read_bytes(), data, what)
    database.write_bytes(whole)
    w.start_otpd()


def a_lost_key_is_made_anew_and_voids_the_codes(w):
    """What is hashed under the old key is worth nothing under the new one; a cut key is
    no key."""
    w.start()
    challenge = w.begin()["challenge"]
    w.wait_mails(1)
    w.stop(w.otpd)
    key = w.dir / "otpd" / "otpd.key"
    data = key.read_bytes()
    key.unlink()
    w.start_otpd()
    equal(w.refusal("Auth.Verify", challenge=challenge, code=w.mails()[0].code), "WrongCode")
    w.stop(w.otpd)
    key.unlink()
    key.write_bytes(data[:-1])
    key.chmod(0o600)
    os.chown(key, OTPD, OTPD)
    otpd = w.spawn_otpd()
    wait_for("otpd to refuse a short key", lambda: otpd.poll() is not None)


def a_clock_set_back_kills_live_challenges(w):
    w.start(env=w.clock())
    w.begin(user="ada")
    mail = w.wait_mails(1)
    challenge = w.begin(user="ada")["challenge"]
    w.set_clock(-3600)
    check(w.refusal("Auth.Verify", challenge=challenge, code=mail.code) in
          ("NoChallenge", "Expired"), "the code of before the clock was set back")
    w.set_clock(0)
    check(w.refusal("Auth.Verify", challenge=challenge, code=mail.code) in
          ("NoChallenge", "Expired"), "it came back to life")


def a_code_dies_with_its_time(w):
    w.start(env=w.clock())
    early = w.begin(user="ada", rhost="10.0.0.1")
    equal(early["expires_in"], 600, "life")
    mail = w.wait_mails(1)
    w.set_clock(605)
    equal(w.refusal("Auth.Verify", challenge=early["challenge"], code=mail.code), "Expired")
    again = w.begin(user="ada", rhost="10.0.0.1")
    check(again["challenge"] != early["challenge"], "an expired challenge was resumed")


def budgets_come_back_with_time_and_not_before(w):
    w.start(policy="policy sshd { cool_down = 0\n wrong_per_hour = 5\n wrong_per_day = 8\n"
                   "sends_per_hour = 100\n sends_per_day = 400 }", env=w.clock())

    def burn():
        """Wrong codes until otpd evaluates no more."""
        before = w.show()["wrong_month"]
        for _ in range(20):
            w.refusal("Auth.Verify", challenge=w.begin()["challenge"], code="no code")
        return w.show()["wrong_month"] - before

    equal(burn(), 5, "wrong codes of the first hour")
    w.set_clock(3000)
    equal(burn(), 0, "wrong codes later in that hour")
    w.set_clock(3700)
    equal(burn(), 3, "wrong codes of the second hour, up to the day's budget")
    w.set_clock(86400 + 3800)
    equal(burn(), 5, "wrong codes of the next day")


def two_hundred_right_codes_are_one_success(w):
    w.start()
    challenge = w.begin()["challenge"]
    code = w.wait_mails(1).code
    gate = threading.Barrier(200)

    def attempt(_):
        with Varlink(SOCKET) as otpd:
            gate.wait()
            try:
                return otpd.call("org.emailotp.Auth.Verify", challenge=challenge,
                                 code=code)["state"]
            except Refused as refused_:
                return refused_.name

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(attempt, range(200)))
    equal(answers.count("verified"), 1, "successes")
    equal(answers.count("NoChallenge"), 199, "refusals")


def a_thousand_wrong_codes_are_the_budget(w):
    """Whatever runs beside: 5 for each code, and in all what an hour allows."""
    w.start(policy="policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 100 }",
            extra="max_connections = 2000")
    w.begin()
    codes = {w.wait_mails(1).code}
    guesses = ["%06d" % n for n in range(1100) if "%06d" % n not in codes][:1000]
    begun = [w.begin(rhost="10.0.%d.1" % n)["challenge"] for n in range(20)]
    gate = threading.Barrier(100)

    def attack(n):
        with Varlink(SOCKET) as otpd:
            gate.wait()
            answers = []
            for guess in guesses[n::100]:
                try:
                    answers.append(otpd.call("org.emailotp.Auth.Verify",
                                             challenge=begun[n % 20], code=guess)["state"])
                except Refused as refused_:
                    answers.append(refused_.name)
            return answers

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = [a for some in pool.map(attack, range(100)) for a in some]
    equal(len(answers), 1000, "answers")
    check(answers.count("verified") <= 1, "guessed more than luck allows")
    equal(w.show()["wrong_hour"], 10, "wrong codes evaluated")
    if "verified" not in answers:
        check(answers.count("WrongCode") + answers.count("Burnt") >= 10, "answers", set(answers))
    left = w.refusal("Auth.Verify", challenge=begun[19], code="999999")
    check(left != "WrongCode" or w.show()["wrong_hour"] == 10, "an eleventh was evaluated")
