/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_SECRET_H
#define PAM_EMAILOTP_SECRET_H

#include <security/pam_modules.h>

#include "pam_emailotp/talk.h"

/* sudo puts its own prompt in the place of exactly this one. */
#define SECRET_PROMPT "Password: "

/* A password, or what was typed in its place. Declare it with CLEANUP(secret_wipe). */
struct secret {
	char text[TALK_ANSWER + 1];
};

void secret_wipe(struct secret *secret);

/*
 * What an earlier module has left in PAM_AUTHTOK or PAM_OLDAUTHTOK: 0, or
 * RESULT_WRONG_PASSWORD if there is nothing, or more than can be a password.
 */
int secret_earlier(pam_handle_t *pamh, int item, struct secret *ret);

/* Asks without echo: 0, RESULT_WRONG_PASSWORD if it is too long, or as talk_ask(). */
int secret_ask(pam_handle_t *pamh, const char *text, struct secret *ret);

/* Leaves it in the item for later modules: 0, or -ENOMEM. */
int secret_leave(pam_handle_t *pamh, int item, const struct secret *secret);

#endif
