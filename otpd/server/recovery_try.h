/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RECOVERY_TRY_H
#define OTPD_SERVER_RECOVERY_TRY_H

#include "otpd/account/hashed.h"
#include "otpd/server/attempt.h"
#include "otpd/store/recovery.h"

struct daemon;

/* How many more wrong recovery codes there may be, and how long none may be tried. */
struct recovery_left {
	char budget[ATTEMPT_BUDGET];
	int64_t tries;
	int64_t wait_s;
};

/* Of a principal, known or nobody: 5 in an hour, 20 in 30 days. */
int recovery_left(struct daemon *daemon, struct store *store, const char *principal,
	struct recovery_left *ret);

/* One more wrong one. */
int recovery_count_wrong(
	struct daemon *daemon, struct store *store, struct recovery_left *left);

/* Forgets the wrong ones of a principal. */
int recovery_forget_wrong(struct store *store, const char *principal);

/* A code that somebody typed; a part of a call's work. */
struct recovery_try {
	struct hashed hashed;
	char code[RECOVERY_SIZE]; /* as recovery_read() has it */
	struct recovery found;    /* what it was compared with; hash "": nothing */
};

/*
 * Looks up what the code may be, and has it hashed behind this phase: as slowly where
 * there is none. The apply returns what this returns, and comes back with hashed.asked.
 */
int recovery_try_ask(struct call *call, struct store *store, const char *principal,
	struct recovery_try *try);

/*
 * The phase behind it: 0 if the code was right, is the same by now, and is used up by
 * this; OUTCOME_WRONG_CODE; or -errno.
 */
int recovery_try_use(struct call *call, struct store *store, const char *principal,
	struct recovery_try *try);

#endif
