/* SPDX-License-Identifier: MIT */
/*
 * The steps of a test mail. otpd's own are heard of when otpctl asks, those of
 * otpd-mail carry their time with them; both are put on one line of time, since a
 * reader wants to see where the seconds went. A trace is asked for again and again and
 * grows at its end; one that does not begin like the last one is another.
 */
#include "otpd/ctl/steps.h"

#include <errno.h>
#include <stdio.h>

#include "otpd/ctl/table.h"
#include "otpd/ctl/wrap.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define STEP_SIZE  25 /* bytes of a step's name that are shown, and its NUL */
#define LABEL_SIZE 64

int steps_init(struct steps *steps, bool json)
{
	*steps = (struct steps){
		.json = json,
		.shown = json_array(),
		.begun_ms = clock_mono_ms(),
		.arrived_ms = -1,
	};
	return steps->shown ? 0 : -ENOMEM;
}

void steps_fini(struct steps *steps)
{
	json_decref(steps->shown);
	json_decref(steps->trace);
	*steps = (struct steps){ 0 };
}

int64_t steps_now_ms(const struct steps *steps)
{
	return clock_mono_ms() - steps->begun_ms;
}

static void write_line(int64_t ms, const char *step, const char *said)
{
	char label[LABEL_SIZE], name[STEP_SIZE];

	text_copy_clean(name, sizeof(name), step);
	table_straighten(name);
	snprintf(label, sizeof(label), "%7lld ms  %-11s  ", (long long)ms, name);
	wrap_write(stdout, label, said);
	fflush(stdout);
}

static int add(struct steps *steps, const char *by, int64_t ms, const char *step,
	const char *said)
{
	json_t *row = json_pack("{s:s, s:s, s:I, s:s}", "by", by, "step", step, "ms",
		(json_int_t)ms, "said", said);

	if (!row || json_array_append_new(steps->shown, row) < 0)
		return -ENOMEM;
	if (ms > steps->shown_ms)
		steps->shown_ms = ms;
	if (!steps->json)
		write_line(ms, step, said);
	return 0;
}

/* What was heard of later is not shown as earlier, whatever the clocks think. */
static int64_t not_before(const struct steps *steps, int64_t ms)
{
	return ms > steps->shown_ms ? ms : steps->shown_ms;
}

int steps_add(struct steps *steps, const char *step, const char *said)
{
	return add(steps, "otpd", not_before(steps, steps_now_ms(steps)), step, said);
}

static int64_t row_ms(const json_t *trace, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(trace, i), "ms"));
}

static const char *row_text(const json_t *trace, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(trace, i), key));
}

static bool is_trace(const json_t *trace)
{
	for (size_t i = 0; i < json_array_size(trace); i++)
		if (!row_text(trace, i, "step") || !row_text(trace, i, "said") ||
			!json_is_integer(
				json_object_get(json_array_get(trace, i), "ms")) ||
			row_ms(trace, i) < 0)
			return false;
	return json_is_array(trace);
}

/*
 * How many rows of a trace were shown already. A trace that is full has a new row in
 * its last place (trace.h of otpd-mail), so that one may differ.
 */
static size_t shown_rows(const struct steps *steps, const json_t *trace)
{
	size_t n = json_array_size(steps->trace), i = 0;

	while (i < n &&
		json_equal(json_array_get(steps->trace, i), json_array_get(trace, i)))
		i++;
	return i + 1 >= n ? i : 0;
}

static int64_t latest_ms(const json_t *trace, size_t from, size_t end)
{
	int64_t latest = -1;

	for (size_t i = from; i < end; i++)
		if (row_ms(trace, i) > latest)
			latest = row_ms(trace, i);
	return latest;
}

/* The earliest of the rows that comes behind (ms, i); the number of rows if none does.
 */
static size_t next_row(const json_t *trace, size_t from, int64_t ms, size_t i)
{
	size_t n = json_array_size(trace), best = n;

	for (size_t j = from; j < n; j++) {
		int64_t at = row_ms(trace, j);

		if (at < ms || (at == ms && i < n && j <= i))
			continue;
		if (best == n || at < row_ms(trace, best))
			best = j;
	}
	return best;
}

/* otpd-mail has the mail, maybe for another try: notes when that was. */
static int arrive(struct steps *steps, int64_t now_ms, int64_t latest)
{
	bool again = steps->arrived_ms >= 0;

	steps->arrived_ms = not_before(steps, now_ms - latest);
	return add(steps, "otpd", steps->arrived_ms, "handed over",
		again ? "to otpd-mail, again" : "to otpd-mail");
}

static int show_from(struct steps *steps, const json_t *trace, size_t from)
{
	size_t n = json_array_size(trace);
	size_t i = next_row(trace, from, 0, n);

	while (i < n) {
		int64_t ms = row_ms(trace, i);
		int r = add(steps, "otpd-mail", steps->arrived_ms + ms,
			row_text(trace, i, "step"), row_text(trace, i, "said"));

		if (r < 0)
			return r;
		i = next_row(trace, from, ms, i);
	}
	return 0;
}

int steps_take(struct steps *steps, const json_t *answer, int64_t now_ms)
{
	json_t *trace = json_object_get(answer, "steps");
	size_t n = json_array_size(trace), from;
	int64_t earliest;
	int r = 0;

	if (!is_trace(trace))
		return -EPROTO;
	from = shown_rows(steps, trace);
	if (from == n)
		return 0;
	earliest = row_ms(trace, next_row(trace, from, 0, n));
	if (from == 0 || earliest < latest_ms(trace, 0, from))
		r = arrive(steps, now_ms, latest_ms(trace, from, n));
	if (r == 0)
		r = show_from(steps, trace, from);
	json_decref(steps->trace);
	steps->trace = json_incref(trace);
	return r;
}

const char *steps_last(const struct steps *steps, const char **ret_said)
{
	size_t n = json_array_size(steps->trace);

	*ret_said = n ? row_text(steps->trace, n - 1, "said") : NULL;
	return n ? row_text(steps->trace, n - 1, "step") : NULL;
}
