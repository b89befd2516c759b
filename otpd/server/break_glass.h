/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_BREAK_GLASS_H
#define OTPD_SERVER_BREAK_GLASS_H

#include "otpd/server/nss.h"
#include "otpd/server/outbox.h"
#include "otpd/server/record.h"
#include "otpd/server/recovery_set.h"

#define BREAK_GLASS_S      900
#define BREAK_GLASS_MAILED 20 /* administrators at most; options.c has it too */

struct break_glass_in {
	char user[LIMIT_USER + 1];
};

/* What the phases hand to each other, and what waits for the COMMIT. */
struct break_glass_work {
	struct nss_query nss;
	struct recovery_set set;
	struct record record;
	struct outgoing *mails[BREAK_GLASS_MAILED];
	size_t n_mails;
};

/* The phases of Admin.BreakGlass. */
int break_glass_check(struct call *call);
int break_glass_apply(struct call *call, struct store *store);
void break_glass_committed(struct call *call);
void break_glass_release(struct call *call);

#endif
