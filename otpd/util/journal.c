/* SPDX-License-Identifier: MIT */
/*
 * The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram with a
 * line for each field, or, where a value has a line end, the name, its length in eight
 * bytes and the value. sd_journal_sendv(3) sends the same, but waits for a journal that
 * has stopped for as long as it is stopped, and logins with it. MUST NOT wait longer
 * than the socket's patience.
 *
 * The address is given with each entry, since a journal that was restarted listens on
 * another socket at the same place.
 */
#include "otpd/util/journal.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ENTRY 4096 /* far less than a datagram may have */

bool journal_is_stream(int fd, const char *stream)
{
	unsigned long long device, inode;
	struct stat stat;
	char rest;

	return stream &&
		sscanf(stream, "%20llu:%20llu%c", &device, &inode, &rest) == 2 &&
		fstat(fd, &stat) == 0 && stat.st_dev == device && stat.st_ino == inode;
}

int journal_open(int patience_ms)
{
	struct timeval patience = {
		.tv_sec = patience_ms / 1000,
		.tv_usec = patience_ms % 1000 * 1000,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

struct entry {
	char bytes[ENTRY];
	size_t size;
	bool too_long;
};

static void add(struct entry *entry, const void *bytes, size_t size)
{
	entry->too_long = entry->too_long || size > sizeof(entry->bytes) - entry->size;
	if (entry->too_long)
		return;
	memcpy(entry->bytes + entry->size, bytes, size);
	entry->size += size;
}

static void add_field(struct entry *entry, const struct journal_field *field)
{
	size_t size = field->value ? strlen(field->value) : 0;
	uint64_t length = htole64(size);

	if (size == 0)
		return;
	add(entry, field->name, strlen(field->name));
	if (memchr(field->value, '\n', size)) {
		add(entry, "\n", 1);
		add(entry, &length, sizeof(length));
	} else
		add(entry, "=", 1);
	add(entry, field->value, size);
	add(entry, "\n", 1);
}

int journal_send(int fd, const char *path, const struct journal_field *fields, size_t n,
	bool with_patience)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct entry entry = { .size = 0 };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	for (size_t i = 0; i < n; i++)
		add_field(&entry, &fields[i]);
	if (entry.too_long)
		return -ENOBUFS;
	while (sendto(fd, entry.bytes, entry.size,
		       MSG_NOSIGNAL | (with_patience ? 0 : MSG_DONTWAIT),
		       (const struct sockaddr *)&address, sizeof(address)) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}
