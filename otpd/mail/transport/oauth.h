/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_OAUTH_H
#define OTPD_MAIL_TRANSPORT_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/mail/config.h"
#include "otpd/mail/transport/curl_loop.h"
#include "otpd/mail/transport/oauth_answer.h"
#include "otpd/util/list.h"

/* The access token of one transport: fetched when there is none, kept until it ends. */
struct oauth;

/*
 * Reads the secrets. 0, or -errno and a sentence in error; NULL and 0 without oauth2.
 * What is in use already with the same settings and secrets is shared, with its token
 * and its fetch. For oauth_free(), once for each time.
 */
int oauth_new(const struct transport_config *config, struct oauth **ret, char *error,
	size_t error_size);
/* No fetch may be carried by a loop of the caller's. */
void oauth_free(struct oauth *oauth);

/* The token, ours; NULL if it has to be fetched first. */
const char *oauth_token(const struct oauth *oauth);

/* Which token that is: another one has another number. */
unsigned oauth_number(const struct oauth *oauth);

/* Whether one of the secrets, or a piece of one, stands in what a server has said. */
bool oauth_has_secret(const struct oauth *oauth, const char *said);

struct oauth_end {
	bool is_good;        /* there is a token */
	bool is_again;       /* it has to be asked for once more, with another grant */
	bool is_refused;     /* what is configured is: an administrator must act */
	int64_t pause_s;     /* the server asked for it (Retry-After); or 0 */
	char why[OAUTH_WHY]; /* without a token; with one, how long it lives */
};

/* One who waits for a fetch. list_remove() of the link ends that. */
struct oauth_waiter {
	struct list link;
	/* Once for each oauth_fetch() that was 0. */
	void (*ended)(struct oauth_waiter *waiter, const struct oauth_end *end);
};

/*
 * Asks for a new one, unless somebody's request is under way, and waits for the end. 0,
 * -ENOMEM, or -EAGAIN: a request was in vain a moment ago, and oauth_failure() says
 * why.
 */
int oauth_fetch(
	struct oauth *oauth, struct curl_loop *curl, struct oauth_waiter *waiter);
const char *oauth_failure(const struct oauth *oauth);

/* Whether a fetch is under way in this loop, which has to live until it ends. */
bool oauth_is_carried(const struct oauth *oauth, const struct curl_loop *curl);

/* For the loop's ended: false if easy is none of ours; else all that wait are told. */
bool oauth_ended(struct oauth *oauth, CURL *easy, CURLcode code);

/*
 * The mail server has refused the token of this number. True if a new one may help:
 * once, until oauth_is_taken().
 */
bool oauth_is_refused(struct oauth *oauth, unsigned number);
void oauth_is_taken(struct oauth *oauth);

#endif
