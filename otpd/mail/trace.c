/* SPDX-License-Identifier: MIT */
/*
 * What happened to the last test mails. Servers say things here that they say nowhere
 * else, so each text is cleaned as a detail is: printable ASCII, addresses masked.
 *
 * MUST NOT keep more of a letter than the mail is on its way: what has to be masked is
 * wiped with trace_end(), the steps with the trace.
 */
#include "otpd/mail/trace.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/letter.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

struct trace {
	char mail[LIMIT_CHALLENGE + 1];
	int64_t came_ms;
	bool is_open; /* the mail is on its way */
	char to[LIMIT_ADDRESS + 1];
	char second[LIMIT_ADDRESS + 1];
	char code[LIMIT_CODE + 1];
	size_t n_steps;
	struct trace_entry steps[TRACE_STEPS];
};

/* From the oldest to the youngest; NULL behind the last. */
struct traces {
	struct trace *at[TRACE_MAILS];
	size_t n;
};

struct traces *traces_new(void)
{
	return calloc(1, sizeof(struct traces));
}

void traces_free(struct traces *traces)
{
	if (!traces)
		return;
	for (size_t i = 0; i < traces->n; i++)
		secret_free(traces->at[i]);
	free(traces);
}

static struct trace *find(const struct traces *traces, const char *mail)
{
	for (size_t i = 0; i < traces->n; i++)
		if (strcmp(traces->at[i]->mail, mail) == 0)
			return traces->at[i];
	return NULL;
}

/* Wipes the oldest whose mail is not on its way. */
static void make_room(struct traces *traces)
{
	for (size_t i = 0; i < traces->n; i++) {
		if (traces->at[i]->is_open)
			continue;
		secret_free(traces->at[i]);
		traces->n--;
		memmove(&traces->at[i], &traces->at[i + 1],
			(traces->n - i) * sizeof(traces->at[0]));
		return;
	}
}

static struct trace *add(struct traces *traces, const char *mail)
{
	struct trace *trace;

	if (traces->n == TRACE_MAILS)
		make_room(traces);
	if (traces->n == TRACE_MAILS)
		return NULL;
	trace = secret_alloc(sizeof(*trace));
	if (!trace)
		return NULL;
	memset(trace, 0, sizeof(*trace));
	text_copy(trace->mail, sizeof(trace->mail), mail);
	trace->came_ms = clock_mono_ms();
	traces->at[traces->n++] = trace;
	return trace;
}

struct trace *trace_begin(
	struct traces *traces, const char *mail, const struct letter *letter)
{
	struct trace *trace = find(traces, mail);

	if (!trace)
		trace = add(traces, mail);
	if (!trace)
		return NULL;
	text_copy(trace->to, sizeof(trace->to), letter->to);
	text_copy(trace->second, sizeof(trace->second), letter->second);
	text_copy(trace->code, sizeof(trace->code), letter->code);
	trace->is_open = true;
	return trace;
}

void trace_end(struct trace *trace)
{
	if (!trace)
		return;
	trace->is_open = false;
	secret_wipe(trace->to, sizeof(trace->to));
	secret_wipe(trace->second, sizeof(trace->second));
	secret_wipe(trace->code, sizeof(trace->code));
}

void trace_step(struct trace *trace, const char *step, const char *said)
{
	struct trace_entry *entry;

	if (!trace || !trace->is_open)
		return;
	if (trace->n_steps < TRACE_STEPS)
		trace->n_steps++;
	entry = &trace->steps[trace->n_steps - 1];
	*entry = (struct trace_entry){ .ms = clock_mono_ms() - trace->came_ms };
	snprintf(entry->step, sizeof(entry->step), "%s", step);
	detail_clean_both(entry->said, sizeof(entry->said), said ? said : "", trace->to,
		trace->second, trace->code);
}

const struct trace_entry *trace_steps(
	const struct traces *traces, const char *mail, size_t *ret_n)
{
	const struct trace *trace = find(traces, mail);

	*ret_n = trace ? trace->n_steps : 0;
	return trace ? trace->steps : NULL;
}
