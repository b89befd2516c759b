/* SPDX-License-Identifier: MIT */
/*
 * For people who edit templates: the same composer as for real mails, into files. No
 * key, no network, no person's data.
 *
 * Root may run it anywhere. MUST NOT write through a link, or into a directory that
 * somebody else could put one into.
 */
#include "otpd/mail/message/preview.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/message/templates.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define INDEX       "index.html"
#define SAMPLE_MAIL "0123456789abcdef0123456789abcdef"
#define SAMPLE_AT   1795183627 /* 20 November 2026, 14:07 UTC */

DEFINE_CLEANUP(struct templates *, templates_free);

/* Where the pages go, and what goes wrong. */
struct preview {
	const struct mail_config *config;
	const struct templates *templates;
	const char *directory; /* its name, for errors */
	int at;                /* and open */
	FILE *index;
	char *error;
	size_t error_size;
};

static struct letter sample(enum letter_kind kind, const char *language)
{
	struct letter letter = {
		.kind = kind,
		.to = "ada.lovelace@example.org",
		.name = "Ada Lovelace",
		.user = "ada",
		.host = "web1.example.org",
		.rhost = "203.0.113.7",
		.at_s = SAMPLE_AT,
	};

	text_copy(letter.language, sizeof(letter.language), language);
	if (letter_kind_has_code(kind)) {
		text_copy(letter.code, sizeof(letter.code), "493817");
		text_copy(letter.reference, sizeof(letter.reference), "K7Q");
		letter.expires_at_s = SAMPLE_AT + 600;
	}
	if (kind == LETTER_LOGIN) {
		text_copy(letter.service, sizeof(letter.service), "sudo");
		text_copy(letter.tty, sizeof(letter.tty), "pts/3");
		text_copy(letter.command, sizeof(letter.command),
			"/usr/bin/systemctl restart nginx.service");
	}
	if (kind == LETTER_LOCKED)
		letter.expires_at_s = SAMPLE_AT + 86400;
	if (kind == LETTER_BREAK_GLASS_MADE)
		letter.expires_at_s = SAMPLE_AT + 900;
	if (kind == LETTER_RECOVERY_USED)
		text_copy(letter.left, sizeof(letter.left), "9");
	if (kind == LETTER_ADDRESS_CHANGED)
		text_copy(letter.address, sizeof(letter.address), "a***@example.net");
	return letter;
}

static int fail(const struct preview *preview, const char *path)
{
	int r = errno > 0 ? -errno : -EIO;

	snprintf(preview->error, preview->error_size, "%s: %s", path, strerror(-r));
	return r;
}

/* Who could put a link or a file of his own into it? */
static int check_directory(const struct preview *preview, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(preview, path);
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	snprintf(preview->error, preview->error_size,
		"%s: %s; name a directory that is not there yet, in one of your own",
		path,
		st.st_uid == geteuid() ? "others may write into this directory"
				       : "this directory belongs to somebody else");
	return -EPERM;
}

/*
 * Makes a directory in that of at, or takes one that is there; path is its whole name,
 * for errors. A descriptor, or -errno.
 */
static int open_directory(
	const struct preview *preview, int at, const char *name, const char *path)
{
	CLEANUP(closep) int fd = -1;
	int r;

	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return fail(preview, path);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(preview, path);
	r = check_directory(preview, fd, path);
	return r < 0 ? r : take_fd(&fd);
}

/*
 * Makes a file in the place of the one that has the name. That one is never opened: it
 * may be a link, or another name of something else.
 */
static FILE *make_file(int at, const char *name)
{
	CLEANUP(closep) int fd = -1;
	FILE *file;

	if (unlinkat(at, name, 0) < 0 && errno != ENOENT)
		return NULL;
	fd = openat(
		at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file)
		(void)take_fd(&fd);
	return file;
}

static int write_file(
	const struct preview *preview, int at, const char *name, const char *text)
{
	FILE *file = make_file(at, name);
	bool good;

	if (!file)
		return fail(preview, name);
	good = fputs(text, file) >= 0;
	if (fclose(file) != 0 || !good)
		return fail(preview, name);
	return 0;
}

/* Writes one mail into the directory of at. */
static int write_mail(const struct preview *preview, const struct tenant_config *tenant,
	const struct letter *letter, int at)
{
	static const char *const endings[] = { "txt", "html", "eml", "sms" };
	struct message message;
	int r = message_compose(
		&message, letter, tenant, preview->templates, SAMPLE_MAIL);
	const char *const parts[] = { message.text, message.html, message.bytes,
		message.text };
	bool is_short = address_is_number(letter->to);

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char name[NAME_MAX + 1];

		if ((i == 3) != is_short)
			continue;
		snprintf(name, sizeof(name), "%s.%s.%s", letter_kind_name(letter->kind),
			letter->language, endings[i]);
		r = write_file(preview, at, name, parts[i]);
	}
	message_fini(&message);
	return r;
}

static int write_kind(const struct preview *preview, const struct tenant_config *tenant,
	int at, enum letter_kind kind, const char *language)
{
	struct letter letter = sample(kind, language);
	const char *slash = tenant->title[0] ? "/" : "";
	const char *kind_name = letter_kind_name(kind);
	int r = write_mail(preview, tenant, &letter, at);

	text_copy(letter.to, sizeof(letter.to), "+4930123456");
	if (r == 0)
		r = write_mail(preview, tenant, &letter, at);
	fprintf(preview->index,
		"<td><a href=\"%s%s%s.%s.html\">html</a> "
		"<a href=\"%s%s%s.%s.txt\">txt</a> "
		"<a href=\"%s%s%s.%s.eml\">eml</a> "
		"<a href=\"%s%s%s.%s.sms\">sms</a></td>",
		tenant->title, slash, kind_name, language, tenant->title, slash,
		kind_name, language, tenant->title, slash, kind_name, language,
		tenant->title, slash, kind_name, language);
	return r;
}

static int write_edition(
	const struct preview *preview, const struct tenant_config *tenant)
{
	const struct edition *edition =
		templates_edition(preview->templates, tenant->title);
	CLEANUP(closep) int own = -1;
	char path[PATH_MAX];
	int at = preview->at, r = 0;

	if (tenant->title[0]) {
		snprintf(
			path, sizeof(path), "%s/%s", preview->directory, tenant->title);
		at = own = open_directory(preview, at, tenant->title, path);
	}
	if (at < 0)
		return at;
	fprintf(preview->index, "<h2>%s</h2>\n<table>\n<tr><th></th>",
		tenant->title[0] ? tenant->title : "Without a tenant");
	for (size_t i = 0; i < edition->n_wordings; i++)
		fprintf(preview->index, "<th>%s</th>",
			edition->wordings[i].words->language);
	fprintf(preview->index, "</tr>\n");
	for (int kind = 0; r == 0 && kind < LETTER_KINDS; kind++) {
		fprintf(preview->index, "<tr><th>%s</th>",
			letter_kind_name((enum letter_kind)kind));
		for (size_t i = 0; r == 0 && i < edition->n_wordings; i++)
			r = write_kind(preview, tenant, at, (enum letter_kind)kind,
				edition->wordings[i].words->language);
		fprintf(preview->index, "</tr>\n");
	}
	fprintf(preview->index, "</table>\n");
	return r;
}

/* A title that is no name of a file, or that HTML would take for more than text. */
static bool is_plain(const char *title)
{
	return title[0] != '.' && !strpbrk(title, "/<>&\"'#?%");
}

static int write_all(const struct preview *preview)
{
	const struct tenant_config *tenants = preview->config->tenants.items;
	int r = write_edition(preview, &preview->config->common);

	for (size_t i = 0; r == 0 && i < preview->config->tenants.n; i++)
		if (is_plain(tenants[i].title))
			r = write_edition(preview, &tenants[i]);
	return r;
}

/* The pages, and what leads to them. */
static int write_pages(struct preview *preview)
{
	int r;

	preview->index = make_file(preview->at, INDEX);
	if (!preview->index)
		return fail(preview, INDEX);
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<title>Mails of otpd</title>\n<style>body{font-family:sans-serif}"
	      "th,td{padding:4px 12px;text-align:left}</style></head>\n<body>\n"
	      "<h1>Mails of otpd</h1>\n",
		preview->index);
	r = write_all(preview);
	fputs("</body></html>\n", preview->index);
	if (fclose(preview->index) != 0 && r == 0)
		r = fail(preview, INDEX);
	return r;
}

int preview_write(const struct mail_config *config, const char *directory, char *error,
	size_t error_size)
{
	CLEANUP(templates_freep) struct templates *templates = NULL;
	CLEANUP(closep) int at = -1;
	char path[PATH_MAX];
	struct preview preview = {
		.config = config,
		.directory = path,
		.error = error,
		.error_size = error_size,
	};
	int r = templates_load(config, &templates, error, error_size);

	if (r < 0)
		return r;
	if (!text_copy(path, sizeof(path), directory)) {
		snprintf(error, error_size, "%s", strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	/* A slash at the end would follow a link. */
	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	preview.templates = templates;
	preview.at = at = open_directory(&preview, AT_FDCWD, path, path);
	r = at < 0 ? at : write_pages(&preview);
	if (r < 0 && !error[0])
		snprintf(error, error_size, "%s: %s", path, strerror(-r));
	return r;
}
