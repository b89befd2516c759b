/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_TALLY_H
#define OTPD_SERVER_TALLY_H

#include <stdint.h>

#include "otpd/core/event.h"
#include "otpd/core/histogram.h"
#include "otpd/proto/outcome.h"

/* What became of tries to send a mail. */
enum tally_mail {
	TALLY_MAIL_SENT,
	TALLY_MAIL_DEFERRED,
	TALLY_MAIL_REFUSED,
	TALLY_MAIL_BOUNCED,
	TALLY_MAIL_MAX,
};

/* What this process has counted since it started; of bounded size, and of nobody. */
struct tally {
	int64_t events[EVENT_MAX];    /* by their place in the table of events */
	int64_t answers[OUTCOME_MAX]; /* by outcome, 0: done */
	int64_t mails[TALLY_MAIL_MAX];
	struct histogram commit_us;
	struct histogram call_us;
	struct histogram batch_calls;
};

const struct tally *tally_get(void);

void tally_event(const char *event);
void tally_answer(int outcome, int64_t took_us);
void tally_mail(enum tally_mail result);

/* A batch of so many calls is back; commit_us: what its COMMIT took, 0 if it wrote
 * nothing. */
void tally_batch(int64_t n_calls, int64_t commit_us);

#endif
