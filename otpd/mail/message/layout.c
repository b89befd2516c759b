/* SPDX-License-Identifier: MIT */
/*
 * Layouts are files of an administrator: owner and mode are checked, the size is
 * bounded, and what would not work in a mail, or would bring a stranger's text to a
 * place where escaping does not help, is refused before the first mail.
 */
#include "otpd/mail/message/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/message/markup.h"
#include "otpd/mail/message/variable.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define FILE_MAX 65536

DEFINE_CLEANUP(char *, secret_free);

static const char *const endings[LAYOUT_FORMS] = {
	[LAYOUT_TEXT] = ".txt",
	[LAYOUT_HTML] = ".html",
	[LAYOUT_SMS] = ".sms",
};

bool layout_is_language(const char *text)
{
	size_t size = strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return size >= 2 && size <= LETTER_LANGUAGE && !text[size] && text[0] != '-';
}

static bool take_ending(char *name, enum layout_form *ret)
{
	size_t size = strlen(name);

	for (int i = 0; i < LAYOUT_FORMS; i++) {
		size_t n = strlen(endings[i]);

		if (size <= n || strcmp(name + size - n, endings[i]) != 0)
			continue;
		name[size - n] = '\0';
		*ret = (enum layout_form)i;
		return true;
	}
	return false;
}

static bool take_kind(struct layout *layout, const char *name)
{
	layout->has_kind = strcmp(name, "layout") != 0;
	for (int i = 0; layout->has_kind; i++) {
		if (i == LETTER_KINDS)
			return false;
		layout->kind = (enum letter_kind)i;
		if (strcmp(letter_kind_name(layout->kind), name) == 0)
			break;
	}
	return true;
}

enum layout_naming layout_name(struct layout *ret, const char *name)
{
	char copy[64], *dot;

	*ret = (struct layout){ 0 };
	if (name[0] == '.' || !text_copy(copy, sizeof(copy), name) ||
		!take_ending(copy, &ret->form))
		return LAYOUT_FOREIGN;
	dot = strchr(copy, '.');
	if (dot) {
		*dot = '\0';
		if (!layout_is_language(dot + 1))
			return LAYOUT_WRONG;
		text_copy(ret->language, sizeof(ret->language), dot + 1);
	}
	return take_kind(ret, copy) ? LAYOUT_NAMED : LAYOUT_WRONG;
}

static bool needs_code(const struct layout *layout)
{
	return !layout->has_kind || letter_kind_has_code(layout->kind);
}

static uint64_t allowed(const struct layout *layout)
{
	uint64_t set = layout->form == LAYOUT_HTML ? variables_html : variables_layout;

	return needs_code(layout)
		? set
		: set & ~(VARIABLE(CODE) | VARIABLE(CODE_HTML) | VARIABLE(CODE_SIZE));
}

/* The part without which a mail of this form is useless; NULL if it is there. */
static const char *missing_part(const struct layout *layout)
{
	uint64_t shown = stencil_shows(layout->stencil), code = VARIABLE(CODE);

	if (layout->form == LAYOUT_HTML)
		code |= VARIABLE(CODE_HTML);
	if (layout->form == LAYOUT_SMS)
		code |= VARIABLE(SMS);
	if (needs_code(layout) && !(shown & code))
		return layout->form == LAYOUT_SMS ? "{{sms}} is missing"
						  : "{{code}} is missing";
	if (!layout->has_kind && layout->form != LAYOUT_SMS &&
		!(shown & VARIABLE(INTRO)))
		return "{{intro}} is missing";
	return NULL;
}

/* The number of the first line that is not clean UTF-8, or 0. */
static int bad_line(const char *text)
{
	int line = 1;

	while (*text) {
		size_t n = text_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (n == 0 || c == 0x7f || (c < ' ' && c != '\n' && c != '\t'))
			return line;
		line += c == '\n';
		text += n;
	}
	return 0;
}

static int check(struct layout *layout, char *text, struct stencil_fault *fault)
{
	int r = 0;

	fault->line = bad_line(text);
	if (fault->line > 0) {
		snprintf(fault->text, sizeof(fault->text),
			"not UTF-8, or a control character (CR too)");
		return -EINVAL;
	}
	if (layout->form == LAYOUT_HTML) {
		markup_trim(text);
		r = markup_check(text, variable_names, variables_made, fault);
	}
	return r < 0 ? r
		     : stencil_new(text, variable_names, allowed(layout),
			       &layout->stencil, fault);
}

int layout_read(struct layout *layout, const char *path, char *error, size_t size)
{
	CLEANUP(secret_freep) char *text = NULL;
	struct stencil_fault fault;
	size_t length;
	int r = file_read_safe(path, FILE_CONFIG, FILE_MAX, &text, &length);
	const char *part;

	if (r < 0) {
		snprintf(error, size, "%s: %s", path, file_error(r, FILE_CONFIG));
		return r;
	}
	if (strlen(text) != length) {
		snprintf(error, size, "%s: holds a NUL", path);
		return -EINVAL;
	}
	r = check(layout, text, &fault);
	if (r == -EINVAL)
		snprintf(error, size, "%s:%d: %s", path, fault.line, fault.text);
	if (r < 0)
		return r;
	part = missing_part(layout);
	if (!part)
		return 0;
	snprintf(error, size, "%s: %s", path, part);
	return -EINVAL;
}
