/* SPDX-License-Identifier: MIT */
/*
 * Asking a person. Input is read byte by byte with read(2), since stdio would keep a
 * copy of a code in a buffer that nobody wipes. Echo stays on: a code is used up the
 * moment it is right, and people mistype what they cannot see.
 */
#include "otpd/ctl/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "otpd/ctl/interrupt.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"

bool prompt_possible(void)
{
	return isatty(STDIN_FILENO);
}

/* One byte; 0 at the end of input. */
static int read_byte(char *ret)
{
	for (;;) {
		ssize_t n = read(STDIN_FILENO, ret, 1);

		if (n >= 0)
			return (int)n;
		if (errno != EINTR || interrupt_came())
			return -errno;
	}
}

static void wipe_byte(char *byte)
{
	secret_wipe(byte, 1);
}

int prompt_line(const char *question, char *out, size_t size)
{
	CLEANUP(wipe_byte) char byte = 0;
	size_t n = 0;
	int r;

	fflush(stdout);
	fputs(question, stderr);
	fflush(stderr);
	for (;;) {
		r = read_byte(&byte);
		if (r < 0)
			return r;
		if (r == 0 && n == 0)
			return -ENODATA;
		if (r == 0 || byte == '\n')
			break;
		if (n < size)
			out[n] = byte;
		n++;
	}
	if (n >= size) {
		out[0] = '\0';
		return -EMSGSIZE;
	}
	if (n > 0 && out[n - 1] == '\r')
		n--;
	out[n] = '\0';
	return 0;
}
