/* SPDX-License-Identifier: MIT */
/*
 * Secrets leave no copy behind: codes pass through JSON strings and work buffers, and
 * each of those is wiped when it is freed. The size stands in a header before the
 * block, since malloc_usable_size() may not be used together with _FORTIFY_SOURCE=3.
 */
#include "otpd/util/secret.h"

#include <jansson.h>
#include <sodium.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct header {
	alignas(max_align_t) size_t size;
	bool is_guarded;
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
	header->is_guarded = false;
	return header + 1;
}

static size_t round_up(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

char *secret_guard(char *text)
{
	struct header *header;
	/* sodium_malloc() puts the end of it against a page: the header needs its
	 * place. */
	size_t size = text ? round_up(strlen(text) + 1) : 0;

	/* --check comes here, too, where nothing has called this. */
	if (sodium_init() < 0) {
		secret_free(text);
		return NULL;
	}
	header = text ? sodium_malloc(sizeof(*header) + size) : NULL;
	if (header) {
		header->size = size;
		header->is_guarded = true;
		memset(header + 1, 0, size);
		memcpy(header + 1, text, strlen(text));
	}
	secret_free(text);
	return header ? (char *)(header + 1) : NULL;
}

void secret_free(void *p)
{
	struct header *header = p;

	if (!p)
		return;
	header--;
	if (header->is_guarded) {
		sodium_free(header); /* wipes it */
		return;
	}
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
