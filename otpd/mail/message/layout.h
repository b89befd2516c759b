/* SPDX-License-Identifier: MIT */
/* One layout: a file KIND.txt, layout.de.html and the like, read and checked. */
#ifndef OTPD_MAIL_MESSAGE_LAYOUT_H
#define OTPD_MAIL_MESSAGE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "otpd/mail/message/letter.h"
#include "otpd/util/stencil.h"

enum layout_form {
	LAYOUT_TEXT, /* .txt */
	LAYOUT_HTML, /* .html */
	LAYOUT_SMS,  /* .sms */
	LAYOUT_FORMS,
};

struct layout {
	bool has_kind; /* else it is for all kinds */
	enum letter_kind kind;
	char language[LETTER_LANGUAGE + 1]; /* "": for all */
	enum layout_form form;
	struct stencil *stencil;
};

enum layout_naming {
	LAYOUT_NAMED,   /* *ret is filled in, without a stencil */
	LAYOUT_FOREIGN, /* the name is that of something else */
	LAYOUT_WRONG,   /* it looks like a layout's, but there is no such kind */
};

/* What a file's name says. */
enum layout_naming layout_name(struct layout *ret, const char *name);

/* Whether text can be the name of a language: "de", "pt-BR". */
bool layout_is_language(const char *text);

/* Reads the file of a layout that has been named. -errno and, with the line, error. */
int layout_read(struct layout *layout, const char *path, char *error, size_t size);

#endif
