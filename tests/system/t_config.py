# SPDX-License-Identifier: MIT
"""Configuration: all of it or nothing, at the start, for --check and on reload."""
import os
import signal
import socket

from lab import check, equal, wait_for
from world import CLIENTS, MAILER, OTPD, POLICY, SOCKET

OTPD_MISTAKES = {
    "an unknown key": ("sokcet = x\n", "sokcet"),
    "a number out of range": ("max_connections = 1\n", "max_connections"),
    "a word for a number": ("max_connections = many\n", "max_connections"),
    "a mode that is none": ("socket_mode = 999\n", "socket_mode"),
    "an unknown choice": ("log_level = loud\n", "log_level"),
    "an unknown key in a section": ("policy x { graze = 1 }\n", "graze"),
    "a code that is too short": ("policy x { code_length = 4 }\n", "code_length"),
    "a life that is too long": ("policy x { life = 1d }\n", "life"),
    "no network": ('policy x { exempt_networks = { "10.0.0.1/8" } }\n', "10.0.0.1/8"),
    "a section without an end": ("policy x {\n", ""),
    "an unknown user": ('client x { user = "nobody-here"\n services = { a } }\n', "nobody-here"),
    "a client without services": ('client x { user = "web" }\n', "services"),
    "text after the value": ('log_level = info info = x\n', ""),
}
MAIL_MISTAKES = {
    "an unknown key": ("form = x\n", "form"),
    "from that is no address": (
        'from = "a b@example.org"\ntransport x {\n type = console\n}\n', "from"),
    "clear text to elsewhere": (
        'transport x {\n type = smtp\n host = "192.0.2.1"\n tls = none\n}\n', "none"),
    "a relative maildir": ('transport x {\n type = maildir\n path = "mails"\n}\n', "path"),
    "an unknown type": ("transport x {\n type = pigeon\n}\n", "pigeon"),
}


def _check(w, program, path, wanted, what=""):
    done = w.run(w.bin / program, "--check", "--config", path, wanted=None)
    check((done.returncode == 0) == (wanted == 0), what, program, "--check ended with",
          done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def check_finds_every_mistake(w):
    w.configure_mailer(w.maildir())
    _check(w, "otpd", w.configure_otpd(), 0)
    _check(w, "otpd-mail", w.dir / "mail.conf", 0)
    for what, (text, word) in OTPD_MISTAKES.items():
        said = _check(w, "otpd", w.write("x.conf", "# first\n" + text), 1, what)
        check("x.conf" in said and word in said, what, said)
    said = _check(w, "otpd", w.write("x.conf", "\n\nsokcet = x\n"), 1)
    check("x.conf:3:" in said, "no line in", said)
    for what, (text, word) in MAIL_MISTAKES.items():
        whole = text if "from" in text else 'from = "a@example.org"\n' + text
        whole = w.templates() + "\n" + whole
        said = _check(w, "otpd-mail", w.write("x.conf", whole), 1, what)
        check("x.conf" in said and word in said, what, said)
    said = _check(w, "otpd-mail", w.write("x.conf", w.templates() + "\n"), 0, "no set-up yet")
    check("otpctl setup" in said, "what to do", said)


def files_that_others_could_have_written(w):
    good = POLICY
    for program, text in (("otpd", good), ("otpd-mail",
                          'from = "a@example.org"\ntransport x { type = console }\n'
                          + w.templates() + "\n")):
        path = w.write("c.conf", text)
        _check(w, program, path, 0)
        for mode in (0o666, 0o664, 0o646):
            path.chmod(mode)
            check("writable" in _check(w, program, path, 1), oct(mode))
        path.chmod(0o644)
        os.chown(path, 65534, 65534)
        check("belong" in _check(w, program, path, 1), "owner nobody")
        os.chown(path, 0, 0)
        link = w.dir / "link.conf"
        link.symlink_to(path)
        check("symbolic" in _check(w, program, link, 1), "a symbolic link")
        link.unlink()
        os.mkfifo(link)
        check("regular" in _check(w, program, link, 1), "a FIFO")
        link.unlink()
        _check(w, program, w.dir, 1)
        check("No such file" in _check(w, program, w.dir / "none.conf", 1), "a missing file")


def the_smtp_password_that_others_can_read(w):
    w.start_smtp(owner=MAILER)
    (w.dir / "smtp-password").chmod(0o644)
    w.configure_mailer(w.smtp())
    mailer = w.spawn("otpd-mail", [w.bin / "otpd-mail", "--config", w.dir / "mail.conf"],
                     user=MAILER, group=MAILER, extra_groups=[])
    wait_for("otpd-mail to refuse", lambda: mailer.poll() is not None)
    check("smtp-password" in w.log("otpd-mail"), w.log("otpd-mail"))


def a_key_that_others_can_read_stops_otpd(w):
    w.start()
    w.stop(w.otpd)
    (w.dir / "otpd/otpd.key").chmod(0o644)
    otpd = w.spawn_otpd()
    wait_for("otpd to refuse", lambda: otpd.poll() is not None)
    check("otpd.key" in w.log("otpd"), w.log("otpd"))


def drop_ins_are_read_in_order(w):
    w.configure_otpd("")
    w.write("otpd.conf.d/10-a.conf", "socket_mode = 0600\n")
    w.write("otpd.conf.d/20-b.conf", "socket_mode = 0666\npolicy sshd { code_length = 8 }\n")
    w.write("otpd.conf.d/ignored.txt", "nonsense\n")
    w.configure_mailer(w.maildir())
    w.start_mailer()
    w.start_otpd()
    equal(w.begin(user="x", unknown=True)["length"], 8, "code length")
    equal(oct(os.stat(SOCKET).st_mode & 0o777), "0o666", "the last value of an option")
    for text in ("nonsense\n", "policy sshd { }\n"):  # a section stands in one file only
        w.write("otpd.conf.d/30-c.conf", text)
        check("30-c.conf" in _check(w, "otpd", w.dir / "otpd.conf", 1), "the drop-in's name")


def reload_is_all_or_nothing(w):
    w.start(policy="policy sshd { cool_down = 0\n code_length = 6 }")
    equal(w.begin(user="a", unknown=True)["length"], 6, "length at the start")

    def reload(policy):
        before = len(w.log("otpd"))
        w.configure_otpd(policy)
        w.otpd.send_signal(signal.SIGHUP)
        return wait_for("the reload in the log", lambda: w.log("otpd")[before:])

    reload("policy sshd { cool_down = 0\n code_length = 8 }")
    wait_for("8 digits", lambda: w.begin(user=os.urandom(4).hex(), unknown=True)["length"] == 8)
    reload("policy sshd { cool_down = 0\n code_length = 9\n graze = 1 }")
    wait_for("the mistake in the log", lambda: "graze" in w.log("otpd"))
    equal(w.begin(user="c", unknown=True)["length"], 8, "length after a mistake")
    reload("policy sshd { cool_down = 0\n code_length = 10 }")
    wait_for("10 digits", lambda: w.begin(user=os.urandom(4).hex(), unknown=True)["length"] == 10)


def a_second_otpd_does_not_start(w):
    w.start()
    first = w.otpd
    second = w.spawn_otpd()
    wait_for("the second to give up", lambda: second.poll() is not None)
    check(second.returncode != 0, "exit status", second.returncode)
    check(first.poll() is None and w.answers(SOCKET), "the first has gone")
    w.begin()


def systemd_hands_over_the_socket_and_is_told(w):
    """Socket activation and sd_notify(3), with the test in the place of systemd."""
    w.configure_mailer(w.maildir())
    w.start_mailer()
    config = w.configure_otpd(extra='socket = "/nowhere/otpd.sock"')
    notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notes.bind("/run/notify")
    os.chmod("/run/notify", 0o666)
    notes.settimeout(30)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    os.chmod(SOCKET, 0o666)
    listener.listen()
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(SOCKET)  # before otpd runs
    otpd = w.spawn("otpd", ["sh", "-c", "LISTEN_PID=$$ exec \"$@\" 3<&%d" % listener.fileno(),
                            "sh", w.bin / "otpd", "--config", config],
                   user=OTPD, group=OTPD, extra_groups=[CLIENTS],
                   pass_fds=[listener.fileno()],
                   env={**w.environment, "LISTEN_FDS": "1", "NOTIFY_SOCKET": "/run/notify"})

    def told(word):
        while True:
            text = notes.recv(4096).decode()
            if word in text:
                return

    told("READY=1")
    waiting.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
    check(b"otpd" in waiting.recv(4096), "no answer to who waited")
    otpd.send_signal(signal.SIGHUP)
    told("RELOADING=1")
    told("READY=1")
    otpd.send_signal(signal.SIGTERM)
    told("STOPPING=1")
    equal(otpd.wait(30), 0, "exit status")
    check(os.path.exists(SOCKET), "otpd removed the socket of systemd")
