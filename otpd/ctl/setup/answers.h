/* SPDX-License-Identifier: MIT */
/* What setup must know, and how each of it is given on the command line. */
#ifndef OTPD_CTL_SETUP_ANSWERS_H
#define OTPD_CTL_SETUP_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/setup/relay.h"
#include "otpd/proto/limits.h"

#define ANSWERS_PASSWORD 512
#define ANSWERS_WHY      512
#define ANSWERS_TRIAL_S  600 /* how long a trial waits, if nobody says it */

enum first_factor {
	FIRST_UNSAID,
	FIRST_PASSWORD,
	FIRST_KEY,
};

enum who {
	WHO_UNSAID,
	WHO_ALL,
	WHO_GROUP,
	WHO_CONFIGURED, /* the policies of otpd.conf say it */
};

struct answers {
	struct relay relay;
	char password[ANSWERS_PASSWORD]; /* of the relay; "": none */
	bool has_password;
	char from[LIMIT_ADDRESS + 1];
	char user[LIMIT_USER + 1]; /* the administrator */
	char address[LIMIT_ADDRESS + 1];
	bool services_said;
	bool sshd;
	bool sudo;
	enum first_factor first;
	enum who who;
	char group[LIMIT_USER + 1];
	int64_t trial_s; /* 0: no trial login; -1: unsaid */
	int64_t trial_port;
};

void answers_fini(struct answers *answers);

/*
 * Reads what the command line says; the rest is left unsaid. 0, or -EINVAL with the
 * sentence in why.
 */
int answers_read(struct answers *answers, const struct arguments *arguments,
	char why[static ANSWERS_WHY]);

/* The option that gives the first answer that is missing, for where nobody can be
 * asked; NULL if none is. proven: the address is known and proven already. */
const char *answers_missing(const struct answers *answers, bool proven);

/* Checks that are the same for options and for what is typed: NULL, or why not. */
const char *answers_check_from(const char *address);
const char *answers_check_user(const char *user);
const char *answers_check_services(struct answers *answers, const char *text);
const char *answers_check_who(struct answers *answers, const char *text);

#endif
