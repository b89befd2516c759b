/* SPDX-License-Identifier: MIT */
/*
 * The way back. It MUST work with everything else broken: no daemon, no configuration,
 * files that others have changed, a run that was killed anywhere. So it looks at
 * nothing but the manifest and the files that it names.
 */
#include "otpd/ctl/setup/restore.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/util/cleanup.h"

unsigned restore_area(const char *path)
{
	static const struct {
		const char *front;
		unsigned area;
	} areas[] = {
		{ PATH_PAM, TOUCHED_PAM },
		{ "/etc/ssh/", TOUCHED_SSHD },
		{ "/etc/otpd/otpd.", TOUCHED_OTPD },
		{ "/etc/otpd/", TOUCHED_MAIL },
	};

	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		if (strncmp(path, areas[i].front, strlen(areas[i].front)) == 0)
			return areas[i].area;
	return 0;
}

static void say(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
}

/* The file is neither what we made of it nor what it was. */
static int take_out(const struct change *change, const struct edit_file *now)
{
	CLEANUP(edit_file_fini) struct edit_file rest = { 0 };
	int r;

	if (!now->exists) {
		say(change->path, "was removed since, and stays so");
		return 0;
	}
	if (change_is_secret(change)) {
		say(change->path, "was changed since, and stays as it is");
		return 0;
	}
	r = change_take_out(change, now, &rest);
	if (r <= 0) {
		if (r == 0)
			say(change->path,
				"was changed since, and has nothing of this setup any "
				"more");
		return r;
	}
	r = edit_replace(change->path, &rest);
	if (r == 0)
		say(change->path,
			"was changed since; only what setup wrote was taken out");
	return r < 0 ? r : 1;
}

/* 1: it was changed; 0: there was nothing to do; -errno. */
static int restore_one(const struct change *change)
{
	CLEANUP(edit_file_fini) struct edit_file now = { 0 };
	char directory[PATH_MAX];
	int r;

	edit_sweep(change->path);
	r = edit_read(change->path, &now);
	if (r < 0)
		return r;
	if (edit_same(&now, &change->before))
		r = 0;
	else if (!edit_same(&now, &change->after))
		r = take_out(change, &now);
	else {
		r = edit_replace(change->path, &change->before);
		if (r == 0)
			say(change->path,
				change->before.exists ? "put back" : "removed");
		r = r < 0 ? r : 1;
	}
	/* Stays where others have put something into it. */
	if (r >= 0 && change->makes_directory &&
		edit_directory(change->path, directory, sizeof(directory)) == 0)
		(void)rmdir(directory);
	return r;
}

int restore_changes(const struct changes *changes, unsigned *ret_touched)
{
	int first = 0;

	*ret_touched = 0;
	for (size_t i = changes->n; i-- > 0;) {
		const struct change *change = &changes->items[i];
		int r = restore_one(change);

		if (r > 0)
			*ret_touched |= restore_area(change->path);
		if (r >= 0)
			continue;
		output_error(false, "Failed",
			"%s could not be put back (%s); what stood there before lies in " PATH_BACKUP
			"%s",
			change->path, strerror(-r), change->path);
		if (first == 0)
			first = r;
	}
	return first;
}
