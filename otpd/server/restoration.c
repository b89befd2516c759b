/* SPDX-License-Identifier: MIT */
/*
 * otpd --restore: another store in the place of this one. A process of its own, so that
 * the daemon that runs all the time has no way to do it.
 *
 * Root may call it: the file and the key are read as root, and then it becomes whoever
 * owns the directory of the store, before anything there is touched and before SQLite
 * sees a byte of the backup. The backup is copied into that directory first and only
 * the copy is looked at, so that it cannot change between the look and the use.
 */
#include "otpd/server/restoration.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/server/config.h"
#include "otpd/server/keys.h"
#include "otpd/store/backup.h"
#include "otpd/store/restore.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"

#define HEADER  100 /* bytes of a database's header */
#define ID_AT   68
#define ERROR   (PATH_MAX + 256)
#define DRAFTED ".restoring"

struct restoration {
	const char *file;
	const char *database;
	const char *key_file;
	char draft[PATH_MAX + 16];
	int64_t key_id; /* 0: the key could not be read */
	struct restore_facts facts;
};

static int say(const struct restoration *restoration, const char *text)
{
	size_t n = strlen(restoration->draft);

	/* What is wrong with the copy is wrong with the file. */
	if (strncmp(text, restoration->draft, n) == 0 && text[n] == ':')
		text += n + 1 + (text[n + 1] == ' ');
	fprintf(stderr, "otpd: %s: %s\n",
		strcmp(restoration->file, "-") == 0 ? "standard input"
						    : restoration->file,
		text);
	return 1;
}

static void fini(struct restoration *restoration)
{
	if (restoration->draft[0])
		backup_remove(restoration->draft);
}

/* Root becomes the owner of the directory of the store. */
static int become_owner(const char *database)
{
	char directory[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(directory, sizeof(directory), "%s", database);
	slash = strrchr(directory, '/');
	if (slash)
		slash[slash == directory] = '\0';
	if (stat(slash ? directory : ".", &st) < 0) {
		fprintf(stderr, "otpd: %s: %s\n", directory, strerror(errno));
		return -errno;
	}
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (setgroups(1, &st.st_gid) < 0 ||
		setresgid(st.st_gid, st.st_gid, st.st_gid) ||
		setresuid(st.st_uid, st.st_uid, st.st_uid) < 0) {
		fprintf(stderr, "otpd: cannot become user %u: %s\n",
			(unsigned)st.st_uid, strerror(errno));
		return -errno;
	}
	return 0;
}

static bool is_ours(const uint8_t *header, size_t n)
{
	static const char magic[] = "SQLite format 3"; /* and its NUL */

	return n == HEADER && memcmp(header, magic, sizeof(magic)) == 0 &&
		memcmp(header + ID_AT, "otpd", 4) == 0;
}

static ssize_t read_some(int fd, void *buffer, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* A pipe gives less than was asked for. */
static ssize_t read_header(int fd, uint8_t header[HEADER])
{
	size_t n = 0;

	while (n < HEADER) {
		ssize_t got = read_some(fd, header + n, HEADER - n);

		if (got < 0)
			return got;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static int copy(struct restoration *restoration, int from)
{
	CLEANUP(closep) int to = -1;
	uint8_t header[HEADER], buffer[4096];
	ssize_t n = read_header(from, header);
	int r = 0;

	if (n < 0)
		return say(restoration, strerror((int)-n));
	if (!is_ours(header, (size_t)n))
		return say(restoration, "is not a backup of otpd");
	snprintf(restoration->draft, sizeof(restoration->draft), "%s" DRAFTED,
		restoration->database);
	backup_remove(restoration->draft);
	to = open(restoration->draft,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return say(restoration, strerror(errno));
	for (r = file_write_all(to, header, sizeof(header)); r == 0;) {
		n = read_some(from, buffer, sizeof(buffer));
		if (n <= 0)
			break;
		r = file_write_all(to, buffer, (size_t)n);
	}
	if (r == 0 && n < 0)
		r = (int)n;
	return r < 0 ? say(restoration, strerror(-r)) : 0;
}

static const char *key_word(const struct restoration *restoration)
{
	if (!restoration->key_id || !restoration->facts.key_id)
		return "unknown";
	return restoration->key_id == restoration->facts.key_id ? "fits" : "other";
}

static void print_facts(const struct restoration *restoration)
{
	const struct restore_facts *facts = &restoration->facts;

	printf("made_at=%lld\nversion=%lld\nusers=%lld\naccounts=%lld\n"
	       "recovery_codes=%lld\nkey=%s\n",
		(long long)facts->made_at, (long long)facts->version,
		(long long)facts->users, (long long)facts->accounts,
		(long long)facts->recovery_codes, key_word(restoration));
	fflush(stdout);
}

static int exchange(struct restoration *restoration)
{
	struct restore_report report = { 0 };
	char error[ERROR];

	if (restore_exchange(restoration->database, restoration->draft, &report, error,
		    sizeof(error)) < 0) {
		fprintf(stderr, "otpd: %s\n", error);
		return 1;
	}
	printf("old_store=%s\nvoided_codes=%lld\n",
		!report.had_store           ? "none"
			: report.read_store ? "read"
					    : "damaged",
		(long long)report.voided_codes);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int run(struct restoration *restoration, int from, bool only_check)
{
	char error[ERROR] = "";
	int r = copy(restoration, from);

	if (r != 0)
		return r;
	/* One that belongs to otpd is not read by root: file.h. */
	if (!restoration->key_id)
		restoration->key_id = keys_id_of(restoration->key_file);
	if (restore_prepare(
		    restoration->draft, &restoration->facts, error, sizeof(error)) < 0)
		return say(restoration, error);
	print_facts(restoration);
	return only_check ? 0 : exchange(restoration);
}

int restoration_run(const char *config_path, const char *file, bool only_check)
{
	struct restoration restoration = { .file = file };
	CLEANUP(closep) int from = -1;
	struct config *config = NULL;
	char error[512];
	int r;

	/* Whoever reads our words may leave; the store must not suffer from it. */
	signal(SIGPIPE, SIG_IGN);
	if (config_load(config_path, &config, error, sizeof(error)) < 0) {
		fprintf(stderr, "otpd: %s\n", error);
		return 1;
	}
	restoration.database = config->database;
	restoration.key_file = config->key_file;
	restoration.key_id = keys_id_of(config->key_file);
	from = strcmp(file, "-") == 0 ? dup(STDIN_FILENO)
				      : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		r = say(&restoration, strerror(errno));
	else if (become_owner(config->database) < 0)
		r = 1;
	else
		r = run(&restoration, from, only_check);
	fini(&restoration);
	config_free(config);
	return r;
}
