/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SETTLE_H
#define OTPD_SERVER_SETTLE_H

#include "otpd/server/outbox.h"
#include "otpd/server/record.h"

/* What otpd-mail said of a try, or what stood in its way. Texts are borrowed. */
struct mail_result {
	const char *result; /* "sent", "deferred" or "refused" */
	const char *detail;
	const char *transport; /* "": none */
	bool second;           /* the second route was used */
	bool bad_address;      /* a server refused the first for good */
};

/* Puts into the mail what is to be written of it, and logs the try. */
void settle_decide(
	struct outgoing *outgoing, const struct mail_result *result, int64_t now_s);

/* Writes it, and what it says of the user's address. Inside of a transaction. */
int settle_write(struct outgoing *outgoing, struct store *store);

/* After the COMMIT: says if the address is undeliverable from now on. */
void settle_log(const struct outgoing *outgoing);

/*
 * A mail has come back. 1 if it is one that was sent; then *ret is to be logged after
 * the COMMIT (record_log(), which says nothing unless there is something to say). 0 if
 * there is none such. Inside of a transaction.
 */
int settle_bounced(struct store *store, const uint8_t name[MAIL_NAME],
	const char *status, const char *detail, int64_t now_s, struct record *ret);

#endif
