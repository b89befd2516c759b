/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SANDBOX_FILTER_H
#define OTPD_SANDBOX_FILTER_H

#include "otpd/sandbox/sandbox.h"

/* io_uring as if the kernel had none; everything else as before. 0 or -errno. */
int filter_begin(void);

/* From here on only what the program needs; anything else ends the process with SIGSYS.
 * For all threads. 0 or -errno. */
int filter_enter(enum sandbox_program program);

/* The i-th system call that may be made with any arguments; NULL behind the last. */
const char *filter_name(size_t i);

#endif
