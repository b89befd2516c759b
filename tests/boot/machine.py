# SPDX-License-Identifier: MIT
"""Machines for the tests of tests/boot: a minimal Debian by debootstrap, the packages of what
is committed built on it, and copies of it that are booted, with systemd as process 1 and no
network but loopback. Runs on the host, as root; what it needs there is debootstrap and
systemd-nspawn.

What must hold: everything it makes is below the cache and one temporary directory, and every
process that it starts has ended when it ends.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What every machine has before anything of ours is there.
BARE = ["systemd", "systemd-sysv", "dbus"]
# What the tests use: servers and clients of others, and the commands that must not change.
TOOLS = ["openssh-server", "openssh-client", "sudo", "python3", "python3-aiosmtpd", "cron",
         "at", "pamtester", "libpam-systemd", "procps", "login", "ca-certificates"]
OLD_VERSION = "0.1.99"
# What the packages are made of.
SOURCES = ["otpd", "pam_emailotp", "conf", "templates", "man", "packaging/debian", "Makefile"]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNIT = """[Unit]
Description=the test
Wants=multi-user.target
After=multi-user.target
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=exec
WorkingDirectory=-/root/project/tests/boot
Environment=HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
ExecStart=/bin/sh -c '/usr/bin/python3 -u %s </dev/null >/root/out 2>&1; echo $? >/root/status'
"""


class Impossible(Exception):
    """No machine can be made here, and why."""


class Broken(Exception):
    """The tree cannot be built or installed on the machine: a failure, not a reason to skip."""


def call(argv, log, limit=None, **options):
    """Runs a command with a clean environment; what it says goes to the end of a file."""
    environment = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb",
                   "DEBIAN_FRONTEND": "noninteractive"}
    with open(log, "ab") as out:
        return subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out,
                              stderr=out, env=environment, timeout=limit, **options).returncode


def must(argv, log, why=Impossible, **options):
    if call(argv, log, **options) != 0:
        tail = pathlib.Path(log).read_text("utf-8", "replace")[-2000:]
        raise why("%s: see the end of %s:\n%s" % (argv[0], log, tail))


def inside(root, command, log, why=Impossible, limit=3600):
    """A shell command on a machine that is not booted, with the network of the host."""
    must(["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--as-pid2",
          "--resolv-conf=copy-host", "-D", root, "--chdir=/root", "/bin/sh", "-euc", command],
         log, why, limit=limit)


def mirror():
    """Where this host has its packages from."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN)"],
                          capture_output=True, text=True, check=False).stdout
    sites = [line.split()[0] for line in said.splitlines()
             if line.endswith(" Debian") and "security" not in line]
    if not sites:
        raise Impossible("apt of this host knows no archive of Debian; see apt-get update")
    return sites[0]


class Factory:
    """Makes machines of one suite, and keeps what takes long in the cache."""

    def __init__(self, suite, cache):
        if os.geteuid() != 0:
            raise Impossible("must be root")
        for program in ("debootstrap", "systemd-nspawn"):
            if not shutil.which(program):
                raise Impossible(program + " is not installed: ./dev boot")
        self.suite = suite
        self.cache = pathlib.Path(cache) / suite
        self.cache.mkdir(parents=True, exist_ok=True)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="boot-%s." % suite, dir="/var/tmp"))
        self.log = self.cache / "log"
        self.log.write_text("")
        self.tree = self.work / "tree"
        self.copy_tree()

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def copy_tree(self):
        """What is committed; the sources as they lie where there is no git."""
        self.tree.mkdir()
        pack = "git -c safe.directory='*' archive HEAD" if (ROOT / ".git").exists() else \
            "tar -c --exclude=./build --exclude=__pycache__ ."
        must(["/bin/sh", "-c", "cd '%s' && %s | tar -C '%s' --no-same-owner -x" %
              (ROOT, pack, self.tree)], self.log)

    def tarball(self, name, make):
        """A directory with what is in NAME.tar of the cache; made by make(directory) once."""
        root, kept = self.work / name, self.cache / (name + ".tar")
        if root.exists():
            return root
        if kept.exists():
            root.mkdir()
            must(["tar", "-C", root, "-xf", kept], self.log)
            return root
        print("making", kept, flush=True)
        make(root)
        must(["tar", "-C", root, "-cf", str(kept) + ".part", "."], self.log)
        os.rename(str(kept) + ".part", kept)
        return root

    def bare(self, root):
        must(["debootstrap", "--variant=minbase", "--include=" + ",".join(BARE), self.suite,
              root, mirror()], self.log)

    def builder(self):
        """With the compiler, installed by ./dev as anybody would."""
        def make(root):
            self.bare(root)
            must(["cp", "-a", self.tree, root / "root/project"], self.log)
            inside(root, "cd project && ./dev deb --dry-run", self.log, Broken)
            shutil.rmtree(root / "root/project")
        return self.tarball("builder", make)

    def with_tools(self):
        def make(root):
            self.bare(root)
            (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
            (root / "usr/sbin/policy-rc.d").chmod(0o755)
            inside(root, "apt-get update && apt-get install -y --no-install-recommends " +
                   " ".join(TOOLS) + " && cd /tmp && apt-get download i3lock && "
                   "dpkg -x i3lock_*.deb x && cp x/etc/pam.d/i3lock /etc/pam.d && rm -r x *.deb",
                   self.log)
            (root / "usr/sbin/policy-rc.d").unlink()
        return self.tarball("tools-" + hashlib.sha256(" ".join(TOOLS).encode()).hexdigest()[:8],
                            make)

    def packages(self):
        """A directory with the packages of the tree in new/ and of an earlier version in
        old/; built once for each state of the sources."""
        listed = subprocess.run(["find", *SOURCES, "-type", "f", "-exec", "sha256sum", "{}",
                                 "+"], cwd=self.tree, capture_output=True, text=True,
                                check=True).stdout
        state = hashlib.sha256("\n".join(sorted(listed.splitlines())).encode()).hexdigest()[:16]
        kept = self.cache / "packages" / state
        if kept.exists():
            return kept
        print("building the packages on", self.suite, flush=True)
        kept.parent.mkdir(exist_ok=True)
        root = self.builder()
        must(["cp", "-a", self.tree, root / "root/project"], self.log)
        made = self.work / "made"
        for version in ("new", "old"):
            if version == "old":
                inside(root, "cd project && sed -i 's/OTPD_VERSION \".*\"/OTPD_VERSION \"%s\"/' "
                       "otpd/version.h && sed -i '1s/(.*)/(%s)/' packaging/debian/changelog" %
                       (OLD_VERSION, OLD_VERSION), self.log)
            inside(root, "cd project && ./dev deb DEB_BUILD_OPTIONS=nocheck", self.log,
                   Broken)
            (made / version).mkdir(parents=True)
            for deb in (root / "root/project/build/deb").glob("*.deb"):
                shutil.copy(deb, made / version)
        shutil.rmtree(root)
        must(["cp", "-a", made, kept], self.log)
        return kept

    def check_packages(self):
        """make deb-check on this suite; what it said."""
        root, log = self.builder(), self.work / "check.log"
        must(["cp", "-a", self.tree, root / "root/project"], self.log)
        try:
            inside(root, "cd project && ./dev deb-check", log, Broken)
        except Broken:
            pass  # what failed stands in what it said
        shutil.rmtree(root)
        return log.read_text("utf-8", "replace")

    def image(self):
        """What is booted: the tools, the tree, the packages, and in apt's cache what they
        depend on, none of it installed."""
        packages = self.packages()
        root = self.with_tools()
        for version in ("new", "old"):
            must(["cp", "-a", packages / version, root / "root" / version], self.log)
        must(["cp", "-a", self.tree, root / "root/project"], self.log)
        inside(root, "apt-get update && apt-get install -y --download-only ./new/*.deb",
               self.log, Broken)
        return root


class Machine:
    """A copy of an image, booted once for each part of a test."""

    def __init__(self, image, work):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="machine.", dir=work))
        self.console = self.root.with_name(self.root.name + ".console")
        self.root.rmdir()
        must(["cp", "-a", "--reflink=auto", image, self.root], self.console)

    def boot(self, command, limit):
        """Runs a command of tests/boot once the machine is up, and powers it off. What it
        said, its exit status (None: it did not come so far), and the part of the test that
        it wants to be run after a reboot, if any."""
        state = self.root / "root"
        for name in ("out", "status", "again"):
            (state / name).unlink(missing_ok=True)
        units = self.root / "etc/systemd/system"
        (units / "the-test.service").write_text(UNIT % command)
        wants = units / "graphical.target.wants"
        wants.mkdir(exist_ok=True)
        if not (wants / "the-test.service").is_symlink():
            (wants / "the-test.service").symlink_to("../the-test.service")
        try:
            call(["systemd-nspawn", "-q", "-b", "--register=no", "--keep-unit",
                  "--private-network", "-D", self.root], self.console, limit=limit)
        except subprocess.TimeoutExpired:  # run() has killed and reaped it, and so all in it
            pass
        said = (state / "out").read_text("utf-8", "replace") if (state / "out").exists() else ""
        status = (state / "status").read_text() if (state / "status").exists() else ""
        again = (state / "again").read_text().strip() if (state / "again").exists() else None
        return said, int(status) if status.strip() else None, again

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)
