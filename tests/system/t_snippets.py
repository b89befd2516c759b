# SPDX-License-Identifier: MIT
"""Every PAM stack that a manual shows, word for word through libpam: with otpd up, where the
right answers and no others succeed, and with otpd stopped and hung, where nothing does.

A stack is taken from the text as it stands; what stands around it is set up here: Debian's
common-* files, the module where libpam looks for modules, and the password's line above
where the manual says that it belongs there.
"""
import concurrent.futures
import glob
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from lab import ROOT, Terminal, check, equal, wrong
from shop import CONFIG, SECRET, Shop
from world import ACCOUNT, PASSWORD, UNIX, mount

LINE = re.compile(r"#?@include common-|-?(auth|account|password|session)\s+"
                  r"(\[.*\]|required|requisite|sufficient|optional)\s+pam_\w+\.so")
REST = "...the rest as it was"
OPEN = "authinfo_unavail=ignore"  # the one stack that the manual shows with a warning
NEXT = "another long horse"
ADDRESS = "shop@example.org"
POLICY = "policy sshd { cool_down = 0\n sends_per_hour = 100\n sends_per_day = 400 }\n"
DEFAULT_S, SHORT_S = 5, 1  # timeout=: what it is, and what is tried besides
PHASES = {"auth": "authenticate", "account": "acct_mgmt", "password": "chauthtok"}
ASKED = (r"(?P<result>RESULT \w+ (\d+))\n|(?P<new>(New|Retype new) password: )$|"
         r"(?P<password>(Current p|P)assword: )$|(?P<code>[^\n]*(a new one[^\n]*|to enrol.*): )$")


# ---- finding them


def _blocks_of_manual(text):
    """Literal displays of mdoc(7)."""
    for block in re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text):
        yield [re.sub(r"^\\&", "", line) for line in block.splitlines()]


def _blocks_of_text(text):
    """Indented paragraphs of a README."""
    for block in re.split(r"\n(?! {4})[^\n]*", text):
        for part in re.split(r"\n\s*\n", block):
            yield [line.strip() for line in part.splitlines() if line.strip()]


def _manuals():
    yield from sorted((ROOT / "man").glob("*.[578]"))
    yield from (path for path in sorted(ROOT.rglob("README*")) if path.is_file() and
                "build" not in path.parts)
    yield ROOT / "SECURITY.md"


def _snippets():
    """The stacks, and where each is shown."""
    found = {}
    for path in _manuals():
        text = path.read_text("utf-8")
        blocks = _blocks_of_manual if path.suffix in (".5", ".7", ".8") else _blocks_of_text
        shown = []
        for lines in blocks(text):
            if not any(LINE.match(line) for line in lines):
                continue
            shown += lines
            for line in lines:
                check(line == REST or LINE.match(line), path.name, "has no line of PAM", line)
            stack = "".join(line + "\n" for line in lines if line != REST)
            if "pam_emailotp.so" in stack:
                found.setdefault(stack, []).append(path.name)
        for line in text.splitlines():
            line = line.strip()
            check("pam_emailotp.so" not in line or not LINE.match(line) or line in shown,
                  path.name, "shows what is not tried:", line)
    return found


def _is_account(stack):
    return "password=account" in stack


def _checks_password(stack):
    return re.search(r"(?m)^@include common-auth|password=(system|account)|^auth.*pam_(unix|sss)",
                     stack) is not None


def _phases(stack):
    """Those that the module has a line in."""
    return [phase for phase in PHASES if
            re.search(r"(?m)^%s\s.*pam_emailotp\.so" % phase, stack)]


def _stacks():
    """Each as it stands, and, where nothing in it checks a password, behind what does."""
    for stack in _snippets():
        yield stack
        if "auth" in _phases(stack) and not _checks_password(stack):
            yield "@include common-auth\n" + stack


# ---- running them


def _start(w):
    where = pathlib.Path(os.path.realpath(next(
        path for path in glob.glob("/lib/*/security/pam_unix.so") + glob.glob(
            "/usr/lib/*/security/pam_unix.so")))).parent
    shutil.copytree(where, w.dir / "security", symlinks=True)
    shutil.copy(w.module, w.dir / "security/pam_emailotp.so")
    # It asks a directory, which is not here; what the module sees of it is the same.
    shutil.copy(where / "pam_unix.so", w.dir / "security/pam_sss.so")
    mount("--bind", w.dir / "security", where)
    w.pam("common-auth", UNIX, "")
    w.pam("common-account", ACCOUNT.splitlines()[0], "")
    # Which password is set is not what is looked at, and /etc/shadow is a mount here.
    w.pam("common-password", "password required pam_permit.so", "")
    w.host = w.write("pamhost.py",
                     pathlib.Path(__file__).with_name("pamhost.py").read_text("utf-8"))
    w.start(policy=POLICY + CONFIG % ("", ""))
    shop = Shop(w)
    shop.register(ADDRESS, password=SECRET)


class Person:
    def __init__(self, w, stack):
        self.w = w
        self.account = _is_account(stack)
        self.user = ADDRESS if self.account else "ada"
        self.address = ADDRESS if self.account else w.address("ada")
        self.service = "shop" if self.account else "sshd"
        self.password = SECRET if self.account else PASSWORD
        w.pam(self.service, stack, "")

    def unlock(self):
        self.w.otpctl("accounts" if self.account else "users", "unlock", self.user)

    def codes(self):
        """All that were mailed to him, the newest last."""
        found = [re.findall(r"(?m)^\s*([0-9]{3} ?-?[0-9]{3})\s*$", mail.text)
                 for mail in self.w.mails(self.address)]
        return [re.sub("[ -]", "", codes[0]) for codes in found if codes]

    def code(self):
        """The one that is alive, of this call or of one before."""
        self.w.settle()
        return self.codes()[-1]

    def argv(self, phase):
        return [sys.executable, str(self.w.host), self.service, self.user, PHASES[phase]]

    def call(self, phase, password=None, code=None):
        """What PAM returns. code: of the right one, makes the one that is typed."""
        host = Terminal(self.argv(phase))
        typed = 0
        while True:
            said = host.expect(ASKED)
            if said["result"]:
                host.end()
                return int(said[2])
            if said["code"] and typed:
                host.type("\x04")  # the end of input: one wrong code is enough
            elif said["code"]:
                typed += 1
                host.type((code or str)(self.code()))
            else:
                host.type(NEXT if said["new"] else password or self.password)


def _try_box(person):
    """One text: the password has a code mailed, then both."""
    check(person.call("auth") != 0, "the password alone")
    code = person.code()
    right = person.password
    person.password = right + wrong(code)
    check(person.call("auth") != 0, "a wrong code behind the password")
    person.password = wrong(right) + code
    check(person.call("auth") != 0, "a code behind a wrong password")
    person.unlock()
    person.password = right + code
    equal(person.call("auth"), 0, "password and code")


def _try_auth(person, stack):
    if " append" in stack:
        _try_box(person)
        return
    equal(person.call("auth"), 0, "the right answers")
    check(person.call("auth", code=wrong) != 0, "a wrong code")
    if _checks_password(stack):
        check(person.call("auth", password="wrong horse battery") != 0, "a wrong password")


def _try_password(person, stack):
    check(person.call("password", code=wrong) != 0, "a wrong code")
    person.unlock()
    equal(person.call("password"), 0, "the right answers")
    if person.account:
        check(person.call("password") != 0, "the old password, again")
        # As it was, for the stacks that come.
        person.unlock()
        global NEXT
        person.password, NEXT = NEXT, person.password
        equal(person.call("password"), 0, "back to the first password")
        person.password, NEXT = NEXT, person.password


def there_are_as_many_as_the_manuals_show(w):
    found = _snippets()
    places = [place for places in found.values() for place in places]
    check(len(found) >= 12 and len(places) >= 14, found)
    for name in ("pam_emailotp.8", "emailotp-web.7"):
        check(name in places, "none in", name)
    for phase in PHASES:
        check(any(phase in _phases(stack) for stack in found), "none of", phase)


def with_otpd_up_the_right_answers_and_no_others(w):
    _start(w)
    for stack in _stacks():
        try:
            person = Person(w, stack)
            for phase in _phases(stack):
                person.unlock()
                if phase == "auth":
                    _try_auth(person, stack)
                elif phase == "account":
                    equal(person.call("account"), 0, "the account phase")
                else:
                    _try_password(person, stack)
        except Exception:
            print("with this stack:", stack, sep="\n")
            raise


def _answer_blindly(person, phase, password):
    """All that a user could say, whether he is asked or not; the result, and how long."""
    began = time.monotonic()
    done = subprocess.run(person.argv(phase), text=True, capture_output=True, timeout=120,
                          input="%s\n" % password + "123456\n" * 6)
    took = time.monotonic() - began
    said = re.search(r"RESULT \w+ (\d+)", done.stdout)
    check(said, "no result", done.stdout, done.stderr)
    return int(said[1]), took


def _each(w, timeout_s):
    """Every stack, phase, and password, at once; each under a service name of its own."""
    def run(case):
        person, phase, password = case[1:]
        return case, _answer_blindly(person, phase, password)
    cases = []
    for stack in _stacks():
        for phase in _phases(stack):
            for right in (True, False):
                text = stack if timeout_s == DEFAULT_S else re.sub(
                    r"(?m)^(.*pam_emailotp\.so.*)$", r"\1 timeout=%d" % timeout_s, stack)
                person = Person(w, text)
                person.service = "s%d" % len(cases)
                w.pam(person.service, text, "")
                password = person.password if right else "wrong horse battery"
                cases.append(((stack, phase, right), person, phase, password))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return {case[0]: said for case, said in pool.map(run, cases)}


def _may_succeed(stack, phase, right):
    """What the manual says of otpd being away: the line that gives up the code, behind a
    password that was right. By itself it is a stack in which nobody has said yes."""
    return OPEN in stack and phase == "auth" and right and _checks_password(stack)


def _check_refusals(said):
    n_open = 0
    for (stack, phase, right), (result, _) in said.items():
        if _may_succeed(stack, phase, right):
            equal(result, 0, "what the manual warns of: " + stack)
            n_open += 1
        else:
            check(result != 0, "with", "the right" if right else "a wrong", "password,", phase,
                  "succeeded without otpd:", stack)
    equal(n_open, 1, "stacks that give up the code")
    check(len(said) >= 30, len(said), "cases")


def with_otpd_stopped_nothing_succeeds(w):
    _start(w)
    w.stop(w.otpd)
    _check_refusals(_each(w, DEFAULT_S))


def with_otpd_hung_nothing_succeeds_and_timeout_decides_when(w):
    _start(w)
    w.otpd.send_signal(signal.SIGSTOP)
    waited = _each(w, DEFAULT_S)
    _check_refusals(waited)
    shorter = _each(w, SHORT_S)
    _check_refusals(shorter)
    n = 0
    for case, (_, took) in waited.items():
        stack, phase, right = case
        if took < DEFAULT_S:
            # Refused before otpd was asked: by the password.
            check(not right or phase == "password", "not by its timeout:", took, *case)
            continue
        n += 1
        check(SHORT_S <= shorter[case][1] < took, "timeout=%d" % SHORT_S, "did not decide:",
              took, shorter[case][1], *case)
    check(n >= 15, n, "waits")
