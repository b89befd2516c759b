/* SPDX-License-Identifier: MIT */
/*
 * otpctl restore: a backup in the place of the store. otpctl itself opens no file of
 * the daemon's: it reads the backup, as whoever calls it, and hands it to "otpd
 * --restore", which looks at all of it before and does the rest. While that runs otpd
 * is stopped, so that logins with codes fail; whatever happens, the units are started
 * again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/actions.h"
#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/units.h"
#include "otpd/util/cleanup.h"

#define INSTALLED "/usr/sbin/otpd"
#define SAID      1024

struct restore {
	struct session *session;
	const struct arguments *arguments;
	const char *path;
	int fd;
	char otpd[PATH_MAX];
	char said[SAID]; /* by otpd --restore: lines NAME=VALUE */
};

static void restore_fini(struct restore *restore)
{
	if (restore->fd >= 0)
		close(restore->fd);
}

/* The otpd that was installed, or built, with this otpctl. */
static void find_otpd(char out[PATH_MAX])
{
	static const char *const places[] = { "otpd", "../sbin/otpd" };
	char self[PATH_MAX - 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	snprintf(out, PATH_MAX, INSTALLED);
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < 2; i++) {
		char path[PATH_MAX];

		slash[1] = '\0';
		snprintf(path, sizeof(path), "%s%s", self, places[i]);
		if (access(path, X_OK) == 0) {
			memcpy(out, path, sizeof(path));
			return;
		}
	}
}

/* 0, or the exit code; otpd has said what is wrong. */
static int run_otpd(struct restore *restore, bool only_check)
{
	const char *argv[8] = { restore->otpd, "--restore", "-" };
	int n = 3, r;

	if (restore->arguments->config) {
		argv[n++] = "--config";
		argv[n++] = restore->arguments->config;
	}
	if (only_check)
		argv[n++] = "--check";
	r = lseek(restore->fd, 0, SEEK_SET) < 0
		? -errno
		: units_run(argv, restore->fd, restore->said, sizeof(restore->said));
	if (r == 0)
		return 0;
	if (r < 0)
		output_error(restore->session->json, "Failed",
			"%s: %s; see whether otpd is installed", restore->otpd,
			strerror(-r));
	else if (only_check)
		output_error(restore->session->json, "BadFile",
			"%s cannot be restored, for the reason above; nothing was changed",
			restore->path);
	else
		output_error(restore->session->json, "Failed",
			"the store stays as it was, for the reason above");
	return only_check && r > 0 ? OUTPUT_BAD_FILE : OUTPUT_OTHER;
}

/* The value of a line "NAME=VALUE"; "" if there is none. */
static void get(const struct restore *restore, const char *name, char out[64])
{
	size_t n = strlen(name);

	out[0] = '\0';
	for (const char *line = restore->said; line && *line;) {
		if (strncmp(line, name, n) == 0 && line[n] == '=')
			snprintf(out, 64, "%.*s", (int)strcspn(line + n + 1, "\n"),
				line + n + 1);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static int64_t get_int(const struct restore *restore, const char *name)
{
	char text[64];

	get(restore, name, text);
	return strtoll(text, NULL, 10);
}

static void show(const struct restore *restore)
{
	char made[OUTPUT_TIME], key[64];
	int64_t made_at = get_int(restore, "made_at");
	int64_t users = get_int(restore, "users");
	int64_t accounts = get_int(restore, "accounts");

	get(restore, "key", key);
	output_time(made, made_at);
	fprintf(stderr, "%s: backup of %s, %lld user%s, %lld account%s\n",
		restore->path, made_at ? made : "an unknown time", (long long)users,
		users == 1 ? "" : "s", (long long)accounts, accounts == 1 ? "" : "s");
	if (strcmp(key, "other") == 0)
		output_warning(false,
			"it was made with another key than key_file of otpd.conf has now; "
			"put that key back first, or tokens of web applications that were "
			"signed before are void");
}

static int confirm(const struct restore *restore)
{
	static const struct confirmation confirmation = { "restore",
		"replaces the store, with all users and accounts",
		"nothing was changed" };
	char question[160];

	snprintf(question, sizeof(question),
		"Replace the store, with all users and accounts, and end what is live? "
		"[y/N] ");
	return actions_confirm(
		restore->session, restore->arguments, &confirmation, question);
}

static void say_done(struct restore *restore)
{
	int64_t codes = get_int(restore, "recovery_codes");
	int64_t voided = get_int(restore, "voided_codes");
	char old[64], key[64];

	get(restore, "old_store", old);
	get(restore, "key", key);
	if (restore->session->json) {
		CLEANUP(json_decrefp)
		json_t *done = json_pack("{s:I, s:I, s:I, s:s, s:s, s:I}", "made_at",
			(json_int_t)get_int(restore, "made_at"), "users",
			(json_int_t)get_int(restore, "users"), "accounts",
			(json_int_t)get_int(restore, "accounts"), "key", key,
			"old_store", old, "voided_codes", (json_int_t)voided);

		output_json(done);
		return;
	}
	printf("restored; live codes, sessions and remembered logins have ended\n");
	if (strcmp(old, "none") != 0)
		printf("the store of before is kept as otpd.db.before-restore beside it\n");
	if (voided > 0)
		printf("%lld recovery codes were used or replaced since the backup, and "
		       "stay void\n",
			(long long)voided);
	if (codes > 0 && strcmp(old, "read") != 0)
		output_warning(false,
			"recovery codes that were used since the backup work again, as there "
			"is no store that knows of them; give their owners new ones");
}

/* Between the stop and the start of the units nothing may end us. */
static int exchange(struct restore *restore)
{
	struct units units;
	int r, started;

	interrupt_defer();
	r = units_stop(&units);
	if (r < 0)
		output_error(restore->session->json, "Failed",
			"otpd could not be stopped, nothing was changed; see: systemctl "
			"status otpd");
	r = r < 0 ? OUTPUT_OTHER : run_otpd(restore, false);
	started = units_start(&units);
	if (r == 0)
		say_done(restore);
	if (started < 0)
		output_error(restore->session->json, "Failed",
			"otpd could not be started; see: systemctl status otpd, and "
			"journalctl -u otpd");
	return r == 0 && started < 0 ? OUTPUT_OTHER : r;
}

int restore_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(restore_fini)
	struct restore restore = {
		.session = session,
		.arguments = arguments,
		.path = arguments->words[0],
	};
	int r;

	find_otpd(restore.otpd);
	restore.fd = open(restore.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (restore.fd < 0) {
		output_error(session->json, "BadFile",
			"%s: %s; give the file that otpctl backup made", restore.path,
			strerror(errno));
		return OUTPUT_BAD_FILE;
	}
	r = run_otpd(&restore, true);
	if (r == 0 && !session->json)
		show(&restore);
	if (r == 0)
		r = confirm(&restore);
	return r == 0 ? exchange(&restore) : r;
}
