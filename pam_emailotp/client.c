/* SPDX-License-Identifier: MIT */
/*
 * The connection to otpd: made for one call, so that a user may think for minutes while
 * no connection waits.
 *
 * This runs in somebody else's process. It MUST NOT block beyond its deadline, which is
 * monotonic and one for everything; MUST NOT raise SIGPIPE; MUST NOT use the
 * descriptors 0 to 2, which a host may have closed and will use again; MUST NOT leave a
 * descriptor open across exec; MUST NOT use select(), which fails in a server with 1024
 * descriptors.
 *
 * MUST NOT send a byte before the listener's uid is known to be root's or otpd's:
 * whoever can take the socket's place would otherwise get the codes and give the
 * verdicts.
 */
#include "pam_emailotp/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_modutil.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "otpd/util/cleanup.h"

#define RETRY_MS 10 /* between two tries to join a full backlog */

static int now_ms(int64_t *ret)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return -errno;
	*ret = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return 0;
}

/* Milliseconds until the deadline, at least 1; -ETIMEDOUT when it is over. */
static int time_left(int64_t deadline_ms, int *ret_ms)
{
	int64_t now = 0;
	int r = now_ms(&now);

	if (r < 0)
		return r;
	if (now >= deadline_ms)
		return -ETIMEDOUT;
	*ret_ms = (int)(deadline_ms - now);
	return 0;
}

/* Until the descriptor is ready for events. */
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = events };
		int left, n;
		int r = time_left(deadline_ms, &left);

		if (r < 0)
			return r;
		n = poll(&ready, 1, left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* A full backlog gives EAGAIN and nothing to poll for; all that helps is to come again.
 */
static int wait_retry(int64_t deadline_ms)
{
	int left;
	int r = time_left(deadline_ms, &left);

	if (r < 0)
		return r;
	if (poll(NULL, 0, left < RETRY_MS ? left : RETRY_MS) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int open_socket(int *ret_fd)
{
	CLEANUP(closep) int fd = -1;
	int high;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (fd <= STDERR_FILENO) {
		high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (high < 0)
			return -errno;
		close(fd);
		fd = high;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int connect_to(int fd, const char *path, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	for (;;) {
		int r;

		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
				0 ||
			errno == EISCONN)
			return 0;
		if (errno != EAGAIN && errno != EINPROGRESS && errno != EINTR)
			return -errno;
		r = wait_retry(deadline_ms);
		if (r < 0)
			return r;
	}
}

/* The credentials are those of whoever called listen(): otpd, or systemd for it. */
static int check_server(pam_handle_t *pamh, int fd)
{
	struct ucred server;
	socklen_t size = sizeof(server);
	const struct passwd *otpd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0)
		return -errno;
	if (size != sizeof(server))
		return -EKEYREJECTED;
	if (server.uid == 0)
		return 0;
	otpd = pam_modutil_getpwnam(pamh, OTPD_USER);
	return otpd && otpd->pw_uid == server.uid ? 0 : -EKEYREJECTED;
}

static int send_all(int fd, const char *data, size_t length, int64_t deadline_ms)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n >= 0) {
			data += n;
			length -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_ready(fd, POLLOUT, deadline_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

/* At least one byte; 0 at the end. recv() drops descriptors that are passed along. */
static int receive(int fd, char *data, size_t size, int64_t deadline_ms, size_t *ret_n)
{
	for (;;) {
		ssize_t n = recv(fd, data, size, MSG_DONTWAIT);
		int r;

		if (n >= 0) {
			*ret_n = (size_t)n;
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_ready(fd, POLLIN, deadline_ms);
		if (r < 0)
			return r;
	}
}

static int receive_message(
	int fd, char *buffer, size_t size, int64_t deadline_ms, size_t *ret_length)
{
	size_t length = 0;

	while (length < size) {
		size_t n = 0;
		const char *end;
		int r = receive(fd, buffer + length, size - length, deadline_ms, &n);

		if (r < 0)
			return r;
		if (n == 0)
			return length > 0 ? -EBADMSG : -ECONNRESET;
		end = memchr(buffer + length, '\0', n);
		length += n;
		if (!end)
			continue;
		/* One call has one answer; whatever follows it nobody asked for. */
		if (end != buffer + length - 1)
			return -EBADMSG;
		*ret_length = length - 1;
		return 0;
	}
	return -EMSGSIZE;
}

int client_call(pam_handle_t *pamh, const char *path, int timeout_s, char *buffer,
	size_t size, size_t length, size_t *ret_length)
{
	CLEANUP(closep) int fd = -1;
	int64_t deadline_ms = 0;
	int r;

	r = now_ms(&deadline_ms);
	if (r < 0)
		return r;
	deadline_ms += (int64_t)timeout_s * 1000;
	r = open_socket(&fd);
	if (r < 0)
		return r;
	r = connect_to(fd, path, deadline_ms);
	if (r < 0)
		return r;
	r = check_server(pamh, fd);
	if (r < 0)
		return r;
	r = send_all(fd, buffer, length, deadline_ms);
	if (r < 0)
		return r;
	return receive_message(fd, buffer, size, deadline_ms, ret_length);
}
