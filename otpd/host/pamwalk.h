/* SPDX-License-Identifier: MIT */
/*
 * How libpam walks through a stack: what the modules' values come to, and whether a
 * stack can let somebody in by a certain way. Pure functions of what was read.
 */
#ifndef OTPD_HOST_PAMWALK_H
#define OTPD_HOST_PAMWALK_H

#include <stdint.h>

#include "otpd/host/pamstack.h"

/* The value of an entry that is called, and what the entry would return otherwise. */
typedef int pamwalk_call(void *context, size_t entry);

/*
 * What pam_authenticate() (or another one, by type) returns if each module that is
 * called returns what call() says. -1 if there is no entry of the type.
 */
int pamwalk_run(const struct pamstack *stack, enum pam_type type, pamwalk_call *call,
	void *context);

/* The values that an entry may return, as bits: 1u << PAM_VALUE_SUCCESS. */
#define PAMWALK_ANY (~0u & ~(1u << PAM_VALUE_INCOMPLETE))

#define PAMWALK_STEPS 256

/* One way through: the entries that were called, in order, with their values. */
struct pamwalk_way {
	struct pamwalk_step {
		size_t entry;
		int value;
		int action;
	} steps[PAMWALK_STEPS];
	size_t n;
};

enum pamwalk_answer {
	PAMWALK_NO,
	PAMWALK_YES,
	PAMWALK_UNKNOWN, /* the stack is too complicated to tell */
};

/*
 * Whether the stack can end in success if each entry returns one of its values of may
 * (one for each entry; 0: no way leads through that entry). ret_way, if not NULL, is
 * then one such way.
 */
enum pamwalk_answer pamwalk_can_succeed(const struct pamstack *stack,
	enum pam_type type, const uint32_t *may, struct pamwalk_way *ret_way);

/*
 * Whether an entry can be reached, if those before it return values of may, with
 * nothing having failed by then (clean), or at all.
 */
enum pamwalk_answer pamwalk_can_reach(const struct pamstack *stack, enum pam_type type,
	const uint32_t *may, size_t entry, bool after_failure,
	struct pamwalk_way *ret_way);

/* The entry that comes behind an entry which jumps over so many modules. */
size_t pamwalk_landing(const struct pamstack *stack, size_t entry, int n_jump);

#endif
