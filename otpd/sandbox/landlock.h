/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SANDBOX_LANDLOCK_H
#define OTPD_SANDBOX_LANDLOCK_H

#include "otpd/sandbox/sandbox.h"

/*
 * From here on this thread, and those that it starts, change files below the places
 * only; the core besides has no TCP. Returns the version that the kernel has, 0 if it
 * has none, or -errno.
 */
int landlock_enter(const struct sandbox *sandbox, enum sandbox_program program);

#endif
