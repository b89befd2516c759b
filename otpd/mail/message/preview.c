/* SPDX-License-Identifier: MIT */
/*
 * For people who edit templates: the same composer as for real mails, into files. No
 * key, no network, no person's data.
 */
#include "otpd/mail/message/preview.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/message/templates.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define SAMPLE_MAIL "0123456789abcdef0123456789abcdef"
#define SAMPLE_AT   1795183627 /* 20 November 2026, 14:07 UTC */

DEFINE_CLEANUP(struct templates *, templates_free);

/* Where the pages go, and what goes wrong. */
struct preview {
	const struct mail_config *config;
	const struct templates *templates;
	const char *directory;
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
		.reference = "K7Q",
		.at_s = SAMPLE_AT,
	};

	text_copy(letter.language, sizeof(letter.language), language);
	if (letter_kind_has_code(kind)) {
		text_copy(letter.code, sizeof(letter.code), "493817");
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

static int make_directory(const struct preview *preview, const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? fail(preview, path) : 0;
}

static int write_file(const struct preview *preview, const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool good;

	if (!file)
		return fail(preview, path);
	good = fputs(text, file) >= 0;
	if (fclose(file) != 0 || !good)
		return fail(preview, path);
	return 0;
}

/* Writes one mail; name is its path without the ending. */
static int write_mail(const struct preview *preview, const struct tenant_config *tenant,
	const struct letter *letter, const char *name)
{
	static const char *const endings[] = { "txt", "html", "eml", "sms" };
	struct message message;
	int r = message_compose(
		&message, letter, tenant, preview->templates, SAMPLE_MAIL);
	const char *const parts[] = { message.text, message.html, message.bytes,
		message.text };
	bool is_short = address_is_number(letter->to);

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char path[PATH_MAX];

		if ((i == 3) != is_short)
			continue;
		if (snprintf(path, sizeof(path), "%s.%s", name, endings[i]) >=
			(int)sizeof(path))
			r = -ENAMETOOLONG;
		else
			r = write_file(preview, path, parts[i]);
	}
	message_fini(&message);
	return r;
}

static int write_kind(const struct preview *preview, const struct tenant_config *tenant,
	const char *directory, enum letter_kind kind, const char *language)
{
	struct letter letter = sample(kind, language);
	const char *slash = tenant->title[0] ? "/" : "";
	const char *kind_name = letter_kind_name(kind);
	char name[PATH_MAX];
	int r;

	if (snprintf(name, sizeof(name), "%s/%s.%s", directory, kind_name, language) >=
		(int)sizeof(name))
		return -ENAMETOOLONG;
	r = write_mail(preview, tenant, &letter, name);
	text_copy(letter.to, sizeof(letter.to), "+4930123456");
	if (r == 0)
		r = write_mail(preview, tenant, &letter, name);
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
	char directory[PATH_MAX];
	int r;

	if (snprintf(directory, sizeof(directory), "%s%s%s", preview->directory,
		    tenant->title[0] ? "/" : "",
		    tenant->title) >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	r = make_directory(preview, directory);
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
			r = write_kind(preview, tenant, directory,
				(enum letter_kind)kind,
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

int preview_write(const struct mail_config *config, const char *directory, char *error,
	size_t error_size)
{
	CLEANUP(templates_freep) struct templates *templates = NULL;
	struct preview preview = {
		.config = config,
		.directory = directory,
		.error = error,
		.error_size = error_size,
	};
	char path[PATH_MAX];
	int r = templates_load(config, &templates, error, error_size);

	if (r < 0)
		return r;
	preview.templates = templates;
	r = make_directory(&preview, directory);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/index.html", directory);
	preview.index = fopen(path, "we");
	if (!preview.index)
		return fail(&preview, path);
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<title>Mails of otpd</title>\n<style>body{font-family:sans-serif}"
	      "th,td{padding:4px 12px;text-align:left}</style></head>\n<body>\n"
	      "<h1>Mails of otpd</h1>\n",
		preview.index);
	r = write_all(&preview);
	fputs("</body></html>\n", preview.index);
	if (fclose(preview.index) != 0 && r == 0)
		r = fail(&preview, path);
	if (r < 0 && !error[0])
		snprintf(error, error_size, "%s: %s", directory, strerror(-r));
	return r;
}
