/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_SSHD_WALK_H
#define OTPD_CTL_SETUP_SSHD_WALK_H

#include <stdbool.h>

/* One line of sshd's configuration that says something. */
struct sshd_walked {
	const char *file; /* PATH_SSHD_DROP_IN, without a line, where that is read */
	unsigned line;
	const char *keyword; /* in lower case; "" for the drop-in */
	const char *value;
	bool in_match; /* it holds for some logins only */
};

typedef void sshd_walk_see(void *context, const struct sshd_walked *line);

/*
 * Goes through the configuration in the order in which sshd reads it, with what Include
 * names. The drop-in of setup is seen where it is read, or would be, and not looked
 * into. 0 or -errno.
 */
int sshd_walk(sshd_walk_see *see, void *context);

#endif
