/* SPDX-License-Identifier: MIT */
/*
 * The terminal of otpctl top. What it was is put back on every way out, also from
 * signal handlers, which use write(2) and tcsetattr(3) alone; so the old state is one
 * of the few writable objects of file scope.
 */
#include "otpd/ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "otpd/util/clock.h"

#define CTRL_C '\003'
#define CTRL_D '\004'

static struct termios before;
static volatile sig_atomic_t taken;
static volatile sig_atomic_t stale; /* it must be drawn anew */

bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && term[0] &&
		strcmp(term, "dumb") != 0;
}

static void put(const char *sequence)
{
	ssize_t ignored = write(STDOUT_FILENO, sequence, strlen(sequence));

	(void)ignored;
}

static void take(void)
{
	struct termios raw = before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_oflag |= OPOST | ONLCR; /* a line ends at the margin */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	taken = 1;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	/* The other screen (xterm), and no cursor. */
	put("\033[?1049h\033[?25l\033[H\033[2J");
}

static void give_back(void)
{
	if (!taken)
		return;
	taken = 0;
	put("\033[0m\033[?25h\033[?1049l");
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Ctrl-Z gives it back, and whoever brings us to the front again gives it to us. */
static void on_stop(int number)
{
	int saved = errno;

	(void)number;
	give_back();
	raise(SIGSTOP);
	take();
	stale = 1;
	errno = saved;
}

static void on_resize(int number)
{
	(void)number;
	stale = 1;
}

/* The wish to end is not a failure; all else is for whoever looks at the status. */
static void on_end(int number)
{
	give_back();
	if (number == SIGINT)
		_exit(0);
	signal(number, SIG_DFL);
	raise(number);
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	/* The signal itself may come again in on_end(), and then ends us. */
	action.sa_flags = handler == on_end ? SA_NODEFER : SA_RESTART;
	sigfillset(&action.sa_mask);
	if (handler == on_end)
		sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

int screen_open(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGABRT,
		SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		handle(ends[i], on_end);
	handle(SIGTSTP, on_stop);
	handle(SIGWINCH, on_resize);
	take();
	return 0;
}

void screen_close(void)
{
	give_back();
}

void screen_size(int *ret_width, int *ret_height)
{
	struct winsize size = { 0 };

	*ret_width = 80;
	*ret_height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_col > 0)
		*ret_width = size.ws_col;
	if (size.ws_row > 0)
		*ret_height = size.ws_row;
}

/* True: it ends us. */
static bool read_keys(void)
{
	char keys[32];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n <= 0)
		return n == 0 || errno != EINTR;
	for (ssize_t i = 0; i < n; i++)
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == CTRL_C ||
			keys[i] == CTRL_D)
			return true;
	return false;
}

bool screen_wait(int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	for (;;) {
		struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		int r;

		if (stale || left <= 0)
			break;
		r = poll(&keys, 1, (int)left);
		if (r < 0 && errno != EINTR)
			return true;
		if (r > 0 && read_keys())
			return true;
	}
	stale = 0;
	return false;
}
