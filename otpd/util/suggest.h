/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_SUGGEST_H
#define OTPD_UTIL_SUGGEST_H

#include <stddef.h>

/* The candidate that a mistyped word was likely meant to be; NULL if none is near. */
struct suggest {
	const char *word;
	const char *best;
	size_t distance;
};

void suggest_begin(struct suggest *suggest, const char *word);
void suggest_offer(struct suggest *suggest, const char *candidate);
const char *suggest_best(const struct suggest *suggest);

#endif
