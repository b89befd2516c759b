/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C. A command that waits for one answer may end anywhere; an import wants to end
 * between two calls and say how far it came; setup wants to put back what it has begun.
 * The flags are the only writable
 * objects of file scope in otpctl, as a signal handler takes no argument.
 */
#include "otpd/ctl/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/output.h"

static volatile sig_atomic_t deferred;
static volatile sig_atomic_t held;
static volatile sig_atomic_t came;

static void on_signal(int signal)
{
	static const char text[] = "\notpctl: interrupted\n";

	(void)signal;
	if (held || (deferred && !came)) {
		came = 1;
		return;
	}
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(OUTPUT_OTHER);
	_exit(OUTPUT_OTHER);
}

void interrupt_init(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void interrupt_defer(void)
{
	deferred = 1;
}

bool interrupt_came(void)
{
	return came;
}

void interrupt_hold(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };

	held = 1;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	/* A terminal that is gone is an error of write(2). */
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}
