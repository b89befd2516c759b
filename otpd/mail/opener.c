/* SPDX-License-Identifier: MIT */
/*
 * Opening sealed mails. The costly half of crypto_box (60 us) depends on the sender
 * only, and otpd keeps its pair for the length of a run, so the shared keys of the last
 * few senders are kept and each further mail costs a microsecond.
 */
#include "otpd/mail/opener.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

DEFINE_CLEANUP(char *, secret_free);

/* Exactly size bytes, or any number up to it if ret_size is not NULL. */
static int from_base64(
	unsigned char *out, size_t size, const char *text, size_t *ret_size)
{
	size_t n;

	if (sodium_base642bin(out, size, text, strlen(text), NULL, &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0)
		return -EBADMSG;
	if (ret_size)
		*ret_size = n;
	else if (n != size)
		return -EBADMSG;
	return 0;
}

static const unsigned char *shared_key(
	struct opener *opener, const unsigned char sender[crypto_box_PUBLICKEYBYTES])
{
	struct opener_sender *at;

	for (size_t i = 0; i < OPENER_SENDERS; i++) {
		at = &opener->senders[i];
		if (at->used && memcmp(at->sender, sender, sizeof(at->sender)) == 0)
			return at->shared;
	}
	at = &opener->senders[opener->next];
	at->used = false;
	if (crypto_box_beforenm(at->shared, sender, opener->key->secret) != 0)
		return NULL;
	memcpy(at->sender, sender, sizeof(at->sender));
	at->used = true;
	opener->next = (opener->next + 1) % OPENER_SENDERS;
	return at->shared;
}

int opener_open(struct opener *opener, const char *sender, const char *nonce,
	const char *sealed, char **ret, size_t *ret_size)
{
	CLEANUP(secret_freep) char *plain = NULL;
	unsigned char from[crypto_box_PUBLICKEYBYTES], once[crypto_box_NONCEBYTES];
	unsigned char box[LIMIT_SEALED];
	const unsigned char *shared;
	size_t size;

	if (from_base64(from, sizeof(from), sender, NULL) < 0 ||
		from_base64(once, sizeof(once), nonce, NULL) < 0 ||
		from_base64(box, sizeof(box), sealed, &size) < 0 ||
		size <= crypto_box_MACBYTES)
		return -EBADMSG;
	shared = shared_key(opener, from);
	if (!shared)
		return -EBADMSG;
	plain = secret_alloc(size);
	if (!plain)
		return -ENOMEM;
	if (crypto_box_open_easy_afternm(
		    (unsigned char *)plain, box, size, once, shared) != 0)
		return -EBADMSG;
	*ret_size = size - crypto_box_MACBYTES;
	*ret = TAKE_PTR(plain);
	return 0;
}

void opener_wipe(struct opener *opener)
{
	secret_wipe(opener->senders, sizeof(opener->senders));
}
