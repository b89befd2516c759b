/* SPDX-License-Identifier: MIT */
/* The questions, in the order in which they are asked. What is answered is not asked.
 */
#ifndef OTPD_CTL_SETUP_QUESTIONS_H
#define OTPD_CTL_SETUP_QUESTIONS_H

#include "otpd/ctl/setup/setup.h"

/* Each: 0, or OUTPUT_OTHER where the reader does not go on. */
int questions_relay(struct setup *setup);
int questions_sender(struct setup *setup);
int questions_user(struct setup *setup);
int questions_services(struct setup *setup);
int questions_first_factor(struct setup *setup, enum first_factor found);
int questions_who(struct setup *setup);

#endif
