/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_OPENER_H
#define OTPD_MAIL_OPENER_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/mail/key.h"

#define OPENER_SENDERS 4

/* The shared key with one sender; otpd makes a new pair at each of its starts. */
struct opener_sender {
	bool used;
	unsigned char sender[crypto_box_PUBLICKEYBYTES];
	unsigned char shared[crypto_box_BEFORENMBYTES];
};

struct opener {
	const struct mail_key *key;
	struct opener_sender senders[OPENER_SENDERS];
	unsigned next; /* whose place the next new sender takes */
};

/*
 * Opens what crypto_box_easy has sealed. All three are base64 (with padding). On
 * success *ret is the plaintext, of *ret_size bytes, for secret_free(). -EBADMSG if it
 * cannot be opened, -ENOMEM.
 */
int opener_open(struct opener *opener, const char *sender, const char *nonce,
	const char *sealed, char **ret, size_t *ret_size);
void opener_wipe(struct opener *opener);

#endif
