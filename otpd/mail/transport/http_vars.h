/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_VARS_H
#define OTPD_MAIL_TRANSPORT_HTTP_VARS_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/util/template.h"

struct parcel;

#define HTTP_VARS 36

/* What the templates of requests may name; all but key is known from the mail. */
struct http_vars {
	struct template_var all[HTTP_VARS + 1]; /* ended by a NULL name */
	char *message_id;
	char *from_mailbox;
	char *raw;
	char expires_at[24];
	char expires_iso[24];
	char at[24];
};

/*
 * Those of a parcel, which must outlive them; key may be NULL. 0 or -ENOMEM. To be
 * finished in either case.
 */
int http_vars_init(
	struct http_vars *vars, const struct parcel *parcel, const char *key);
void http_vars_fini(struct http_vars *vars);

/*
 * Gives every variable the same text as its value, for trying templates; those that are
 * digits "1700000000", or "" if text is and they can be.
 */
void http_vars_sample(struct template_var vars[HTTP_VARS + 1], const char *text);

/* Whether there is a variable of this name, and if in_header one for a header. */
bool http_vars_has(const char *name, size_t length, bool in_header);

#endif
