/* SPDX-License-Identifier: MIT */
/*
 * The SSH server of this host: what holds, as sshd itself says it (sshd -T), and which
 * line of which file has said it.
 */
#ifndef OTPD_HOST_SSHD_H
#define OTPD_HOST_SSHD_H

#include <stdbool.h>
#include <stddef.h>

#define SSHD_WHY     512
#define SSHD_CONTEXT 512

/* What holds for one connection: "usepam", "yes". Names are in lower case. */
struct sshd_settings {
	char *text; /* the names and values point into it */
	struct sshd_setting {
		const char *name;
		const char *value;
	} * items;
	size_t n;
};

/*
 * Runs sshd -T with a configuration (NULL: sshd's own), for a connection (NULL: what
 * holds outside of every Match; else as sshd_context() makes it). 0; -ENOENT: there is
 * no sshd; -EINVAL: it refuses, and why has its words; or another -errno.
 */
int sshd_settings_read(const char *config, const char *context,
	char why[static SSHD_WHY], struct sshd_settings *ret);
/* Takes the output of sshd -T apart; text is copied. */
int sshd_settings_parse(const char *text, struct sshd_settings *ret);
void sshd_settings_fini(struct sshd_settings *settings);

/* The first value of a name, "" if it has none. */
const char *sshd_get(const struct sshd_settings *settings, const char *name);
bool sshd_is(const struct sshd_settings *settings, const char *name, const char *value);

/* The lines of sshd_config and what it includes, in the order in which they count. */
struct sshd_files {
	struct sshd_line {
		char *file;
		unsigned line;
		char *name;  /* in lower case; old spellings as the new ones */
		char *typed; /* as it stands there */
		char *value;
		size_t match; /* 1 for the first Match block ...; 0: outside */
	} * lines;
	size_t n;
	struct sshd_match {
		char *file;
		unsigned line;
		char *criteria;
	} * matches;
	size_t n_matches;
};

/* 0, or -errno of the file itself; included files that cannot be read are left out. */
int sshd_files_read(const char *path, struct sshd_files *ret);
void sshd_files_fini(struct sshd_files *files);

/* The line that counts for a name in a Match block, or outside of all (0); or NULL. */
const struct sshd_line *sshd_where(
	const struct sshd_files *files, const char *name, size_t match);

/*
 * A connection that the criteria of a Match block fit, for sshd -T -C, as
 * "user=ada,host=h,addr=192.0.2.1". group_member is somebody of the group that is
 * asked for (the caller looks it up), or NULL. False if none can be thought of.
 */
bool sshd_context(
	const char *criteria, const char *group_member, char out[static SSHD_CONTEXT]);

/* The first name behind "Group" in the criteria, without patterns; false if none. */
bool sshd_criteria_group(const char *criteria, char *out, size_t size);

#endif
