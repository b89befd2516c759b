/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_TALK_H
#define PAM_EMAILOTP_TALK_H

#include <security/pam_modules.h>
#include <stddef.h>

#define TALK_TEXT 512 /* PAM_MAX_MSG_SIZE: what a host must be able to show */
#define TALK_ANSWER                                                       \
	512 /* PAM_MAX_RESP_SIZE; a longer answer is nothing we asked for \
	     */

/*
 * Shows one prompt (PAM_PROMPT_ECHO_ON or _OFF) and copies the answer to out; the
 * host's copy is wiped and freed. 0, RESULT_NO_CONVERSATION if there is no answer, or
 * -EMSGSIZE and "" if it is longer than TALK_ANSWER. out belongs to the caller, who
 * wipes it.
 */
int talk_ask(
	pam_handle_t *pamh, int style, const char *text, char out[TALK_ANSWER + 1]);

/*
 * Tells something (PAM_ERROR_MSG or PAM_TEXT_INFO), unless flags has PAM_SILENT.
 * Whether it was heard is not known, and MUST NOT matter.
 */
void talk_tell(pam_handle_t *pamh, int flags, int style, const char *text);

#endif
