/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_STEPS_H
#define OTPD_CTL_STEPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The way of one mail, each step shown once when it is heard of: a line with the
 * milliseconds since the command began, or, with json, kept for the end.
 */
struct steps {
	bool json;
	json_t *shown;      /* array of {by, step, ms, said} */
	json_t *trace;      /* of otpd-mail, as it was last; NULL: it had none */
	int64_t begun_ms;   /* of clock_mono_ms() */
	int64_t shown_ms;   /* since then, the latest time that was shown */
	int64_t arrived_ms; /* since then, when the mail came to otpd-mail */
};

int steps_init(struct steps *steps, bool json); /* 0 or -ENOMEM */
void steps_fini(struct steps *steps);

/* Milliseconds since the begin. */
int64_t steps_now_ms(const struct steps *steps);

/* A step of otpd's that was heard of now. 0 or -ENOMEM. */
int steps_add(struct steps *steps, const char *step, const char *said);

/*
 * Shows what is new in an answer of Mail.Trace that came at now_ms (of steps_now_ms()),
 * in the order of milliseconds. otpd-mail counts from the moment at which the mail came
 * to it; that moment is taken to be now_ms less the latest step the first time that
 * there is one, and again when the mail comes a second time. 0, -ENOMEM, or -EPROTO if
 * this is no trace.
 */
int steps_take(struct steps *steps, const json_t *answer, int64_t now_ms);

/* The last step of otpd-mail's and what was said in it; NULL if there was none. */
const char *steps_last(const struct steps *steps, const char **ret_said);

#endif
