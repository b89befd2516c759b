/* SPDX-License-Identifier: MIT */
/*
 * Passwords, from the user or from an earlier module. What is longer than a host can
 * answer (PAM_MAX_RESP_SIZE) is wrong, not cut. Nothing is kept but what secret_leave()
 * gives to PAM, which wipes it.
 */
#include "pam_emailotp/secret.h"

#include <errno.h>
#include <string.h>

#include "otpd/util/text.h"
#include "pam_emailotp/result.h"

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

int secret_earlier(pam_handle_t *pamh, int item, struct secret *ret)
{
	const void *text = NULL;

	ret->text[0] = '\0';
	if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || !text)
		return RESULT_WRONG_PASSWORD;
	return text_copy(ret->text, sizeof(ret->text), text) ? 0
							     : RESULT_WRONG_PASSWORD;
}

int secret_ask(pam_handle_t *pamh, const char *text, struct secret *ret)
{
	int r = talk_ask(pamh, PAM_PROMPT_ECHO_OFF, text, ret->text);

	return r == -EMSGSIZE ? RESULT_WRONG_PASSWORD : r;
}

int secret_leave(pam_handle_t *pamh, int item, const struct secret *secret)
{
	return pam_set_item(pamh, item, secret->text) == PAM_SUCCESS ? 0 : -ENOMEM;
}
