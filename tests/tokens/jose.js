// SPDX-License-Identifier: MIT
// The library jose on tokens of otpd's, and tokens of jose's for otpd.
//
//   node jose.js    reads {keys, secret, issuer, audience, token, bad: {name: token}}
//                   writes {version, header, claims, thumbprints, accepted: [name],
//                   same, made: {name: token}}
'use strict';

const fs = require('fs');
const jose = require('jose');

async function main() {
  const given = JSON.parse(fs.readFileSync(0, 'utf8'));
  const set = jose.createLocalJWKSet(given.keys);
  const options = { issuer: given.issuer, audience: given.audience, typ: 'at+jwt',
    algorithms: ['EdDSA'] };
  const { payload, protectedHeader } = await jose.jwtVerify(given.token, set, options);

  const thumbprints = {};
  for (const key of given.keys.keys)
    thumbprints[key.kid] = await jose.calculateJwkThumbprint(key, 'sha256');

  const accepted = [];
  for (const [name, token] of Object.entries(given.bad)) {
    await jose.jwtVerify(token, set, options).then(() => accepted.push(name), () => {});
  }

  const key = await jose.importJWK(given.secret, 'EdDSA');
  const header = { alg: 'EdDSA', kid: given.secret.kid, typ: 'at+jwt' };
  const sign = (claims, more) =>
    new jose.SignJWT(claims).setProtectedHeader({ ...header, ...more }).sign(key);
  const made = {
    'the same again': await sign(payload, {}),
    'a jwk': await sign(payload, { jwk: given.keys.keys[1] }),
    'a jku': await sign(payload, { jku: 'https://evil.example/' }),
    'a cty': await sign(payload, { cty: 'JWT' }),
    'a typ of another kind': await sign(payload, { typ: 'JWT' }),
    'a kid of another key': await sign(payload, { kid: given.keys.keys[0].kid }),
    'an unknown claim': await sign({ ...payload, admin: true }, {}),
    'nbf': await sign({ ...payload, nbf: payload.iat }, {}),
    'aud as an array': await sign({ ...payload, aud: [payload.aud] }, {}),
    'exp with a fraction': await sign({ ...payload, exp: payload.exp + 0.5 }, {}),
    'no exp': await sign({ ...payload, exp: undefined }, {}),
    'unsecured': new jose.UnsecuredJWT(payload).encode(),
  };
  process.stdout.write(JSON.stringify({ header: protectedHeader, claims: payload,
    thumbprints, accepted, made }));
}

main().catch((error) => {
  console.error(`jose.js: ${error.stack}`);
  process.exit(1);
});
