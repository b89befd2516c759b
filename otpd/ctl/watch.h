/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_WATCH_H
#define OTPD_CTL_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "otpd/ctl/mailer.h"
#include "otpd/ctl/route.h"
#include "otpd/ctl/session.h"
#include "otpd/ctl/steps.h"

/* The mail's row in otpd's queue, cleaned. */
struct watch_row {
	char state[16];
	char detail[LIMIT_DETAIL + 1];
	char transport[64];
	int64_t tries;
	int64_t next_at;
	int64_t deadline;
	bool second;
};

struct watch {
	struct session *otpd;
	struct mailer mailer;
	bool traced; /* otpd-mail answers */
	char mail[LIMIT_CHALLENGE + 1];
	char route[ROUTE_SIZE];
	struct watch_row row; /* as it was shown last */
	struct steps steps;
	json_t *warnings;
};

/* watch must be zeroed, but for what mailer_init() and steps_init() have set. */
void watch_fini(struct watch *watch);

/* Shows what does not fit in mail.conf, and of the arguments what it does not know,
 * before a mail is lost to it. Returns as a call does: of otpd-mail, which might not be
 * there. */
int watch_warn(struct watch *watch, const struct arguments *arguments);

/* otpd-mail is asked no more; says why (r is a call's result) in a warning. */
void watch_stop_tracing(struct watch *watch, int r);

/* Shows each step until the state is final or wait_s seconds are over since the begin.
 * 0, or the exit code. */
int watch_follow(struct watch *watch, int64_t wait_s);

/* Whether the state is final. */
bool watch_is_over(const struct watch *watch);

#endif
