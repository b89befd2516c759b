/* SPDX-License-Identifier: MIT */
#ifndef OTPD_PROTO_FRAME_H
#define OTPD_PROTO_FRAME_H

#include <stddef.h>

/*
 * The bytes that have come in on a connection: JSON messages, each ended by NUL. data
 * has capacity bytes and is wiped as it is used up.
 */
struct frame_buffer {
	char *data;
	size_t capacity;
	size_t filled;
	size_t scanned; /* bytes that are known to have no NUL */
};

/* Memory for frames of at most capacity bytes, NUL included. 0 or -ENOMEM. */
int frame_buffer_init(struct frame_buffer *buffer, size_t capacity);
void frame_buffer_fini(struct frame_buffer *buffer);

/* Where the next bytes go and how many fit; 0: full. */
size_t frame_buffer_space(struct frame_buffer *buffer, char **ret_at);
void frame_buffer_filled(struct frame_buffer *buffer, size_t n);

/*
 * The length of the first whole message, which then is a string at buffer->data;
 * -EAGAIN if none is whole yet, -EMSGSIZE if there is no room left for its end.
 */
int frame_buffer_peek(struct frame_buffer *buffer);

/* Takes the first message (of that length) out, wiping it. */
void frame_buffer_drop(struct frame_buffer *buffer, size_t length);

#endif
