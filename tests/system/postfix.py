# SPDX-License-Identifier: MIT
"""A Postfix of one test: its own configuration, queue, certificates and port, in the
test's directory. It runs without init, beside whatever mail server the machine has, and
touches neither /etc/postfix nor /var/spool/postfix.

It takes mail on a port of loopback, with STARTTLS, and puts what is for example.org into
the Maildir mails/, where the tests look. A policy server of the test's own decides about
each recipient before that (Policy). What is for other domains goes on to next_hop, if there
is one; what comes back from there goes to the sender's Maildir bounces/.
"""
import os
import pathlib
import socket
import subprocess
import threading

from lab import Skip, check, free_port, wait_for
from world import ACCOUNTS, MAILER

MASTER = "/usr/lib/postfix/sbin/master"
DOMAIN = "example.org"

# What post-install(1) makes of postfix-files(5), for the services below.
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "private", "saved", "trace")
MAIN = """
compatibility_level = 3.6
config_directory = {dir}/etc
queue_directory = {dir}/queue
data_directory = {dir}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = relay.{domain}
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
fast_flush_domains =
biff = no
default_process_limit = 10
smtpd_peername_lookup = no
smtpd_tls_security_level = {tls}
smtpd_tls_chain_files = {chain}
smtpd_tls_session_cache_database =
smtpd_recipient_restrictions = {policy}, permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = {domain} test.{domain}
virtual_mailbox_base = {mails}
virtual_mailbox_maps = texthash:{dir}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
{more}
"""
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
pickup unix n - n 60 1 pickup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
"""


class Policy(threading.Thread):
    """Postfix asks it about every recipient (SMTPD_POLICY_README); answer(request) says
    what to do, as access(5) writes it. All requests are kept."""

    def __init__(self, answer=lambda request: "dunno"):
        super().__init__(daemon=True)
        self.answer = answer
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rw", encoding="utf-8", newline="\n") as stream:
            request = {}
            for line in stream:
                name, _, value = line.rstrip("\n").partition("=")
                if name:
                    request[name] = value
                    continue
                self.asked.append(request)
                stream.write("action=%s\n\n" % self.answer(request))
                stream.flush()
                request = {}


class Greylist:
    """Puts a recipient off until the test has opened it for him."""

    def __init__(self, text="defer_if_permit Greylisted, please come back later"):
        self.text = text
        self.open = set()

    def __call__(self, request):
        return "dunno" if request["recipient"] in self.open else self.text


class Wire(threading.Thread):
    """Stands between otpd-mail and a server, and keeps what otpd-mail has said."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.behind = port
        self.said = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.behind), 30)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.carry, args=(client, server, True),
                             daemon=True).start()
            threading.Thread(target=self.carry, args=(server, client, False),
                             daemon=True).start()

    def carry(self, source, sink, keep):
        try:
            while data := source.recv(65536):
                if keep:
                    self.said += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()


class Authority:
    """A certification authority, and the chain (key first) of a server that it signed."""

    def __init__(self, w, name, server="localhost"):
        self.file = w.dir / (name + ".ca.crt")
        key, request = w.dir / (name + ".ca.key"), w.dir / (name + ".csr")
        leaf, leaf_key = w.dir / (name + ".crt"), w.dir / (name + ".key")
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        w.run("openssl", "req", "-x509", *new, "-days", "2", "-subj", "/CN=" + name,
              "-keyout", key, "-out", self.file)
        w.run("openssl", "req", *new, "-subj", "/CN=" + server, "-keyout", leaf_key,
              "-out", request)
        names = w.write(name + ".ext", "subjectAltName=DNS:%s\n" % server)
        w.run("openssl", "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", key,
              "-CAcreateserial", "-days", "2", "-extfile", names, "-out", leaf)
        self.chain = w.write(name + ".chain", leaf_key.read_text() + leaf.read_text(), 0o600)


class Postfix:
    """tls: smtpd_tls_security_level. users: whose mailboxes exist. more: further lines of
    main.cf. next_hop: a port of loopback. Starts at once."""

    def __init__(self, w, policy=None, users=("ada", "bob", "carol"), tls="encrypt", more="",
                 next_hop=None):
        if not os.path.exists(MASTER):
            raise Skip("postfix is not installed")
        self.w = w
        self.dir = w.dir / "postfix"
        self.policy = policy or Policy()
        self.port = free_port()
        self.authority = Authority(w, "relay-authority")
        self.process = None
        self.make_directories()
        self.write("mailboxes", "".join("%s@%s mails/\n" % (u, DOMAIN) for u in users) +
                   "otpd@test.%s bounces/\n" % DOMAIN)
        if next_hop:
            more += "\ndefault_transport = smtp:[127.0.0.1]:%d\n" % next_hop
        self.write("master.cf", SERVICES.format(port=self.port))
        self.write("main.cf", MAIN.format(
            dir=self.dir, domain=DOMAIN, tls=tls, chain=self.authority.chain, uid=MAILER,
            mails=w.dir, more=more,
            policy="check_policy_service inet:127.0.0.1:%d" % self.policy.port))
        self.start()

    def write(self, name, text):
        self.w.write("postfix/etc/" + name, text)

    def make_directories(self):
        owner, group = ACCOUNTS["postfix"], ACCOUNTS["postdrop"]
        parts = [("etc", 0, 0, 0o755), ("data", owner, owner, 0o700), ("queue", 0, 0, 0o755),
                 ("queue/pid", 0, 0, 0o755), ("queue/maildrop", owner, group, 0o730),
                 ("queue/public", owner, group, 0o710)]
        parts += [("queue/" + name, owner, owner, 0o700) for name in QUEUES]
        for name, uid, gid, mode in parts:
            path = self.dir / name
            path.mkdir(parents=True)
            os.chown(path, uid, gid)
            path.chmod(mode)

    def start(self):
        self.process = self.w.spawn("postfix", [MASTER, "-s", "-c", self.dir / "etc"])
        self.w.ready(self.process, self.answers)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 30) as client:
                greeting = client.recv(512)
                client.sendall(b"QUIT\r\n")
                return greeting.startswith(b"220 ")
        except OSError:
            return False

    def stop(self):
        """All of it: master passes the signal on to its process group."""
        pid = self.process.pid
        self.w.stop(self.process)
        wait_for("the processes of Postfix to end", lambda: not any(
            _is_of_session(proc, pid) for proc in pathlib.Path("/proc").glob("[0-9]*")))

    def command(self, name, *arguments):
        """A command of Postfix' on this instance: postsuper, postqueue."""
        done = subprocess.run(["/usr/sbin/" + name, "-c", str(self.dir / "etc"), *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)
        check(done.returncode == 0, name, "ended with", done.returncode, done.stderr)
        return done.stdout

    def held(self):
        """The queue files that a HOLD has kept back."""
        return list((self.dir / "queue" / "hold").iterdir())

    def release(self, queue_id):
        self.command("postsuper", "-H", queue_id)
        self.command("postqueue", "-f")

    def transport(self, more="", ca_file=None, port=None):
        """The inside of a transport section of mail.conf that speaks to it."""
        return """type = smtp
host = "localhost"
port = %d
ca_file = "%s"
timeout = 30s
%s""" % (port or self.port, ca_file or self.authority.file, more)


def _is_of_session(proc, session):
    try:
        fields = (proc / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[3]) == session and fields[0] not in "ZX"


__all__ = ["Authority", "Greylist", "Policy", "Postfix", "Wire"]
