/* SPDX-License-Identifier: MIT */
/*
 * otpctl backup: the store, copied while otpd runs, into one file. It is written beside
 * its place, mode 0600, and gets its name when all of it is on the disk; whatever had
 * that name stays, unless --replace is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/progress.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"

#define ADMIN   "org.emailotp.Admin."
#define COPY_MS (3600 * 1000) /* how long otpd may copy, without --timeout */
#define PIECE   LIMIT_REPLY   /* more than otpd gives at once */

struct fetch {
	struct session *session;
	const char *path;
	bool replace;
	bool to_stdout;
	char draft[PATH_MAX];
	int fd;
	int64_t size;
	char name[64];
	uint8_t *piece;
};

static void fetch_fini(struct fetch *fetch)
{
	if (!fetch->to_stdout && fetch->fd >= 0)
		close(fetch->fd);
	if (fetch->draft[0])
		unlink(fetch->draft);
	free(fetch->piece);
}

static int complain(const struct fetch *fetch, int r, const char *next)
{
	output_error(fetch->session->json, "Failed", "%s: %s; %s", fetch->path,
		strerror(-r), next);
	return OUTPUT_OTHER;
}

static int refuse_existing(const struct fetch *fetch)
{
	output_error(fetch->session->json, "Exists",
		"%s exists; give another name, or --replace", fetch->path);
	return OUTPUT_OTHER;
}

/* 0, or the exit code. */
static int open_draft(struct fetch *fetch)
{
	struct stat st;
	int n;

	if (fetch->to_stdout && isatty(STDOUT_FILENO)) {
		output_error(fetch->session->json, "Usage",
			"a backup is not for a terminal; give a file, or a pipe to \"-\"");
		return OUTPUT_USAGE;
	}
	if (fetch->to_stdout) {
		fetch->fd = STDOUT_FILENO;
		return 0;
	}
	if (!fetch->replace && lstat(fetch->path, &st) == 0)
		return refuse_existing(fetch);
	n = snprintf(fetch->draft, sizeof(fetch->draft), "%s.XXXXXX", fetch->path);
	if (n >= (int)sizeof(fetch->draft)) {
		fetch->draft[0] = '\0';
		return complain(fetch, -ENAMETOOLONG, "give a shorter name");
	}
	fetch->fd = mkostemp(fetch->draft, O_CLOEXEC); /* mode 0600 */
	if (fetch->fd >= 0)
		return 0;
	n = -errno;
	fetch->draft[0] = '\0';
	return complain(fetch, n, "give a file in a directory that you may write to");
}

/* otpd makes its copy. 0, or the exit code. */
static int begin(struct fetch *fetch)
{
	static const struct session_words words[] = {
		{ OUTCOME_BUSY, "another backup is being made",
			"wait until that one is done" },
		{ 0 },
	};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const char *name;
	int r;

	fetch->session->words = words;
	r = session_call(fetch->session, ADMIN "BeginBackup", json_object(), &answer);
	if (r != 0)
		return session_explain(fetch->session, r, answer, NULL);
	name = json_string_value(json_object_get(answer, "backup"));
	fetch->size = json_integer_value(json_object_get(answer, "size"));
	if (!name || strlen(name) >= sizeof(fetch->name) || fetch->size <= 0)
		return session_explain(fetch->session, -EPROTO, NULL, NULL);
	memcpy(fetch->name, name, strlen(name) + 1);
	return 0;
}

/* Writes one piece and moves *offset on. */
static int take_piece(struct fetch *fetch, const json_t *answer, int64_t *offset)
{
	const char *data = json_string_value(json_object_get(answer, "data"));
	size_t n = 0;

	if (!fetch->piece)
		fetch->piece = malloc(PIECE);
	if (!fetch->piece)
		return -ENOMEM;
	if (!data ||
		sodium_base642bin(fetch->piece, PIECE, data, strlen(data), NULL, &n,
			NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		n == 0)
		return -EPROTO;
	*offset += (int64_t)n;
	return file_write_all(fetch->fd, fetch->piece, n);
}

static int read_one(struct fetch *fetch, int64_t *offset)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(fetch->session, ADMIN "ReadBackup",
		json_pack("{s:s, s:I}", "backup", fetch->name, "offset",
			(json_int_t)*offset),
		&answer);

	if (r != 0)
		return session_explain(fetch->session, r, answer, NULL);
	r = take_piece(fetch, answer, offset);
	if (r == -EPROTO)
		return session_explain(fetch->session, r, NULL, NULL);
	return r < 0 ? complain(fetch, r, "see whether the disk is full") : 0;
}

/* 0, or the exit code. */
static int read_all(struct fetch *fetch)
{
	struct progress progress;
	int64_t offset = 0;
	int r = 0;

	progress_begin(
		&progress, "reading", (size_t)fetch->size, !fetch->session->json);
	while (r == 0 && offset < fetch->size && !interrupt_came()) {
		r = read_one(fetch, &offset);
		progress_show(&progress, (size_t)offset);
	}
	progress_end(&progress);
	if (r == 0 && interrupt_came()) {
		output_error(fetch->session->json, "Interrupted",
			"nothing was kept; run it again");
		return OUTPUT_OTHER;
	}
	return r;
}

static int sync_directory(const char *path)
{
	CLEANUP(closep) int fd = -1;
	char directory[PATH_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash)
		slash[slash == directory] = '\0';
	fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* link(2) replaces nothing, whoever made a file of that name meanwhile. */
static int give_name(struct fetch *fetch)
{
	int r = 0;

	if (fetch->to_stdout)
		return 0;
	if (fsync(fetch->fd) < 0)
		r = -errno;
	else if (fetch->replace)
		r = rename(fetch->draft, fetch->path) < 0 ? -errno : 0;
	else
		r = link(fetch->draft, fetch->path) < 0 ? -errno : 0;
	if (r == 0)
		r = sync_directory(fetch->path);
	if (r == -EEXIST)
		return refuse_existing(fetch);
	return r < 0 ? complain(fetch, r, "the backup has no name; run it again") : 0;
}

/* The name of the key file, which the backup does not have. */
static void find_key(struct session *session, char *out, size_t size)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *setting;
	size_t i;

	snprintf(out, size, "key_file of otpd.conf");
	if (session_call(session, ADMIN "Config", json_object(), &answer) != 0)
		return;
	json_array_foreach(json_object_get(answer, "settings"), i, setting) {
		const char *name = json_string_value(json_object_get(setting, "name"));
		const char *value =
			json_string_value(json_object_get(setting, "value"));

		if (name && value && strcmp(name, "key_file") == 0)
			snprintf(out, size, "%.200s", value);
	}
}

static void say_done(struct fetch *fetch)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char key[256];

	(void)session_call(fetch->session, ADMIN "EndBackup",
		json_pack("{s:s}", "backup", fetch->name), &answer);
	find_key(fetch->session, key, sizeof(key));
	if (fetch->session->json && !fetch->to_stdout) {
		CLEANUP(json_decrefp)
		json_t *done = json_pack("{s:s, s:I}", "file", fetch->path, "size",
			(json_int_t)fetch->size);

		output_json(done);
	} else if (!fetch->session->json) {
		fprintf(stderr,
			"%s: %lld bytes. The key (%s) is not in it: keep a copy of that\n"
			"file too, but not beside this one. \"otpctl restore\" brings it "
			"back.\n",
			fetch->to_stdout ? "backup" : fetch->path,
			(long long)fetch->size, key);
	}
}

int backup_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(fetch_fini)
	struct fetch fetch = {
		.session = session,
		.path = arguments->words[0],
		.replace = arguments->given & ARGUMENT_REPLACE,
		.to_stdout = strcmp(arguments->words[0], "-") == 0,
		.fd = -1,
	};
	int r;

	interrupt_defer();
	if (!(arguments->given & ARGUMENT_TIMEOUT))
		session->timeout_ms = COPY_MS;
	r = open_draft(&fetch);
	if (r == 0)
		r = begin(&fetch);
	if (r == 0)
		r = read_all(&fetch);
	if (r == 0)
		r = give_name(&fetch);
	if (r == 0)
		say_done(&fetch);
	return r == 0 ? OUTPUT_DONE : r;
}
