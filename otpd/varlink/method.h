/* SPDX-License-Identifier: MIT */
/*
 * The shape of a method: who may call it, what it takes, and its phases. Tables of
 * these are the whole interface of a daemon; a test holds them against the .varlink
 * files.
 */
#ifndef OTPD_VARLINK_METHOD_H
#define OTPD_VARLINK_METHOD_H

#include <stdbool.h>
#include <stddef.h>

struct call;
struct store;

/* Who may call. A method with none of these fails a unit test. */
enum {
	METHOD_ANY = 1u << 0,     /* every peer that can connect */
	METHOD_ROOT = 1u << 1,    /* uid 0 */
	METHOD_SERVICE = 1u << 2, /* a listed client, for its own services */
	METHOD_SELF = 1u << 3,    /* a user, about himself */
	METHOD_OTPD = 1u << 4,    /* the core daemon (methods of the mailer) */
	METHOD_WHO =
		METHOD_ANY | METHOD_ROOT | METHOD_SERVICE | METHOD_SELF | METHOD_OTPD,
	METHOD_READ = 1u << 8,  /* its apply changes nothing */
	METHOD_ASYNC = 1u << 9, /* check starts the work; call_finish() ends it later */
};

enum field_type {
	FIELD_STRING, /* char[max + 1] at offset; empty if left out */
	FIELD_INT,    /* int64_t at offset, 0 <= value <= max; 0 if left out */
	FIELD_BOOL,   /* bool at offset; false if left out */
	FIELD_ARRAY,  /* const json_t * at offset, borrowed; at most max elements */
	FIELD_OBJECT, /* the same for an object; its members are nobody's business here
		       */
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	size_t max;
	bool optional;
};

struct method {
	const char *name;
	unsigned flags;
	const struct field *in; /* ended by a NULL name; NULL: none */
	size_t in_size;         /* of the structure that the fields fill */
	size_t work_size;       /* of what the phases hand to each other */
	/* May it, does it make sense. On the loop's thread; must not block. */
	int (*check)(struct call *call);
	/* The work, inside the transaction, on the worker's thread; must not block. */
	int (*apply)(struct call *call, struct store *store);
	/* What had to wait for the COMMIT. On the loop's thread, before the answer. */
	void (*committed)(struct call *call);
	/* Gives back what work still owns; whatever became of the call. */
	void (*release)(struct call *call);
};

struct interface {
	const char *name;
	const char *description; /* its .varlink file */
	const struct method *const
		*methods; /* tables, each ended by a NULL name; then NULL */
};

#endif
