// SPDX-License-Identifier: MIT
// A client of otpd in one file, with nothing but Node's standard library (18 or later). Copy it.
//
//   import { Otpd, WrongCode, cleanCode } from "./emailotp.mjs";
//   const otpd = new Otpd();
//   const begun = await otpd.call("Account.Register", { address: "ada@example.org" });
//   await otpd.call("Account.Confirm", { challenge: begun.challenge, code: cleanCode("493 817") })
//     .catch((e) => { if (e instanceof WrongCode) console.log(e.tries_left, "tries left"); });
//
// What is null or undefined is left out. Methods and answers: emailotp-web(7). A refusal rejects
// with an exception, by its name, with its fields; Unavailable is also trouble with the
// connection: whether the call was carried out is then not known. Node cannot ask who listens
// on a socket: let nobody but root and otpd write to its directory.
import { createPublicKey, verify } from "node:crypto";
import { connect } from "node:net";

const REPLY_MAX = 65536; // bytes of an answer, its NUL included
const KEYS_MS = 3_600_000, NEW_KEY_MS = 60_000; // how old keys may be; if one is not among them
// A refusal that has no class below.
export class OtpdError extends Error {
  constructor(name, parameters = {}) {
    super(`${name} ${JSON.stringify(parameters)}`);
    Object.assign(this, parameters); // tries_left, retry_after, reason and so on
    this.name = name;
  }
}

// What each means and what to do about it: emailotp-web(7), REFUSALS.
export class WrongCode extends OtpdError {} // tries_left, resend_in, delivery
export class Expired extends OtpdError {}
export class Burnt extends OtpdError {}
export class Locked extends OtpdError {} // retry_after
export class Throttled extends OtpdError {} // retry_after
export class NoChallenge extends OtpdError {}
export class Denied extends OtpdError {}
export class Unavailable extends OtpdError {} // reason, of the connection
export class BadAddress extends OtpdError {} // reason
export class BadName extends OtpdError {}
export class NoUser extends OtpdError {}
export class Exists extends OtpdError {}
export class NotAllowed extends OtpdError {}
export class WrongPassword extends OtpdError {}
export class Busy extends OtpdError {} // retry_after
export class NotVerified extends OtpdError {}
export class Disabled extends OtpdError {}
export class MustReset extends OtpdError {}
export class BadPassword extends OtpdError {} // reason
export class BadLogin extends OtpdError {} // reason
export class BadProfile extends OtpdError {} // reason
export class BadToken extends OtpdError {}
export class RecoveryNeeded extends OtpdError {} // tries_left
const ERRORS = { WrongCode, Expired, Burnt, Locked, Throttled, NoChallenge, Denied, Unavailable,
  BadAddress, BadName, NoUser, Exists, NotAllowed, WrongPassword, Busy, NotVerified, Disabled,
  MustReset, BadPassword, BadLogin, BadProfile, BadToken, RecoveryNeeded };

// A code without the separators that people type, as otpd wants it.
export const cleanCode = (typed) => typed.replace(/[\s-]/g, "").toUpperCase();
const utf8 = new TextDecoder("utf-8", { fatal: true });

export class Otpd {
  #keys = { at: -Infinity, byId: new Map() };
  constructor({ path = "/run/otpd/otpd.sock", timeout = 10_000 } = {}) {
    Object.assign(this, { path, timeout });
  }

  // Calls org.emailotp.METHOD; resolves to the parameters of the answer.
  async call(method, parameters = {}) {
    const given = Object.entries(parameters).filter(([, value]) => value != null);
    const answer = await this.#exchange(JSON.stringify(
      { method: "org.emailotp." + method, parameters: Object.fromEntries(given) }));
    if (!answer.error) return answer.parameters ?? {};
    const [, short] = /^org\.emailotp\.Error\.(\w+)$/.exec(answer.error) ?? [];
    throw new (ERRORS[short] ?? OtpdError)(short ?? answer.error, answer.parameters);
  }

  // The claims of an access token, checked here by the public keys, without asking otpd: a
  // session that was ended is noticed when the token expires, and at once by Introspect.
  async claims(token, { issuer, audience, skew = 60 }) {
    const bad = (reason) => new BadToken("BadToken", { reason });
    const parts = String(token).split(".");
    const bytes = parts.map((part) => Buffer.from(part, "base64url"));
    if (parts.length !== 3 || bytes.some((b, i) => b.toString("base64url") !== parts[i]))
      throw bad("not a JWT");
    const [header, claims] = bytes.slice(0, 2).map((b) => {
      try { return Object(JSON.parse(b)); } catch { throw bad("not JSON"); }
    });
    if (header.alg !== "EdDSA" || header.typ !== "at+jwt" || header.crit) throw bad("header");
    const age = performance.now() - this.#keys.at;
    if (age > (this.#keys.byId.has(header.kid) ? KEYS_MS : NEW_KEY_MS)) {
      const { keys } = await this.call("Account.Keys");
      this.#keys = { at: performance.now(), byId: new Map(keys.map((key) => [key.kid, key])) };
    }
    const jwk = this.#keys.byId.get(header.kid);
    if (!jwk || !verify(null, Buffer.from(`${parts[0]}.${parts[1]}`),
      createPublicKey({ key: jwk, format: "jwk" }), bytes[2])) throw bad("signature");
    const now = Date.now() / 1000;
    if (!issuer || claims.iss !== issuer) throw bad("iss");
    if (!audience || ![claims.aud].flat().includes(audience)) throw bad("aud");
    if (!(claims.exp > now) || !(claims.iat < now + skew)) throw bad("time");
    return claims;
  }

  #exchange(text) {
    return new Promise((resolve, reject) => {
      const socket = connect(this.path);
      const end = (settle, value) => { clearTimeout(timer); socket.destroy(); settle(value); };
      const fail = (reason) => end(reject, new Unavailable("Unavailable", { reason }));
      const timer = setTimeout(() => fail("no answer in time"), this.timeout);
      let reply = Buffer.alloc(0);
      socket.on("error", (e) => fail(e.message)).on("end", () => fail("the answer was cut off"));
      socket.on("connect", () => socket.write(text + "\0")).on("data", (data) => {
        reply = Buffer.concat([reply, data]);
        if (reply.length > REPLY_MAX) return fail("too long an answer");
        if (reply.at(-1) !== 0) return;
        try { end(resolve, Object(JSON.parse(utf8.decode(reply.subarray(0, -1))))); }
        catch (e) { fail(e.message); }
      });
    });
  }
}
