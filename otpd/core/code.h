/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_CODE_H
#define OTPD_CORE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"

#define CODE_HASH 32
#define CODE_ID   16 /* bytes of a challenge's identifier */

enum code_alphabet {
	CODE_DIGITS,
	CODE_LETTERED, /* CODE_LETTERS */
};

/* The key behind the hashes. It lives outside the database; its id stands in the rows.
 */
struct code_key {
	uint8_t bytes[32];
	int64_t id;
};

/* What a code opens. A code of one purpose is never compared with that of another. */
enum code_purpose {
	CODE_LOGIN = 1,
	CODE_VERIFY_ADDRESS = 2, /* proves the address of an enrolled user */
	CODE_ENROL = 3,          /* proves an address that a user brings */
	CODE_NOTICE = 4,         /* of mails without a code */
	CODE_TEST = 5,
	CODE_SECOND = 6, /* proves the second route of a user who has a first */
	/* Of accounts: */
	CODE_REGISTER = 7, /* proves an address before there is an account */
	CODE_RESET = 8,
	CODE_CHANGE_PASSWORD = 9,
	CODE_CHANGE_ADDRESS = 10, /* proves the new one */
	/* Of Unix users again: */
	CODE_ENROL_LOGIN = 11, /* proves the address that was given at a login */
	CODE_RECOVERY = 12,    /* allows new recovery codes */
};

/* Whose methods a code belongs to. Those of an account's login go by Auth too. */
enum code_realm {
	CODE_OF_AUTH,    /* logins, and the address of somebody who logs in */
	CODE_OF_SELF,    /* what users do for themselves */
	CODE_OF_ACCOUNT, /* what an account's owner does besides signing in */
};
enum code_realm code_realm(int64_t purpose);

const char *code_purpose_name(int64_t purpose);

/*
 * Whether no first factor stands before it, or no address was proven, so that strangers
 * can have it mailed, or have it mailed to strangers: to enrol, to register, to reset,
 * and for recovery codes. Other budgets hold for these.
 */
bool code_is_bare(int64_t purpose);

/* Whether there is nobody yet whom it is for: the right one enrols, or opens an
 * account.
 */
bool code_founds(int64_t purpose);

/*
 * Whether it goes to an address that somebody has just brought, who is signed in or is
 * about to be: such
 * addresses have budgets of their own, besides those of the user.
 */
bool code_is_to_new_address(int64_t purpose);

/* The key of these bytes; the id is drawn from them by hashing. */
void code_key_init(struct code_key *key, const uint8_t bytes[32]);

/* A code of length characters, each drawn evenly. out has LIMIT_CODE + 1 bytes. */
void code_draw(char *out, int64_t length, enum code_alphabet alphabet);

/* Three letters by which people tell mails apart. Not a secret. */
void code_draw_reference(char out[LIMIT_REFERENCE + 1]);

/* Keyed BLAKE2b-256 over everything that the code is bound to. */
void code_hash(uint8_t out[CODE_HASH], const struct code_key *key, int64_t purpose,
	const uint8_t id[CODE_ID], const char *user, const char *service,
	const char *code);

/* A name for an address that gives the address to nobody without the key; 32 digits. */
void code_hide_address(char out[33], const struct code_key *key, const char *address);

/* In constant time. */
bool code_hash_equal(const uint8_t a[CODE_HASH], const uint8_t b[CODE_HASH]);

#endif
