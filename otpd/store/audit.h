/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_AUDIT_H
#define OTPD_STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

/* Something that somebody may ask about later. Strings are borrowed; NULL means "". */
struct audit_event {
	int64_t id;
	int64_t at;
	const char *event;
	const char *user;
	const char *service;
	const char *rhost;
	int64_t uid;
	const char *reference;
	const char *detail;
};

int audit_add(struct store *store, const struct audit_event *event);

/* Which events are wanted: all of what is given; "" and 0 are not given. */
struct audit_filter {
	const char *user;
	const char *event;
	const char *service;
	const char *rhost;
	int64_t since_s; /* at or after it */
	int64_t until_s; /* before it */
};

/*
 * The newest first, before the id *before (0: from the end); filter NULL: all. One call
 * looks through at most AUDIT_STRETCH rows, so that a search through years does not
 * hold up logins. *before is then where the next call goes on, 0 at the beginning of
 * the table, unless each has ended it.
 */
#define AUDIT_STRETCH 5000
int audit_list(struct store *store, int64_t *before, int64_t limit,
	const struct audit_filter *filter,
	int (*each)(const struct audit_event *event, void *arg), void *arg);

/* Deletes at most limit that are older than before_s or beyond the newest keep;
 * *ret_more says whether there were as many. */
int audit_purge(struct store *store, int64_t before_s, int64_t keep, int64_t limit,
	bool *ret_more);

#endif
