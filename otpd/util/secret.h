/* SPDX-License-Identifier: MIT */
#ifndef OTPD_UTIL_SECRET_H
#define OTPD_UTIL_SECRET_H

#include <stddef.h>

/* Memory that is wiped when it is freed. */
void *secret_alloc(size_t size);
void secret_free(void *p);

/*
 * Moves a text of secret_alloc() into pages that are locked, guarded and left out of
 * core dumps, for one that is kept for long; for secret_free(), too. NULL if there is
 * no memory; the one that was given is freed in any case.
 */
char *secret_guard(char *text);

/* Makes every string and object of jansson such memory. Call it once, before the first.
 */
void secret_use_for_json(void);

/* Wipes a buffer in a way that the compiler keeps. */
void secret_wipe(void *p, size_t size);

/* Declares a buffer that is wiped at the end of its scope. */
struct secret_buffer {
	size_t size;
	void *at;
};
void secret_buffer_wipe(struct secret_buffer *buffer);
#define SECRET_SCOPE(name)                          \
	__attribute__((cleanup(secret_buffer_wipe), \
		unused)) struct secret_buffer name##_wiped_ = { sizeof(name), name }

#endif
