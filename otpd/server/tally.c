/* SPDX-License-Identifier: MIT */
/*
 * The counters behind Admin.Metrics. They are at file scope since events are counted
 * where they are logged, which is far from the daemon's structure; they are about the
 * process, not about one daemon. MUST be used on the loop's thread only.
 */
#include "otpd/server/tally.h"

static const int64_t commit_bounds[] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000,
	50000, 100000, 250000, 500000, 1000000, 5000000 };
static const int64_t call_bounds[] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000,
	50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 };
static const int64_t batch_bounds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 };

#define HISTOGRAM(b)                                            \
	{                                                       \
		.bounds = (b), .n = sizeof(b) / sizeof((b)[0]), \
	}

static struct tally tally = {
	.commit_us = HISTOGRAM(commit_bounds),
	.call_us = HISTOGRAM(call_bounds),
	.batch_calls = HISTOGRAM(batch_bounds),
};

const struct tally *tally_get(void)
{
	return &tally;
}

void tally_event(const char *event)
{
	size_t i = event_find(event);

	if (i < events_count)
		tally.events[i]++;
}

void tally_answer(int outcome, int64_t took_us)
{
	if (outcome < 0 || outcome >= OUTCOME_MAX)
		outcome = OUTCOME_UNAVAILABLE;
	tally.answers[outcome]++;
	histogram_add(&tally.call_us, took_us);
}

void tally_mail(enum tally_mail result)
{
	tally.mails[result]++;
}

void tally_batch(int64_t n_calls, int64_t commit_us)
{
	histogram_add(&tally.batch_calls, n_calls);
	if (commit_us > 0)
		histogram_add(&tally.commit_us, commit_us);
}
