/* SPDX-License-Identifier: MIT */
/*
 * Passwords are checked and hashed here, on the thread pool, few at a time.
 *
 * An Argon2id takes 19 MiB and some 25 ms, and strangers decide how many there are. So
 * at most HASHER_AT_ONCE run, which bounds the memory and leaves two threads of the
 * pool for the store and for names, and at most HASHER_WAITING wait, which bounds the
 * time: whoever comes then is told to come again, and nothing was counted.
 *
 * A question MUST be answered once it was taken, even if its caller has gone: his try
 * counts. The password is borrowed from the call, which lives until then.
 */
#include "otpd/server/hasher.h"

#include <errno.h>
#include <sodium.h>

#include "otpd/proto/outcome.h"

static void on_work(uv_work_t *work)
{
	struct hashing *hashing = work->data;
	bool make = hashing->make;

	hashing->hash[0] = '\0';
	if (hashing->check) {
		int r = password_compare(hashing->stored, hashing->password);

		hashing->is_right = r == 0;
		hashing->result = r < 0 ? r : 0;
		make = make && hashing->is_right && password_is_old(hashing->stored);
	}
	if (make)
		hashing->result = password_hash(hashing->hash, hashing->password);
}

static void start_next(struct hasher *hasher);

static void on_done(uv_work_t *work, int status)
{
	struct hashing *hashing = work->data;
	struct hasher *hasher = hashing->hasher;

	if (status < 0)
		hashing->result = status;
	hasher->n_running--;
	start_next(hasher);
	hashing->done(hashing);
}

static void start_next(struct hasher *hasher)
{
	struct list *link;

	while (hasher->n_running < HASHER_AT_ONCE &&
		(link = list_pop(&hasher->waiting))) {
		struct hashing *hashing = list_entry(link, struct hashing, link);

		hasher->n_waiting--;
		hasher->n_running++;
		hashing->work.data = hashing;
		uv_queue_work(hasher->loop, &hashing->work, on_work, on_done);
	}
}

void hasher_open(struct hasher *hasher, uv_loop_t *loop)
{
	*hasher = (struct hasher){ .loop = loop };
	list_init(&hasher->waiting);
}

int hasher_ask(struct hasher *hasher, struct hashing *hashing)
{
	if (hasher->n_waiting >= HASHER_WAITING)
		return OUTCOME_BUSY;
	hashing->hasher = hasher;
	hashing->is_right = false;
	hashing->result = 0;
	list_init(&hashing->link);
	list_append(&hasher->waiting, &hashing->link);
	hasher->n_waiting++;
	start_next(hasher);
	return 0;
}

bool hasher_is_idle(const struct hasher *hasher)
{
	return hasher->n_running == 0 && hasher->n_waiting == 0;
}
