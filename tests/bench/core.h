/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_CORE_H
#define TESTS_BENCH_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/child.h"
#include "tests/bench/loop.h"
#include "tests/bench/mailbox.h"

/* One otpd with its own database and its own mailer, which this process mostly plays.
 */
struct core {
	int64_t n_users;
	char socket[PLACE_PATH];
	struct child child;
	struct loop loop;
	bool has_mailbox;
	struct mailbox mailbox;
};

/* What is not as in the other parts. */
struct core_plan {
	const char *program; /* of the build: "otpd" */
	const char *config;  /* the end of its configuration */
	int64_t n_users;
	int64_t n_audit;
	char *const *names;
	const char *tenant; /* of the accounts */
	const char *hash;   /* of their passwords */
	int64_t n_accounts;
};

/*
 * Fills a database (names: users besides the numbered ones, NULL-ended, may be NULL),
 * starts build/otpd on it, and waits until it can issue codes. name is a word for its
 * files.
 */
void core_start(struct core *core, const char *build, const char *name, int64_t n_users,
	int64_t n_audit, char *const *names);

void core_start_as(struct core *core, const char *build, const char *name,
	const struct core_plan *plan);

/*
 * The same with a real otpd-mail, whose socket is mail.sock in the directory name,
 * which exists; no audit, no further names.
 */
void core_start_beside(
	struct core *core, const char *build, const char *name, int64_t n_users);
void core_stop(struct core *core);

/* A counter of Admin.Status: "calls", "batches". */
int64_t core_count(const struct core *core, const char *name);

#endif
