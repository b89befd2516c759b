/* SPDX-License-Identifier: MIT */
/* A configuration as it holds, in JSON, page by page: for "otpctl config". */
#include "otpd/config/report.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/config/value.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define VALUE_MAX 4096  /* bytes of one value, with all escapes a third of an answer */
#define PAGE_MAX  24576 /* bytes of JSON, before the row that goes beyond */
#define FILES_MAX 64

struct page {
	json_t *array;
	const struct origins *origins;
	int64_t at; /* settings so far, those before the page included */
	int64_t after;
	int64_t limit;
	size_t size;
	bool full;
};

/* At the end, between two characters. */
static void put_dots(char *text)
{
	size_t end = strlen(text) - 3;

	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", 4);
}

/* value_print() writes "name = value" and a line's end. Entries of lists may be any
 * bytes, and any number of them. */
static char *value_text(const struct setting *setting, const void *at)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0, skip = strlen(setting->name) + 3;
	FILE *out = open_memstream(&text, &size);
	char *clean;

	if (!out)
		return NULL;
	value_print(setting, at, "", out);
	if (fclose(out) != 0 || size <= skip)
		return NULL;
	text[size - 1] = '\0';
	clean = malloc(VALUE_MAX);
	if (clean)
		text_copy_clean(clean, VALUE_MAX, text + skip);
	if (clean && size - skip >= VALUE_MAX)
		put_dots(clean);
	return clean;
}

static json_t *row(const struct page *page, const struct setting *setting,
	const void *at, const char *section, const char *title)
{
	const struct origin *origin =
		origins_find(page->origins, section, title, setting->name);
	CLEANUP(freep) char *value = value_text(setting, at);
	char where[PATH_MAX + 16] = "default", full[SETTINGS_TITLE + 32];

	if (!value)
		return NULL;
	if (origin) {
		size_t n;

		text_copy_clean(where, PATH_MAX, origin->file);
		n = strlen(where);
		snprintf(where + n, sizeof(where) - n, ":%d", origin->line);
	}
	snprintf(full, sizeof(full), "%s%s%s", section, section[0] ? " " : "", title);
	return json_pack("{s:s, s:s, s:s, s:s}", "section", full, "name", setting->name,
		"value", value, "origin", where);
}

static int add(struct page *page, const struct setting *setting, const void *at,
	const char *section, const char *title)
{
	json_t *one;

	if (page->full || ++page->at <= page->after)
		return 0;
	if ((int64_t)json_array_size(page->array) >= page->limit ||
		page->size > PAGE_MAX) {
		page->full = true;
		page->at--;
		return 0;
	}
	one = row(page, setting, at, section, title);
	if (!one)
		return -1;
	page->size += json_dumpb(one, NULL, 0, JSON_COMPACT);
	return json_array_append_new(page->array, one);
}

static int add_section(
	struct page *page, const struct settings_section *section, const void *root)
{
	const struct settings_array *array =
		(const void *)((const char *)root + section->array_offset);
	int r = 0;

	for (size_t i = 0; i < array->n; i++) {
		const char *at = (const char *)array->items + i * section->size;

		for (const struct setting *s = section->settings; r == 0 && s->name;
			s++)
			if (!section->stray || !section->stray(at, s))
				r = add(page, s, at, section->name, at);
	}
	return r;
}

json_t *report_page(const struct settings_schema *schema, const void *root,
	int64_t after, int64_t limit, int64_t *ret_next)
{
	struct page page = { json_array(),
		(const void *)((const char *)root + schema->origins_offset), 0, after,
		limit, 0, false };
	int r = page.array ? 0 : -1;

	for (const struct setting *s = schema->settings; r == 0 && s->name; s++)
		r = add(&page, s, root, "", "");
	for (const struct settings_section *s = schema->sections;
		r == 0 && s && s->name; s++)
		r = add_section(&page, s, root);
	*ret_next = page.full ? page.at : 0;
	if (r == 0)
		return page.array;
	json_decref(page.array);
	return NULL;
}

static int add_file(const char *path, void *arg)
{
	json_t *array = arg;
	char clean[PATH_MAX];

	if (json_array_size(array) == FILES_MAX)
		return 0;
	text_copy_clean(clean, sizeof(clean), path);
	return json_array_append_new(array, json_string(clean));
}

json_t *report_changed(const struct origins *origins)
{
	json_t *array = json_array();

	if (array && origins_each_changed(origins, add_file, array) == 0)
		return array;
	json_decref(array);
	return NULL;
}
