/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_RESTORE_H
#define OTPD_CTL_SETUP_RESTORE_H

#include "otpd/ctl/setup/changes.h"

/* What a file belongs to, as bits: who must hear of a change of it. */
enum {
	TOUCHED_SSHD = 1u << 0,
	TOUCHED_PAM = 1u << 1,
	TOUCHED_OTPD = 1u << 2,
	TOUCHED_MAIL = 1u << 3,
};
unsigned restore_area(const char *path);

/*
 * Puts back what was there before each of the changes, the last one first, and says for
 * each file what was done. A file that was changed otherwise since loses our lines
 * only. Doing it twice is as good as once. 0, or the first -errno, having gone on with
 * the others; *ret_touched is what was changed, in areas.
 */
int restore_changes(const struct changes *changes, unsigned *ret_touched);

#endif
