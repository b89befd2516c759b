/* SPDX-License-Identifier: MIT */
/*
 * otpd.conf: whatever is taken has every number within its range, can be printed, and
 * means the same when what was printed is read again. What is refused says why.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/config/settings.h"
#include "otpd/config/value.h"
#include "otpd/server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64], again[64];

static void must(int condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "otpd.conf: %s: %s\n", what, text);
	abort();
}

static void remove_files(void)
{
	(void)unlink(path);
	(void)unlink(again);
}

static void start(void)
{
	const char *directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(path, sizeof(path), "%s/fuzz-config-%d", directory, (int)getpid());
	snprintf(again, sizeof(again), "%s/fuzz-again-%d", directory, (int)getpid());
	atexit(remove_files);
}

static void write_file(const char *name, const void *data, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	settings_print(&config_schema, config, out);
	fclose(out);
	return text;
}

static void check_ranges(const struct setting *settings, const void *at)
{
	for (const struct setting *s = settings; s->name; s++) {
		const char *from = (const char *)at + s->offset;
		int64_t value;

		if (s->type == SETTING_STRING)
			must(strnlen(from, (size_t)s->max + 1) <= (size_t)s->max,
				"too long", s->name);
		if (s->type == SETTING_LIST)
			must(((const struct string_list *)(const void *)from)->n <=
					(size_t)s->max,
				"too many", s->name);
		if (s->type != SETTING_INT && s->type != SETTING_DURATION)
			continue;
		memcpy(&value, from, sizeof(value));
		must(value >= s->min && value <= s->max, "out of range", s->name);
	}
}

static void check(struct config *config)
{
	char error[512], *once = printed(config), *twice;
	struct config *second = NULL;
	const struct policy *policies = config->policies.items;

	check_ranges(config_schema.settings, config);
	for (size_t i = 0; i < config->policies.n; i++)
		check_ranges(config_schema.sections[0].settings, &policies[i]);
	write_file(again, once, strlen(once));
	error[0] = '\0';
	must(config_load(again, &second, error, sizeof(error)) == 0, "not read again",
		error);
	twice = printed(second);
	must(strcmp(once, twice) == 0, "it means something else", once);
	config_free(second);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	char error[512];

	if (size > 16384)
		return 0;
	if (!path[0])
		start();
	write_file(path, data, size);
	memset(error, 'e', sizeof(error));
	if (config_load(path, &config, error, sizeof(error)) == 0) {
		check(config);
		config_free(config);
	} else {
		must(config == NULL, "half of it came out", error);
		must(memchr(error, '\0', sizeof(error)) != NULL, "no end", "");
		must(strncmp(error, path, strlen(path)) == 0, "no file is named",
			error);
	}
	return 0;
}
