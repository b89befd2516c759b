# SPDX-License-Identifier: MIT
"""What the daemons have given up, as it is seen from outside, and that they still work.

What they can no longer do is tried in tests/unit/test_sandbox.c, by processes that have
entered the same sandbox. Any daemon that it ends fails the test that it serves: see
Lab.crashed().
"""
import ctypes
import mmap
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import threading

from lab import SANITIZER, Skip, Varlink, check, equal, wait_for
from world import MAILER, OTPD, SOCKET, as_uid, mount

USER_RECORD = '{"userName":"dora","uid":61234,"gid":61234,"homeDirectory":"/","shell":"/bin/sh"}'
GROUP_RECORD = '{"groupName":"dora","gid":61234}'


def _needs_locked_memory():
    """Some containers refuse mlock(2); the daemons then keep their keys all the same."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE)) != 0:
        raise Skip("no memory can be locked here: " + os.strerror(ctypes.get_errno()))


def _needs_filter():
    if SANITIZER:
        raise Skip("built with a sanitizer, the daemons have no filter")


def _statuses(pid):
    """What the kernel says of each thread."""
    return [dict(re.findall(r"(?m)^(\w+):\s*(.*)$", task.joinpath("status").read_text("ascii")))
            for task in pathlib.Path("/proc/%d/task" % pid).iterdir()]


def _ask_at_once(method, n=16):
    """Calls from several clients, so that workers start."""
    def ask():
        with Varlink(SOCKET) as otpd:
            otpd.call("org.emailotp." + method, user="ada", service="sshd")
    threads = [threading.Thread(target=ask) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def every_thread_is_confined(w):
    _needs_filter()
    w.start()
    _ask_at_once("Auth.Begin")
    w.wait_mails(1)
    for process, uid in ((w.otpd, OTPD), (w.mailer, MAILER)):
        found = _statuses(process.pid)
        for status in found:
            equal(status["Seccomp"], "2", process.name + ": Seccomp")
            equal(status["NoNewPrivs"], "1", process.name + ": NoNewPrivs")
            equal(status["Uid"].split()[0], str(uid), process.name + ": uid")
        limits = pathlib.Path("/proc/%d/limits" % process.pid).read_text("ascii")
        check(re.search(r"Max core file size\s+0\s+0\s", limits), limits)
        check("sandbox: seccomp, " in w.log(process.name), w.log(process.name))
    check(len(_statuses(w.otpd.pid)) > 1, "otpd has started no worker")
    _needs_locked_memory()
    for process in (w.otpd, w.mailer):
        locked = _statuses(process.pid)[0]["VmLck"]
        check(int(locked.split()[0]) >= 4, process.name, "locks", locked)


def nobody_looks_into_their_memory(w):
    """Not even their own users: what is not dumpable belongs to root."""
    w.start()
    for process, uid in ((w.otpd, OTPD), (w.mailer, MAILER)):
        directory = "/proc/%d/" % process.pid
        equal(os.stat(directory + "environ").st_uid, 0, "owner of " + directory)

        def look(directory=directory, pid=process.pid):
            said = []
            for name in ("mem", "environ", "maps", "fd/0"):
                try:
                    with open(directory + name, "rb") as one:
                        one.read(1)
                    said.append(name)
                except PermissionError:
                    pass
            seize = 0x4206  # PTRACE_SEIZE
            if ctypes.CDLL(None).ptrace(seize, pid, 0, 0) == 0:
                said.append("ptrace")
            return said
        equal(as_uid(uid, look), [], "what its user could open")


def _found_in_memory(pid, secret):
    """The flags of each mapping that holds these bytes: proc(5), VmFlags."""
    smaps = pathlib.Path("/proc/%d/smaps" % pid).read_text("utf-8", "replace")
    held = []
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for part in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", smaps)[1:]:
            start, end = (int(n, 16) for n in re.match(r"(\w+)-(\w+) ", part).groups())
            flags = re.search(r"VmFlags: (.*)", part)[1].split()
            if part.split()[1][0] != "r" or "[v" in part.splitlines()[0]:
                continue
            memory.seek(start)
            data = b""
            while len(data) < end - start:
                more = memory.read(end - start - len(data))
                if not more:
                    break
                data += more
            if secret in data:
                held.append(flags)
    return held


def keys_are_in_locked_memory_only_and_codes_in_none(w):
    if SANITIZER:
        raise Skip("sanitizers keep freed memory and have an allocator of their own")
    _needs_locked_memory()
    w.start_smtp(owner=MAILER)
    w.start(transport=w.smtp())
    challenge = w.begin()["challenge"]
    code = w.wait_mails(1).code
    w.verify(challenge, code)
    w.settle()
    password = (w.dir / "smtp-password").read_bytes().strip()
    for process, secret in ((w.otpd, (w.dir / "otpd/otpd.key").read_bytes()),
                            (w.mailer, (w.dir / "mail/mail.key").read_bytes())):
        held = _found_in_memory(process.pid, secret)
        check(held, "the key of", process.name, "is not found: the search is wrong")
        for flags in held:
            check("lo" in flags and "dd" in flags, process.name, "has its key in", flags)
    equal(_found_in_memory(w.otpd.pid, code.encode()), [], "the code in otpd")
    equal(_found_in_memory(w.otpd.pid, password), [], "the relay's password in otpd")
    locked = [f for f in _found_in_memory(w.mailer.pid, password) if "lo" in f]
    equal(len(locked), 1, "the relay's password in locked memory of otpd-mail")


def users_of_systemd_are_found(w):
    """A module of NSS that is loaded when the doors are closed, and asks what it likes."""
    if not list(pathlib.Path("/usr/lib").glob("*/libnss_systemd.so.2")):
        raise Skip("libnss-systemd is not installed")
    # In place: the file that is there is mounted.
    (w.dir / "etc/nsswitch.conf").write_text(
        "passwd: files systemd\ngroup: files systemd\nshadow: files\nhosts: files\n")
    os.makedirs("/run/userdb")
    for name, text in (("dora.user", USER_RECORD), ("61234.user", USER_RECORD),
                       ("dora.group", GROUP_RECORD), ("61234.group", GROUP_RECORD)):
        pathlib.Path("/run/userdb", name).write_text(text)
    w.start(users=("dora",))
    equal(w.begin(user="dora")["state"], "challenge", "dora's login")
    equal(w.begin(user="nobody-here", unknown=True)["state"], "challenge", "a decoy")
    w.wait_mails(1, w.address("dora"))


class _Resolver:
    """A name server of loopback that knows one address, until it is told to be silent."""

    def __init__(self):
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(("127.0.0.1", 53))
        except OSError as error:
            raise Skip("port 53 is another's: %s" % error) from None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            self.asked += 1
            end = query.index(b"\0", 12) + 5
            name, kind = query[12:end], query[end - 4:end - 2]
            known = name.startswith(b"\5relay\4test\0")
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if known and kind == b"\0\1" else b""
            self.socket.sendto(query[:2] + struct.pack(
                ">HHHHH", 0x8180 if known else 0x8183, 1, bool(answer), 0, 0) + name + answer, peer)


def names_of_relays_are_resolved(w):
    resolver = _Resolver()
    w.certificate("relay.test")
    w.start_smtp(owner=MAILER)
    (w.dir / "etc/nsswitch.conf").write_text(
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
    mount("--bind", w.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1\n"),
          "/etc/resolv.conf")
    w.start(transport={"lost": w.smtp().replace("localhost", "nowhere.test"),
                       "found": w.smtp().replace("localhost", "relay.test")})
    w.begin()
    w.wait_mails(1)
    check(resolver.asked >= 2, "the resolver was asked", resolver.asked, "times")
    check("resolve host" in w.log("otpd-mail"), w.log("otpd-mail"))


def a_maildir_elsewhere_needs_a_restart(w):
    w.start()
    inside = w.dir / "mail/box"
    outside = w.dir / "elsewhere"
    outside.mkdir()
    os.chown(outside, MAILER, MAILER)

    def reload_with(path):
        w.configure_mailer('type = maildir\npath = "%s"' % path)
        before = w.log("otpd-mail")
        w.mailer.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: re.search("reloaded|old configuration stays",
                                                 w.log("otpd-mail")[len(before):]))
        return w.log("otpd-mail")[len(before):]

    check("reloaded" in reload_with(inside), w.log("otpd-mail"))
    w.begin()
    wait_for("a mail in the new Maildir", lambda: list(inside.glob("new/*")))
    if "no landlock" in w.log("otpd-mail"):
        raise Skip("this kernel has no Landlock")
    said = reload_with(outside / "box")
    check("elsewhere/box is outside of what otpd-mail may change" in said and
          "systemctl restart otpd-mail" in said, said)
    w.stop(w.mailer)
    w.start_mailer()
    w.begin(rhost="192.0.2.1")
    wait_for("a mail in the other Maildir", lambda: list(outside.glob("box/new/*")))


SLOW_DISK = r"""
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
int fdatasync(int fd)
{
	const struct timespec pause = { 0, 10000000 };
	while (access("%s", F_OK) == 0 ||
		(syscall(SYS_gettid) != getpid() && access("%s-workers", F_OK) == 0))
		nanosleep(&pause, 0);
	return (int)syscall(SYS_fdatasync, fd);
}
"""


class _Manager:
    """systemd's side of sd_notify(3)."""

    def __init__(self, path):
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "900000"}
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.heard.append(self.socket.recv(4096).decode())

    def signs(self):
        return self.heard.count("WATCHDOG=1")


def the_watchdog_hears_of_progress_only(w):
    manager = _Manager(w.dir / "notify")
    if SANITIZER:
        raise Skip("the disk that hangs is a library before those of the sanitizer")
    if not shutil.which("cc"):
        raise Skip("there is no compiler here")
    hold = w.dir / "hold"
    w.write("slow.c", SLOW_DISK % (hold, hold))
    w.run("cc", "-shared", "-fPIC", "-o", w.dir / "slow.so", w.dir / "slow.c")
    os.chmod(w.dir / "slow.so", 0o755)
    w.start(env={**manager.environment, "LD_PRELOAD": str(w.dir / "slow.so")})
    check("READY=1" in manager.heard, manager.heard)
    wait_for("three signs of life", lambda: manager.signs() >= 3)

    def hang(path, until):
        """Asks until calls hang, and then lets them go on."""
        path.touch()
        askers = []
        while not until():
            askers.append(threading.Thread(target=_ask_at_once, args=("Auth.Begin",)))
            askers[-1].start()
            askers[-1].join(0.2)
        path.unlink()
        before = manager.signs()
        wait_for("further signs of life", lambda: manager.signs() >= before + 3)
        for asker in askers:
            asker.join(30)

    # A transaction on a worker, with the loop running; then one on the loop itself.
    hang(w.dir / "hold-workers", lambda: "waiting for the watchdog" in w.log("otpd") and
         _is_silent(manager))
    hang(hold, lambda: _is_silent(manager))
    equal(w.begin(rhost="192.0.2.7")["state"], "challenge", "a login after it")


def _is_silent(manager):
    """Whether nothing has come for as long as the watchdog waits."""
    before = manager.signs()
    threading.Event().wait(0.9)  # a time that is the property itself
    return manager.signs() == before


def the_mailer_gives_signs_of_life(w):
    manager = _Manager(w.dir / "notify")
    w.environment = {**w.environment, **manager.environment}
    w.configure_mailer(w.maildir())
    w.start_mailer()
    check("READY=1" in manager.heard, manager.heard)
    wait_for("three signs of life", lambda: manager.signs() >= 3)
    equal(w.stop(w.mailer), 0, "exit status")
    wait_for("the last word", lambda: "STOPPING=1" in manager.heard)


def the_mailers_key_comes_as_a_credential(w):
    credentials = w.dir / "credentials"
    credentials.mkdir(mode=0o755)
    w.write("credentials/mail.key", "", 0o600, MAILER).write_bytes(os.urandom(32))
    w.write("credentials/otpd.key", "", 0o600, OTPD).write_bytes(os.urandom(32))
    w.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    w.start()
    challenge = w.begin()["challenge"]
    w.verify(challenge, w.wait_mails(1).code)
    check(not (w.dir / "mail/mail.key").exists(), "another key was made")
    check(not (w.dir / "otpd/otpd.key").exists(), "another key was made")
    (credentials / "mail.key").write_bytes(b"short")
    w.stop(w.mailer)
    w.configure_mailer(w.maildir())
    ended = w.spawn("otpd-mail", [w.bin / "otpd-mail", "--config", w.dir / "mail.conf"],
                    user=MAILER, group=MAILER, extra_groups=[], env=w.environment)
    equal(ended.wait(30), 1, "exit status with a key that is none")
    check("credentials/mail.key: does not hold a key" in w.log("otpd-mail"), w.log("otpd-mail"))
