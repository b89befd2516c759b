/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_WIRE_H
#define PAM_EMAILOTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MEMBERS 24 /* the longest answer, of Account.Login, has 12 */

enum wire_type {
	WIRE_NULL,
	WIRE_BOOL,
	WIRE_INT,
	WIRE_STRING
};

/* One parameter. key and text point into the message that was read. */
struct wire_member {
	const char *key;
	const char *text;
	int64_t number;
	enum wire_type type;
};

struct wire_reply {
	const char *error; /* the name of the Varlink error; NULL: there is none */
	struct wire_member members[WIRE_MEMBERS];
	size_t n_members;
};

/*
 * Reads one Varlink reply of length bytes, where message[length] is NUL. The message is
 * changed (escapes are undone in place) and must live as long as the reply. Returns 0,
 * or -EBADMSG for whatever is not exactly of the form.
 */
int wire_read(char *message, size_t length, struct wire_reply *ret);

/*
 * One parameter by name: 0, or -EBADMSG if it is missing, null, or of another type. A
 * string is at most max bytes long, a number at least 0 and at most max.
 */
int wire_get_string(
	const struct wire_reply *reply, const char *key, size_t max, const char **ret);
int wire_get_int(
	const struct wire_reply *reply, const char *key, int64_t max, int64_t *ret);
int wire_get_bool(const struct wire_reply *reply, const char *key, bool *ret);

/* Whether it was given, and is not null. */
bool wire_is_there(const struct wire_reply *reply, const char *key);

/* The same for one that may be missing or null: it is false then. */
int wire_get_bool_if(const struct wire_reply *reply, const char *key, bool *ret);

/* A call that is being written; the members are wire.c's own. */
struct wire_writer {
	char *buffer;
	size_t size;
	size_t length;
	bool first;
	bool failed;
};

/* {"method":"...","parameters":{ into the buffer. */
void wire_begin(
	struct wire_writer *writer, char *buffer, size_t size, const char *method);

/* A parameter; NULL is left out. */
void wire_put_string(struct wire_writer *writer, const char *key, const char *value);

/* A parameter; false is left out, as all of ours are optional. */
void wire_put_bool(struct wire_writer *writer, const char *key, bool value);

/*
 * Ends the call. *ret_length includes the NUL. -EMSGSIZE if it did not fit, or if a
 * value was not UTF-8.
 */
int wire_end(struct wire_writer *writer, size_t *ret_length);

#endif
