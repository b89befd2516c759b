/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_PROOF_H
#define OTPD_CTL_PROOF_H

#include <stdbool.h>

#include "otpd/ctl/session.h"

/* A challenge of org.emailotp.Self, whose code a person is asked for. */
struct proof {
	const char *carrier; /* what the code comes in: "mail" */
	const char *again;   /* what to run again: "otpctl enrol again with ..." */
	/* As the last answer described it. */
	char challenge[LIMIT_CHALLENGE + 1];
	char reference[LIMIT_REFERENCE + 1];
	bool letters;
	int64_t length;
};

/* Takes the challenge from an answer: 0, or -EPROTO. */
int proof_read(struct proof *proof, const json_t *answer);

/* Asks until the code was right: 0; else the exit code, and why has been said. */
int proof_ask(struct session *session, struct proof *proof);

#endif
