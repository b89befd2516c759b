#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
Tokens of otpd's before JOSE libraries that nobody here wrote, and theirs before otpd.

    TOKEN_TOOL=build/tests/tokens/token_tool /usr/bin/python3 tests/tokens/run.py

PyJWT (Debian's python3-jwt) and jose (Debian's node-jose) read what otpd signs and refuse
what otpd refuses. What they sign with otpd's key is good only where it is, byte by byte,
what otpd would have signed.
"""
import base64
import hashlib
import hmac
import inspect
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

try:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    SIGN_OPTIONS = inspect.signature(jwt.encode).parameters
except ImportError as missing:
    jwt = None
    why_no_jwt = str(missing)

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(os.environ.get("TOKEN_TOOL", "build/tests/tokens/token_tool"))
ISSUER, AUDIENCE, ACCESS, RECEIPT = "otp.example", "shop", "at+jwt", "emailotp-receipt+jwt"
NOW = int(time.time())
LIMIT_S = 60


class Skip(Exception):
    pass


def tool(*arguments, stdin=""):
    return subprocess.run([TOOL, *arguments], input=stdin, check=True, timeout=LIMIT_S,
                          stdout=subprocess.PIPE, text=True).stdout


def sign(typ=ACCESS, **claims):
    every = dict(iss=ISSUER, aud=AUDIENCE, sub="0123456789abcdef0123456789abcdef", sid="f" * 32,
                 tenant="acme", amr="pwd otp", iat=NOW, exp=NOW + 900, auth_time=NOW - 5)
    every.update(claims)
    return tool("sign", typ, *(f"{name}={value}" for name, value in every.items())).strip()


def check(*tokens, typ=ACCESS, now=NOW):
    """What otpd says to each: good, late or bad."""
    said = tool("check", typ, ISSUER, AUDIENCE, str(now), stdin="".join(t + "\n" for t in tokens))
    return said.split()


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_set():
    return json.loads(tool("keys"))


def secret():
    return json.loads(tool("secret"))


def public_bytes():
    return decode(secret()["x"])


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


def pyjwt_key():
    """The key of our set that signs, as PyJWT reads it."""
    keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(key_set()).keys}
    return keys[secret()["kid"]]


def pyjwt_reads(token, **more):
    options = dict(algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER,
                   options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]})
    options.update(more)
    return jwt.decode(token, pyjwt_key(), **options)


def pyjwt_refuses(token, reason, **more):
    try:
        claims = pyjwt_reads(token, **more)
    except reason:
        return
    raise AssertionError(f"PyJWT takes {claims}")


def pyjwt_signs(claims, key=None, algorithm="EdDSA", **header):
    if key is None:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(decode(secret()["d"]))
    # Before 2.7 it sorts without being asked.
    sort = {"sort_headers": True} if "sort_headers" in SIGN_OPTIONS else {}
    return jwt.encode(claims, key, algorithm, dict(typ=ACCESS, kid=secret()["kid"]) | header,
                      **sort)


def hs256(key):
    """By hand, since PyJWT will not sign so with what looks like a public key."""
    head = encode(json.dumps(dict(typ=ACCESS, alg="HS256", kid=secret()["kid"])).encode())
    text = f"{head}.{sign().split('.')[1]}"
    return f"{text}.{encode(hmac.new(key, text.encode(), 'sha256').digest())}"


def forged():
    """Tokens that no library may take, whose key set is ours."""
    good = sign()
    head, body, signature = good.split(".")
    other = sign(sub="root").split(".")
    raw = bytearray(decode(signature))
    raw[5] ^= 1
    none = encode(json.dumps(dict(typ=ACCESS, alg="none")).encode())
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(decode(signature)[32:], "little") + order
    return {
        "none": f"{none}.{body}.",
        "none with a signature": f"{none}.{body}.{signature}",
        "HS256 with the public key": hs256(public_bytes()),
        "HS256 with its text": hs256(secret()["x"].encode()),
        "HS256 with the JWK": hs256(json.dumps(key_set()["keys"][1]).encode()),
        "no signature": f"{head}.{body}.",
        "a bit of the signature": f"{head}.{body}.{encode(bytes(raw))}",
        "S + L": f"{head}.{body}.{encode(decode(signature)[:32] + s.to_bytes(32, 'little'))}",
        "the claims of another": f"{head}.{other[1]}.{signature}",
        "the signature of another": f"{head}.{body}.{other[2]}",
        "swapped parts": f"{body}.{head}.{signature}",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "another audience": sign(aud="bank"),
        "another issuer": sign(iss="evil.example"),
        "expired": sign(iat=NOW - 1000, exp=NOW - 100),
    }


def test_pyjwt_reads_an_access_token_with_the_published_keys():
    token = sign()
    claims = pyjwt_reads(token)
    assert jwt.get_unverified_header(token) == dict(
        alg="EdDSA", typ=ACCESS, kid=secret()["kid"]), token
    assert claims == dict(
        iss=ISSUER, aud=AUDIENCE, sub="0123456789abcdef0123456789abcdef", sid="f" * 32,
        tenant="acme", amr=["pwd", "otp"], iat=NOW, exp=NOW + 900, auth_time=NOW - 5,
        jti=claims["jti"]), claims
    assert all(type(claims[name]) is int for name in ("iat", "exp", "auth_time"))


def test_pyjwt_reads_a_receipt_of_a_unix_user():
    user = 'zo\u00eb "x" \\ \U0001f511'
    claims = pyjwt_reads(sign(RECEIPT, sub=user, sid="", tenant="", service="sshd", amr="otp"))
    assert claims["sub"] == user and claims["service"] == "sshd" and claims["amr"] == ["otp"]
    assert "sid" not in claims and "tenant" not in claims


def test_pyjwt_refuses_what_is_forged_and_so_does_otpd():
    for name, token in forged().items():
        try:
            pyjwt_refuses(token, jwt.PyJWTError)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        said = check(token)[0]
        assert said == ("late" if name == "expired" else "bad"), f"otpd to {name}: {said}"


def test_pyjwt_tells_apart_what_is_wrong():
    pyjwt_refuses(sign(aud="bank"), jwt.InvalidAudienceError)
    pyjwt_refuses(sign(iss="evil.example"), jwt.InvalidIssuerError)
    pyjwt_refuses(sign(iat=NOW - 1000, exp=NOW - 100), jwt.ExpiredSignatureError)


def test_each_key_is_named_by_its_thumbprint():
    """RFC 7638 by hashlib: the first 16 bytes."""
    keys = key_set()["keys"]
    assert len(keys) == 3
    for key in keys:
        text = json.dumps({name: key[name] for name in ("crv", "kty", "x")},
                          separators=(",", ":"), sort_keys=True)
        assert decode(key["kid"]) == hashlib.sha256(text.encode()).digest()[:16]
        assert set(key) == {"kty", "crv", "alg", "use", "kid", "x"}


def test_otpd_takes_what_pyjwt_signs_as_otpd_would():
    token = sign()
    again = pyjwt_signs(claims_of(token))
    assert again == token, "PyJWT writes another token of the same claims"
    assert check(again) == ["good"]
    assert check(again, now=NOW + 900) == ["late"]
    assert check(again, typ=RECEIPT) == ["bad"]


def test_otpd_refuses_what_pyjwt_signs_otherwise():
    claims = claims_of(sign())
    name = secret()["kid"]
    rsa_key = rsa.generate_private_key(65537, 2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    stranger = ed25519.Ed25519PrivateKey.generate()
    made = {
        "none": pyjwt_signs(claims, "", "none"),
        "HS256": pyjwt_signs(claims, public_bytes(), "HS256"),
        "RS256": pyjwt_signs(claims, rsa_key, "RS256"),
        "ES256": pyjwt_signs(claims, ec_key, "ES256"),
        "a key of nobody's": pyjwt_signs(claims, stranger),
        "its own key in jwk": pyjwt_signs(claims, stranger, jwk={"kty": "OKP"}),
        "jku": pyjwt_signs(claims, jku="https://evil.example/"),
        "x5u": pyjwt_signs(claims, x5u="https://evil.example/"),
        "crit": pyjwt_signs(claims, crit=["exp"]),
        "typ JWT": pyjwt_signs(claims, typ="JWT"),
        "typ of a receipt": pyjwt_signs(claims, typ=RECEIPT),
        "another kid": pyjwt_signs(claims, kid=name[::-1]),
        "a kid like a path": pyjwt_signs(claims, kid="../../dev/null"),
        "an unknown claim": pyjwt_signs(claims | {"admin": True}),
        "nbf": pyjwt_signs(claims | {"nbf": NOW}),
        "aud as an array": pyjwt_signs(claims | {"aud": [AUDIENCE]}),
        "exp with a fraction": pyjwt_signs(claims | {"exp": NOW + 900.5}),
        "exp as text": pyjwt_signs(claims | {"exp": str(NOW + 900)}),
        "iat in the future": pyjwt_signs(claims | {"iat": NOW + 3600}),
        "no exp": pyjwt_signs({k: v for k, v in claims.items() if k != "exp"}),
        "no sub": pyjwt_signs({k: v for k, v in claims.items() if k != "sub"}),
        "amr as text": pyjwt_signs(claims | {"amr": "pwd otp"}),
        "sub nested": pyjwt_signs(claims | {"sub": {"sub": "root"}}),
        "the claims in another order": pyjwt_signs(dict(sorted(claims.items()))),
    }
    said = dict(zip(made, check(*made.values())))
    assert set(said.values()) == {"bad"} and len(said) == len(made), said


def jose(bad):
    node = shutil.which("node")
    environment = dict(os.environ, NODE_PATH="/usr/share/nodejs")
    if not node or subprocess.run([node, "-e", 'require("jose")'], env=environment, check=False,
                                  stderr=subprocess.DEVNULL, timeout=LIMIT_S).returncode != 0:
        raise Skip("node-jose is not installed")
    given = dict(keys=key_set(), secret=secret(), issuer=ISSUER, audience=AUDIENCE,
                 token=sign(), bad=bad)
    done = subprocess.run([node, f"{HERE}/jose.js"], input=json.dumps(given), env=environment,
                          check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return given["token"], json.loads(done.stdout)


def test_jose_reads_ours_and_names_the_keys_as_we_do():
    token, said = jose({})
    assert said["claims"] == claims_of(token)
    assert said["header"] == dict(typ=ACCESS, alg="EdDSA", kid=secret()["kid"])
    assert len(said["thumbprints"]) == 3
    for kid, thumbprint in said["thumbprints"].items():
        assert decode(kid) == decode(thumbprint)[:16]


def test_jose_refuses_what_is_forged():
    bad = forged() | {"a receipt": sign(RECEIPT)}
    _, said = jose(bad)
    assert said["accepted"] == [], said["accepted"]
    assert "good" not in check(*bad.values())


def test_otpd_takes_of_jose_only_what_it_would_have_signed():
    token, said = jose({})
    same = said["made"].pop("the same again")
    assert same == token and check(same) == ["good"]
    answers = dict(zip(said["made"], check(*said["made"].values())))
    assert len(answers) > 10 and set(answers.values()) == {"bad"}, answers


def run_one(name, test):
    try:
        if jwt is None and "pyjwt" in name:
            raise Skip(why_no_jwt)
        test()
    except Skip as reason:
        print(f"skipped {name}: {reason}")
        return "skipped"
    except Exception:  # any failure of a test is one
        print(f"FAILED {name}\n{traceback.format_exc()}")
        return "failed"
    print(f"ok {name}")
    return "passed"


def main():
    tests = {name: test for name, test in globals().items() if name.startswith("test_")}
    ends = [run_one(name[5:], test) for name, test in tests.items()]
    print(", ".join(f"{ends.count(end)} {end}" for end in ("passed", "failed", "skipped")))
    sys.exit("failed" in ends or "passed" not in ends)


if __name__ == "__main__":
    main()
