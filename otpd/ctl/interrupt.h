/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_INTERRUPT_H
#define OTPD_CTL_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM end the program with OUTPUT_OTHER and say so. */
void interrupt_init(void);

/* From now on the first one is only noted, for a loop that asks interrupt_came(); a
 * second one ends the program. */
void interrupt_defer(void);
bool interrupt_came(void);

/*
 * From now on they are only noted, however many come, and so are SIGHUP and SIGQUIT:
 * for a command that must put things back before it ends. Calls that wait are
 * interrupted.
 */
void interrupt_hold(void);

#endif
