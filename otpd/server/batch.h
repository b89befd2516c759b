/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_BATCH_H
#define OTPD_SERVER_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/store/store.h"
#include "otpd/util/list.h"
#include "otpd/varlink/call.h"

/* Work of the daemon's own that needs the store. */
struct job {
	struct list link;
	int (*apply)(struct job *job, struct store *store); /* on the worker */
	/* On the loop, after COMMIT; r < 0: nothing of it was written. */
	void (*done)(struct job *job, int r);
	int result; /* of apply */
};

/* Work with the store that must lie outside of transactions, in small pieces. */
struct errand {
	void (*run)(struct errand *errand, struct store *store); /* on the worker */
	void (*done)(struct errand *errand); /* on the loop; may ask for the next */
};

/*
 * Group commit: calls and jobs that arrive while a transaction is under way form the
 * next one. hooks run on the loop's thread just before a batch leaves and on the worker
 * inside its transaction before everything else, and on the loop's thread when it is
 * back.
 */
struct batch {
	uv_loop_t *loop;
	struct store *store;
	void *context;
	void (*leaving)(void *context);
	int (*opening)(void *context, struct store *store, bool write);
	void (*landed)(void *context, int r); /* r: of the transaction */
	void (*damaged)(void *context); /* the database can no longer be trusted */

	struct list calls; /* of struct call, waiting */
	struct list jobs;  /* of struct job, waiting */
	struct list flying_calls;
	struct list flying_jobs;
	struct errand *errand; /* that waits */
	struct errand *flying_errand;
	bool running;
	bool tidying;
	int64_t since_ms;  /* when what runs was started */
	int result;        /* of the transaction that just ran */
	char error[128];   /* what the store said of it */
	int64_t n_flying;  /* calls of the transaction that runs */
	int64_t commit_us; /* what its COMMIT took; 0 if it wrote nothing */
	int64_t n_batches;
	int64_t n_calls;
	uv_work_t work;
	uv_check_t check;
	uv_idle_t idle;
};

int batch_open(struct batch *batch);
void batch_add_call(struct batch *batch, struct call *call);
void batch_add_job(struct batch *batch, struct job *job);

/*
 * Runs between two batches, or at once if there is none; whoever waits for a batch
 * waits for at most one errand. One at a time: not before the one before is done.
 */
void batch_run_errand(struct batch *batch, struct errand *errand);

/* Whether nothing waits and nothing runs. */
bool batch_is_idle(const struct batch *batch);

/* For how long what is under way has been so; 0 if nothing is. */
int64_t batch_age_ms(const struct batch *batch);

void batch_close(struct batch *batch);

#endif
