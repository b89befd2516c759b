/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_OPTIONS_H
#define PAM_EMAILOTP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_ERROR 320 /* bytes of a complaint, its NUL included */
#define OPTIONS_PROMPT                                                \
	200 /* longest prompt=, so that a whole prompt fits 512 bytes \
	     */

enum password {
	PASSWORD_NONE,    /* an earlier module of the stack has checked it */
	PASSWORD_SYSTEM,  /* we ask for it and unix_chkpwd(8) checks it */
	PASSWORD_ACCOUNT, /* of an account of otpd's, which checks it */
};

/* The strings are those of argv. */
struct options {
	const char *prompt; /* NULL: our own words */
	const char *socket;
	int64_t password; /* enum password */
	int64_t prompts;
	int64_t timeout_s;
	bool nullok;
	bool try_first_pass;
	bool use_first_pass;
	bool append; /* password and code come in one text */
	bool token;  /* the receipt of a sign-in goes into PAM's environment */
	bool debug;
};

/*
 * Reads the arguments of the PAM line. Returns 0, or -EINVAL and a sentence that names
 * the option and says what is allowed.
 */
int options_parse(
	int argc, const char **argv, struct options *ret, char reterr[OPTIONS_ERROR]);

/* The same for what a line of the password phase cannot have. */
int options_check_change(const struct options *options, char reterr[OPTIONS_ERROR]);

#endif
