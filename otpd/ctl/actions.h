/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ACTIONS_H
#define OTPD_CTL_ACTIONS_H

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"

/* What a command does to each of the users, or accounts, that it is given. */
struct action {
	const char *method;
	const char *parameter; /* of the method, that has whom it is about: "user" */
	const char *done;      /* "verified": for people and for programs */
	json_t *more;          /* parameters besides, or NULL; borrowed */
	/* Says it to people in its own words; NULL: "whom: done". */
	void (*say)(const char *whom, const json_t *answer);
};

/*
 * Goes on after one that is refused, as rm(1) does, and returns the first exit code
 * that is not 0; stops where the daemon cannot be reached.
 */
int actions_run(struct session *session, const struct arguments *arguments,
	const struct action *action);

/*
 * Asks a person before something that cannot be undone. command and does say why --yes
 * is wanted where there is nobody to ask: "users remove", "forgets users for good".
 * undone: "nothing was removed". 0: go on; else the exit code.
 */
struct confirmation {
	const char *command;
	const char *does;
	const char *undone;
};
int actions_confirm(const struct session *session, const struct arguments *arguments,
	const struct confirmation *confirmation, const char *question);

#endif
