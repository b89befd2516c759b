/* SPDX-License-Identifier: MIT */
/* The administrator: enrolled, the address proven, recovery codes in hand. */
#ifndef OTPD_CTL_SETUP_PERSON_H
#define OTPD_CTL_SETUP_PERSON_H

#include "otpd/ctl/setup/setup.h"

/* What otpd knows of the user. */
struct person {
	bool enrolled;
	bool proven;
	char address[LIMIT_ADDRESS + 1];
	json_int_t recovery_codes;
};

/* 0, or the exit code. */
int person_look(struct setup *setup, struct person *ret);

/* Enrols the user with the address and has it proven, where that is not so yet. 0, or
 * the exit code. */
int person_prove(struct setup *setup);

/* Makes recovery codes where there are none, shows them once, and has the reader show
 * that they were kept. 0, or the exit code. */
int person_equip(struct setup *setup);

/* Whether the user may become root by sudo. */
bool person_has_sudo(const char *user);

/* Whether the user is a member of the group, by whatever way. */
bool person_is_in(const char *user, const char *group);

#endif
