/* SPDX-License-Identifier: MIT */
/*
 * New recovery codes: drawn, hashed, written, told.
 *
 * Ten Argon2ids take a quarter of a second, so they are hashed one after another in the
 * hasher, between two transactions; whoever makes them MUST look at everything anew in
 * the second. Nothing is written before all are there, so that a hasher which is busy
 * leaves the earlier codes as they were. They stand in one answer and nowhere else.
 */
#include "otpd/server/recovery_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

static bool is_new_selector(const struct recovery_set *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(set->codes[i], set->codes[n], RECOVERY_SELECTOR) == 0)
			return false;
	return true;
}

static void draw(struct recovery_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		do
			recovery_draw(set->codes[i]);
		while (!is_new_selector(set, i));
		snprintf(set->rows[i].selector, sizeof(set->rows[i].selector), "%.*s",
			RECOVERY_SELECTOR, set->codes[i]);
	}
}

static void hash_next(struct call *call);

static void on_hashed(struct hashing *hashing)
{
	struct call *call = hashing->context;
	struct recovery_set *set = call->phase;
	struct recovery *row = &set->rows[set->n_hashed];

	if (hashing->result < 0) {
		call_finish(call, hashing->result);
		return;
	}
	text_copy(row->hash, sizeof(row->hash), hashing->hash);
	set->n_hashed++;
	if (!recovery_set_is_made(set)) {
		hash_next(call);
		return;
	}
	call->reading = false;
	call->service->submit(call);
}

/* What is hashed are the letters behind the selector. */
static void hash_next(struct call *call)
{
	struct recovery_set *set = call->phase;

	set->hashing = (struct hashing){
		.password = set->codes[set->n_hashed] + RECOVERY_SELECTOR,
		.make = true,
		.context = call,
		.done = on_hashed,
	};
	if (hasher_ask(&call_daemon(call)->hasher, &set->hashing) == 0)
		return;
	call_out_clear(call);
	call_out_int(call, "retry_after", 1);
	call_finish(call, OUTCOME_BUSY);
}

void recovery_set_make_then(struct call *call, struct recovery_set *set, size_t n)
{
	set->n = n;
	set->n_hashed = 0;
	draw(set);
	call->phase = set;
	call->then = hash_next;
}

bool recovery_set_is_made(const struct recovery_set *set)
{
	return set->n > 0 && set->n_hashed == set->n;
}

int recovery_set_write(
	struct store *store, const char *principal, const struct recovery_set *set)
{
	return recovery_replace(store, principal, set->rows, (int64_t)set->n);
}

int recovery_set_answer(struct call *call, const struct recovery_set *set)
{
	json_t *codes = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++) {
		char shown[RECOVERY_SHOWN];
		SECRET_SCOPE(shown);

		recovery_show(shown, set->codes[i]);
		r = json_array_append_new(codes, json_string(shown));
	}
	call_out_json(call, "codes", codes);
	return r == 0 ? 0 : -ENOMEM;
}

void recovery_set_answer_text(struct call *call, const struct recovery_set *set)
{
	char text[RECOVERY_CODES * RECOVERY_SHOWN] = "";
	size_t at = 0;
	SECRET_SCOPE(text);

	for (size_t i = 0; i < set->n; i++) {
		if (i > 0)
			text[at++] = ' ';
		recovery_show(text + at, set->codes[i]);
		at += strlen(text + at);
	}
	call_out_string(call, "codes", text);
}
