# SPDX-License-Identifier: MIT
"""The clients of conf/examples before the real otpd, under the uid of a web server; tokens are
checked by the keys, and what emailotp-web(7) says of PyJWT holds."""
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
from example import ADDRESS, CONFIG, SECRET, TITLE  # noqa: E402
from lab import ROOT, Skip, check, equal, wrong  # noqa: E402
from world import CLIENTS, WEB, as_uid  # noqa: E402

PAGE = (ROOT / "man/emailotp-web.7").read_text()


def _start(w):
    w.start(policy=CONFIG % ("", "cool_down = 0"), users=())
    for name in ("emailotp.py", "emailotp.mjs"):
        w.write("examples/" + name, (ROOT / "conf/examples" / name).read_text())
    sys.path.insert(0, str(w.dir / "examples"))
    import emailotp
    return emailotp


def _as_web(function):
    answer = as_uid(WEB, function, groups=[CLIENTS])
    check(not (isinstance(answer, dict) and "failed" in answer), answer)
    return answer


def _register(w, emailotp):
    otpd = emailotp.Otpd()
    begun = _as_web(lambda: otpd.call("Account.Register", address=ADDRESS, password=SECRET,
                                      profile={"name": "Zoë"}))
    code = w.wait_mails(1, ADDRESS).code

    def wrong_code():
        try:
            return otpd.call("Account.Confirm", challenge=begun["challenge"], code=wrong(code))
        except emailotp.WrongCode as e:
            return [e.tries_left, e.delivery]
    equal(_as_web(wrong_code)[0], 4, "tries left")
    typed = emailotp.clean_code(" %s-%s " % (code[:3], code[3:]))
    return _as_web(lambda: otpd.call("Account.Confirm", challenge=begun["challenge"], code=typed))


def the_python_client(w):
    emailotp = _start(w)
    otpd = emailotp.Otpd()
    tokens = _register(w, emailotp)
    claims = _as_web(lambda: otpd.claims(tokens["access_token"]))
    equal([claims["sub"], claims["aud"]], [tokens["account"], TITLE], "claims")
    account = _as_web(lambda: otpd.call("Account.Show", token=tokens["access_token"])["account"])
    equal(account["profile"], {"name": "Zoë"}, "profile")

    def after_revoke():
        otpd.call("Account.Revoke", token=tokens["refresh_token"])
        try:
            return otpd.claims(tokens["access_token"])
        except emailotp.BadToken as e:
            return e.name
    equal(_as_web(after_revoke), "org.emailotp.Error.BadToken", "after Revoke")


def the_node_client(w):
    if not shutil.which("node"):
        raise Skip("node is not installed")
    tokens = _register(w, _start(w))
    script = w.write("check.mjs", """
import { Otpd, BadToken } from "./examples/emailotp.mjs";
const [token, audience] = process.argv.slice(2), otpd = new Otpd();
const check = (audience) => otpd.claims(token, { issuer: "test.example.org", audience });
const other = await check("https://wiki.example.org").catch((e) => e instanceof BadToken);
console.log(JSON.stringify([await check(audience), other]));
""")
    done = subprocess.run(["node", script, tokens["access_token"], TITLE], text=True, user=WEB,
                          group=WEB, extra_groups=[CLIENTS], capture_output=True, timeout=60)
    equal(done.returncode, 0, done.stderr)
    claims, other = json.loads(done.stdout)
    equal([claims["sub"], other], [tokens["account"], True], "claims, and another audience's")


def what_the_page_says_of_pyjwt(w):
    """The very lines of the manual page."""
    try:
        import jwt
    except ImportError:
        raise Skip("python3-jwt is not installed") from None
    lines = PAGE.partition("keys = {k")[2].partition(".Ed")[0].replace("\\e", "\\")
    check(lines, "the lines are not in the page")
    lines = ("keys = {k" + lines).replace("host.example.org", "test.example.org")
    emailotp = _start(w)
    token = _register(w, emailotp)["access_token"]

    def decode():
        scope = {"jwt": jwt, "otpd": emailotp.Otpd(), "token": token}
        exec(lines, scope)  # pylint: disable=exec-used
        return scope["claims"]
    equal(_as_web(decode)["aud"], TITLE, "aud")
