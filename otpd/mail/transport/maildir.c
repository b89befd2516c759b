/* SPDX-License-Identifier: MIT */
/*
 * For development and tests: each mail becomes a file of a Maildir, written to tmp,
 * synced, renamed into new, and the directory synced, so that "sent" is as true as an
 * SMTP server's 250. The name is unique by the mail's identifier and a counter of this
 * process; a repeat is a second file, as it would be a second mail.
 *
 * The disk is waited for on the loop's thread: one mail at a time, which is enough for
 * what this is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/mail/message/message.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/file.h"

#define FILE_NAME_MAX 128

struct maildir {
	struct transport transport;
	int fd; /* of the directory that holds tmp, new and cur */
	unsigned long n_mails;
};

static int write_file(int fd_dir, const char *path, const struct parcel *parcel)
{
	CLEANUP(closep)
	int fd = openat(fd_dir, path,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, parcel->message->bytes, parcel->message->size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

static int sync_directory(int fd_dir, const char *path)
{
	CLEANUP(closep)
	int fd = openat(fd_dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int store(struct maildir *maildir, const struct parcel *parcel)
{
	char draft[FILE_NAME_MAX], final[FILE_NAME_MAX];
	int r;

	snprintf(final, sizeof(final), "new/%" PRId64 ".P%dQ%lu.%s", clock_wall_s(),
		(int)getpid(), maildir->n_mails++, parcel->mail);
	snprintf(draft, sizeof(draft), "tmp/%s", final + strlen("new/"));
	r = write_file(maildir->fd, draft, parcel);
	if (r == 0 && renameat(maildir->fd, draft, maildir->fd, final) < 0)
		r = -errno;
	if (r < 0 && r != -EEXIST)
		(void)unlinkat(maildir->fd, draft, 0);
	return r < 0 ? r : sync_directory(maildir->fd, "new");
}

static void maildir_send(struct transport *transport, struct parcel *parcel)
{
	struct maildir *maildir = (struct maildir *)transport;
	int r = store(maildir, parcel);

	if (r < 0)
		parcel_end(parcel, SEND_DEFERRED, CAUSE_TRANSPORT, strerror(-r));
	else
		parcel_end(parcel, SEND_SENT, CAUSE_TRANSPORT, "stored in the maildir");
}

static void maildir_free(struct transport *transport)
{
	struct maildir *maildir = (struct maildir *)transport;

	closep(&maildir->fd);
	free(maildir);
}

static void maildir_freep(struct maildir **maildir)
{
	if (*maildir)
		maildir_free(&(*maildir)->transport);
}

/* Opens the directory, making it and its three parts where they are missing. */
static int open_maildir(const char *path)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	CLEANUP(closep) int fd = -1;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(fd, parts[i], 0700) < 0 && errno != EEXIST)
			return -errno;
	return take_fd(&fd);
}

int maildir_new(const struct transport_config *config, struct transport **ret,
	char *error, size_t error_size)
{
	CLEANUP(maildir_freep) struct maildir *maildir = calloc(1, sizeof(*maildir));

	if (!maildir)
		return -ENOMEM;
	maildir->fd = open_maildir(config->path);
	if (maildir->fd < 0) {
		snprintf(error, error_size, "transport %s: path %s: %s", config->title,
			config->path, strerror(-maildir->fd));
		return maildir->fd;
	}
	maildir->transport.send = maildir_send;
	maildir->transport.free = maildir_free;
	*ret = &TAKE_PTR(maildir)->transport;
	return 0;
}
