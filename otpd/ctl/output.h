/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_OUTPUT_H
#define OTPD_CTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What otpctl exits with. They are documented in otpctl(8); scripts rely on them. */
enum output_exit {
	OUTPUT_DONE = 0,
	OUTPUT_REFUSED = 1,     /* the daemon said no */
	OUTPUT_USAGE = 2,       /* the command line is wrong */
	OUTPUT_UNREACHABLE = 3, /* no daemon, no answer in time, no sensible answer */
	OUTPUT_BAD_FILE = 4,    /* the file to import is wrong */
	OUTPUT_OTHER = 5,       /* interrupted, or something here broke */
	OUTPUT_WARNINGS = 6,    /* doctor has found warnings, and no errors */
	OUTPUT_ERRORS = 7,      /* doctor has found errors */
};

/*
 * One line on standard error: "otpctl: MESSAGE", or {"error":...,"message":...} with
 * json. error is a word for programs. What is a control or not UTF-8 becomes '?'.
 */
void output_error(bool json, const char *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for what does not stop the command; {"warning":...} with json. */
void output_warning(bool json, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One JSON value on a line of standard output. */
void output_json(const json_t *value);

/* A JSON array that is written as it comes, one element on a line. */
struct output_array {
	bool begun;
	bool filled;
};
void output_array_begin(struct output_array *array);
void output_array_add(struct output_array *array, const json_t *element);
void output_array_end(struct output_array *array);

/* Local time as ISO 8601 with its offset, "2026-11-20T14:03:11+01:00"; "-" for 0. */
#define OUTPUT_TIME 32
void output_time(char out[static OUTPUT_TIME], int64_t at);

/* A number of seconds as people say it: "45 s", "12 min", "3 h 5 min", "2 d 4 h". */
#define OUTPUT_SPAN 48
void output_span(char out[static OUTPUT_SPAN], int64_t seconds);

/* The exit code, or OUTPUT_OTHER if what was written did not arrive (disk full). */
int output_finish(bool json, int exit_code);

#endif
