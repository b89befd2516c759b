/* SPDX-License-Identifier: MIT */
/*
 * Files of /etc/pam.d: whatever stands in them is read within its limits, each entry
 * knows where it stands, and the walk through the stack ends. Parts that a line "=NAME"
 * begins are files of their own; what comes before the first is the service's.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/host/pamwalk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64];

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "a PAM stack: %s\n", what);
	abort();
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void remove_files(void)
{
	(void)unlink(path_of("svc"));
	(void)unlink(path_of("a"));
	(void)unlink(path_of("b"));
	(void)rmdir(directory);
}

static void start(void)
{
	snprintf(directory, sizeof(directory), "%s/fuzz-pamstack-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(directory))
		abort();
	atexit(remove_files);
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path_of(name), "we");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		abort();
}

/* The length of the part up to a line "=a" or "=b". */
static size_t part(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 3 <= size; i++)
		if (data[i] == '=' && (data[i + 1] == 'a' || data[i + 1] == 'b') &&
			data[i + 2] == '\n' && (i == 0 || data[i - 1] == '\n'))
			return i;
	return size;
}

static void write_files(const uint8_t *data, size_t size)
{
	char name[2] = "";

	write_file("a", data, 0);
	write_file("b", data, 0);
	for (;;) {
		size_t n = part(data, size);

		write_file(name[0] ? name : "svc", data, n);
		if (n == size)
			return;
		name[0] = (char)data[n + 1];
		data += n + 3;
		size -= n + 3;
	}
}

static int call(void *context, size_t i)
{
	unsigned *calls = context;

	must(++*calls <= PAMSTACK_ENTRIES, "an entry is called twice");
	return i % 3 ? PAM_VALUE_SUCCESS : PAM_VALUE_AUTH_ERR;
}

static void check(const struct pamstack *stack)
{
	static uint32_t may[PAMSTACK_ENTRIES];
	static struct pamwalk_way way;
	unsigned calls = 0;

	must(stack->n <= PAMSTACK_ENTRIES, "too many entries");
	for (size_t i = 0; i < stack->n; i++) {
		const struct pam_entry *entry = &stack->entries[i];

		must(entry->line > 0 && entry->top_line > 0, "no line");
		must(entry->level >= 0 && entry->level < PAMSTACK_LEVELS, "too deep");
		must(access(entry->file, R_OK) == 0, "no such file");
		must(entry->control && entry->module && entry->arguments, "no words");
		may[i] = 1u << PAM_VALUE_SUCCESS | 1u << PAM_VALUE_AUTH_ERR;
	}
	must(pamwalk_run(stack, PAM_TYPE_AUTH, call, &calls) < PAM_VALUES, "no value");
	if (pamwalk_can_succeed(stack, PAM_TYPE_AUTH, may, &way) == PAMWALK_YES)
		must(way.n <= PAMWALK_STEPS, "too long a way");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *directories[] = { directory, NULL };
	struct pamstack stack;

	if (size > 8192)
		return 0;
	if (!directory[0])
		start();
	write_files(data, size);
	if (pamstack_read(directories, "svc", &stack) == 0) {
		check(&stack);
		pamstack_fini(&stack);
	}
	return 0;
}
