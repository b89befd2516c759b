/* SPDX-License-Identifier: MIT */
/*
 * Placeholders in text and HTML. One pass: what a variable brings in is escaped for
 * where it stands and never read as a template, whatever it contains.
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

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void put_value(
	struct buffer *out, const struct template_var *var, enum template_escape escape)
{
	if (escape == ESCAPE_JSON) {
		escape_json(out, var->value);
		return;
	}
	if (escape == ESCAPE_URL) {
		escape_url(out, var->value);
		return;
	}
	if (escape == ESCAPE_NONE || var->is_html) {
		buffer_puts(out, var->value);
		return;
	}
	for (const char *at = var->value; *at; at++) {
		const char *entity = html_entity(*at);

		if (entity)
			buffer_puts(out, entity);
		else
			buffer_add(out, at, 1);
	}
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

static bool is_first_byte(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/*
 * How many bytes of the line (length bytes) fit into width columns: up to a blank if
 * there is one behind the indent, else to the end of the word, which then stands out.
 */
static size_t fitting(const char *line, size_t length, size_t indent, size_t width)
{
	size_t columns = 0, blank = 0;

	for (size_t i = 0; i < length; i++) {
		if (line[i] == ' ' && i > indent && columns <= width)
			blank = i;
		columns += is_first_byte(line[i]);
		if (columns > width && line[i] == ' ' && blank == 0 && i > indent)
			return i;
		if (columns > width && blank > 0)
			return blank;
	}
	return length;
}

static void wrap_line(struct buffer *out, const char *line, size_t length, size_t width)
{
	size_t indent = strspn(line, " ");
	size_t room = width;

	if (indent > length)
		indent = length;
	for (;;) {
		size_t n = fitting(line, length, room == width ? indent : 0, room);

		buffer_add(out, line, n);
		buffer_puts(out, "\n");
		while (n < length && line[n] == ' ')
			n++;
		line += n;
		length -= n;
		if (length == 0)
			break;
		for (size_t i = 0; i < indent; i++)
			buffer_puts(out, " ");
		room = width - indent;
	}
}

void template_wrap(struct buffer *out, const char *text, size_t width)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		wrap_line(out, text, length, width);
		text += length;
		text += *text == '\n';
	}
}
