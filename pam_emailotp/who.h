/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_WHO_H
#define PAM_EMAILOTP_WHO_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "otpd/proto/limits.h"

/* Who wants in, where, and from where. Empty: not said. */
struct who {
	char user[LIMIT_USER + 1]; /* as NSS spells it, or as typed */
	char service[LIMIT_SERVICE + 1];
	char rhost[LIMIT_RHOST + 1];
	char tty[LIMIT_TTY + 1];
	bool unknown; /* NSS does not know the user; never with an account */
};

/*
 * Asks PAM. 0, RESULT_BAD_NAME, RESULT_NO_CONVERSATION, or a negative errno. What was
 * found is in *ret in any case, cleaned, for the log. of_account: the name is a login
 * of otpd's and stands as it was typed.
 */
int who_read(pam_handle_t *pamh, bool of_account, struct who *ret);

#endif
