/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_LIVE_H
#define OTPD_CTL_SETUP_LIVE_H

#include <stdbool.h>

/* Whether this host's own sshd greets on one of its addresses within so many
 * milliseconds. */
bool live_sshd_answers(int wait_ms);

#endif
