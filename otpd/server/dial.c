/* SPDX-License-Identifier: MIT */
/* Connecting to a local daemon, and making sure that it is the one that was meant. */
#include "otpd/server/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"

int dial_checked(const char *path, uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(closep) int fd = -1;
	struct ucred server;
	socklen_t size = sizeof(server);

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0)
		return -errno;
	if (server.uid != 0 && server.uid != uid && server.uid != geteuid())
		return -EPERM;
	return take_fd(&fd);
}
