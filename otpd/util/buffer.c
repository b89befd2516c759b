/* SPDX-License-Identifier: MIT */
/* Text that grows and leaves no copy of itself behind. */
#include "otpd/util/buffer.h"

#include <stdint.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

#define BUFFER_FIRST 4096
#define BUFFER_MAX   (1u << 20) /* far above any mail; a bug must not eat the machine */

static bool make_room(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST;
	char *data;

	if (!buffer->failed && buffer->size + size < buffer->capacity)
		return true;
	if (buffer->failed || size > BUFFER_MAX || buffer->size > BUFFER_MAX)
		return false;
	while (capacity < buffer->size + size + 1)
		capacity *= 2;
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
