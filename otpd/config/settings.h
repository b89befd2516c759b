/* SPDX-License-Identifier: MIT */
/*
 * Configuration by table. One row for each option (name, type, range, default, one line
 * of help) feeds the parser, --check, and a test that holds the manual page against it.
 */
#ifndef OTPD_CONFIG_SETTINGS_H
#define OTPD_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "otpd/util/strings.h"

#define SETTINGS_TITLE 64

enum setting_type {
	SETTING_INT,      /* int64_t, min to max */
	SETTING_DURATION, /* int64_t seconds, min to max; "90", "90s", "10m", "8h",
			     "30d" */
	SETTING_MODE,     /* int64_t, octal */
	SETTING_BOOL,     /* bool */
	SETTING_CHOICE,   /* int64_t, the index of the word in choices ("no|yes") */
	SETTING_STRING,   /* char[max + 1] */
	SETTING_LIST,     /* struct string_list, at most max strings */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;
	int64_t min;
	int64_t max;
	const char *choices;
	const char *preset; /* as it would stand in the file; NULL for lists: empty */
	const char *help;
	bool required;
};

/* The titled sections of one kind: an array of structures that begin with the title. */
struct settings_array {
	void *items; /* n structures of the section's size */
	size_t n;
};

struct settings_section {
	const char *name;
	const struct setting *settings; /* ended by a NULL name */
	size_t size; /* of a structure; its first member is char title[SETTINGS_TITLE]
		      */
	size_t array_offset; /* of the struct settings_array in the root structure */
	/*
	 * Why a setting does nothing in this section, whose structure is at at, as
	 * "has no meaning for type = console"; NULL if it has a meaning. What has none
	 * is refused where it stands in a file, and not printed. NULL: all have one.
	 */
	const char *(*stray)(const void *at, const struct setting *setting);
};

struct settings_schema {
	size_t size; /* of the root structure */
	const struct setting *settings;
	const struct settings_section *sections; /* ended by a NULL name */
	/*
	 * Whether a value that the table allows can stand here; -EINVAL, and why says
	 * why not. title is that of the section, "" at the top. NULL: it always can.
	 */
	int (*check)(const char *title, const struct setting *setting, const char *text,
		char *why, size_t why_size);
	/* Of a struct origins (origins.h) in the root structure; 0: it has none. */
	size_t origins_offset;
};

/*
 * Reads path, and then the files that end in .conf of the directory path.d
 * (otpd.conf.d), in the order of their names. Owner and mode of each are checked
 * (file.h, FILE_CONFIG). On success *ret is a new root structure for settings_free().
 * On failure returns -EINVAL (or what open said), and error says file, line, what is
 * wrong and what is allowed.
 */
int settings_load(const struct settings_schema *schema, const char *path, void **ret,
	char *error, size_t error_size);

/* Gives every setting of a zeroed structure its preset, without a file. */
int settings_preset(const struct setting *settings, void *at);

void settings_free(const struct settings_schema *schema, void *root);

/* Writes every option with its value, in the form of the file, for --check. */
void settings_print(const struct settings_schema *schema, const void *root, FILE *out);

#endif
