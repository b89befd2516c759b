/* SPDX-License-Identifier: MIT */
/*
 * The other side of a call, for programs that have nothing else to do meanwhile. One
 * deadline covers sending and waiting; a signal does not lengthen it.
 */
#include "otpd/proto/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "otpd/proto/limits.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"

DEFINE_CLEANUP(char *, secret_free);

static int wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = events };
		int64_t left = deadline_ms - clock_mono_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&poll_fd, 1, (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int client_open(struct client *client, const char *path, int timeout_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int64_t deadline = clock_mono_ms() + timeout_ms;
	CLEANUP(closep) int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		/* EAGAIN: the server's queue is full; it may empty. */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (clock_mono_ms() >= deadline)
			return -ETIMEDOUT;
		poll(NULL, 0, 10);
	}
	r = frame_buffer_init(&client->in, LIMIT_REPLY);
	if (r < 0)
		return r;
	client->timeout_ms = timeout_ms;
	client->fd = take_fd(&fd);
	return 0;
}

void client_close(struct client *client)
{
	closep(&client->fd);
	frame_buffer_fini(&client->in);
}

static int send_all(int fd, const char *data, size_t size, int64_t deadline_ms)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
		int r;

		if (n > 0) {
			data += n;
			size -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno == EPIPE ? -ECONNRESET : -errno;
		r = wait_for(fd, POLLOUT, deadline_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The length of the answer, which then stands at in.data. */
static int receive(struct client *client, int64_t deadline_ms)
{
	for (;;) {
		int length = frame_buffer_peek(&client->in);
		size_t space;
		ssize_t n;
		char *at;
		int r;

		if (length != -EAGAIN)
			return length;
		r = wait_for(client->fd, POLLIN, deadline_ms);
		if (r < 0)
			return r;
		space = frame_buffer_space(&client->in, &at);
		n = recv(client->fd, at, space, 0);
		if (n == 0)
			return -ECONNRESET;
		if (n > 0)
			frame_buffer_filled(&client->in, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static int classify(const char *error)
{
	int outcome = outcome_from_error(error);

	if (outcome > 0)
		return outcome;
	if (strcmp(error, "org.varlink.service.InvalidParameter") == 0)
		return -EINVAL;
	if (strcmp(error, "org.varlink.service.MethodNotFound") == 0 ||
		strcmp(error, "org.varlink.service.InterfaceNotFound") == 0)
		return -ENOSYS;
	return -EPROTO;
}

static int read_answer(const char *text, size_t size, json_t **ret_out)
{
	CLEANUP(json_decrefp) json_t *message = NULL;
	json_t *error;

	message = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message))
		return -EPROTO;
	*ret_out = json_incref(json_object_get(message, "parameters"));
	error = json_object_get(message, "error");
	if (error)
		return json_is_string(error) ? classify(json_string_value(error))
					     : -EPROTO;
	if (!*ret_out)
		*ret_out = json_object();
	return json_is_object(*ret_out) ? 0 : -EPROTO;
}

/* The call as bytes with its NUL. */
static int encode(const char *method, json_t *parameters, char **ret, size_t *ret_size)
{
	CLEANUP(json_decrefp) json_t *message = json_object();
	size_t size;

	if (!message || json_object_set_new(message, "method", json_string(method)) < 0)
		return -ENOMEM;
	if (parameters && json_object_set(message, "parameters", parameters) < 0)
		return -ENOMEM;
	size = json_dumpb(message, NULL, 0, JSON_COMPACT);
	if (size == 0 || size >= LIMIT_FRAME)
		return -EMSGSIZE;
	*ret = secret_alloc(size + 1);
	if (!*ret)
		return -ENOMEM;
	if (json_dumpb(message, *ret, size, JSON_COMPACT) != size)
		return -ENOMEM;
	(*ret)[size] = '\0';
	*ret_size = size + 1;
	return 0;
}

/* Sends and waits; whatever fails here leaves an answer behind that nobody asked for.
 */
static int exchange(
	struct client *client, const char *bytes, size_t size, int64_t deadline)
{
	int r = send_all(client->fd, bytes, size, deadline);

	if (r == 0)
		r = receive(client, deadline);
	if (r < 0)
		client_close(client);
	return r;
}

int client_call(
	struct client *client, const char *method, json_t *parameters, json_t **ret_out)
{
	CLEANUP(secret_freep) char *bytes = NULL;
	int64_t deadline = clock_mono_ms() + client->timeout_ms;
	size_t size = 0;
	int length, r;

	*ret_out = NULL;
	if (client->fd < 0)
		return -ENOTCONN;
	r = encode(method, parameters, &bytes, &size);
	if (r < 0)
		return r;
	length = exchange(client, bytes, size, deadline);
	if (length < 0)
		return length;
	r = read_answer(client->in.data, (size_t)length, ret_out);
	frame_buffer_drop(&client->in, (size_t)length);
	return r;
}
