/* SPDX-License-Identifier: MIT */
/* Reads a .varlink file and holds a method table against it, both ways. */
#ifndef TESTS_UNIT_IDL_H
#define TESTS_UNIT_IDL_H

#include <ctype.h>

#include "otpd/varlink/method.h"
#include "tests/unit/unit.h"

#define IDL_FIELDS 32

struct idl_field {
	char name[64];
	char type[72]; /* without '?' */
	bool optional;
};

struct idl_method {
	char name[64];
	struct idl_field in[IDL_FIELDS];
	size_t n_in;
	struct idl_field out[IDL_FIELDS];
	size_t n_out;
};

static inline const char *idl_skip(const char *at)
{
	for (;; at++) {
		if (*at == '#')
			at += strcspn(at, "\n");
		if (!*at || !isspace((unsigned char)*at))
			return at;
	}
}

static inline const char *idl_word(const char *at, char out[64])
{
	size_t n = strspn(
		at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	ck_assert_msg(n > 0 && n < 64, "no word at \"%.20s\"", at);
	memcpy(out, at, n);
	out[n] = '\0';
	return idl_skip(at + n);
}

static inline const char *idl_expect(const char *at, const char *text)
{
	ck_assert_msg(
		strncmp(at, text, strlen(text)) == 0, "no %s at \"%.20s\"", text, at);
	return idl_skip(at + strlen(text));
}

/* "(name: ?[]type, ...)" */
static inline const char *idl_fields(
	const char *at, struct idl_field *out, size_t *ret_n)
{
	*ret_n = 0;
	at = idl_expect(at, "(");
	while (*at != ')') {
		struct idl_field *field = &out[(*ret_n)++];
		char type[64];

		ck_assert_uint_le(*ret_n, IDL_FIELDS);
		at = idl_expect(idl_word(at, field->name), ":");
		field->optional = *at == '?';
		at = idl_skip(at + field->optional);
		bool array = strncmp(at, "[]", 2) == 0;

		at = idl_word(at + (array ? 2 : 0), type);
		snprintf(field->type, sizeof(field->type), "%s%s", array ? "[]" : "",
			type);
		if (*at == ',')
			at = idl_skip(at + 1);
	}
	return idl_skip(at + 1);
}

/* The methods of a file. Types and errors are read over. */
static inline size_t idl_parse(
	const char *text, const char *interface, struct idl_method *out)
{
	const char *at = idl_expect(idl_skip(text), "interface");
	size_t n = 0;

	ck_assert_int_eq(strncmp(at, interface, strlen(interface)), 0);
	at = idl_skip(at + strlen(interface));
	while (*at) {
		struct idl_method ignored;
		char kind[64], name[64];

		at = idl_word(idl_word(at, kind), name);
		if (strcmp(kind, "method") == 0) {
			strcpy(out[n].name, name);
			at = idl_fields(at, out[n].in, &out[n].n_in);
			at = idl_fields(
				idl_expect(at, "->"), out[n].out, &out[n].n_out);
			n++;
		} else if (strcmp(kind, "error") == 0) {
			at = idl_fields(at, ignored.in, &ignored.n_in);
		} else {
			ck_assert_str_eq(kind, "type");
			at = idl_skip(strchr(at, ')') + 1);
		}
	}
	return n;
}

static inline const struct method *idl_table_method(
	const struct interface *interface, const char *name)
{
	for (const struct method *const *table = interface->methods; *table; table++)
		for (const struct method *method = *table; method->name; method++)
			if (strcmp(method->name, name) == 0)
				return method;
	return NULL;
}

static inline const char *idl_type_word(enum field_type type)
{
	static const char *const words[] = { [FIELD_STRING] = "string",
		[FIELD_INT] = "int",
		[FIELD_BOOL] = "bool",
		[FIELD_ARRAY] = "[]",
		[FIELD_OBJECT] = "object" };

	return words[type];
}

static inline void idl_compare_fields(
	const struct idl_method *idl, const struct method *method)
{
	size_t n = 0;

	for (const struct field *f = method->in; f && f->name; f++, n++) {
		const char *type = idl_type_word(f->type);

		ck_assert_msg(n < idl->n_in, "%s: %s is in the table only", idl->name,
			f->name);
		ck_assert_str_eq(f->name, idl->in[n].name);
		ck_assert_msg(f->type == FIELD_ARRAY
				? strncmp(idl->in[n].type, type, 2) == 0
				: strcmp(idl->in[n].type, type) == 0,
			"%s.%s is %s in the file", idl->name, f->name, idl->in[n].type);
		ck_assert_msg(f->optional == idl->in[n].optional, "%s.%s", idl->name,
			f->name);
	}
	ck_assert_msg(n == idl->n_in, "%s: %s is in the file only", idl->name,
		n < idl->n_in ? idl->in[n].name : "?");
}

static inline void idl_compare(const struct interface *interface)
{
	static struct idl_method idl[64];
	size_t n, n_table = 0;

	memset(idl, 0, sizeof(idl));
	n = idl_parse(interface->description, interface->name, idl);
	for (size_t i = 0; i < n; i++) {
		const struct method *method = idl_table_method(interface, idl[i].name);

		ck_assert_msg(method != NULL, "%s.%s has no table", interface->name,
			idl[i].name);
		idl_compare_fields(&idl[i], method);
	}
	for (const struct method *const *table = interface->methods; *table; table++)
		for (const struct method *method = *table; method->name; method++)
			n_table++;
	ck_assert_uint_eq(n, n_table);
	ck_assert_uint_gt(n, 0);
}

/* Whether fields lie in their structure and phases fit the flags. */
static inline void idl_fits(
	const struct interface *interface, const struct method *method)
{
	ck_assert_msg(method->check || method->apply, "%s does nothing", method->name);
	ck_assert_msg(method->apply || !method->committed, "%s", method->name);
	/* What takes no part in a transaction must be able to answer. */
	if (method->flags & METHOD_ASYNC)
		ck_assert_msg(method->check != NULL, "%s never starts", method->name);
	if (method->flags & METHOD_READ)
		ck_assert_msg(
			!method->committed, "%s reads and has a commit", method->name);
	for (const struct field *f = method->in; f && f->name; f++) {
		size_t size = f->type == FIELD_STRING ? f->max + 1
			: f->type == FIELD_BOOL       ? sizeof(bool)
						      : 8;

		ck_assert_msg(f->offset + size <= method->in_size,
			"%s.%s.%s lies outside", interface->name, method->name,
			f->name);
		ck_assert_msg(
			f->type == FIELD_BOOL || f->type == FIELD_OBJECT || f->max > 0,
			"%s.%s holds nothing", method->name, f->name);
		for (const struct field *g = method->in; g < f; g++) {
			size_t g_size = g->type == FIELD_STRING ? g->max + 1
				: g->type == FIELD_BOOL         ? sizeof(bool)
								: 8;

			ck_assert_msg(f->offset >= g->offset + g_size ||
					g->offset >= f->offset + size,
				"%s: %s and %s overlap", method->name, f->name,
				g->name);
		}
	}
}

#endif
