/* SPDX-License-Identifier: MIT */
/*
 * Placeholders in text, HTML, JSON and forms. One pass: what a variable brings in is
 * escaped for where it stands and never read as a template, whatever it contains.
 */
#include "otpd/util/template.h"

#include <errno.h>
#include <string.h>

#include "otpd/util/escape.h"

#define NAME_MAX_BYTES 32

static const struct template_var *find_var(
	const struct template_var *vars, const char *name, size_t length)
{
	for (; vars->name; vars++)
		if (strlen(vars->name) == length &&
			memcmp(vars->name, name, length) == 0)
			return vars;
	return NULL;
}

void template_escape(struct buffer *out, const char *value, enum template_escape escape)
{
	switch (escape) {
	case ESCAPE_NONE:
		buffer_puts(out, value);
		break;
	case ESCAPE_HTML:
		escape_html(out, value);
		break;
	case ESCAPE_JSON:
		escape_json(out, value);
		break;
	case ESCAPE_URL:
		escape_url(out, value);
		break;
	}
}

static void put_value(
	struct buffer *out, const struct template_var *var, enum template_escape escape)
{
	if (var->is_html)
		buffer_puts(out, var->value);
	else
		template_escape(out, var->value, escape);
}

/* The end of the section: behind its {{/name}}. NULL if it has none. */
static const char *skip_section(const char *at, const char *name, size_t length)
{
	for (at = strstr(at, "{{/"); at; at = strstr(at + 3, "{{/"))
		if (strncmp(at + 3, name, length) == 0 &&
			strncmp(at + 3 + length, "}}", 2) == 0)
			return at + 3 + length + 2;
	return NULL;
}

/* Takes the tag at at ("{{...}}"). Returns what follows, NULL if it makes no sense. */
static const char *put_tag(struct buffer *out, const char *at,
	const struct template_var *vars, enum template_escape escape)
{
	const char *name = at + 2;
	const char *end = strstr(name, "}}");
	char kind = *name == '#' || *name == '/' ? *name++ : '\0';
	const struct template_var *var;

	if (!end || end - name > NAME_MAX_BYTES)
		return NULL;
	var = find_var(vars, name, (size_t)(end - name));
	if (!var)
		return NULL;
	if (kind == '#' && !skip_section(end, name, (size_t)(end - name)))
		return NULL;
	if (kind == '#' && !var->value[0])
		return skip_section(end, name, (size_t)(end - name));
	if (!kind)
		put_value(out, var, escape);
	return end + 2;
}

int template_render(struct buffer *out, const char *template,
	const struct template_var *vars, enum template_escape escape)
{
	for (const char *at = template; *at;) {
		const char *tag = strstr(at, "{{");
		size_t plain = tag ? (size_t)(tag - at) : strlen(at);

		buffer_add(out, at, plain);
		at += plain;
		if (!tag)
			break;
		at = put_tag(out, tag, vars, escape);
		if (!at)
			return -EINVAL;
	}
	return out->failed ? -ENOMEM : 0;
}
