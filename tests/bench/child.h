/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/bench/place.h"

/* A process that the benchmark has started. It ends with the benchmark, however that
 * ends. */
struct child {
	pid_t pid;
	char log[PLACE_PATH];
};

/* Ends what still runs when the process ends, also by SIGINT or SIGTERM. Call it once.
 */
void child_guard(void);

/* Runs program --config config; what it writes goes to the file log. */
void child_start(
	struct child *child, const char *program, const char *config, const char *log);

/* Runs argv[0] with those arguments (found by PATH, NULL-ended). */
void child_spawn(struct child *child, const char *const *argv, const char *log);

/*
 * Runs a function of this program in a process of its own, which must not return from
 * it. It has the descriptors of this one, and one thread.
 */
void child_fork(struct child *child, void (*run)(void *context), void *context,
	const char *log);

/* Waits for its end, at most so long; it must be a clean one, else dies. */
void child_wait(struct child *child, double seconds);

/* What it has written last, as a string. */
#define CHILD_TAIL 4096
void child_tail(const struct child *child, char out[CHILD_TAIL]);

/* Dies, with the last lines of its log, if it has ended. */
void child_check(const struct child *child);

/* Whether its log has this text. */
bool child_said(const struct child *child, const char *text);

/* A value of /proc/PID/status in MiB: "VmRSS:" now, "VmHWM:" at most so far. */
double child_memory_mib(const struct child *child, const char *key);

/* Processor time of all its threads so far, in seconds; exact to 0.01. */
double child_cpu_s(const struct child *child);

/* SIGTERM, and waits for the end, which must be a clean one. */
void child_stop(struct child *child);

/* Whether it still runs. */
bool child_runs(const struct child *child);

/* Ends one that knows no clean end. */
void child_kill(struct child *child);

#endif
