/* SPDX-License-Identifier: MIT */
/*
 * The conversation with the user, through a function that the host gave us and that may
 * do anything: be missing, fail, succeed with no response, with a response without
 * text, or with a megabyte. One message for each call, because hosts disagree on more.
 *
 * MUST wipe and free whatever was answered: it can be a password. MUST NOT take any
 * return value but PAM_SUCCESS for an answer, and MUST NOT pass PAM_CONV_AGAIN on, for
 * it would freeze the whole stack.
 */
#include "pam_emailotp/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/text.h"
#include "pam_emailotp/result.h"

static void free_response(struct pam_response *response)
{
	if (!response)
		return;
	if (response->resp)
		explicit_bzero(response->resp, strlen(response->resp));
	free(response->resp);
	free(response);
}

/* The response, which the caller frees, or NULL. */
static struct pam_response *converse(pam_handle_t *pamh, int style, const char *text)
{
	const struct pam_message message = { .msg_style = style, .msg = text };
	const struct pam_message *messages[] = { &message };
	struct pam_response *response = NULL;
	const void *item = NULL;
	const struct pam_conv *conv;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || !item)
		return NULL;
	conv = item;
	if (!conv->conv)
		return NULL;
	/* What a failed conversation leaves in response is not ours to look at. */
	if (conv->conv(1, messages, &response, conv->appdata_ptr) != PAM_SUCCESS)
		return NULL;
	return response;
}

int talk_ask(pam_handle_t *pamh, int style, const char *text, char out[TALK_ANSWER + 1])
{
	struct pam_response *response = converse(pamh, style, text);
	int r = 0;

	out[0] = '\0';
	if (!response || !response->resp)
		r = RESULT_NO_CONVERSATION;
	else if (!text_copy(out, TALK_ANSWER + 1, response->resp))
		r = -EMSGSIZE;
	free_response(response);
	return r;
}

void talk_tell(pam_handle_t *pamh, int flags, int style, const char *text)
{
	if (!(flags & PAM_SILENT))
		free_response(converse(pamh, style, text));
}
