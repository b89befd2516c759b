/* SPDX-License-Identifier: MIT */
/*
 * Connections of clients. otpd knows a peer by the effective uid at connect(2), so a
 * listed client is played by changing that of this thread for one system call. MUST
 * leave the other thread as it is, which libc's seteuid would not: hence the bare
 * calls.
 */
#include "tests/bench/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/say.h"

/* The files stay those of root: the directories of the benchmark are closed to others.
 */
static void become(uid_t uid)
{
	if (syscall(SYS_setresuid, -1, uid, -1) < 0)
		die("cannot become uid %u: %s", (unsigned)uid, strerror(errno));
	setfsuid(0);
}

int dial_unix(const char *path, uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r, error;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (uid != 0)
		become(uid);
	r = connect(fd, (struct sockaddr *)&address, sizeof(address));
	error = errno;
	if (uid != 0)
		become(0);
	if (fd < 0 || r < 0)
		die("cannot connect to %s: %s", path, strerror(error));
	return fd;
}

int dial_tcp(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		die("cannot connect to port %d: %s", port, strerror(errno));
	return fd;
}
