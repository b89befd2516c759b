/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_PROMPT_H
#define PAM_EMAILOTP_PROMPT_H

#include "pam_emailotp/call.h"
#include "pam_emailotp/talk.h"

/* What happened since the last prompt. */
enum news {
	NEWS_BEGUN,
	NEWS_WRONG_CODE,
	NEWS_NOT_A_CODE,
	NEWS_RESENT,
	NEWS_RESEND_LATER,
	NEWS_NO_MORE_RESENDS,
};

/* The prompt for a code. With ask, that stands in the place of the last sentence. */
void prompt_code(char out[TALK_TEXT], enum news news, const struct answer *answer,
	const char *ask);

/* The prompt of a user who must wait before a code can be sent. */
void prompt_wait(char out[TALK_TEXT], int retry_after_s);

/* The prompt of a user who is locked; 0: until an administrator unlocks. */
void prompt_locked(char out[TALK_TEXT], int retry_after_s);

/* What a user is told who is let in, and whose mails are being refused. */
const char *prompt_undeliverable(void);

/* What a user is told at the end, or NULL: for a result of which he must know more. */
const char *prompt_farewell(int result);

#endif
