/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RECOVERY_SET_H
#define OTPD_SERVER_RECOVERY_SET_H

#include "otpd/server/hasher.h"
#include "otpd/store/recovery.h"
#include "otpd/varlink/call.h"

/* New recovery codes, or one; a part of a call's work, which is wiped with it. */
struct recovery_set {
	struct hashing hashing;
	size_t n; /* how many; 0: not drawn yet */
	size_t n_hashed;
	char codes[RECOVERY_CODES][RECOVERY_SIZE];
	struct recovery rows[RECOVERY_CODES];
};

/*
 * Draws n codes and has them hashed behind this phase, which returns 0; then the call
 * comes back, and recovery_set_is_made(). Or it ends, where the hasher is busy.
 */
void recovery_set_make_then(struct call *call, struct recovery_set *set, size_t n);
bool recovery_set_is_made(const struct recovery_set *set);

/* In place of the earlier recovery codes of the principal. */
int recovery_set_write(
	struct store *store, const char *principal, const struct recovery_set *set);

/* The codes as people see them: as a list, and separated by blanks. */
int recovery_set_answer(struct call *call, const struct recovery_set *set);
void recovery_set_answer_text(struct call *call, const struct recovery_set *set);

#endif
