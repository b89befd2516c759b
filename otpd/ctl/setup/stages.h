/* SPDX-License-Identifier: MIT */
/* What setup does, one stage behind the other. Each: 0, or the exit code; what a stage
 * has written by then is put back by who called it. */
#ifndef OTPD_CTL_SETUP_STAGES_H
#define OTPD_CTL_SETUP_STAGES_H

#include "otpd/ctl/setup/setup.h"

/* Relay and sender, and a test mail that arrives; asks again if it does not. */
int stage_mail(struct setup *setup);

/* The administrator: enrolled, proven, with recovery codes, and allowed to use sudo. */
int stage_person(struct setup *setup);

/* Which services, who, and what that means for others; nothing is written. */
int stage_scope(struct setup *setup);

/* Plans all that is still to be written, and shows it. */
int stage_diff(struct setup *setup);

/* Policies, then the trial login. */
int stage_trial(struct setup *setup);

/* The files of the logins, and sshd hears of them. */
int stage_switch(struct setup *setup);

/* Writes what is planned. */
int stage_write(struct setup *setup);

/* Takes everything back that this run has written, and has the daemons hear of it. */
int stage_put_back(struct setup *setup);

/* Has those hear that were touched (enum of restore.h). What fails is a warning. */
void stage_reload(struct setup *setup, unsigned touched);

/* Has one daemon check and read its configuration. */
int stage_take(struct setup *setup, const char *daemon);

#endif
