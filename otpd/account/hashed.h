/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_HASHED_H
#define OTPD_SERVER_HASHED_H

#include "otpd/server/hasher.h"
#include "otpd/varlink/call.h"

/* A question to the hasher between two phases of a call; a part of its work. */
struct hashed {
	struct hashing hashing; /* password, stored, check and make are filled */
	bool asked;             /* the next phase knows its answer */
};

/*
 * Asks, on the loop's thread; the call is submitted again once it is answered, or ends
 * if that failed. 0, or OUTCOME_BUSY with its retry_after.
 */
int hashed_ask(struct call *call, struct hashed *hashed);

/* The same behind this phase; for apply, which returns 0. The next phase may write. */
void hashed_ask_then(struct call *call, struct hashed *hashed);

#endif
