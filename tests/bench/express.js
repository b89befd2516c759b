// SPDX-License-Identifier: MIT
// The peer of otpd's accounts: sign-up and sign-in by password and mailed code, as web teams
// write them with Express, npm's bcrypt at cost 10 and SQLite.
//
//   node express.js MODULES DATABASE OUTBOX PORT N_ACCOUNTS ADDRESS PASSWORD
//
// It keeps what otpd keeps, and as durably: a pending registration, a challenge with a keyed
// hash of the code, wrong tries, a row for the mail and one for its result, an event for the
// log, a session with a hash of its refresh token, each step in one transaction that is on
// the disk before the answer. Where the two do not do the same work, this one does less: no
// budgets but those of the tries, no sealing, no text in the mail. A mail is one line of JSON
// and a NUL into the UNIX socket OUTBOX.
//
// Before it listens it makes N_ACCOUNTS accounts with that password; "%" in ADDRESS stands
// for the number, in seven digits. Prints the versions and "ready".
'use strict';
const crypto = require('crypto');
const net = require('net');
const path = require('path');

const [modules, database, outbox, port, nAccounts, addressOf, password] = process.argv.slice(2);
const load = (name) => require(path.join(modules, name));
const version = (name) => `${name} ${load(`${name}/package.json`).version}`;
const express = load('express');
const bcrypt = load('bcrypt');
const Database = load('better-sqlite3');

const COST = 10;
const CODE_LIFE = 600;
const PENDING_LIFE = 1800;
const ACCESS_LIFE = 900;
const REFRESH_LIFE = 14 * 86400;
const TRIES = 5;
const WRONG_PER_HOUR = 10;
const ISSUER = 'https://login.example.org';

const now = () => Math.floor(Date.now() / 1000);
const random = (bytes) => crypto.randomBytes(bytes);
const sha256 = (text) => crypto.createHash('sha256').update(text).digest();
const pepper = random(32);
const codeHash = (id, code) => crypto.createHmac('sha256', pepper).update(`${id}:${code}`).digest();

const db = new Database(database);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('foreign_keys = ON');
db.exec(`
CREATE TABLE accounts (
	id TEXT PRIMARY KEY, address TEXT NOT NULL COLLATE NOCASE UNIQUE, password TEXT NOT NULL,
	profile TEXT NOT NULL, verified_at INTEGER NOT NULL, created_at INTEGER NOT NULL,
	login_at INTEGER NOT NULL);
CREATE TABLE pending (
	challenge TEXT PRIMARY KEY, address TEXT NOT NULL COLLATE NOCASE, password TEXT NOT NULL,
	profile TEXT NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX pending_address ON pending (address);
CREATE TABLE challenges (
	id TEXT PRIMARY KEY, purpose TEXT NOT NULL, account TEXT, address TEXT NOT NULL,
	hash BLOB NOT NULL, tries_left INTEGER NOT NULL, expires_at INTEGER NOT NULL,
	used_at INTEGER);
CREATE TABLE attempts (address TEXT NOT NULL COLLATE NOCASE, at INTEGER NOT NULL);
CREATE INDEX attempts_address ON attempts (address, at);
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY, address TEXT NOT NULL, kind TEXT NOT NULL, code TEXT,
	created_at INTEGER NOT NULL, sent_at INTEGER);
CREATE TABLE sessions (
	id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id),
	refresh_hash BLOB NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX sessions_account ON sessions (account);
CREATE TABLE events (
	id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, address TEXT NOT NULL);
`);

const sql = {};
for (const [name, text] of Object.entries({
	account: 'SELECT * FROM accounts WHERE address = ?',
	accountById: 'SELECT * FROM accounts WHERE id = ?',
	addAccount: 'INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)',
	setLogin: 'UPDATE accounts SET login_at = ? WHERE id = ?',
	addPending: 'INSERT INTO pending VALUES (?, ?, ?, ?, ?)',
	pending: 'SELECT * FROM pending WHERE challenge = ? AND expires_at > ?',
	dropPending: 'DELETE FROM pending WHERE address = ?',
	addChallenge: 'INSERT INTO challenges VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
	challenge: 'SELECT * FROM challenges WHERE id = ?',
	countTry: 'UPDATE challenges SET tries_left = tries_left - 1 WHERE id = ?',
	useChallenge: 'UPDATE challenges SET used_at = ? WHERE id = ?',
	wrong: 'SELECT count(*) AS n FROM attempts WHERE address = ? AND at > ?',
	addWrong: 'INSERT INTO attempts VALUES (?, ?)',
	addMail: 'INSERT INTO outbox (address, kind, code, created_at) VALUES (?, ?, ?, ?)',
	mailSent: 'UPDATE outbox SET sent_at = ?, code = NULL WHERE id = ?',
	addSession: 'INSERT INTO sessions VALUES (?, ?, ?, ?, ?)',
	addEvent: 'INSERT INTO events (at, event, address) VALUES (?, ?, ?)',
}))
	sql[name] = db.prepare(text);
const note = (event, address) => sql.addEvent.run(now(), event, address);

const keys = crypto.generateKeyPairSync('ed25519');
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwtHead = base64url({ alg: 'EdDSA', typ: 'at+jwt', kid: '1' });

function accessToken(account, session) {
	const at = now();
	const body = `${jwtHead}.${base64url({
		iss: ISSUER, aud: 'shop', sub: account, sid: session, jti: crypto.randomUUID(),
		iat: at, exp: at + ACCESS_LIFE, auth_time: at, amr: ['pwd', 'otp'],
	})}`;
	return `${body}.${crypto.sign(null, Buffer.from(body), keys.privateKey).toString('base64url')}`;
}

// In a transaction: a session, and what the browser gets of it.
function openSession(account) {
	const session = crypto.randomUUID();
	const refresh = random(32).toString('base64url');
	sql.addSession.run(session, account, sha256(refresh), now(), now() + REFRESH_LIFE);
	return {
		account,
		access_token: accessToken(account, session),
		expires_in: ACCESS_LIFE,
		refresh_token: refresh,
		refresh_expires_in: REFRESH_LIFE,
	};
}

const mailer = net.connect(outbox);

// After the transaction that has written the row; the answer does not wait for it.
function send(mail) {
	mailer.write(`${JSON.stringify(mail)}\0`, () => sql.mailSent.run(now(), mail.id));
}

function addMail(to, kind, code) {
	return { id: sql.addMail.run(to, kind, code, now()).lastInsertRowid, to, kind, code };
}

// In a transaction: a challenge and the mail of its code.
function challenge(purpose, account, address) {
	const id = random(16).toString('hex');
	const code = String(crypto.randomInt(1000000)).padStart(6, '0');
	sql.addChallenge.run(id, purpose, account, address, codeHash(id, code), TRIES,
		now() + CODE_LIFE);
	return { id, mail: addMail(address, purpose, code) };
}

const isLocked = (address) => sql.wrong.get(address, now() - 3600).n >= WRONG_PER_HOUR;

class Refusal extends Error {
	constructor(status, word) {
		super(word);
		this.status = status;
	}
}

const begin = db.transaction((purpose, account, address, form) => {
	const { id, mail } = challenge(purpose, account, address);
	if (form) {
		sql.dropPending.run(address);
		sql.addPending.run(id, address, form.hash, form.profile, now() + PENDING_LIFE);
	}
	note(`${purpose}_begun`, address);
	return { id, mail };
});

const refuseWrong = db.transaction((address, event) => {
	sql.addWrong.run(address, now());
	note(event, address);
});

// The try counts, whatever comes of it. Null: wrong.
function tryCode(id, purpose, code) {
	const row = sql.challenge.get(id);
	if (!row || row.purpose !== purpose || row.used_at || row.expires_at <= now() ||
		row.tries_left <= 0)
		return null;
	sql.countTry.run(id);
	if (isLocked(row.address))
		return null;
	if (!crypto.timingSafeEqual(row.hash, codeHash(id, code))) {
		sql.addWrong.run(row.address, now());
		note('code_wrong', row.address);
		return null;
	}
	sql.useChallenge.run(now(), id);
	return row;
}

const confirm = db.transaction((id, code) => {
	const row = tryCode(id, 'register', code);
	const form = row && sql.pending.get(id, now());
	if (!form || sql.account.get(row.address))
		return null;
	const account = random(16).toString('hex');
	sql.addAccount.run(account, form.address, form.password, form.profile, now(), now(), now());
	sql.dropPending.run(form.address);
	note('account_created', form.address);
	return { out: openSession(account), mail: addMail(form.address, 'welcome', null) };
});

const verify = db.transaction((id, code) => {
	const row = tryCode(id, 'login', code);
	const account = row && sql.accountById.get(row.account);
	if (!account)
		return null;
	sql.setLogin.run(now(), account.id);
	note('verified', account.address);
	return { out: openSession(account.id) };
});

function readString(body, name, most) {
	const value = body[name];
	if (typeof value !== 'string' || value.length === 0 || value.length > most)
		throw new Refusal(400, name);
	return value;
}

function finish(res, done) {
	if (!done)
		throw new Refusal(403, 'wrong');
	res.json(done.out);
	if (done.mail)
		send(done.mail);
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ limit: '16kb' }));

app.post('/register', async (req, res) => {
	const address = readString(req.body, 'address', 254);
	const secret = readString(req.body, 'password', 72);
	const profile = JSON.stringify(req.body.profile || {});
	if (!/^[^@\s]+@[^@\s]+$/.test(address) || secret.length < 8 || profile.length > 4096)
		throw new Refusal(400, 'form');
	const hash = await bcrypt.hash(secret, COST);
	if (sql.account.get(address))
		throw new Refusal(409, 'taken');
	const begun = begin('register', null, address, { hash, profile });
	res.json({ challenge: begun.id, expires_in: CODE_LIFE });
	send(begun.mail);
});

app.post('/confirm', (req, res) => {
	finish(res, confirm.immediate(readString(req.body, 'challenge', 32),
		readString(req.body, 'code', 10)));
});

const nobody = bcrypt.hashSync('nobody', COST);

app.post('/login', async (req, res) => {
	const address = readString(req.body, 'login', 254);
	const secret = readString(req.body, 'password', 72);
	const account = sql.account.get(address);
	const right = await bcrypt.compare(secret, account ? account.password : nobody);
	if (isLocked(address))
		throw new Refusal(429, 'locked');
	if (!account || !right) {
		refuseWrong(address, 'password_wrong');
		throw new Refusal(401, 'wrong');
	}
	const begun = begin('login', account.id, account.address, null);
	res.json({ challenge: begun.id, expires_in: CODE_LIFE });
	send(begun.mail);
});

app.post('/verify', (req, res) => {
	finish(res, verify.immediate(readString(req.body, 'challenge', 32),
		readString(req.body, 'code', 10)));
});

app.use((error, req, res, next) => {
	void next;
	if (!error.status)
		console.error(error);
	res.status(error.status || 500).json({ error: error.message });
});

db.transaction(() => {
	const hash = bcrypt.hashSync(password, COST);
	for (let i = 0; i < Number(nAccounts); i++)
		sql.addAccount.run(random(16).toString('hex'),
			addressOf.replace('%', String(i).padStart(7, '0')), hash, '{}', now(), now(), 0);
})();

mailer.on('connect', () => app.listen(Number(port), '127.0.0.1', () => {
	console.log(`${['express', 'bcrypt', 'better-sqlite3'].map(version).join(', ')}, ` +
		`node ${process.versions.node} ready`);
}));
mailer.on('close', () => process.exit(1));
