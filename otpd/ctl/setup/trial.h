/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_TRIAL_H
#define OTPD_CTL_SETUP_TRIAL_H

#include "otpd/ctl/setup/setup.h"

/*
 * The trial login: an sshd on another port with what is planned, beside the one that
 * runs. 0: the administrator has logged in with a code; else the exit code, and it has
 * said what was missing. The files of the trial must have been written, and otpd have
 * read its own.
 */
int trial_run(struct setup *setup);

#endif
