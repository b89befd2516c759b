/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_ASK_H
#define OTPD_CTL_SETUP_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* Text for the reader, broken into lines; a blank line before it. */
void ask_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* NULL if the answer is good (it may be put into order, in place); else why it is not.
 */
typedef const char *ask_check(void *context, const char *answer);

/*
 * Asks until the answer is good; an empty one is preset, where there is one. 0, or
 * -ECANCELED: the reader has gone, or wants to stop.
 */
int ask_text(const char *question, const char *preset, ask_check *check, void *context,
	char *out, size_t size);

/* The same, without a sign of what is typed. */
int ask_secret(const char *question, char *out, size_t size);

/* 1 yes, 0 no, -ECANCELED. */
int ask_yes(const char *question, bool preset);

#endif
