/* SPDX-License-Identifier: MIT */
/*
 * A gate before pam_unix in the password phase: whoever changes a password needs a code
 * first, if the policy of the service wants one.
 *
 * libpam runs the stack twice, with PAM_PRELIM_CHECK and with PAM_UPDATE_AUTHTOK, and
 * the second time only if the whole stack has succeeded the first time (pam_chauthtok()
 * in libpam/pam_password.c). So the code is asked for in the first pass, before any
 * module has changed anything, and a refusal there ends it all.
 *
 * In the second pass the gate has no more to say: PAM_IGNORE. Not PAM_SUCCESS, with
 * which a line "sufficient" would end the stack with a success and nothing changed.
 * The second pass is not bound to the return values of the first one, whatever the
 * comments in libpam/pam_dispatch.c say of chauthtok(2nd): _pam_dispatch() runs both
 * with _PAM_PLEASE_FREEZE (1.5.2 and 1.7.2 alike; _PAM_MUST_BE_FROZEN is never used).
 * So the line MUST have "ignore=ignore"; without it the password cannot be changed at
 * all, which is the safe one of two mistakes.
 *
 * PAM_CHANGE_EXPIRED_AUTHTOK, by which a host says that only an expired password is to
 * be changed, changes nothing here: whether it is expired the module that changes it
 * will see, after us, and an expired password is no reason to ask for less.
 */
#include "pam_emailotp/gate.h"

#include "pam_emailotp/dialog.h"
#include "pam_emailotp/password.h"
#include "pam_emailotp/result.h"

int gate_run(struct request *request)
{
	if (!(request->flags & PAM_PRELIM_CHECK))
		return RESULT_SECOND_PASS;
	if (request->options.password == PASSWORD_SYSTEM) {
		/* PAM_AUTHTOK is for the new one. */
		int r = password_check(request, PAM_OLDAUTHTOK);

		if (r != RESULT_PASSWORD_RIGHT)
			return r;
	}
	return dialog_run(request, &step_login, NULL);
}
