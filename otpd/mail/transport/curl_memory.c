/* SPDX-License-Identifier: MIT */
/*
 * libcurl copies the mail into its upload buffer and the password into its handle. It
 * lets its user bring the allocator, so these copies go into memory that is wiped when
 * it is freed. realloc needs to know the old size, which stands before the block.
 */
#include "otpd/mail/transport/curl_memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "otpd/util/secret.h"

struct block {
	alignas(max_align_t) size_t size;
};

static void *curl_malloc(size_t size)
{
	struct block *block;

	if (size > PTRDIFF_MAX - sizeof(*block))
		return NULL;
	block = secret_alloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	return block + 1;
}

static void curl_free_block(void *p)
{
	if (p)
		secret_free((struct block *)p - 1);
}

static void *curl_realloc(void *p, size_t size)
{
	void *moved = curl_malloc(size);
	size_t kept;

	if (!p || !moved)
		return moved;
	kept = ((struct block *)p - 1)->size;
	memcpy(moved, p, kept < size ? kept : size);
	curl_free_block(p);
	return moved;
}

static char *curl_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = curl_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

static void *curl_calloc(size_t n, size_t size)
{
	void *p;

	if (size > 0 && n > PTRDIFF_MAX / size)
		return NULL;
	p = curl_malloc(n * size);
	return p ? memset(p, 0, n * size) : NULL;
}

int curl_memory_init(void)
{
	CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc,
		curl_free_block, curl_realloc, curl_strdup, curl_calloc);

	return code == CURLE_OK ? 0 : -ENOMEM;
}
