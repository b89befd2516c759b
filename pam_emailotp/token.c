/* SPDX-License-Identifier: MIT */
/*
 * Option token. PAM's environment is not the process's: the host asks for it
 * (pam_getenvlist) and may hand it to the user's session. libpam copies the text and
 * wipes it in pam_end(); our own copy is wiped here. It MUST NOT be logged.
 *
 * An application may use one handle for one user after the other. So what is there
 * before a sign-in is taken away first, and nobody finds the receipt of somebody else.
 */
#include "pam_emailotp/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/cleanup.h"

#define NAME "EMAILOTP_TOKEN"

struct variable {
	char text[sizeof(NAME "=") + LIMIT_TOKEN];
};

static void wipe_variable(struct variable *variable)
{
	explicit_bzero(variable, sizeof(*variable));
}

int token_clear(const struct request *request)
{
	if (!request->options.token || !pam_getenv(request->pamh, NAME))
		return 0;
	return pam_putenv(request->pamh, NAME) == PAM_SUCCESS ? 0 : -ENOMEM;
}

int token_hand_over(const struct request *request)
{
	CLEANUP(wipe_variable) struct variable variable;

	if (!request->options.token || !*request->answer.token)
		return 0;
	snprintf(variable.text, sizeof(variable.text), NAME "=%s",
		request->answer.token);
	return pam_putenv(request->pamh, variable.text) == PAM_SUCCESS ? 0 : -ENOMEM;
}
