/* SPDX-License-Identifier: MIT */
/* The form of who signs up: refused before anything of it is stored or sent. */
#include "otpd/account/sign_up.h"

#include "otpd/account/profile.h"
#include "otpd/core/language.h"
#include "otpd/core/login.h"
#include "otpd/core/password.h"
#include "otpd/proto/outcome.h"

static int refuse(struct call *call, int outcome, const char *reason)
{
	call_out_string(call, "reason", reason);
	return outcome;
}

int sign_up_check(
	struct call *call, struct sign_up_in *in, char profile[LIMIT_PROFILE + 1])
{
	const char *problem = in->login[0] ? login_problem(in->login) : NULL;

	if (problem)
		return refuse(call, OUTCOME_BAD_LOGIN, problem);
	login_lower(in->login);
	problem = profile_read(in->profile, profile);
	if (problem)
		return refuse(call, OUTCOME_BAD_PROFILE, problem);
	return language_is_good(in->language) ? 0 : OUTCOME_BAD_NAME;
}

int sign_up_check_password(
	struct call *call, const struct sign_up_in *in, const char *address)
{
	const char *problem = password_problem(in->password, address, in->login);

	return problem ? refuse(call, OUTCOME_BAD_PASSWORD, problem) : 0;
}
