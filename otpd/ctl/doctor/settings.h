/* SPDX-License-Identifier: MIT */
/* What a daemon's configuration comes to, as the daemon itself says it with --check. */
#ifndef OTPD_CTL_DOCTOR_SETTINGS_H
#define OTPD_CTL_DOCTOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "otpd/ctl/doctor/finding.h"

#define SAID 600

struct effective {
	const char *path; /* of the configuration file */
	int status; /* 0: it is accepted; > 0: refused; -ENOENT: no such program ... */
	char said[SAID]; /* why it is refused */
	char *text;      /* the others point into it */
	struct effective_value {
		const char *section; /* "policy"; "" outside */
		const char *title;
		const char *name;
		const char *value; /* as printed, without quotes around a string */
	} * items;
	size_t n;
};

/* Runs PROGRAM --check. 0 also where it is refused; -ENOMEM. */
int effective_read(const char *program, const char *path, struct effective *ret);
/* Takes what --check prints apart, in place of text, which it owns from then on. */
int effective_parse(char *text, struct effective *ret);
void effective_fini(struct effective *effective);

/* A value, or other where it is not known. */
const char *effective_get(const struct effective *effective, const char *section,
	const char *title, const char *name, const char *other);
/* "600s" or "600"; other where it is none. */
int64_t effective_seconds(const struct effective *effective, const char *section,
	const char *title, const char *name, int64_t other);
bool effective_has_section(
	const struct effective *effective, const char *section, const char *title);

/*
 * Calls with each string of a list, "{"a", "b"}", until it returns true, which is then
 * returned.
 */
bool effective_each(
	const char *list, bool (*call)(const char *item, void *context), void *context);

/*
 * The line that sets a name, in the configuration file or one of its drop-ins, the last
 * one if there are several. The file only where it is in none. Strings live until the
 * next call.
 */
struct where effective_where(const struct effective *effective, const char *section,
	const char *title, const char *name);

#endif
