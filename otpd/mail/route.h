/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_ROUTE_H
#define OTPD_MAIL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/mail/config.h"
#include "otpd/mail/health.h"
#include "otpd/mail/transport/transport.h"

/*
 * How long after Send came another transport, or the second route, is still begun: otpd
 * waits 150 s for the answer, and what is begun then may take its own time limit.
 */
#define ROUTE_PATIENCE_MS 75000

/* The transports of a configuration, in their order. */
struct route;
struct route_slot;
struct stats;

/*
 * A mail on its way over the transports. Who owns it fills the first part (but not
 * parcel.done, which is the route's) and keeps it alive until ended is called.
 */
struct trip {
	struct parcel parcel;
	int64_t came_ms; /* of clock_mono_ms(): when Send came */
	/*
	 * Called exactly once, from route_send() or later; the trip may be sent again
	 * from it. transport is the name of the one whose word the verdict is, ""
	 * without one. Both are valid during the call only. The cause is not
	 * CAUSE_POLICY: a policy that all have is the recipient's.
	 */
	void (*ended)(struct trip *trip, const struct verdict *verdict,
		const char *transport);

	/* The route's. */
	struct route *route;
	struct route_slot *slot; /* that has it now */
	struct health_try attempt;
	unsigned tried;    /* a bit for each slot */
	bool was_deferred; /* by one of them */
	bool was_failed;   /* one of them had another reason than its policy */
};

/*
 * Makes all transports of a configuration, or none. Tries are counted in stats, which
 * must outlive the route. -errno, and what is wrong in error.
 */
int route_new(const struct mail_config *config, uv_loop_t *loop, struct stats *stats,
	struct route **ret, char *error, size_t error_size);

/*
 * Takes no new trips. Those on their way go on, to the next transport too, and the
 * last one takes the route with it; the loop has to run for that.
 */
void route_free(struct route *route);

/*
 * Sends it over the first transport that takes such recipients (a telephone number
 * is one of address_is_number()), is healthy and has room, and over the next ones as
 * long as the transports, or their policies, are the cause that it was not sent.
 */
void route_send(struct route *route, struct trip *trip);

/* What the i-th transport is doing. */
struct route_status {
	enum health_state state;
	int64_t retry_in_s; /* until its pause ends; 0: it has none */
	int64_t n_waiting;  /* mails that it has */
};
void route_status(const struct route *route, size_t i, struct route_status *ret);

#endif
