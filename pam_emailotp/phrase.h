/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_PHRASE_H
#define PAM_EMAILOTP_PHRASE_H

#include <stdbool.h>

#include "pam_emailotp/answer.h"
#include "pam_emailotp/talk.h"

/* Puts more behind a text; what does not fit is cut. */
void phrase_append(char out[TALK_TEXT], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * "43 s", "10 minutes", "2 hours": never more than there is, for life. For waiting a
 * minute that has begun counts whole. Both return out.
 */
#define PHRASE_TIME 32
const char *phrase_duration(char out[PHRASE_TIME], int seconds);
const char *phrase_waiting(char out[PHRASE_TIME], int seconds);

/* "Wrong code (4 tries left; reference K7Q). " */
void phrase_tries(char out[TALK_TEXT], const struct challenge *challenge);

/* That the user is locked, and for how long; 0: until an administrator unlocks him. */
void phrase_locked(char out[TALK_TEXT], bool is_of_account, int retry_after_s);

#endif
