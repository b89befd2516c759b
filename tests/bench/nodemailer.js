// SPDX-License-Identifier: MIT
// The peer of otpd-mail: nodemailer's pool, used as its manual says.
//
//   node nodemailer.js MODULE SAMPLE.eml SAMPLE.json PORT CA N WARM_UP
//
// SAMPLE.eml is a mail of otpd-mail, SAMPLE.json what was filled into it. Its text and
// its HTML become templates, so that both sides send the same words in the same size, each
// mail with its own name, code and so on; nodemailer does the MIME, as otpd-mail does.
// CA is the certificate of a sink with TLS, "-" for one without. Sends WARM_UP mails, then
// N by the clock, and prints the version and the nanoseconds.
'use strict';
const fs = require('fs');
const net = require('net');
const tls = require('tls');

// Older versions leave Nagle's algorithm on and then wait 40 ms for a delayed ACK
// with each mail. The peer shall be at its best, so it is off for all of them.
for (const module of [net, tls]) {
	const connect = module.connect;
	module.connect = (...args) => connect(...args).setNoDelay(true);
}

const [modulePath, mailPath, wordsPath, port, ca, count, warmUp] = process.argv.slice(2);
const { createTransport } = require(modulePath);
const { version } = require(modulePath + '/package.json');
const CONNECTIONS = 4;
const IN_FLIGHT = 16; // as many as the sender of otpd-mail has

function fail(why) {
	console.error(`nodemailer.js: ${why}`);
	process.exit(1);
}

// The decoded parts of type text/* of a multipart mail, by type.
function readParts(mail) {
	const boundary = /boundary="([^"]+)"/.exec(mail)[1];
	const parts = {};
	for (const part of mail.split(`--${boundary}`).slice(1)) {
		const [head, body] = part.split(/\r\n\r\n([^]*)/);
		const type = /content-type: *(text\/\w+)/i.exec(head);
		if (!type)
			continue;
		const bytes = /transfer-encoding: *base64/i.test(head)
			? Buffer.from(body, 'base64')
			: Buffer.from(body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g,
				(_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
		parts[type[1]] = bytes.toString('utf8').replace(/\r\n/g, '\n');
	}
	return parts;
}

const escaped = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text) => text.replace(/[&<>"']/g, (c) => escaped[c]);
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// A function of the words. The code may stand in groups, with tags between its digits.
function compile(text, words, escape) {
	const tags = '((?:<[^>]*>)*)';
	const pieces = [text];
	const cut = (pattern, values) => {
		for (let i = 0; i < pieces.length; i++) {
			const found = typeof pieces[i] === 'string' ? pattern.exec(pieces[i]) : null;
			if (!found)
				continue;
			const before = pieces[i].slice(0, found.index);
			const after = pieces[i].slice(found.index + found[0].length);
			pieces.splice(i, 1, before, ...values(found), after);
			i += values(found).length;
		}
	};
	for (const name of Object.keys(words)) {
		if (name === 'code')
			continue;
		cut(new RegExp(literally(escape(words[name]))), () => [(w) => escape(w[name])]);
	}
	cut(new RegExp([...words.code].join(tags)), (found) =>
		[...words.code].flatMap((_, i) => [(w) => w.code[i], found[i + 1] || '']));
	const used = pieces.filter((piece) => piece);
	return (w) => {
		let out = '';
		for (const piece of used)
			out += typeof piece === 'string' ? piece : piece(w);
		return out;
	};
}

function numbered(words, number) {
	const seven = String(number).padStart(7, '0');
	const fill = (text) => text.replace(/[0-9]{7}/, seven);
	return {
		to: fill(words.to),
		name: fill(words.name),
		user: fill(words.user),
		rhost: fill(words.rhost),
		code: String(number * 7919 % 1000000).padStart(6, '0'),
		reference: words.reference,
	};
}

const words = JSON.parse(fs.readFileSync(wordsPath, 'utf8'));
const parts = readParts(fs.readFileSync(mailPath, 'latin1'));
if (!parts['text/plain'] || !parts['text/html'])
	fail('the sample has no text or no HTML');
const text = compile(parts['text/plain'], words, (value) => value);
const html = compile(parts['text/html'], words, escapeHtml);

const probe = numbered(words, 1234567);
for (const rendered of [text(probe), html(probe)])
	if (!rendered.replace(/<[^>]*>/g, '').includes(probe.code) ||
		!rendered.includes('1234567') || rendered.includes(words.code))
		fail('the sample could not be made a template');

const pool = createTransport({
	pool: true,
	maxConnections: CONNECTIONS,
	maxMessages: Infinity,
	host: '127.0.0.1',
	port: Number(port),
	secure: ca !== '-',
	ignoreTLS: ca === '-',
	tls: ca === '-' ? undefined : { ca: fs.readFileSync(ca), servername: '' },
});

function compose(number) {
	const w = numbered(words, number);
	return {
		from: { name: 'Sign-in code', address: 'otpd@mail.example.org' },
		to: { name: w.name, address: w.to },
		subject: `Your sign-in code for login.example.org (${w.reference})`,
		messageId: `<${String(number).padStart(32, '0')}@mail.example.org>`,
		headers: { 'Auto-Submitted': 'auto-generated' },
		text: text(w),
		html: html(w),
	};
}

// Sends n mails, numbered from first on.
function run(first, n) {
	return new Promise((resolve) => {
		let started = 0;
		let done = 0;
		const next = () => {
			if (started === n)
				return;
			pool.sendMail(compose(first + started++), (error) => {
				if (error)
					fail(error);
				if (++done === n)
					resolve();
				else
					next();
			});
		};
		for (let i = 0; i < IN_FLIGHT; i++)
			next();
	});
}

async function main() {
	const n = Number(count);
	const before = Number(warmUp);
	if (before > 0)
		await run(1, before);
	const start = process.hrtime.bigint();
	await run(before + 1, n);
	const ns = process.hrtime.bigint() - start;
	pool.close();
	console.log(`nodemailer ${version} node ${process.versions.node} ns ${ns}`);
}

main();
