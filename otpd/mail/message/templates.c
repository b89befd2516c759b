/* SPDX-License-Identifier: MIT */
/*
 * Which template is used where: the most specific file of the most specific directory.
 * Decided once, when they are read, so that a mail only follows a pointer.
 */
#include "otpd/mail/message/templates.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define CHAIN 3 /* shipped, the administrator's, the tenant's */

/* The directories that count for a tenant, the least specific first. */
struct chain {
	const struct folder *folders[CHAIN];
	size_t n;
};

struct loading {
	const struct mail_config *config;
	struct templates *templates;
	struct chain common;
	char *error;
	size_t error_size;
};

DEFINE_CLEANUP(struct templates *, templates_free);

static int refuse(const struct loading *loading, const char *who, const char *what)
{
	snprintf(loading->error, loading->error_size, "%s%s%s", who,
		who[0] && what[0] ? ": " : "", what);
	return -EINVAL;
}

/* Reads a directory behind those that have been read. *ret is NULL if there is none. */
static int add_folder(struct loading *loading, const char *path, bool is_needed,
	const struct folder **ret)
{
	struct templates *templates = loading->templates;
	struct folder *folder = &templates->folders[templates->n_folders];
	int r = folder_read(folder, path, loading->error, loading->error_size);

	*ret = r == 0 ? folder : NULL;
	if (r == 0)
		templates->n_folders++;
	if (r != -ENOENT || loading->error[0])
		return r;
	return is_needed
		? refuse(loading, path,
			  "no such directory, which has the words of all mails; "
			  "install otpd's templates there, or set templates in "
			  "mail.conf")
		: 0;
}

static int add_common(struct loading *loading)
{
	const char *overrides = loading->config->template_overrides;
	const struct folder *folder;
	int r = add_folder(loading, loading->config->templates, true, &folder);

	if (r < 0)
		return r;
	loading->common.folders[loading->common.n++] = folder;
	folder = NULL;
	if (overrides[0])
		r = add_folder(loading, overrides, false, &folder);
	if (folder)
		loading->common.folders[loading->common.n++] = folder;
	return r;
}

/* A tenant whose title cannot be the name of a directory has none. */
static int add_tenant(struct loading *loading, const char *title, struct chain *chain)
{
	const char *overrides = loading->config->template_overrides;
	const struct folder *folder = NULL;
	char path[FOLDER_PATH];
	int r = 0;

	*chain = loading->common;
	if (overrides[0] && title[0] && title[0] != '.' && !strchr(title, '/')) {
		snprintf(path, sizeof(path), "%s/%s", overrides, title);
		r = add_folder(loading, path, false, &folder);
	}
	if (folder)
		chain->folders[chain->n++] = folder;
	return r;
}

/* The words of a language: those of the first edition where this one adds nothing. */
static int take_words(struct loading *loading, const struct chain *chain,
	const char *language, const struct words **ret)
{
	struct templates *templates = loading->templates;
	char paths[CHAIN][FOLDER_FILE];
	const char *list[CHAIN];
	bool is_own = templates->n_editions == 0;
	struct words **words;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < chain->n; i++) {
		if (!folder_has_words(chain->folders[i], language))
			continue;
		folder_words_path(chain->folders[i], language, paths[n]);
		list[n] = paths[n];
		n++;
		is_own |= i >= loading->common.n;
	}
	if (!is_own) {
		*ret = edition_wording(&templates->editions[0], language)->words;
		return 0;
	}
	words = realloc(templates->words, (templates->n_words + 1) * sizeof(*words));
	if (!words)
		return -ENOMEM;
	templates->words = words;
	r = words_load(language, list, n, &words[templates->n_words], loading->error,
		loading->error_size);
	if (r == 0)
		*ret = words[templates->n_words++];
	return r;
}

static const struct layout *find_layout(const struct chain *chain,
	enum letter_kind kind, const char *language, enum layout_form form)
{
	const struct layout *found = NULL;

	for (size_t i = chain->n; i > 0 && !found; i--)
		found = folder_find(chain->folders[i - 1], kind, language, form);
	return found;
}

static int take_layouts(
	struct loading *loading, const struct chain *chain, struct wording *wording)
{
	for (int i = 0; i < (int)LETTER_KINDS * (int)LAYOUT_FORMS; i++) {
		enum letter_kind kind = (enum letter_kind)(i / LAYOUT_FORMS);
		enum layout_form form = (enum layout_form)(i % LAYOUT_FORMS);

		wording->layouts[kind][form] =
			find_layout(chain, kind, wording->words->language, form);
		if (!wording->layouts[kind][form])
			return refuse(loading, loading->config->templates,
				"layout.txt, layout.html or layout.sms is missing");
	}
	return 0;
}

static int take_language(struct loading *loading, const struct chain *chain,
	struct edition *edition, const char *language)
{
	struct wording *wordings;
	int r;

	for (size_t i = 0; i < edition->n_wordings; i++)
		if (text_same_nocase(edition->wordings[i].words->language, language))
			return 0;
	wordings = realloc(
		edition->wordings, (edition->n_wordings + 1) * sizeof(*wordings));
	if (!wordings)
		return -ENOMEM;
	edition->wordings = wordings;
	wordings += edition->n_wordings;
	*wordings = (struct wording){ 0 };
	r = take_words(loading, chain, language, &wordings->words);
	if (r < 0)
		return r;
	edition->n_wordings++;
	return take_layouts(loading, chain, wordings);
}

static int fill_edition(
	struct loading *loading, const struct chain *chain, struct edition *edition)
{
	int r = 0;

	for (size_t i = 0; i < chain->n; i++)
		for (size_t j = 0; r == 0 && j < chain->folders[i]->n_languages; j++)
			r = take_language(loading, chain, edition,
				chain->folders[i]->languages[j]);
	return r;
}

/* The tenant's own language must be one that there is. */
static int check_language(const struct loading *loading, const struct edition *edition,
	const struct tenant_config *tenant)
{
	char who[SETTINGS_TITLE + 16], what[256];
	size_t n;

	if (edition_wording(edition, tenant->language))
		return 0;
	snprintf(who, sizeof(who), "%s%s", tenant->title[0] ? "tenant " : "",
		tenant->title);
	n = (size_t)snprintf(what, sizeof(what),
		"language %s: the templates have no words.%s, only", tenant->language,
		tenant->language);
	for (size_t i = 0; i < edition->n_wordings && n < sizeof(what); i++)
		n += (size_t)snprintf(what + n, sizeof(what) - n, " %s",
			edition->wordings[i].words->language);
	return refuse(loading, who, what);
}

static int add_edition(struct loading *loading, const struct tenant_config *tenant)
{
	struct templates *templates = loading->templates;
	struct edition *edition = &templates->editions[templates->n_editions];
	struct chain chain;
	int r = add_tenant(loading, tenant->title, &chain);

	if (r < 0)
		return r;
	text_copy(edition->title, sizeof(edition->title), tenant->title);
	palette_make(&edition->palette, tenant->colour);
	edition->is_shared = templates->n_editions > 0 && chain.n == loading->common.n;
	if (edition->is_shared) {
		edition->wordings = templates->editions[0].wordings;
		edition->n_wordings = templates->editions[0].n_wordings;
	} else {
		r = fill_edition(loading, &chain, edition);
	}
	templates->n_editions++;
	return r < 0 ? r : check_language(loading, edition, tenant);
}

static struct templates *make_room(const struct mail_config *config)
{
	CLEANUP(templates_freep)
	struct templates *templates = calloc(1, sizeof(*templates));

	if (!templates)
		return NULL;
	templates->code_in_subject = config->code_in_subject;
	templates->editions =
		calloc(config->tenants.n + 1, sizeof(*templates->editions));
	templates->folders = calloc(config->tenants.n + 2, sizeof(*templates->folders));
	return templates->editions && templates->folders ? TAKE_PTR(templates) : NULL;
}

int templates_load(const struct mail_config *config, struct templates **ret,
	char *error, size_t error_size)
{
	CLEANUP(templates_freep) struct templates *templates = make_room(config);
	struct loading loading = {
		.config = config,
		.templates = templates,
		.error = error,
		.error_size = error_size,
	};
	const struct tenant_config *tenants = config->tenants.items;
	int r;

	error[0] = '\0';
	r = templates ? add_common(&loading) : -ENOMEM;
	if (r == 0)
		r = add_edition(&loading, &config->common);
	for (size_t i = 0; r == 0 && i < config->tenants.n; i++)
		r = add_edition(&loading, &tenants[i]);
	if (r == 0)
		*ret = TAKE_PTR(templates);
	else if (!error[0])
		snprintf(error, error_size, "templates: %s", strerror(-r));
#ifdef __GLIBC__
	(void)malloc_trim(0); /* reading takes ten times the memory of what is kept */
#endif
	return r;
}

void templates_free(struct templates *templates)
{
	if (!templates)
		return;
	for (size_t i = 0; i < templates->n_editions; i++)
		if (!templates->editions[i].is_shared)
			free(templates->editions[i].wordings);
	for (size_t i = 0; i < templates->n_folders; i++)
		folder_fini(&templates->folders[i]);
	for (size_t i = 0; i < templates->n_words; i++)
		words_free(templates->words[i]);
	free(templates->editions);
	free(templates->folders);
	free(templates->words);
	free(templates);
}

const struct edition *templates_edition(
	const struct templates *templates, const char *title)
{
	for (size_t i = 1; i < templates->n_editions; i++)
		if (strcmp(templates->editions[i].title, title) == 0)
			return &templates->editions[i];
	return &templates->editions[0];
}

const struct wording *edition_wording(
	const struct edition *edition, const char *language)
{
	char base[LETTER_LANGUAGE + 1];
	char *dash;

	for (size_t i = 0; i < edition->n_wordings; i++)
		if (text_same_nocase(edition->wordings[i].words->language, language))
			return &edition->wordings[i];
	if (!text_copy(base, sizeof(base), language))
		return NULL;
	dash = strrchr(base, '-');
	if (!dash)
		return NULL;
	*dash = '\0';
	return edition_wording(edition, base);
}
