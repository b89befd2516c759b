/* SPDX-License-Identifier: MIT */
/*
 * Group commit.
 *
 * Whatever one round of the loop has brought in becomes one transaction, on a worker
 * thread, so that the loop does not wait for the disk while others have something to
 * do. One batch is in flight at a time, so that one thread at a time uses the store,
 * without a lock. There is no timer: while one fsync runs, the next batch gathers.
 *
 * MUST NOT answer before COMMIT. If COMMIT fails, every call of the batch failed,
 * whatever its own result was. A call of a client that has gone is still applied: its
 * try counts.
 *
 * The idle handle is there because a call may be added outside of the poll phase (a
 * pipelined call after an answer, a timer); without it the loop would sleep in poll
 * with a batch that waits.
 */
#include "otpd/server/batch.h"

#include <errno.h>
#include <stdio.h>

#include "otpd/server/tally.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"

static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void note_result(struct call *call, int r)
{
	if (r != 0)
		call->result = r;
}

/* One call or job in its savepoint: an error takes back what it wrote, an answer does
 * not. */
static int in_savepoint(struct batch *batch, struct call *call, struct job *job)
{
	int r = store_savepoint(batch->store);

	if (r < 0)
		return r;
	r = call ? call->method->apply(call, batch->store)
		 : job->apply(job, batch->store);
	/* A success that could not be written is a failure; a refusal has counted. */
	if (call && r == 0 && call->result < 0)
		r = call->result;
	if (r < 0) {
		int undone = store_rollback_to(batch->store);

		return undone < 0 ? undone : r;
	}
	return store_release(batch->store) < 0 ? -EIO : r;
}

static bool reads(const struct call *call)
{
	return call->reading || (call->method->flags & METHOD_READ);
}

static bool writes(const struct batch *batch)
{
	if (!list_is_empty(&batch->flying_jobs))
		return true;
	list_for_each(it, &batch->flying_calls)
		if (!reads(list_entry(it, struct call, link)))
			return true;
	return false;
}

/* After a full disk SQLite may have rolled everything back by itself. */
static int run_items(struct batch *batch)
{
	list_for_each(it, &batch->flying_jobs) {
		struct job *job = list_entry(it, struct job, link);

		job->result = in_savepoint(batch, NULL, job);
		if (job->result == -EUCLEAN)
			return -EUCLEAN;
		if (!store_in_transaction(batch->store))
			return -EIO;
	}
	list_for_each(it, &batch->flying_calls) {
		struct call *call = list_entry(it, struct call, link);
		int r = in_savepoint(batch, call, NULL);

		note_result(call, r);
		if (r == -EUCLEAN)
			return r;
		if (!store_in_transaction(batch->store))
			return -EIO;
	}
	return 0;
}

static int run_transaction(struct batch *batch)
{
	bool write = writes(batch);
	int64_t started_us;
	int r = store_begin(batch->store, write);

	if (r == 0)
		r = batch->opening(batch->context, batch->store, write);
	if (r == 0)
		r = run_items(batch);
	started_us = clock_mono_us();
	if (r == 0)
		r = store_commit(batch->store);
	batch->commit_us = r == 0 && write ? clock_mono_us() - started_us + 1 : 0;
	return r;
}

static void on_work(uv_work_t *work)
{
	struct batch *batch = work->data;

	if (batch->flying_errand) {
		batch->flying_errand->run(batch->flying_errand, batch->store);
		return;
	}
	if (batch->tidying) {
		batch->result = store_tidy(batch->store);
		if (batch->result < 0)
			snprintf(batch->error, sizeof(batch->error), "%s",
				store_error(batch->store));
		return;
	}
	batch->result = run_transaction(batch);
	if (batch->result >= 0)
		return;
	snprintf(batch->error, sizeof(batch->error), "%s", store_error(batch->store));
	store_rollback(batch->store);
}

static void finish_jobs(struct batch *batch, int r)
{
	struct list *link;

	while ((link = list_pop(&batch->flying_jobs))) {
		struct job *job = list_entry(link, struct job, link);

		job->done(job, r < 0 ? r : job->result);
	}
}

/* The answer goes out first: it is what somebody waits for. A phase that is not the
 * last has no answer yet. */
static void finish_calls(struct list *calls, int r)
{
	struct list *link;

	while ((link = list_pop(calls))) {
		struct call *call = list_entry(link, struct call, link);
		int result = r < 0 ? r : call->result;
		void (*then)(struct call * call) = result == 0 ? call->then : NULL;

		call->then = NULL;
		if (then) {
			then(call);
			continue;
		}
		call_answer(call, result);
		if (result >= 0 && call->method->committed)
			call->method->committed(call);
		call_free(call);
	}
}

static void move_all(struct list *from, struct list *to)
{
	struct list *link;

	while ((link = list_pop(from)))
		list_append(to, link);
}

static void start(struct batch *batch, bool may_run_here);
static void on_done(uv_work_t *work, int status);

static bool has_work(const struct batch *batch)
{
	return !list_is_empty(&batch->calls) || !list_is_empty(&batch->jobs);
}

static bool start_errand(struct batch *batch)
{
	if (!batch->errand)
		return false;
	batch->flying_errand = batch->errand;
	batch->errand = NULL;
	batch->running = true;
	uv_queue_work(batch->loop, &batch->work, on_work, on_done);
	return true;
}

/* What comes next, unless the store is lost. An errand goes before the next batch, as
 * it cannot be asked for again before that one. */
static void go_on(struct batch *batch)
{
	if (!batch->tidying && start_errand(batch))
		return;
	if (batch->tidying || has_work(batch))
		start(batch, false);
}

/* The next batch leaves before the one that is back is answered, so that both go on. */
static void land(struct batch *batch, int r)
{
	struct list calls = LIST_INIT(calls);

	move_all(&batch->flying_calls, &calls);
	tally_batch(batch->n_flying, batch->commit_us);
	batch->landed(batch->context, r);
	finish_jobs(batch, r);
	batch->tidying = r == 0 && store_is_untidy(batch->store, !has_work(batch));
	if (r != -EUCLEAN)
		go_on(batch);
	finish_calls(&calls, r);
	if (r == -EUCLEAN)
		batch->damaged(batch->context);
}

/* Whoever came meanwhile goes first: the next piece of the errand can wait. */
static void land_errand(struct batch *batch)
{
	struct errand *errand = batch->flying_errand;

	batch->flying_errand = NULL;
	if (has_work(batch))
		start(batch, false);
	errand->done(errand);
}

static void on_done(uv_work_t *work, int status)
{
	struct batch *batch = work->data;
	int r = batch->result;

	(void)status;
	batch->running = false;
	if (batch->flying_errand) {
		land_errand(batch);
		return;
	}
	if (r < 0)
		log_msg(LOG_ERR, "the store failed: %s", batch->error);
	if (!batch->tidying) {
		land(batch, r);
		return;
	}
	batch->tidying = false;
	if (r == -EUCLEAN)
		batch->damaged(batch->context);
	else
		go_on(batch);
}

static int64_t take_off(struct batch *batch)
{
	int64_t n_calls = 0;

	batch->leaving(batch->context);
	move_all(&batch->jobs, &batch->flying_jobs);
	list_for_each(it, &batch->calls)
		n_calls++;
	move_all(&batch->calls, &batch->flying_calls);
	batch->n_flying = n_calls;
	batch->n_calls += n_calls;
	batch->n_batches++;
	return n_calls;
}

/*
 * A batch of one call runs right here: nobody else waits, and the two changes of thread
 * would cost more than its statements. Whoever comes meanwhile would have waited for it
 * on a thread of its own just as long. Not while an earlier batch is still to be
 * answered: what committed() does must happen in the order of the commits.
 */
static void start(struct batch *batch, bool may_run_here)
{
	bool is_one = !batch->tidying && take_off(batch) == 1 && may_run_here;

	batch->running = true;
	batch->since_ms = clock_mono_ms();
	if (!is_one) {
		uv_queue_work(batch->loop, &batch->work, on_work, on_done);
		return;
	}
	on_work(&batch->work);
	on_done(&batch->work, 0);
}

static void on_check(uv_check_t *check)
{
	struct batch *batch = check->data;

	uv_idle_stop(&batch->idle);
	if (!batch->running && has_work(batch))
		start(batch, true);
	else if (!batch->running)
		(void)start_errand(batch);
}

void batch_add_call(struct batch *batch, struct call *call)
{
	list_append(&batch->calls, &call->link);
	uv_idle_start(&batch->idle, on_idle);
}

void batch_add_job(struct batch *batch, struct job *job)
{
	list_append(&batch->jobs, &job->link);
	uv_idle_start(&batch->idle, on_idle);
}

void batch_run_errand(struct batch *batch, struct errand *errand)
{
	batch->errand = errand;
	uv_idle_start(&batch->idle, on_idle);
}

bool batch_is_idle(const struct batch *batch)
{
	return !batch->running && list_is_empty(&batch->calls) &&
		list_is_empty(&batch->jobs);
}

int64_t batch_age_ms(const struct batch *batch)
{
	return batch->running ? clock_mono_ms() - batch->since_ms : 0;
}

int batch_open(struct batch *batch)
{
	list_init(&batch->calls);
	list_init(&batch->jobs);
	list_init(&batch->flying_calls);
	list_init(&batch->flying_jobs);
	batch->work.data = batch;
	uv_check_init(batch->loop, &batch->check);
	uv_idle_init(batch->loop, &batch->idle);
	batch->check.data = batch;
	return uv_check_start(&batch->check, on_check);
}

void batch_close(struct batch *batch)
{
	uv_close((uv_handle_t *)&batch->check, NULL);
	uv_close((uv_handle_t *)&batch->idle, NULL);
}
