/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PAM_FAKE_OTPD_H
#define TESTS_PAM_FAKE_OTPD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * An otpd that answers from a script, in a process of its own. One connection and one
 * entry for each call; NULL ends the script, and further calls are closed unanswered.
 * An entry is sent with ' as " and with its NUL, or is one of
 *
 *	@close       closes without an answer        @hang      never answers
 *	@raw:TEXT    TEXT without a NUL, then closes @slow:TEXT byte by byte
 *	@fill:N      N times 'x' and a NUL           @nest:N    N times '{' and a NUL
 *	@stall:TEXT  TEXT without a NUL, then nothing more
 *	@two:TEXT    TEXT NUL TEXT NUL at once       @nul       only a NUL
 */
#define FAKE_CALLS 24

struct fake_otpd {
	pid_t pid;
	volatile int n_calls;         /* that came in, each when it was read */
	char calls[FAKE_CALLS][2048]; /* as they were sent, without the NUL */
};

enum fake_kind {
	FAKE_NORMAL,
	FAKE_FOREIGN, /* listens with another uid than root's */
	FAKE_ABSENT,  /* no socket at all */
	FAKE_DEAD,    /* a socket that nobody listens on */
	FAKE_FULL,    /* never accepts, and its backlog is full */
};

/* In memory that is shared with the process; the uid is that of FAKE_FOREIGN. */
struct fake_otpd *fake_start(
	const char *path, enum fake_kind kind, uid_t uid, const char *const *script);

/*
 * One that answers every call from what stands in it, for as many clients as come; it
 * notes no calls. answer() writes one reply, with its quotes, without the NUL.
 */
typedef void fake_answer(const char *call, char *out, size_t size);
struct fake_otpd *fake_start_crowd(const char *path, fake_answer *answer);
void fake_stop(struct fake_otpd *fake, const char *path);

#endif
