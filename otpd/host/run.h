/* SPDX-License-Identifier: MIT */
#ifndef OTPD_HOST_RUN_H
#define OTPD_HOST_RUN_H

#include <stdbool.h>
#include <stddef.h>

#define RUN_OUTPUT_MAX ((size_t)512 * 1024) /* of each stream; the rest is dropped */

/* What a program wrote; never NULL behind a run, whatever it came to. */
struct run_output {
	char *out; /* standard output, ended by NUL */
	size_t out_size;
	char *err; /* standard error */
	size_t err_size;
	bool truncated;
};
void run_output_fini(struct run_output *output);

/*
 * Runs a program to its end, without a shell, and returns its exit status (128 and the
 * signal's number where one ended it), or -errno: -ENOENT no such program, -ETIMEDOUT
 * it took too long and was killed with its children. argv ends with NULL; an argv[0]
 * without a slash is looked for in the directories of the system only. The environment
 * is PATH, LC_ALL=C.UTF-8 and HOME=/, standard input is empty. What it started and left
 * running is not waited for. Whatever is returned, run_output_fini() frees.
 */
int run_program(const char *const argv[], int timeout_ms, struct run_output *ret);

/* The same with text on standard input. */
int run_with_input(const char *const argv[], const char *input, int timeout_ms,
	struct run_output *ret);

/*
 * Becomes the program, in a child process, with the environment above and no
 * descriptors but the first three. Returns -errno only where that fails.
 */
int run_exec(const char *path, const char *const argv[]);

/*
 * Looks a program up as run_program() does: its path in path. -ENOENT if there is none.
 */
int run_find(const char *name, char *path, size_t size);

#endif
