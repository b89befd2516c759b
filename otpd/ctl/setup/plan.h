/* SPDX-License-Identifier: MIT */
/*
 * From answers to files: what each becomes. A plan that is at odds with what an
 * administrator has written MUST be refused with the line that is in the way, before
 * anything is changed.
 */
#ifndef OTPD_CTL_SETUP_PLAN_H
#define OTPD_CTL_SETUP_PLAN_H

#include "otpd/ctl/setup/setup.h"

/* Each plans into the transaction. 0, or the exit code. */
int plan_mail(struct setup *setup);     /* relay, sender, password */
int plan_policies(struct setup *setup); /* who needs a code */
int plan_sshd(struct setup *setup);     /* its drop-in */
int plan_pam(struct setup *setup);      /* sshd, sudo, sudo-i */
int plan_trial(struct setup *setup);    /* the PAM service of the trial login */

/* Drop-in and PAM files in the order in which, if the power fails between two of them,
 * there still is a way in. 0, or the exit code. */
int plan_logins(struct setup *setup);

/* Whether some may need no code, by the policy of a service, so that the PAM line must
 * say what then. */
bool plan_has_exempts(const struct setup *setup, const char *service);

/* Whether who is not enrolled can do it at the first login, by that policy. */
bool plan_enrols(const char *service);

/* The drop-in's text, for the trial as well. 0 or -ENOMEM. */
int plan_sshd_text(const struct setup *setup, struct edit_file *ret);

/* What sshd asks for first, as its configuration is without setup. 0, or the exit code.
 */
int plan_first_factor(struct setup *setup, enum first_factor *ret);

/* Says that a file cannot be planned. Returns the exit code. */
int plan_failed(const struct setup *setup, const char *path, int r);

#endif
