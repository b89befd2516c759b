/* SPDX-License-Identifier: MIT */
/*
 * sshd -T, asked and taken apart. What sshd says is what holds: nothing is concluded
 * from its files that it can be asked for.
 */
#include "otpd/host/sshd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/host/run.h"
#include "otpd/util/cleanup.h"

#define LIMIT_MS 10000

static void output_fini(struct run_output *output)
{
	run_output_fini(output);
}

/* What sshd says before it gives up, on one line. */
static void keep_words(const char *text, char out[static SSHD_WHY])
{
	size_t n = 0;

	while (*text && n + 3 < SSHD_WHY) {
		size_t length = strcspn(text, "\r\n");

		n += (size_t)snprintf(out + n, SSHD_WHY - n, "%s%.*s", n ? "; " : "",
			(int)length, text);
		if (n >= SSHD_WHY)
			return;
		text += length;
		text += strspn(text, "\r\n");
	}
}

int sshd_settings_read(const char *config, const char *context,
	char why[static SSHD_WHY], struct sshd_settings *ret)
{
	CLEANUP(output_fini) struct run_output output = { 0 };
	const char *argv[8] = { "/usr/sbin/sshd", "-T" };
	size_t n = 2;
	int r;

	if (config) {
		argv[n++] = "-f";
		argv[n++] = config;
	}
	if (context) {
		argv[n++] = "-C";
		argv[n++] = context;
	}
	why[0] = '\0';
	r = run_program(argv, LIMIT_MS, &output);
	if (r < 0)
		return r;
	if (r > 0) {
		keep_words(output.err, why);
		return -EINVAL;
	}
	return sshd_settings_parse(output.out, ret);
}

int sshd_settings_parse(const char *text, struct sshd_settings *ret)
{
	struct sshd_settings settings = { .text = strdup(text) };
	char *rest = settings.text, *line;
	size_t lines = 1;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	settings.items = calloc(lines, sizeof(settings.items[0]));
	if (!settings.text || !settings.items) {
		sshd_settings_fini(&settings);
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (!line[0])
			continue;
		if (value)
			*value++ = '\0';
		settings.items[settings.n++] =
			(struct sshd_setting){ line, value ? value : "" };
	}
	*ret = settings;
	return 0;
}

void sshd_settings_fini(struct sshd_settings *settings)
{
	free(settings->items);
	free(settings->text);
	*settings = (struct sshd_settings){ 0 };
}

const char *sshd_get(const struct sshd_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n; i++)
		if (strcmp(settings->items[i].name, name) == 0)
			return settings->items[i].value;
	return "";
}

bool sshd_is(const struct sshd_settings *settings, const char *name, const char *value)
{
	return strcmp(sshd_get(settings, name), value) == 0;
}
