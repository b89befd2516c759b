/* SPDX-License-Identifier: MIT */
/*
 * A value that is escaped for HTML is harmless in text and between the quotes of most
 * attributes, and nowhere else: not in a style, not in an address, not as the name of
 * an attribute. So a template that puts one there is refused. This follows tags and
 * quotes as a browser does; it is no parser of HTML.
 */
#include "otpd/mail/message/markup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum place {
	PLACE_TEXT,
	PLACE_COMMENT,
	PLACE_STYLE, /* the element */
	PLACE_SCRIPT,
	PLACE_TAG,    /* outside of quotes */
	PLACE_QUOTES, /* of an attribute */
};

#define NAME 16

struct walk {
	enum place place;
	char quote;
	bool in_name;         /* of the element */
	bool named;           /* the attribute's name is over */
	char tag[NAME];       /* the element that is being opened */
	char attribute[NAME]; /* the last one */
};

/* Attributes whose values are more than text. */
static const char *const active[] = { "href", "src", "srcset", "action", "formaction",
	"background", "poster", "data", "cite", "xlink:href", "srcdoc" };

static bool is_active(const char *attribute)
{
	if (strncasecmp(attribute, "on", 2) == 0)
		return true;
	for (size_t i = 0; i < sizeof(active) / sizeof(active[0]); i++)
		if (strcasecmp(active[i], attribute) == 0)
			return true;
	return false;
}

/* What is wrong with a variable at this place; NULL if nothing. */
static const char *objection(const struct walk *walk, bool made)
{
	switch (walk->place) {
	case PLACE_TEXT:
		return NULL;
	case PLACE_COMMENT:
		return "stands in a comment";
	case PLACE_SCRIPT:
		return "stands in a script";
	case PLACE_STYLE:
		return made ? NULL : "stands in a style, where only colours may";
	case PLACE_TAG:
		return "stands in a tag, outside of quotes";
	case PLACE_QUOTES:
		break;
	}
	if (is_active(walk->attribute))
		return "stands in an address or a program";
	if (strcasecmp(walk->attribute, "style") == 0 && !made)
		return "stands in a style, where only colours may";
	return NULL;
}

static void add_to_name(char name[NAME], char c)
{
	size_t n = strlen(name);

	if (n < NAME - 1) {
		name[n] = c;
		name[n + 1] = '\0';
	}
}

/* Behind the '>' of a tag. */
static void end_tag(struct walk *walk)
{
	walk->place = PLACE_TEXT;
	if (strcasecmp(walk->tag, "style") == 0)
		walk->place = PLACE_STYLE;
	else if (strcasecmp(walk->tag, "script") == 0)
		walk->place = PLACE_SCRIPT;
}

static void in_tag(struct walk *walk, char c)
{
	bool blank = strchr(" \t\n/", c) != NULL;

	if (c == '>') {
		end_tag(walk);
	} else if (c == '"' || c == '\'') {
		walk->quote = c;
		walk->place = PLACE_QUOTES;
		walk->named = true;
	} else if (walk->in_name && !blank) {
		add_to_name(walk->tag, c);
	} else if (blank || c == '=') {
		walk->in_name = false;
		walk->named = true;
	} else {
		if (walk->named)
			walk->attribute[0] = '\0';
		walk->named = false;
		add_to_name(walk->attribute, c);
	}
}

static bool begins(const char *at, const char *word)
{
	return strncasecmp(at, word, strlen(word)) == 0;
}

/* Takes one byte of markup, or all of what opens a comment. Returns what follows. */
static const char *step(struct walk *walk, const char *at)
{
	const char *end = walk->place == PLACE_STYLE ? "</style" : "</script";

	switch (walk->place) {
	case PLACE_COMMENT:
		if (begins(at, "-->"))
			walk->place = PLACE_TEXT;
		break;
	case PLACE_QUOTES:
		if (*at == walk->quote)
			walk->place = PLACE_TAG;
		break;
	case PLACE_TAG:
		in_tag(walk, *at);
		break;
	case PLACE_STYLE:
	case PLACE_SCRIPT:
		if (!begins(at, end))
			break;
		walk->place = PLACE_TEXT;
		return step(walk, at);
	case PLACE_TEXT:
		if (begins(at, "<!--")) {
			walk->place = PLACE_COMMENT;
			return at + 4;
		}
		if (*at == '<' && at[1] && !strchr(" \t\n<=", at[1])) {
			*walk = (struct walk){ .place = PLACE_TAG, .in_name = true };
			if (at[1] == '/') /* its name is then that of no element */
				add_to_name(walk->tag, '/');
			return at + (at[1] == '/' ? 2 : 1);
		}
		break;
	}
	return at + 1;
}

static uint64_t name_of(const struct stencil_name *names, const char *at, size_t size)
{
	for (size_t i = 0; names[i].name; i++)
		if (strlen(names[i].name) == size &&
			memcmp(names[i].name, at, size) == 0)
			return UINT64_C(1) << i;
	return 0;
}

int markup_check(const char *html, const struct stencil_name *names, uint64_t made,
	struct stencil_fault *fault)
{
	struct walk walk = { .place = PLACE_TEXT };

	fault->line = 1;
	for (const char *at = html; *at;) {
		const char *end = begins(at, "{{") ? strstr(at, "}}") : NULL, *wrong;
		const char *next = end ? end + 2 : step(&walk, at);

		if (end && !strchr("#/!", at[2])) {
			size_t size = (size_t)(end - at) - 2;
			bool is_made = (name_of(names, at + 2, size) & made) != 0;

			wrong = objection(&walk, is_made);
			if (wrong) {
				snprintf(fault->text, sizeof(fault->text),
					"variable {{%.*s}} %s", (int)size, at + 2,
					wrong);
				return -EINVAL;
			}
		}
		for (; at < next; at++)
			fault->line += *at == '\n';
	}
	return 0;
}

void markup_trim(char *html)
{
	char *to = html;
	bool at_start = true;

	if (strcasestr(html, "<pre"))
		return;
	for (const char *at = html; *at; at++) {
		if (at_start && (*at == ' ' || *at == '\t'))
			continue;
		at_start = *at == '\n';
		*to++ = *at;
	}
	*to = '\0';
}
