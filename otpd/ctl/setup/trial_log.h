/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_SETUP_TRIAL_LOG_H
#define OTPD_CTL_SETUP_TRIAL_LOG_H

#include <stdbool.h>

/* What a line of sshd's log, or an event of otpd's, says to a reader. */
struct trial_word {
	const char *front; /* how the line begins, or the event */
	const char *text;  /* a sentence; NULL: not worth saying */
};

/* The row for a line of sshd at the level VERBOSE, or NULL. */
const struct trial_word *trial_log_line(const char *line);

/* The row for an event of otpd's, or NULL. */
const struct trial_word *trial_log_event(const char *event);

/* Whether the line says that a session was opened for the user. */
bool trial_log_is_session(const char *line, const char *user);

/* Whether the event is a step-up. */
bool trial_log_is_step_up(const char *event);

#endif
