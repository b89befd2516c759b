/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_PAM_EDIT_H
#define OTPD_CTL_SETUP_PAM_EDIT_H

#include <stdbool.h>

#include "otpd/host/edit.h"

/* How the second step stands in a file of /etc/pam.d. */
struct pam_edit {
	bool key_first; /* sshd has checked a key: no password is asked for */
	bool exempts;   /* the policy may say that somebody needs no code */
};

/* What may be in the way. */
enum pam_edit_problem {
	PAM_EDIT_FINE,
	PAM_EDIT_SUBSTACK, /* the password's lines end alone if it is wrong */
	PAM_EDIT_NO_PLACE, /* there is no line for the password to stand behind */
	PAM_EDIT_TWO,      /* there are several */
	PAM_EDIT_BY_HAND,  /* it has another line of pam_emailotp already */
};

/*
 * The file with the line in it. What has it already stays as it is. 0 with *ret_problem
 * and, if that is fine, *ret_after; *ret_line is the line that is in the way. -ENOMEM.
 */
int pam_edit_insert(const struct pam_edit *edit, const struct edit_file *before,
	struct edit_file *ret_after, enum pam_edit_problem *ret_problem,
	unsigned *ret_line);

/* The line itself, without its end. */
const char *pam_edit_line(const struct pam_edit *edit);

#endif
