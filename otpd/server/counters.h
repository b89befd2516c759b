/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_COUNTERS_H
#define OTPD_SERVER_COUNTERS_H

#include "otpd/store/store.h"
#include "otpd/varlink/call.h"

/*
 * Adds to the answer what a user or an account has spent of the budgets of codes, and
 * how long they lock: wrong_hour, wrong_day, wrong_month, sends_hour, sends_day,
 * live_challenges, locked_for. name is a principal.
 */
int counters_reply(struct call *call, struct store *store, const char *name);

#endif
