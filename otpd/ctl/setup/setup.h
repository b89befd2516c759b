/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_SETUP_H
#define OTPD_CTL_SETUP_SETUP_H

#include <jansson.h>
#include <stdbool.h>

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"
#include "otpd/ctl/setup/answers.h"
#include "otpd/ctl/setup/transaction.h"

/* One run. What returns "0, or the exit code" has said why. */
struct setup {
	struct session *session;
	const struct arguments *arguments;
	bool asks; /* there is somebody at a terminal */
	const char *mail_socket;
	int result; /* with --json, where the one object goes at the end; else -1 */
	struct answers answers;
	struct transaction transaction;
	bool sends_mail;     /* the way of mails was changed, and a test mail went */
	bool user_was_ready; /* enrolled and proven, with recovery codes, before */
	bool user_changed;
	json_t *codes; /* recovery codes that were made, or NULL */
	char *diff;    /* of all files, as it was shown */
};

#endif
