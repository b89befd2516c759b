/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SIGN_UP_H
#define OTPD_SERVER_SIGN_UP_H

#include "otpd/proto/limits.h"
#include "otpd/varlink/call.h"

/* What a form says besides the address. Longer ones are told why not. */
struct sign_up_in {
	char password[2 * LIMIT_PASSWORD + 1];
	char login[2 * LIMIT_LOGIN + 1];
	const json_t *profile; /* NULL: left out */
	char language[2 * LIMIT_LANGUAGE + 1];
};

/*
 * Whether a form is acceptable, but for what depends on who has an account: 0,
 * OUTCOME_BAD_LOGIN, OUTCOME_BAD_PROFILE, OUTCOME_BAD_NAME (the language). The user
 * name is in lower case then, and the profile as it is kept is in profile.
 */
int sign_up_check(
	struct call *call, struct sign_up_in *in, char profile[LIMIT_PROFILE + 1]);

/* The same of its password; OUTCOME_BAD_PASSWORD. */
int sign_up_check_password(
	struct call *call, const struct sign_up_in *in, const char *address);

#endif
