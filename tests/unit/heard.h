/* SPDX-License-Identifier: MIT */
/* What the daemon logs, warnings and worse, for tests that count its lines. */
#ifndef TESTS_UNIT_HEARD_H
#define TESTS_UNIT_HEARD_H

#include "otpd/util/log.h"
#include "tests/unit/unit.h"

static char heard_path[UNIT_PATH];

static inline void listen_in(void)
{
	int fd = open(unit_path(heard_path, "stderr"),
		O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	log_set_level(LOG_WARNING);
}

static inline int lines_with(const char *text)
{
	char *heard = unit_read(heard_path, NULL);
	int n = 0;

	for (const char *at = heard; (at = strstr(at, text)); at++)
		n++;
	free(heard);
	return n;
}

#endif
