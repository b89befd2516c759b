/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SAY_H
#define TESTS_BENCH_SAY_H

/* A line of progress, on standard error. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A benchmark that cannot measure what it claims ends: says why and exits with 1. What
 * is registered with atexit() cleans up.
 */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* exit(), for this process of two threads: the first that calls it ends the process. */
void finish(int code) __attribute__((noreturn));

/* In a process that was forked: its end must not clean up what is its parent's. */
void say_forked(void);

#endif
