/* SPDX-License-Identifier: MIT */
#include "tests/bench/loop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/say.h"

void loop_open(struct loop *loop)
{
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->fd < 0)
		die("epoll: %s", strerror(errno));
}

void loop_close(struct loop *loop)
{
	close(loop->fd);
}

void loop_add(struct loop *loop, struct source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
		die("epoll: %s", strerror(errno));
}

void loop_drop(struct loop *loop, struct source *source)
{
	(void)loop;
	close(source->fd);
	source->fd = -1;
}

void loop_turn(struct loop *loop, int64_t wait_ns)
{
	struct epoll_event events[64];
	struct timespec wait = { 0 };
	int n;

	if (wait_ns > 0)
		wait = (struct timespec){ wait_ns / 1000000000, wait_ns % 1000000000 };
	n = epoll_pwait2(loop->fd, events, 64, &wait, NULL);
	if (n < 0 && errno != EINTR)
		die("epoll: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct source *source = events[i].data.ptr;

		source->ready(source);
	}
}

size_t inbox_fill(struct inbox *inbox, int fd)
{
	ssize_t n = recv(fd, inbox->data + inbox->filled, INBOX_SIZE - inbox->filled,
		MSG_DONTWAIT);

	if (inbox->filled == INBOX_SIZE)
		die("a message has more than %d bytes", INBOX_SIZE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return 0;
	inbox->filled += (size_t)n;
	return (size_t)n;
}

char *inbox_peek(struct inbox *inbox)
{
	return memchr(inbox->data, '\0', inbox->filled) ? inbox->data : NULL;
}

void inbox_drop(struct inbox *inbox)
{
	size_t length = strlen(inbox->data) + 1;

	inbox->filled -= length;
	memmove(inbox->data, inbox->data + length, inbox->filled);
}

void send_frame(int fd, const char *text)
{
	size_t size = strlen(text) + 1;

	if (send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("cannot send to a daemon: %s", strerror(errno));
}

size_t frame_string(const char *text, const char *name, char *out, size_t size)
{
	char key[64];
	const char *at;
	size_t length;

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(text, key);
	if (!at)
		return 0;
	at += strlen(key);
	length = strcspn(at, "\"");
	if (length >= size)
		return 0;
	memcpy(out, at, length);
	out[length] = '\0';
	return length;
}
