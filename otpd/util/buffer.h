/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_BUFFER_H
#define OTPD_UTIL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Text that grows, in memory that is wiped. It always ends with NUL. A failure (no
 * memory) is remembered, so that only the end has to look.
 */
struct buffer {
	char *data;
	size_t size;
	size_t capacity;
	bool failed;
};

/* Makes room for size more bytes at once, where much is about to come. */
void buffer_reserve(struct buffer *buffer, size_t size);
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_fini(struct buffer *buffer);

/* The text, for secret_free(); NULL if anything has failed. */
char *buffer_take(struct buffer *buffer, size_t *ret_size);

#endif
