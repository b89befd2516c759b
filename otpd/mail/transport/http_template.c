/* SPDX-License-Identifier: MIT */
/*
 * Tries the templates of requests before the first mail needs them. A value never
 * changes what a request means: this is shown here, at the start, and not hoped for.
 *
 * The tags are looked at one by one, and those of a form in the place where they stand.
 * JSON is rendered with values that try everything, for each choice of sections that
 * are left out, and has to be well-formed and of one and the same structure.
 */
#include "otpd/mail/transport/http_template.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/transport/http_vars.h"
#include "otpd/util/cleanup.h"

#define NESTING 8

struct tag {
	char kind; /* '#', '/', or 0 */
	char name[64];
	unsigned line;
	bool in_value; /* of a form, where the tag stands */
};

struct check {
	enum http_template kind;
	const char *at;
	unsigned line;
	bool in_value;
	struct tag open[NESTING];
	size_t n_open;
	struct tag sections[HTTP_TEMPLATE_SECTIONS]; /* the different ones */
	size_t n_sections;
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3))) static int complain(
	struct check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(check->error, check->error_size, format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		(c >= 'A' && c <= 'F');
}

/* One character of the author's own. */
static int check_form(struct check *check)
{
	const char *at = check->at;

	if (*at == '\n' || *at == '\r')
		return 0;
	/* Braces, too: with the line ends taken out, some could become a tag. */
	if (*at <= ' ' || *at > '~' || *at == '{' || *at == '}')
		return complain(check, "a form has blanks and such percent-encoded");
	if (*at == '%' && (!is_hex(at[1]) || !is_hex(at[2])))
		return complain(check, "%% without two hexadecimal digits behind it");
	if (*at == '=' && check->in_value)
		return complain(check, "a second = in one value; write %%3D");
	if (*at == '&' || *at == '=')
		check->in_value = *at == '=';
	return 0;
}

static int check_plain(struct check *check)
{
	if (check->kind == HTTP_HEADER && (*check->at < ' ' || *check->at > '~'))
		return complain(check, "a header is printable ASCII");
	return check->kind == HTTP_FORM ? check_form(check) : 0;
}

static int read_tag(struct check *check, struct tag *ret)
{
	const char *name = check->at + 2;
	const char *end = strstr(name, "}}");
	size_t length;

	*ret = (struct tag){ .line = check->line, .in_value = check->in_value };
	if (*name == '#' || *name == '/')
		ret->kind = *name++;
	length = end ? (size_t)(end - name) : 0;
	if (!end || length == 0 || length >= sizeof(ret->name) ||
		memchr(name, '\n', length))
		return complain(check, "{{ without a name and }} behind it");
	memcpy(ret->name, name, length);
	if (!http_vars_has(name, length, false))
		return complain(check, "{{%s}} is not a variable", ret->name);
	if (check->kind == HTTP_HEADER && !http_vars_has(name, length, true))
		return complain(check, "{{%s}} is not for headers", ret->name);
	check->at = end + 2;
	return 0;
}

static int note_section(struct check *check, const struct tag *tag)
{
	for (size_t i = 0; i < check->n_open; i++)
		if (strcmp(check->open[i].name, tag->name) == 0)
			return complain(check, "{{#%s}} inside of itself", tag->name);
	if (check->n_open == NESTING)
		return complain(check, "sections are nested too deeply");
	check->open[check->n_open++] = *tag;
	for (size_t i = 0; i < check->n_sections; i++)
		if (strcmp(check->sections[i].name, tag->name) == 0)
			return 0;
	if (check->kind == HTTP_JSON && check->n_sections == HTTP_TEMPLATE_SECTIONS)
		return complain(check, "sections of more than %d variables",
			HTTP_TEMPLATE_SECTIONS);
	if (check->n_sections < HTTP_TEMPLATE_SECTIONS)
		check->sections[check->n_sections++] = *tag;
	return 0;
}

static int close_section(struct check *check, const struct tag *tag)
{
	const struct tag *open =
		check->n_open > 0 ? &check->open[check->n_open - 1] : NULL;

	if (!open || strcmp(open->name, tag->name) != 0)
		return complain(check, "{{/%s}} closes nothing here", tag->name);
	check->n_open--;
	/* Left out, it must leave what follows where it was. */
	if (check->kind == HTTP_FORM && open->in_value != check->in_value)
		return complain(check,
			"{{#%s}} has to hold whole &name=value, or part of one value",
			tag->name);
	return 0;
}

static int check_tag(struct check *check)
{
	struct tag tag;
	int r = read_tag(check, &tag);

	if (r < 0)
		return r;
	if (tag.kind == '#')
		return note_section(check, &tag);
	if (tag.kind == '/')
		return close_section(check, &tag);
	if (check->kind == HTTP_FORM && !check->in_value)
		return complain(
			check, "{{%s}} does not stand behind a name and =", tag.name);
	return 0;
}

static int check_tags(struct check *check)
{
	int r = 0;

	while (r == 0 && *check->at) {
		if (strncmp(check->at, "{{", 2) == 0) {
			r = check_tag(check);
			continue;
		}
		r = check_plain(check);
		check->line += r == 0 && *check->at == '\n';
		check->at++;
	}
	if (r == 0 && check->n_open > 0) {
		const struct tag *open = &check->open[check->n_open - 1];

		check->line = open->line;
		return complain(check, "{{#%s}} is not closed", open->name);
	}
	return r;
}

/* The same types, names and lengths all the way down. jansson's loops want no const. */
static bool same_structure(json_t *a, json_t *b)
{
	const char *name;
	json_t *inner;
	size_t i;

	if (json_typeof(a) != json_typeof(b) ||
		json_array_size(a) != json_array_size(b) ||
		json_object_size(a) != json_object_size(b))
		return false;
	json_array_foreach(a, i, inner)
		if (!same_structure(inner, json_array_get(b, i)))
			return false;
	json_object_foreach(a, name, inner) {
		json_t *other = json_object_get(b, name);

		if (!other || !same_structure(inner, other))
			return false;
	}
	return true;
}

/* Renders with sample, and without the sections whose bit is set in left_out. */
static int render_json(struct check *check, const char *text, const char *sample,
	unsigned left_out, json_t **ret)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };
	struct template_var vars[HTTP_VARS + 1];
	json_error_t json_error;
	int r;

	http_vars_sample(vars, sample);
	for (size_t i = 0; i < check->n_sections; i++)
		for (struct template_var *var = vars; var->name; var++)
			if (strcmp(var->name, check->sections[i].name) == 0)
				var->value = left_out & 1u << i ? ""
					: var->value[0]         ? var->value
								: "1";
	r = template_render(&out, text, vars, ESCAPE_JSON);
	if (r < 0)
		return r == -ENOMEM ? r : complain(check, "it cannot be rendered");
	*ret = json_loadb(out.data ? out.data : "", out.size, JSON_REJECT_DUPLICATES,
		&json_error);
	if (*ret)
		return 0;
	/* Values have no line ends, so these lines are the template's. */
	if (left_out == 0 && json_error.line > 0)
		check->line = (unsigned)json_error.line;
	return complain(
		check, "no JSON, or a variable outside of quotes: %s", json_error.text);
}

/* All values of one choice of sections. */
static int try_json(struct check *check, const char *text, unsigned left_out)
{
	static const char *const samples[] = {
		"\"},{\"x\":[\"\\\r\n\t\b\f\x01\x1f\x7f</{{key}}&=%+ \xf0\x9f\x98\x80",
		"\\\"n\",null]}\xc3\xa9",
		"u0041",
		"",
	};
	CLEANUP(json_decrefp) json_t *first = NULL;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		CLEANUP(json_decrefp) json_t *json = NULL;
		int r = render_json(check, text, samples[i], left_out, &json);

		if (r < 0)
			return r;
		if (!first)
			first = TAKE_PTR(json);
		else if (!same_structure(first, json))
			return complain(check, "a variable names a member of the JSON");
	}
	return 0;
}

static int check_json(struct check *check, const char *text)
{
	check->line = 1;
	for (unsigned left_out = 0; left_out < 1u << check->n_sections; left_out++) {
		unsigned lowest = (unsigned)__builtin_ffs((int)left_out);
		int r;

		if (lowest > 0)
			check->line = check->sections[lowest - 1].line;
		r = try_json(check, text, left_out);
		if (r < 0)
			return r;
	}
	return 0;
}

enum template_escape http_template_escape(enum http_template kind)
{
	static const enum template_escape escapes[] = {
		[HTTP_HEADER] = ESCAPE_NONE, /* looked at when it is rendered */
		[HTTP_JSON] = ESCAPE_JSON,
		[HTTP_FORM] = ESCAPE_URL,
	};

	return escapes[kind];
}

int http_template_check(const char *text, enum http_template kind, unsigned *ret_line,
	char *error, size_t error_size)
{
	struct check check = { .kind = kind,
		.at = text,
		.line = 1,
		.error = error,
		.error_size = error_size };
	int r = check_tags(&check);

	if (r == 0 && kind == HTTP_JSON)
		r = check_json(&check, text);
	if (r < 0)
		*ret_line = check.line;
	return r;
}

void http_template_join(char *text)
{
	char *out = text;

	for (; *text; text++)
		if (*text != '\n' && *text != '\r')
			*out++ = *text;
	*out = '\0';
}
