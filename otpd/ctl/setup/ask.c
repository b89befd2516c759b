/* SPDX-License-Identifier: MIT */
/*
 * Questions, which come again with the reason until the answer is good. The end of
 * input, ^C and a terminal that is gone are all one: the reader does not go on.
 */
#include "otpd/ctl/setup/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "otpd/ctl/interrupt.h"
#include "otpd/ctl/prompt.h"
#include "otpd/ctl/wrap.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define TEXT_SIZE 2048

void ask_say(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	putchar('\n');
	wrap_write(stdout, "", text);
	fflush(stdout);
}

/* 0; -EMSGSIZE: too long, ask again; -ECANCELED. */
static int read_line(const char *question, char *out, size_t size)
{
	int r = interrupt_came() ? -EINTR : prompt_line(question, out, size);

	return r == 0 || r == -EMSGSIZE ? r : -ECANCELED;
}

static void complain(const char *why)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "That cannot be: %s.", why);
	wrap_write(stdout, "", text);
	fflush(stdout);
}

int ask_text(const char *question, const char *preset, ask_check *check, void *context,
	char *out, size_t size)
{
	char text[TEXT_SIZE];

	if (preset && preset[0])
		snprintf(text, sizeof(text), "%s [%s]: ", question, preset);
	else
		snprintf(text, sizeof(text), "%s: ", question);
	for (;;) {
		const char *why = NULL;
		int r = read_line(text, out, size);

		if (r == -ECANCELED)
			return r;
		if (r < 0)
			why = "it is too long";
		else if (!out[0] && preset && preset[0])
			text_copy(out, size, preset);
		else if (!out[0])
			why = "there is nothing; type an answer, or ^C to stop";
		if (!why && check)
			why = check(context, out);
		if (!why)
			return 0;
		complain(why);
	}
}

int ask_secret(const char *question, char *out, size_t size)
{
	struct termios old, quiet;
	bool is_terminal = tcgetattr(STDIN_FILENO, &old) == 0;
	char text[TEXT_SIZE];
	int r;

	snprintf(text, sizeof(text), "%s: ", question);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (is_terminal)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	while ((r = read_line(text, out, size)) == -EMSGSIZE)
		fputs("\nThat is too long.\n", stderr);
	if (is_terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
	fputc('\n', stderr);
	return r;
}

static const char *check_yes(void *context, const char *answer)
{
	(void)context;
	if (text_same_nocase(answer, "y") || text_same_nocase(answer, "yes") ||
		text_same_nocase(answer, "n") || text_same_nocase(answer, "no"))
		return NULL;
	return "type yes or no";
}

int ask_yes(const char *question, bool preset)
{
	char answer[16];
	int r = ask_text(question, preset ? "yes" : "no", check_yes, NULL, answer,
		sizeof(answer));

	return r < 0 ? r : answer[0] == 'y' || answer[0] == 'Y';
}
