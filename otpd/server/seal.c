/* SPDX-License-Identifier: MIT */
/*
 * Letters leave otpd as boxes that only otpd-mail opens (crypto_box: X25519, XSalsa20
 * and Poly1305). The sender's secret lives in this process only, so whoever has the
 * database, or this daemon after a restart, reads no code from the outbox.
 */
#include "otpd/server/seal.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

void seal_init(struct seal *seal)
{
	memset(seal, 0, sizeof(*seal));
	crypto_box_keypair(seal->sender, seal->secret);
}

int seal_set_mailer(struct seal *seal, const uint8_t key[MAIL_KEY])
{
	uint8_t shared[MAIL_KEY];

	if (crypto_box_beforenm(shared, key, seal->secret) != 0)
		return -EINVAL;
	memcpy(seal->shared, shared, sizeof(shared));
	memcpy(seal->mailer, key, MAIL_KEY);
	seal->ready = true;
	sodium_memzero(shared, sizeof(shared));
	return 0;
}

int seal_letter(const struct seal *seal, const struct letter *l, struct mail *mail)
{
	char plain[LIMIT_SEALED - crypto_box_MACBYTES];
	CLEANUP(json_decrefp) json_t *json = NULL;
	size_t size;
	SECRET_SCOPE(plain);

	json = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
		" s:s*, s:s, s:s, s:s*, s:I, s:I}",
		"to", l->to, "second", l->second, "tenant", l->tenant, "language",
		l->language, "template", l->kind, "name", l->name, "user", l->user,
		"service", l->service, "host", l->host, "rhost", l->rhost, "tty",
		l->tty, "command", l->command, "address", l->address, "left",
		*l->left ? l->left : NULL, "code", l->code, "reference", l->reference,
		"page", l->page, "at", (json_int_t)l->at, "expires_at",
		(json_int_t)l->expires_at);
	if (!json)
		return -ENOMEM;
	size = json_dumpb(json, plain, sizeof(plain), JSON_COMPACT);
	if (size == 0 || size > sizeof(plain))
		return -EMSGSIZE;
	randombytes_buf(mail->nonce, sizeof(mail->nonce));
	memcpy(mail->sender, seal->sender, sizeof(mail->sender));
	crypto_box_easy_afternm(
		mail->sealed, (const uint8_t *)plain, size, mail->nonce, seal->shared);
	mail->sealed_size = size + crypto_box_MACBYTES;
	return 0;
}
