/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_PASSWORD_H
#define OTPD_CORE_PASSWORD_H

#include <stdbool.h>

#define PASSWORD_HASH 128 /* bytes of a hash with its NUL: crypto_pwhash_STRBYTES */

/*
 * Why nobody may choose this password, as a clause for people; NULL if one may. At
 * least LIMIT_PASSWORD_MIN characters and at most LIMIT_PASSWORD bytes of UTF-8, none
 * of them a control; not one of those that are guessed first (password_guess.h), not
 * the address, its local part or the user name. No rules of composition (NIST SP
 * 800-63B-4 3.1.1.2). address and login may be "".
 */
const char *password_problem(
	const char *password, const char *address, const char *login);

/*
 * Argon2id (RFC 9106) of libsodium, 19 MiB, two passes: the first choice of OWASP's
 * Password Storage Cheat Sheet for one lane. About 25 ms and 19 MiB: on a thread of its
 * own. -ENOMEM.
 */
int password_hash(char out[PASSWORD_HASH], const char *password);

/*
 * 0 if it is the one, OUTCOME_WRONG_PASSWORD, or -ENOMEM, which says nothing of it. As
 * long with a hash that is "" or none at all, and then wrong: the time tells nobody
 * whether there is an account.
 */
int password_compare(const char *hash, const char *password);

/* Whether the hash was made at another cost than password_hash()'s. */
bool password_is_old(const char *hash);

#endif
