/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_JOURNAL_H
#define OTPD_UTIL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

/* A field of a journal entry. Names are of [A-Z0-9_]; NULL or "" as value: left out. */
struct journal_field {
	const char *name;
	const char *value;
};

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Whether fd is the stream that JOURNAL_STREAM speaks of: "device:inode". */
bool journal_is_stream(int fd, const char *stream);

/* A socket for journal_send(), or -errno. It waits patience_ms at most for room. */
int journal_open(int patience_ms);

/*
 * Sends one entry to the journal that listens at path. Values may hold anything; none
 * of it becomes a field of its own. with_patience: wait for room, or not at all. 0,
 * -EAGAIN if there was no room, -ENOBUFS if it is too long, or another -errno.
 */
int journal_send(int fd, const char *path, const struct journal_field *fields, size_t n,
	bool with_patience);

#endif
