/* SPDX-License-Identifier: MIT */
/*
 * Secrets leave no copy behind: codes pass through JSON strings and work buffers, and
 * each of those is wiped when it is freed. The size stands in a header before the
 * block, since malloc_usable_size() may not be used together with _FORTIFY_SOURCE=3.
 */
#include "otpd/util/secret.h"

#include <jansson.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct header {
	alignas(max_align_t) size_t size;
};

void *secret_alloc(size_t size)
{
	struct header *header;

	if (size > PTRDIFF_MAX - sizeof(*header))
		return NULL;
	header = malloc(sizeof(*header) + size);
	if (!header)
		return NULL;
	header->size = size;
	return header + 1;
}

void secret_free(void *p)
{
	struct header *header = p;

	if (!p)
		return;
	header--;
	explicit_bzero(header + 1, header->size);
	free(header);
}

void secret_use_for_json(void)
{
	json_set_alloc_funcs(secret_alloc, secret_free);
}

void secret_wipe(void *p, size_t size)
{
	explicit_bzero(p, size);
}

void secret_buffer_wipe(struct secret_buffer *buffer)
{
	explicit_bzero(buffer->at, buffer->size);
}
