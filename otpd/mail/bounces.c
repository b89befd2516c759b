/* SPDX-License-Identifier: MIT */
/*
 * The Maildir that delivery reports arrive in. A file stays in new until otpd has said
 * that what it reports is committed, so a crash of either side loses none; then it goes
 * to cur, as read mail does, and stays there for the administrator.
 *
 * Strangers write into this directory: a file is read only if it is a regular one, not
 * through a link, and no further than READ_MAX; names are taken from the directory and
 * never made of anything else.
 */
#include "otpd/mail/bounces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define READ_MAX  (128 * 1024) /* the headers that came back stand far in front */
#define FILES_MAX 256 /* of one look, so that a flood does not keep the thread */

static void close_dir(DIR *dir)
{
	if (dir)
		closedir(dir);
}
DEFINE_CLEANUP(DIR *, close_dir);

/* Reads a file of new with a NUL behind it; NULL if it cannot be. */
static char *read_file(int fd_new, const char *name, size_t *ret_size)
{
	CLEANUP(closep)
	int fd = openat(fd_new, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	CLEANUP(freep) char *text = malloc(READ_MAX + 1);
	struct stat st;
	size_t size = 0;
	ssize_t n;

	if (fd < 0 || !text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	while (size < READ_MAX && (n = read(fd, text + size, READ_MAX - size)) != 0) {
		if (n < 0 && errno != EINTR)
			return NULL;
		size += n > 0 ? (size_t)n : 0;
	}
	text[size] = '\0';
	*ret_size = size;
	return TAKE_PTR(text);
}

/* -ENOENT if it is no report about a mail of ours. */
static int read_report(int fd_new, const char *name, struct report *report)
{
	CLEANUP(freep) char *text = NULL;
	size_t size;

	text = read_file(fd_new, name, &size);
	return text ? report_parse(report, text, size) : -ENOENT;
}

/* From new to cur, with the flag for "seen". */
static int file_away(int fd_maildir, const char *name)
{
	char from[NAME_MAX + 8], to[NAME_MAX + 16];
	bool has_flags = strstr(name, ":2,") != NULL;

	snprintf(from, sizeof(from), "new/%s", name);
	snprintf(to, sizeof(to), "cur/%s%s", name, has_flags ? "" : ":2,S");
	return renameat(fd_maildir, from, fd_maildir, to) < 0 ? -errno : 0;
}

static bool is_done(const struct bounce_look *look, const char *name)
{
	for (size_t i = 0; i < look->n_done; i++)
		if (strcmp(look->done[i].id, name) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in new, in order: Maildir names begin with the time. */
static size_t list_names(DIR *dir, char **names)
{
	const struct dirent *entry;
	size_t n = 0;

	while (n < FILES_MAX && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		names[n] = strdup(entry->d_name);
		if (!names[n])
			break;
		n++;
	}
	qsort(names, n, sizeof(names[0]), by_name);
	return n;
}

/* One file of new: reported, or filed away. */
static void look_at(
	struct bounce_look *look, int fd_maildir, int fd_new, const char *name)
{
	struct bounce *bounce = &look->found[look->n];
	char quoted[TEXT_QUOTED];
	int r;

	if (is_done(look, name) || !text_is_utf8(name) || text_has_control(name) ||
		!text_copy(bounce->id, sizeof(bounce->id), name))
		r = -ENOENT;
	else
		r = read_report(fd_new, name, &bounce->report);
	if (r == 0) {
		look->n++;
		return;
	}
	r = file_away(fd_maildir, name);
	if (r < 0)
		log_errno(LOG_WARNING, r, "bounce_maildir: %s cannot be moved to cur",
			text_quote(quoted, sizeof(quoted), name));
}

/*
 * Files away what is done. It is read once more, for the counters of its domain: only
 * what was there, was a report and is moved has one, so that none counts twice.
 */
static void file_done(struct bounce_look *look, int fd_maildir, int fd_new)
{
	for (size_t i = 0; i < look->n_done; i++) {
		struct bounce *bounce = &look->done[i];

		if (read_report(fd_new, bounce->id, &bounce->report) < 0 ||
			file_away(fd_maildir, bounce->id) < 0)
			bounce->report = (struct report){ 0 };
	}
}

static int look_into(struct bounce_look *look)
{
	CLEANUP(closep)
	int fd = open(look->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_dirp) DIR *dir = NULL;
	CLEANUP(freep) char **names = calloc(FILES_MAX, sizeof(names[0]));
	int fd_new =
		fd < 0 ? -1 : openat(fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n;

	if (fd_new < 0)
		return -errno;
	dir = fdopendir(fd_new);
	if (!dir) {
		close(fd_new);
		return -errno;
	}
	if (!names)
		return -ENOMEM;
	file_done(look, fd, fd_new);
	n = list_names(dir, names);
	for (size_t i = 0; i < n; i++) {
		if (look->n < LIMIT_BOUNCES)
			look_at(look, fd, fd_new, names[i]);
		free(names[i]);
	}
	return 0;
}

static void on_work(uv_work_t *work)
{
	struct bounce_look *look = work->data;

	look->error = look_into(look);
}

static void on_worked(uv_work_t *work, int status)
{
	struct bounce_look *look = work->data;

	if (status < 0)
		look->error = status;
	look->seen(look->context, look);
	free(look);
}

/* A name that cannot be one of a file in new is left out. */
static void take_done(struct bounce_look *look, const json_t *done)
{
	size_t i;
	json_t *value;

	json_array_foreach(done, i, value) {
		const char *id = json_string_value(value);

		if (!id || id[0] == '.' || strchr(id, '/') ||
			look->n_done == LIMIT_BOUNCES)
			continue;
		if (text_copy(look->done[look->n_done].id, LIMIT_BOUNCE_ID + 1, id))
			look->n_done++;
	}
}

int bounces_look(uv_loop_t *loop, const char *maildir, const json_t *done,
	void (*seen)(void *context, const struct bounce_look *look), void *context)
{
	CLEANUP(freep) struct bounce_look *look = calloc(1, sizeof(*look));
	int r;

	if (!look)
		return -ENOMEM;
	look->work.data = look;
	look->seen = seen;
	look->context = context;
	if (!text_copy(look->path, sizeof(look->path), maildir))
		return -ENAMETOOLONG;
	take_done(look, done);
	r = uv_queue_work(loop, &look->work, on_work, on_worked);
	if (r == 0)
		(void)TAKE_PTR(look);
	return r;
}
