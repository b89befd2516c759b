/* SPDX-License-Identifier: MIT */
/* Text that grows and leaves no copy of itself behind. */
#include "otpd/util/buffer.h"

#include <stdint.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

#define BUFFER_FIRST 512
#define BUFFER_MAX   (1u << 20) /* far above any mail; a bug must not eat the machine */

static bool grow(struct buffer *buffer, size_t size)
{
	size_t capacity = 2 * buffer->capacity;
	char *data;

	if (buffer->failed || size > BUFFER_MAX || buffer->size > BUFFER_MAX)
		return false;
	if (capacity < buffer->size + size + 1)
		capacity = (buffer->size + size + BUFFER_FIRST) / BUFFER_FIRST *
			BUFFER_FIRST;
	data = secret_alloc(capacity);
	if (!data)
		return false;
	if (buffer->size > 0)
		memcpy(data, buffer->data, buffer->size);
	secret_free(buffer->data);
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

static bool make_room(struct buffer *buffer, size_t size)
{
	if (!buffer->failed && size < buffer->capacity - buffer->size)
		return true;
	return grow(buffer, size);
}

void buffer_reserve(struct buffer *buffer, size_t size)
{
	if (!make_room(buffer, size))
		buffer->failed = true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
	if (!make_room(buffer, size)) {
		buffer->failed = true;
		return;
	}
	if (size > 0)
		memcpy(buffer->data + buffer->size, bytes, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_fini(struct buffer *buffer)
{
	secret_free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

char *buffer_take(struct buffer *buffer, size_t *ret_size)
{
	if (buffer->failed || !buffer->data) {
		buffer_fini(buffer);
		return NULL;
	}
	if (ret_size)
		*ret_size = buffer->size;
	return TAKE_PTR(buffer->data);
}
