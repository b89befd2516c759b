/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_ANSWER_H
#define PAM_EMAILOTP_ANSWER_H

#include <stdbool.h>

#include "otpd/proto/limits.h"
#include "pam_emailotp/wire.h"

enum delivery {
	DELIVERY_QUEUED,
	DELIVERY_SENT,
	DELIVERY_DEFERRED,
	DELIVERY_FAILED,
	DELIVERY_NONE /* no code was mailed, so there is none to type */
};

/* What a code is for. One that is for something else opens nothing here. */
enum purpose {
	PURPOSE_LOGIN = 1 << 0,
	PURPOSE_VERIFY_ADDRESS = 1 << 1, /* proves the address, opens no login */
	PURPOSE_RESET = 1 << 2,
	PURPOSE_CHANGE_PASSWORD = 1 << 3,
	PURPOSE_ENROL = 1 << 4, /* proves an address and enrols with it */
};

/* How a code looks. */
struct form {
	int length;
	bool letters; /* of CODE_LETTERS, else digits */
};

/* A code that was mailed and is to be asked for. */
struct challenge {
	char id[LIMIT_CHALLENGE + 1];
	char reference[LIMIT_REFERENCE + 1];
	struct form form;
	enum purpose purpose;
	bool resumed; /* mailed by an earlier call, not by this one */
	int expires_in_s;
	int resend_in_s;
	int tries_left;
	enum delivery delivery;
	bool locked;      /* no code was mailed; only a recovery code is of use */
	int locked_for_s; /* 0: until an administrator unlocks it */
};

/* The recovery codes that were made, as people write them: groups of four. */
#define ANSWER_CODES 10
#define ANSWER_SHOWN 25 /* bytes of one, its NUL included */
struct codes {
	char shown[ANSWER_CODES][ANSWER_SHOWN];
};
void answer_wipe_codes(struct codes *codes);

/* What otpd said last. Which members hold, the result of the call says. */
struct answer {
	struct challenge challenge; /* RESULT_CHALLENGE, OUTCOME_WRONG_CODE */
	int retry_after_s;          /* OUTCOME_LOCKED, _THROTTLED, _BUSY */
	int tries_left;             /* OUTCOME_RECOVERY_NEEDED */
	bool undeliverable; /* RESULT_VERIFIED of call_verify: mails are being refused
			     */
	char token[LIMIT_TOKEN + 1];    /* RESULT_VERIFIED: the receipt, or "" */
	char grant[LIMIT_TOKEN + 1];    /* RESULT_GRANTED */
	char reason[LIMIT_DETAIL + 1];  /* OUTCOME_BAD_PASSWORD, _ADDRESS, for people */
	char domains[LIMIT_DETAIL + 1]; /* RESULT_ENROL: the allowed ones; "": any */
	char error[80]; /* -EPROTO: the name of the error that we do not know */
};

void answer_wipe(struct answer *answer);

/* RESULT_x for the state that otpd answered, or -EBADMSG. */
int answer_state(const struct wire_reply *reply);

/*
 * The outcome of a reply that is an error, with what it carries in *answer; -EPROTO, or
 * -EBADMSG.
 */
int answer_outcome(const struct wire_reply *reply, struct answer *answer);

/* The challenge, whose purpose must be one of the purposes. 0, or -EBADMSG. */
int answer_challenge(
	const struct wire_reply *reply, unsigned purposes, struct challenge *ret);

/* That no code was mailed since the user is locked, if it says so. 0, or -EBADMSG. */
int answer_lock(const struct wire_reply *reply, struct challenge *ret);

/* The domains that an address may be of, if it says which. 0, or -EBADMSG. */
int answer_domains(const struct wire_reply *reply, char out[LIMIT_DETAIL + 1]);

/* All of ANSWER_CODES. 0, or -EBADMSG. */
int answer_codes(const struct wire_reply *reply, struct codes *ret);

/* How a code looks, and the name of a challenge. 0, or -EBADMSG. */
int answer_form(const struct wire_reply *reply, struct form *ret);
int answer_challenge_id(const struct wire_reply *reply, char out[LIMIT_CHALLENGE + 1]);

/* The purpose by itself: 0 if it is that one, else -EBADMSG. */
int answer_purpose(const struct wire_reply *reply, enum purpose purpose);

/*
 * A token or grant: 1 to LIMIT_TOKEN characters of [A-Za-z0-9._-]. 0, or -EBADMSG. With
 * _if it may be missing or null, and out is "" then.
 */
int answer_token(
	const struct wire_reply *reply, const char *key, char out[LIMIT_TOKEN + 1]);
int answer_token_if(
	const struct wire_reply *reply, const char *key, char out[LIMIT_TOKEN + 1]);

#endif
