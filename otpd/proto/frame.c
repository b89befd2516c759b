/* SPDX-License-Identifier: MIT */
/*
 * Finding the ends of messages in a stream of bytes. The buffer never grows: a peer
 * that sends more than the capacity without a NUL has broken the protocol, and the
 * caller closes. Nothing here looks into a message.
 */
#include "otpd/proto/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int frame_buffer_init(struct frame_buffer *buffer, size_t capacity)
{
	*buffer = (struct frame_buffer){ .capacity = capacity };
	buffer->data = malloc(capacity);
	return buffer->data ? 0 : -ENOMEM;
}

void frame_buffer_fini(struct frame_buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->filled);
	free(buffer->data);
	*buffer = (struct frame_buffer){ 0 };
}

size_t frame_buffer_space(struct frame_buffer *buffer, char **ret_at)
{
	*ret_at = buffer->data + buffer->filled;
	return buffer->capacity - buffer->filled;
}

void frame_buffer_filled(struct frame_buffer *buffer, size_t n)
{
	buffer->filled += n;
}

int frame_buffer_peek(struct frame_buffer *buffer)
{
	char *end = memchr(
		buffer->data + buffer->scanned, '\0', buffer->filled - buffer->scanned);

	if (end)
		return (int)(end - buffer->data);
	buffer->scanned = buffer->filled;
	return buffer->filled == buffer->capacity ? -EMSGSIZE : -EAGAIN;
}

void frame_buffer_drop(struct frame_buffer *buffer, size_t length)
{
	size_t used = length + 1;
	size_t rest = buffer->filled - used;

	memmove(buffer->data, buffer->data + used, rest);
	explicit_bzero(buffer->data + rest, used);
	buffer->filled = rest;
	buffer->scanned = 0;
}
