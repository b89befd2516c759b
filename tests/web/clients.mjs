// SPDX-License-Identifier: MIT
// conf/examples/emailotp.mjs against a server that says whatever the test wants, and against
// tokens that a thief would make. clients.py starts it, with the interface's errors as input.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, sign, createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as client from "../../conf/examples/emailotp.mjs";

const ERRORS = JSON.parse(readFileSync(0, "utf8"));
const VALUES = { int: 7, string: "wörds" };
const BROKEN = { nothing: "", half: '{"parameters":{}', "no JSON": "hello\0",
  "no UTF-8": Buffer.from('{"parameters":{"a":"\xff"}}\0', "latin1"),
  "too long": '"' + "a".repeat(65536) + '"\0' };
const directory = mkdtempSync(join(tmpdir(), "clients."));
const path = join(directory, "otpd.sock");
const answers = [], calls = [];
const server = createServer((socket) => {
  socket.on("error", () => {}).on("data", (data) => {
    calls.push(JSON.parse(data.subarray(0, -1)));
    const answer = answers.shift();
    if (answer !== null) socket.end(answer);
  });
});
await new Promise((done) => server.listen(path, done));
const otpd = new client.Otpd({ path });
const text = (answer) => JSON.stringify(answer) + "\0";
const refusal = (...more) => {
  answers.push(...more);
  return otpd.call("Account.Resend", { challenge: "c" }).catch((e) => e);
};

// Errors, each with its class and its fields.
for (const [name, fields] of Object.entries(ERRORS)) {
  const parameters = Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, VALUES[v]]));
  const e = await refusal(text({ error: "org.emailotp.Error." + name, parameters }));
  assert.equal(e.constructor, client[name], name);
  assert.ok(client[name], name);
  assert.equal(e.name, name);
  for (const field of Object.keys(fields)) assert.equal(e[field], parameters[field]);
}
const other = await refusal(text({ error: "org.varlink.service.InvalidParameter",
  parameters: { parameter: "code" } }));
assert.equal(other.constructor, client.OtpdError);
assert.equal(other.parameter, "code");

// Broken answers.
for (const [name, answer] of Object.entries(BROKEN))
  assert.ok(await refusal(answer) instanceof client.Unavailable, name);
otpd.timeout = 100;
assert.ok(await refusal(null) instanceof client.Unavailable, "slow");
otpd.timeout = 10_000;
assert.ok(await new client.Otpd({ path: "/nonexistent/otpd.sock" }).call("X.Y").catch((e) => e)
  instanceof client.Unavailable, "nobody");

// Calls.
answers.push(text({ parameters: { a: "ö" } }));
assert.deepEqual(await otpd.call("Account.Register", { address: "ö@example.org", login: null,
  password: undefined, profile: {} }), { a: "ö" });
assert.deepEqual(calls.at(-1), { method: "org.emailotp.Account.Register",
  parameters: { address: "ö@example.org", profile: {} } });
answers.push("{}\0");
assert.deepEqual(await otpd.call("Account.Cancel", { challenge: "c" }), {});
assert.equal(client.cleanCode(" 493 817-"), "493817");

// Tokens.
const pair = generateKeyPairSync("ed25519"), foreign = generateKeyPairSync("ed25519");
const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "EdDSA" };
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const HEAD = { alg: "EdDSA", typ: "at+jwt", kid: "one" };
const CLAIMS = { iss: "host", aud: "shop", sub: "a", iat: now, exp: now + 900 };
const token = (head = {}, claims = {}, key = pair.privateKey) => {
  const signed = part({ ...HEAD, ...head }) + "." + part({ ...CLAIMS, ...claims });
  return signed + "." + sign(null, Buffer.from(signed), key).toString("base64url");
};
const check = (t, more = {}) => otpd.claims(t, { issuer: "host", audience: "shop", ...more });
const keys = text({ parameters: { keys: [jwk] } });
answers.push(keys);
assert.equal((await check(token())).sub, "a");
assert.equal((await check(token({}, { aud: ["x", "shop"] }))).sub, "a");
assert.equal(answers.length, 0, "the keys were asked for twice");
const good = token(), [head, body, signature] = good.split(".");
const hmac = part({ ...HEAD, alg: "HS256" }) + "." + body;
const bad = {
  "nothing": "", "no parts": "abc", "two parts": head + "." + body, "four": good + ".x",
  "alg none": part({ ...HEAD, alg: "none" }) + "." + body + ".",
  "alg HS256 with the public key": hmac + "." + createHmac("sha256",
    Buffer.from(jwk.x, "base64url")).update(hmac).digest("base64url"),
  "alg in other letters": token({ alg: "eddsa" }), "no alg": token({ alg: undefined }),
  "a receipt": token({ typ: "emailotp-receipt+jwt" }), "no typ": token({ typ: undefined }),
  "crit": token({ crit: ["exp"] }), "another key": token({}, {}, foreign.privateKey),
  "its own key": token({ jwk: foreign.publicKey.export({ format: "jwk" }) }, {}, foreign.privateKey),
  "unknown kid": token({ kid: "two" }), "no kid": token({ kid: undefined }),
  "other claims": head + "." + part({ ...CLAIMS, sub: "b" }) + "." + signature,
  "other head": part({ ...HEAD, x: 1 }) + "." + body + "." + signature,
  "cut signature": good.slice(0, -4), "no signature": head + "." + body + ".",
  "padding": good + "==", "blank": good + " ", "plain base64": good.replace(/\./, "+."),
  "noise": head + "." + body + "." + randomBytes(64).toString("base64url"),
  "expired": token({}, { exp: now - 1 }), "no exp": token({}, { exp: undefined }),
  "exp as a text": token({}, { exp: "never" }), "from tomorrow": token({}, { iat: now + 86400 }),
  "other iss": token({}, { iss: "elsewhere" }), "no iss": token({}, { iss: undefined }),
  "other aud": token({}, { aud: "wiki" }), "no aud": token({}, { aud: undefined }),
  "aud with more": token({}, { aud: "shopping" }), "claims are null": head + "." + part(null) + ".x",
};
for (const [name, t] of Object.entries(bad)) {
  const e = await check(t).then((claims) => claims, (e) => e);
  assert.ok(e instanceof client.BadToken, name + ": " + JSON.stringify(e));
}
for (const more of [{ issuer: undefined }, { audience: undefined }, { issuer: "" }])
  assert.ok(await check(token({}, { iss: more.issuer, aud: more.audience }), more)
    .catch((e) => e) instanceof client.BadToken, "taken without knowing for whom");
server.close();
rmSync(directory, { recursive: true });
