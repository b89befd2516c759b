/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_STATS_H
#define OTPD_MAIL_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "otpd/mail/config.h"
#include "otpd/mail/latency.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/proto/limits.h"

#define STATS_DOMAINS 256 /* with a row of their own; the others share "other" */
#define STATS_DOMAIN  MAIL_HOST_MAX

struct stats_counts {
	int64_t sent;
	int64_t deferred;
	int64_t refused;
	struct latency latency; /* of those that were sent */
};

/* Of each try over a transport. */
struct stats_transport {
	char name[SETTINGS_TITLE];
	struct stats_counts counts;
	char last_error[LIMIT_DETAIL + 1];
};

/* Of each recipient of a mail, from Send to the answer. */
struct stats_domain {
	char name[STATS_DOMAIN + 1]; /* in lower case */
	struct stats_counts counts;
	int64_t bounced;
};

/* Counters since the start, of bounded size. */
struct stats;

struct stats *stats_new(void);
void stats_free(struct stats *stats);

/*
 * The transports that are counted from now on, in their order. Those that were counted
 * before under the same name go on; the others are forgotten.
 */
void stats_configure(struct stats *stats, const struct mail_config *config);

/*
 * A try over the transport of this name has ended after ms; detail (clean) is kept as
 * its last error unless the mail was sent. A transport that is not known is not
 * counted: it belongs to a configuration that was replaced.
 */
void stats_tried(struct stats *stats, const char *transport, enum send_result result,
	int64_t ms, const char *detail);

/* A mail to this address or number has its result, ms after it came. */
void stats_ended(
	struct stats *stats, const char *to, enum send_result result, int64_t ms);

/* A mail to this domain (of any case) came back after all. */
void stats_bounced(struct stats *stats, const char *domain);

/* The i-th transport of the configuration; NULL behind the last. */
const struct stats_transport *stats_transport(const struct stats *stats, size_t i);

/*
 * The first domain whose name sorts (as bytes) behind after; "" is before all of them.
 * NULL: there is none. *ret stays valid until the next call of stats_ended() or
 * stats_bounced().
 */
const struct stats_domain *stats_domain_after(
	const struct stats *stats, const char *after);

#endif
