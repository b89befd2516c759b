/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_PROMPT_H
#define PAM_EMAILOTP_PROMPT_H

#include "pam_emailotp/request.h"
#include "pam_emailotp/talk.h"

/* What happened since the last prompt. */
enum news {
	NEWS_BEGUN,
	NEWS_WRONG_CODE,
	NEWS_NOT_A_CODE,
	NEWS_RESENT,
	NEWS_RESEND_LATER,
	NEWS_RESEND_FAILED,
	NEWS_NO_MORE_RESENDS,
	NEWS_WRONG_RECOVERY,
	NEWS_NO_RECOVERY, /* too many wrong ones */
	NEWS_BUSY,
};

/*
 * The prompt for a code; recovery: it may be a recovery code. What option prompt= says
 * stands in the place of the last sentence, unless only a recovery code is of use.
 */
void prompt_code(char out[TALK_TEXT], enum news news, const struct request *request,
	bool recovery);

/*
 * The prompt of a user who must wait, for the outcome OUTCOME_THROTTLED or
 * OUTCOME_BUSY.
 */
void prompt_wait(char out[TALK_TEXT], int outcome, int retry_after_s);

/* The prompt of a user who is locked. */
void prompt_locked(char out[TALK_TEXT], const struct request *request);

/* What a user is told who is let in, and whose mails are being refused. */
const char *prompt_undeliverable(void);

/* What a client with one box shows: the code is to come, or was wrong. */
void prompt_mailed(char out[TALK_TEXT], const struct challenge *challenge);
void prompt_wrong_code(char out[TALK_TEXT], const struct challenge *challenge);

/* The prompt for a new password; problem is what was wrong with the last, or "". */
void prompt_new_password(char out[TALK_TEXT], const char *problem);

/* The prompt for a recovery code, the first or after a wrong one. */
void prompt_recovery(char out[TALK_TEXT], bool again, int tries_left);

/*
 * The prompt for the address of a user who is not enrolled; problem is what was wrong
 * with the last, or "".
 */
void prompt_address(char out[TALK_TEXT], const char *problem, const char *domains);

/* The prompts of a user who is enrolled now, with his recovery codes and without. */
void prompt_codes(char out[TALK_TEXT], const struct codes *codes);
const char *prompt_no_codes(void);

/*
 * What a user is told at the end. False, and "", for a result of which he must not know
 * more than that he is refused.
 */
bool prompt_farewell(char out[TALK_TEXT], int result, const struct request *request);

#endif
