/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_RECOVERY_H
#define OTPD_CTL_RECOVERY_H

#include "otpd/ctl/session.h"

/*
 * Asks a person who has just passed the challenge whether he wants recovery codes, and
 * shows them. Where there is nobody to ask, it says how to get them. No failure of it
 * is one of the command.
 */
void recovery_offer(struct session *session, const char *challenge);

#endif
