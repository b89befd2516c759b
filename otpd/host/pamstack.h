/* SPDX-License-Identifier: MIT */
/*
 * The stack of a PAM service as libpam sees it: its file and what that includes, in
 * order, each entry with the file and the line that it stands on.
 */
#ifndef OTPD_HOST_PAMSTACK_H
#define OTPD_HOST_PAMSTACK_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/host/pamline.h"
#include "otpd/util/cleanup.h"

#define PAMSTACK_LEVELS  16   /* of includes, and of substacks */
#define PAMSTACK_ENTRIES 1000 /* of a stack; more are no stack of a person's */

enum pam_type {
	PAM_TYPE_AUTH,
	PAM_TYPE_ACCOUNT,
	PAM_TYPE_PASSWORD,
	PAM_TYPE_SESSION,
};

struct pam_entry {
	enum pam_type type;
	int level;        /* of substacks */
	bool is_substack; /* marks where one begins; control and module say what is
			     named */
	bool must_fail;   /* libpam cannot use the line, and takes it as a module that
			     denies */
	int actions[PAM_VALUES];
	char *control; /* as it stands there, without brackets; "" if there is none */
	char *module;  /* "pam_unix.so", or a path; "" if there is none */
	char **arguments; /* ended by NULL */
	size_t n_arguments;
	const char *file; /* belongs to the stack */
	unsigned line;
	unsigned top_line; /* in the service's own file: the entry, or what includes it
			    */
};

struct pamstack {
	char *service;
	char *path; /* of the service's own file; NULL if there is none */
	struct pam_entry *entries;
	size_t n;
	char **files; /* all that were read */
	size_t n_files;
	/* The first thing that libpam complains about, "" if nothing: "file:line: why".
	 */
	char problem[256];
	/* libpam refuses the whole file, and so every login: nothing here counts. */
	bool is_refused;
};

/* Where libpam looks, in this order; ended by NULL. */
extern const char *const pamstack_directories[];

/*
 * Reads a service. directories is pamstack_directories, or others for tests. 0 also
 * where the service has no file (path is NULL; libpam then takes "other"), -errno
 * where a file cannot be opened for another reason, and on ENOMEM.
 */
int pamstack_read(
	const char *const directories[], const char *service, struct pamstack *ret);
void pamstack_fini(struct pamstack *stack);

/* Whether the entry runs this module, by its file's name: "pam_unix.so". */
bool pam_entry_is(const struct pam_entry *entry, const char *module);

/* Whether the stack has an entry of the type at all; if not, libpam takes "other". */
bool pamstack_has(const struct pamstack *stack, enum pam_type type);

/* The index of the next entry of that type and module from i on; n if there is none. */
size_t pamstack_find(
	const struct pamstack *stack, enum pam_type type, const char *module, size_t i);

#endif
