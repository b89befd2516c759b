/* SPDX-License-Identifier: MIT */
/*
 * What people type: a password, an address and a login, a line each. What is accepted
 * keeps the rules of length and of bytes, and none of it is the list's; whatever is a
 * recovery code is the same when it is shown and typed again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/password.h"
#include "otpd/core/password_guess.h"
#include "otpd/core/recovery.h"
#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "what was typed: %s\n", what);
	abort();
}

static void check_password(const char *password, const char *address, const char *login)
{
	char twice[2 * LIMIT_PASSWORD + 1];

	if (password_problem(password, address, login))
		return;
	must(strlen(password) >= LIMIT_PASSWORD_MIN, "too short");
	must(strlen(password) <= LIMIT_PASSWORD, "too long");
	must(text_is_utf8(password) && !text_has_control(password), "no text");
	must(!text_same_nocase(password, address), "the address");
	must(!text_same_nocase(password, login), "the login");
	must(!password_is_common(password), "a common one");
	/* A name is refused by itself, and twice. */
	must(password_is_name(password, password), "a name of itself");
	snprintf(twice, sizeof(twice), "%s%s", password, password);
	must(strlen(twice) > 64 || password_is_name(twice, password) ||
			password_problem(twice, "", password),
		"a name twice");
}

static void check_code(const char *typed)
{
	char code[RECOVERY_SIZE], shown[RECOVERY_SHOWN], again[RECOVERY_SIZE];

	if (!recovery_read(code, typed))
		return;
	must(strlen(code) == RECOVERY_SIZE - 1, "a code of another length");
	recovery_show(shown, code);
	must(recovery_read(again, shown), "shown and not read");
	must(strcmp(code, again) == 0, "shown as another");
}

/* Ends the line and returns the next; "" behind the last. */
static char *next_line(char *line)
{
	char *end = strchr(line, '\n');

	if (!end)
		return line + strlen(line);
	*end = '\0';
	return end + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap and exact, so that a step too far is seen. */
	CLEANUP(freep) char *text = NULL;
	char *address, *login;

	if (size > 2048)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	address = next_line(text);
	login = next_line(address);
	next_line(login);
	check_code(text);
	check_password(text, address, login);
	return 0;
}
