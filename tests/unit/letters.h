/* SPDX-License-Identifier: MIT */
/*
 * What the tests of mails share: a sample letter, and the tree's templates in a
 * directory of this test's own, since otpd-mail takes only files of root or its own.
 */
#ifndef TESTS_UNIT_LETTERS_H
#define TESTS_UNIT_LETTERS_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/templates.h"
#include "otpd/util/text.h"

#define MAIL "0123456789abcdef0123456789abcdef"

static inline struct letter login_letter(void)
{
	return (struct letter){
		.kind = LETTER_LOGIN,
		.to = "jane@example.net",
		.name = "Jane Doe",
		.user = "jdoe",
		.service = "sshd",
		.host = "web1.example.org",
		.rhost = "203.0.113.7",
		.tty = "pts/3",
		.code = "424242",
		.reference = "K7Q",
		.at_s = 1700000000,
		.expires_at_s = 1700000600,
	};
}

static inline void write_text(const char *directory, const char *name, const char *text)
{
	char path[600];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	ck_assert_msg(file, "cannot write %s", path);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
}

/* The text of a file, for free(). */
static inline char *read_text(const char *directory, const char *name)
{
	char path[600], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	ck_assert_msg(file, "cannot read %s", path);
	ck_assert(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static inline void remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	/* Two levels, whose names are short. */
	while (directory && (entry = readdir(directory))) {
		char name[1024];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%.700s/%.255s", path, entry->d_name);
		if (unlink(name) < 0)
			remove_directory(name);
	}
	if (directory)
		closedir(directory);
	rmdir(path);
}

/* Copies the tree's templates into path/templates; path is made by mkdtemp. */
static inline void copy_templates(char *path)
{
	char to[256];
	DIR *from = opendir("templates");
	struct dirent *entry;

	ck_assert_msg(from, "run this from the top of the tree");
	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(to, sizeof(to), "%.200s/templates", path);
	ck_assert_int_eq(mkdir(to, 0755), 0);
	while ((entry = readdir(from))) {
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		text = read_text("templates", entry->d_name);
		write_text(to, entry->d_name, text);
		free(text);
	}
	closedir(from);
}

/* A configuration that has its templates in path/templates and path/overrides. */
static inline struct mail_config letters_config(const char *path)
{
	struct mail_config config = {
		.common = {
			.from = "otpd@relay.example",
			.organisation = "Example Corp",
			.language = "en",
		},
	};

	snprintf(config.templates, sizeof(config.templates), "%.200s/templates", path);
	snprintf(config.template_overrides, sizeof(config.template_overrides),
		"%.200s/overrides", path);
	return config;
}

#endif
