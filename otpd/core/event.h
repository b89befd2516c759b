/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_EVENT_H
#define OTPD_CORE_EVENT_H

#include <stddef.h>

/* An event of the log and of the audit, as otpd(8) lists them. */
struct event {
	const char *name;
	const char *message_id; /* of its entries in the journal; NULL: none */
};

#define EVENT_MAX 96 /* more than there are, for those who count them */

extern const struct event events[];
extern const size_t events_count;

/* The place of an event in the table; events_count if it is not there. */
size_t event_find(const char *name);

#endif
