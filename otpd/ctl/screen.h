/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SCREEN_H
#define OTPD_CTL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a terminal that understands ANSI sequences, to draw on and to read
 * keys from. */
bool screen_possible(void);

/*
 * Takes the whole terminal: its other screen, no cursor, keys at once. Whatever ends
 * otpctl from here on gives it back as it was, but for SIGKILL. 0 or -errno.
 */
int screen_open(void);
void screen_close(void);

/* Columns and lines, as the window is now; 80 and 24 if nobody says. */
void screen_size(int *ret_width, int *ret_height);

/*
 * Waits for so long, or until the window changes or otpctl is continued. True: a key
 * ends it (q, Ctrl-C, Ctrl-D), or the terminal is gone.
 */
bool screen_wait(int64_t ms);

#endif
