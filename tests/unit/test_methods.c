/* SPDX-License-Identifier: MIT */
/*
 * The .varlink files against the method tables, both ways; default deny; and the
 * introspection that serves the files. org.emailotp.Mail's table is compiled in here,
 * its transport is not.
 */
#include "otpd/server/methods.h"

#include <ctype.h>
#include <sodium.h>

#include "otpd/mail/delivery.h"
#include "otpd/proto/idl.h"
#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

/* clang-format off */
#include "otpd/mail/methods.c"
/* clang-format on */

void delivery_start(
	struct mailer *mailer, const struct sealed_mail *sealed, struct call *call)
{
	(void)mailer;
	(void)sealed;
	(void)call;
}

#define MAX_FIELDS 32

struct idl_field {
	char name[64];
	char type[72]; /* without '?' */
	bool optional;
};

struct idl_method {
	char name[64];
	struct idl_field in[MAX_FIELDS];
	size_t n_in;
	struct idl_field out[MAX_FIELDS];
	size_t n_out;
};

static const char *skip(const char *at)
{
	for (;; at++) {
		if (*at == '#')
			at += strcspn(at, "\n");
		if (!*at || !isspace((unsigned char)*at))
			return at;
	}
}

static const char *word(const char *at, char out[64])
{
	size_t n = strspn(
		at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	ck_assert_msg(n > 0 && n < 64, "no word at \"%.20s\"", at);
	memcpy(out, at, n);
	out[n] = '\0';
	return skip(at + n);
}

static const char *expect(const char *at, const char *text)
{
	ck_assert_msg(
		strncmp(at, text, strlen(text)) == 0, "no %s at \"%.20s\"", text, at);
	return skip(at + strlen(text));
}

/* "(name: ?[]type, ...)" */
static const char *fields(const char *at, struct idl_field *out, size_t *ret_n)
{
	*ret_n = 0;
	at = expect(at, "(");
	while (*at != ')') {
		struct idl_field *field = &out[(*ret_n)++];
		char type[64];

		ck_assert_uint_le(*ret_n, MAX_FIELDS);
		at = expect(word(at, field->name), ":");
		field->optional = *at == '?';
		at = skip(at + field->optional);
		bool array = strncmp(at, "[]", 2) == 0;

		at = word(at + (array ? 2 : 0), type);
		snprintf(field->type, sizeof(field->type), "%s%s", array ? "[]" : "",
			type);
		if (*at == ',')
			at = skip(at + 1);
	}
	return skip(at + 1);
}

/* The methods of a file. Types and errors are read over. */
static size_t parse(const char *text, const char *interface, struct idl_method *out)
{
	const char *at = expect(skip(text), "interface");
	size_t n = 0;

	ck_assert_int_eq(strncmp(at, interface, strlen(interface)), 0);
	at = skip(at + strlen(interface));
	while (*at) {
		struct idl_method ignored;
		char kind[64], name[64];

		at = word(word(at, kind), name);
		if (strcmp(kind, "method") == 0) {
			strcpy(out[n].name, name);
			at = fields(at, out[n].in, &out[n].n_in);
			at = fields(expect(at, "->"), out[n].out, &out[n].n_out);
			n++;
		} else if (strcmp(kind, "error") == 0) {
			at = fields(at, ignored.in, &ignored.n_in);
		} else {
			ck_assert_str_eq(kind, "type");
			at = skip(strchr(at, ')') + 1);
		}
	}
	return n;
}

static const struct method *table_method(
	const struct interface *interface, const char *name)
{
	for (const struct method *const *table = interface->methods; *table; table++)
		for (const struct method *method = *table; method->name; method++)
			if (strcmp(method->name, name) == 0)
				return method;
	return NULL;
}

static const char *type_word(enum field_type type)
{
	static const char *const words[] = { [FIELD_STRING] = "string",
		[FIELD_INT] = "int",
		[FIELD_BOOL] = "bool",
		[FIELD_ARRAY] = "[]" };

	return words[type];
}

static void compare_fields(const struct idl_method *idl, const struct method *method)
{
	size_t n = 0;

	for (const struct field *f = method->in; f && f->name; f++, n++) {
		const char *type = type_word(f->type);

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

static void compare(const struct interface *interface)
{
	static struct idl_method idl[64];
	size_t n, n_table = 0;

	memset(idl, 0, sizeof(idl));
	n = parse(interface->description, interface->name, idl);
	for (size_t i = 0; i < n; i++) {
		const struct method *method = table_method(interface, idl[i].name);

		ck_assert_msg(method != NULL, "%s.%s has no table", interface->name,
			idl[i].name);
		compare_fields(&idl[i], method);
	}
	for (const struct method *const *table = interface->methods; *table; table++)
		for (const struct method *method = *table; method->name; method++)
			n_table++;
	ck_assert_uint_eq(n, n_table);
	ck_assert_uint_gt(n, 0);
}

START_TEST(the_files_are_the_tables)
{
	compare(&introspection_interface);
	compare(&auth_interface);
	compare(&self_interface);
	compare(&admin_interface);
	compare(&mail_interface);
}
END_TEST

/* Calls f for every method that a daemon offers. */
static void each_method(
	void (*f)(const struct interface *interface, const struct method *method))
{
	for (const struct interface *const *at = otpd_interfaces; *at; at++)
		for (const struct method *const *t = (*at)->methods; *t; t++)
			for (const struct method *m = *t; m->name; m++)
				f(*at, m);
	for (const struct method *m = mail_interface.methods[0]; m->name; m++)
		f(&mail_interface, m);
}

static void has_rule(const struct interface *interface, const struct method *method)
{
	ck_assert_msg(method->flags & METHOD_WHO,
		"%s.%s may be called by nobody: no rule", interface->name,
		method->name);
	if (interface == &admin_interface)
		ck_assert_msg((method->flags & METHOD_WHO) == METHOD_ROOT, "%s",
			method->name);
	if (interface == &self_interface)
		ck_assert_msg((method->flags & METHOD_WHO) == METHOD_SELF, "%s",
			method->name);
	if (interface == &mail_interface)
		ck_assert_msg(
			(method->flags & METHOD_WHO) == (METHOD_ROOT | METHOD_OTPD),
			"%s", method->name);
	if (method->flags & METHOD_ANY)
		ck_assert_ptr_eq(interface, &introspection_interface);
}

START_TEST(every_method_says_who_may_call_it)
{
	each_method(has_rule);
}
END_TEST

static void fits(const struct interface *interface, const struct method *method)
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
		ck_assert_msg(f->type == FIELD_BOOL || f->max > 0,
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

START_TEST(fields_lie_in_their_structures_and_phases_fit_the_flags)
{
	each_method(fits);
}
END_TEST

START_TEST(methods_are_found_by_their_whole_name_only)
{
	static const char *const none[] = { "", ".", "..", "Begin", "org.emailotp.Auth",
		"org.emailotp.Auth.", "org.emailotp.Auth.begin",
		"org.emailotp.Auth.Begin ", "org.emailotp.Auth.Begin.",
		"org.emailotp.Aut.Begin", "Auth.Begin", "org.emailotp.Auth.Auth.Begin",
		".org.emailotp.Auth.Begin", "org.emailotp.Auth.Status",
		"org.emailotp.Mail.Send" };
	static const struct service service = { .interfaces = otpd_interfaces };
	const struct interface *interface;

	ck_assert_ptr_nonnull(
		service_find(&service, "org.emailotp.Auth.Begin", &interface));
	ck_assert_ptr_eq(interface, &auth_interface);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(service_find(&service, none[i], &interface) == NULL, "%s",
			none[i]);
	ck_assert_ptr_null(
		service_find(&service, "org.emailotp.Auth.Nonsense", &interface));
	ck_assert_ptr_eq(interface, &auth_interface);
	ck_assert_ptr_null(service_find(&service, "org.nobody.Auth.Begin", &interface));
	ck_assert_ptr_null(interface);
}
END_TEST

UNIT_MAIN("methods", the_files_are_the_tables, every_method_says_who_may_call_it,
	fields_lie_in_their_structures_and_phases_fit_the_flags,
	methods_are_found_by_their_whole_name_only);
