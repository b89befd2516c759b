/* SPDX-License-Identifier: MIT */
/*
 * Ownership by attribute. An owner is declared together with its value:
 *
 *	CLEANUP(json_decrefp) json_t *reply = json_object();
 *
 * and given away with TAKE_PTR or take_fd. There is no goto in this tree.
 */
#ifndef OTPD_UTIL_CLEANUP_H
#define OTPD_UTIL_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Makes function##p(type *), which frees what the variable owns, NULL included. */
#define DEFINE_CLEANUP(type, function)          \
	static inline void function##p(type *p) \
	{                                       \
		if (*p)                         \
			function(*p);           \
	}                                       \
	struct cleanup_semicolon_

/* The pointer, which the variable then owns no longer. */
#define TAKE_PTR(p)                                  \
	__extension__({                              \
		__typeof__(p) *taken_from_ = &(p);   \
		__typeof__(p) taken_ = *taken_from_; \
		*taken_from_ = NULL;                 \
		taken_;                              \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Closes and keeps errno, so that it may stand on an error path. */
static inline void closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
