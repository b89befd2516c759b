/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_PROMPT_H
#define OTPD_CTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is somebody to ask: standard input is a terminal. */
bool prompt_possible(void);

/*
 * Writes the question to standard error and reads one line of standard input, without
 * its end, into out. 0; -ENODATA at the end of input; -EMSGSIZE for a line that does
 * not fit (it has been read to its end); or -errno (-EINTR: interrupt_came()). No copy
 * of the line stays anywhere but in out.
 */
int prompt_line(const char *question, char *out, size_t size);

#endif
