/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_DIALOG_H
#define PAM_EMAILOTP_DIALOG_H

#include "pam_emailotp/request.h"

/*
 * What a code is for, as the methods that begin it, mail it anew and try it. Each
 * returns a RESULT_x, an enum outcome or a negative errno, never 0. The password is
 * NULL for those that need none.
 */
typedef int step_begin(struct request *request, const char *password);
struct step {
	step_begin *begin; /* RESULT_CHALLENGE: ask for the code */
	int (*resend)(struct request *request);
	int (*verify)(struct request *request, const char *code);
	/* The same for a recovery code; NULL: none is taken here. */
	int (*recover)(struct request *request, const char *code);
};

extern const struct step step_login;   /* the second step of a user */
extern const struct step step_account; /* the sign-in of an account, by its password */

/*
 * The whole step: begins, asks, tries codes, tells the user why it failed. Returns what
 * its methods do; RESULT_VERIFIED only on otpd's word and never for an unknown user.
 * After OUTCOME_WRONG_PASSWORD nothing has been told, and it can be run again.
 */
int dialog_run(struct request *request, const struct step *step, const char *password);

/* Calls begin, and again after waiting with the user while otpd says "not yet". */
int dialog_repeat(struct request *request, step_begin *begin, const char *password);

/* Shows a text and waits for Enter: 0, or why nobody pressed it. */
int dialog_pause(const struct request *request, const char *text);

/* A result as it is for this user: nothing lets in whom NSS does not know. */
int dialog_settle(int result, const struct request *request);

/* Tells the user why it ended like that, if he may know. */
void dialog_tell_end(const struct request *request, int result);

#endif
