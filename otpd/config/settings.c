/* SPDX-License-Identifier: MIT */
/*
 * libconfuse reads the grammar; every value reaches us as text and is parsed here,
 * whole or not at all. Unknown keys, values out of range, files that others could have
 * written: each is an error with file and line, and the caller keeps what it had.
 *
 * libconfuse's callbacks have no user data, so the parse that is under way stands in
 * one static pointer. Configuration is read on one thread only, at start and on reload.
 */
#include "otpd/config/settings.h"

#include <confuse.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/config/origins.h"
#include "otpd/config/parser.h"
#include "otpd/config/source.h"
#include "otpd/config/unknown.h"
#include "otpd/config/value.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define FILE_MAX (1 << 20)
#define END_MARK PARSER_END_MARK

struct parse {
	const struct settings_schema *schema;
	char *error;
	size_t error_size;
	struct origins origins;
};

static struct parse *parsing;

DEFINE_CLEANUP(cfg_t *, cfg_free);
DEFINE_CLEANUP(char *, secret_free);

static const struct setting *settings_of(
	const struct settings_schema *schema, const char *section)
{
	for (const struct settings_section *s = schema->sections; s && s->name; s++)
		if (strcmp(s->name, section) == 0)
			return s->settings;
	return schema->settings;
}

/* Keeps the first error: the ones after it are its consequences. */
__attribute__((format(printf, 2, 0))) static void on_error(
	cfg_t *cfg, const char *format, va_list args)
{
	char text[512];

	if (parsing->error[0])
		return;
	vsnprintf(text, sizeof(text), format, args);
	snprintf(parsing->error, parsing->error_size, "%s:%d: %s",
		cfg && cfg->filename ? cfg->filename : "?", cfg ? cfg->line : 0, text);
	if (cfg)
		unknown_hint(settings_of(parsing->schema, cfg->name), text,
			parsing->error, parsing->error_size);
}

static const struct setting *find_setting(
	const struct settings_schema *schema, const char *section, const char *name)
{
	const struct setting *at = settings_of(schema, section);

	for (; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *setting =
		find_setting(parsing->schema, cfg->name, opt->name);
	unsigned last = cfg_opt_size(opt) - 1;
	const char *text = cfg_opt_getnstr(opt, last);
	const char *title = cfg_title(cfg);
	char why[256];

	if (!setting)
		return 0;
	if (origins_note(&parsing->origins, title ? cfg->name : "", title, opt->name,
		    cfg->filename, cfg->line) < 0) {
		cfg_error(cfg, "%s: %s", opt->name, strerror(ENOMEM));
		return -1;
	}
	if (value_check(setting, text, last + 1, why, sizeof(why)) < 0) {
		cfg_error(cfg, "%s: %s", opt->name, why);
		return -1;
	}
	if (!parsing->schema->check ||
		parsing->schema->check(
			title ? title : "", setting, text, why, sizeof(why)) == 0)
		return 0;
	cfg_error(cfg, "%s%s%s%s%s: %s", title ? cfg->name : "", title ? " " : "",
		title ? title : "", title ? ": " : "", opt->name, why);
	return -1;
}

/* Reads a file whole, with an assignment behind it that only the top level knows. */
static int read_with_end(const char *path, char **ret)
{
	CLEANUP(secret_freep) char *text = NULL;
	char why[FILE_WHY];
	/* Before it is read: what is changed meanwhile counts as changed. */
	int r = origins_note_file(&parsing->origins, path);

	if (r == 0)
		r = file_read_safe(path, FILE_CONFIG, FILE_MAX, &text, NULL);

	if (r < 0) {
		snprintf(parsing->error, parsing->error_size, "%s: %s", path,
			file_explain(why, path, r, FILE_CONFIG));
		return r;
	}
	r = source_prepare(text);
	if (r > 0) {
		snprintf(parsing->error, parsing->error_size,
			"%s:%d: ${...} is not replaced in this file; write the value itself",
			path, r);
		return -EINVAL;
	}
	return asprintf(ret, "%s\n" END_MARK " = reached\n", text) < 0 ? -ENOMEM : 0;
}

/*
 * libconfuse takes the end of the file for the end of every open section, string and
 * comment. If it did, it has not seen the mark where it belongs.
 */
static int check_end(cfg_t *cfg, const char *path, int result)
{
	const char *mark = cfg_getstr(cfg, END_MARK);
	bool lost = strstr(parsing->error, END_MARK) || !mark ||
		strcmp(mark, "reached") != 0;

	cfg_setstr(cfg, END_MARK, "");
	if (result == CFG_SUCCESS && !lost)
		return 0;
	if (!parsing->error[0] || strstr(parsing->error, END_MARK))
		snprintf(parsing->error, parsing->error_size,
			"%s: a section, a string or a comment is not closed at the end",
			path);
	return -EINVAL;
}

static int parse_file(cfg_t *cfg, const char *path)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(fclosep) FILE *file = NULL;
	int r = read_with_end(path, &text);

	if (r < 0)
		return r;
	file = fmemopen(text, strlen(text), "r");
	if (!file)
		return -errno;
	free(cfg->filename);
	cfg->filename = strdup(path);
	cfg->line = 1;
	return check_end(cfg, path, cfg_parse_fp(cfg, file));
}

static int parse_all(cfg_t *cfg, const char *path)
{
	char pattern[PATH_MAX];
	glob_t found = { 0 };
	int r;

	r = parse_file(cfg, path);
	if (r < 0)
		return r;
	if (snprintf(pattern, sizeof(pattern), "%s.d/*.conf", path) >=
		(int)sizeof(pattern))
		return -ENAMETOOLONG;
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			r = parse_file(cfg, found.gl_pathv[i]);
	globfree(&found);
	return r;
}

/* Fills a structure from a section; options that the file leaves out get their preset.
 */
static int fill(cfg_t *cfg, const struct setting *settings, void *at, const char *where)
{
	for (const struct setting *s = settings; s->name; s++) {
		cfg_opt_t *opt = cfg_getopt(cfg, s->name);
		unsigned n = opt ? cfg_opt_size(opt) : 0;
		int r = 0;

		if (s->type == SETTING_LIST) {
			for (unsigned i = 0; r == 0 && i < n; i++)
				r = value_append(s, at, cfg_opt_getnstr(opt, i));
		} else {
			const char *text = n > 0 ? cfg_opt_getnstr(opt, 0) : NULL;

			if (!text && s->required) {
				snprintf(parsing->error, parsing->error_size,
					"%s: %s is missing", where, s->name);
				return -EINVAL;
			}
			r = value_set(s, at, text ? text : s->preset);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Refuses what stands in a section and does nothing there. */
static int check_strays(cfg_t *cfg, const struct settings_section *section,
	const void *at, const char *where)
{
	for (const struct setting *s = section->settings; section->stray && s->name;
		s++) {
		cfg_opt_t *opt = cfg_getopt(cfg, s->name);
		bool stands = cfg_opt_size(opt) > 0 && cfg_opt_getnstr(opt, 0);
		const char *why = stands ? section->stray(at, s) : NULL;

		if (why) {
			snprintf(parsing->error, parsing->error_size, "%s: %s %s",
				where, s->name, why);
			return -EINVAL;
		}
	}
	return 0;
}

static int fill_sections(cfg_t *cfg, const struct settings_section *section, void *root,
	const char *path)
{
	struct settings_array *array = (void *)((char *)root + section->array_offset);
	unsigned n = cfg_size(cfg, section->name);

	array->items = calloc(n > 0 ? n : 1, section->size);
	if (!array->items)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		cfg_t *one = cfg_getnsec(cfg, section->name, i);
		char *at = (char *)array->items + i * section->size;
		char where[PATH_MAX + 128];
		int r;

		array->n = i + 1;
		if (!text_is_utf8(cfg_title(one)) || text_has_control(cfg_title(one))) {
			snprintf(parsing->error, parsing->error_size,
				"%s: the title of a section %s has bytes that cannot be shown",
				path, section->name);
			return -EINVAL;
		}
		snprintf(where, sizeof(where), "%s: %s %s", path, section->name,
			cfg_title(one));
		if (!text_copy(at, SETTINGS_TITLE, cfg_title(one))) {
			snprintf(parsing->error, parsing->error_size,
				"%s: a title has at most %d bytes", where,
				SETTINGS_TITLE - 1);
			return -EINVAL;
		}
		r = fill(one, section->settings, at, where);
		if (r == 0)
			r = check_strays(one, section, at, where);
		if (r < 0)
			return r;
	}
	return 0;
}

int settings_load(const struct settings_schema *schema, const char *path, void **ret,
	char *error, size_t error_size)
{
	struct parse parse = { schema, error, error_size, { 0 } };
	CLEANUP(cfg_freep) cfg_t *cfg = NULL;
	void *root;
	int r;

	error[0] = '\0';
	parsing = &parse;
	cfg = parser_new(schema, on_value, on_error);
	root = calloc(1, schema->size);
	r = cfg && root ? parse_all(cfg, path) : -ENOMEM;
	if (r == 0)
		r = fill(cfg, schema->settings, root, path);
	for (const struct settings_section *s = schema->sections;
		r == 0 && s && s->name; s++)
		r = fill_sections(cfg, s, root, path);
	parsing = NULL;
	if (r < 0 || !schema->origins_offset)
		origins_fini(&parse.origins);
	if (r < 0) {
		if (!error[0])
			snprintf(error, error_size, "%s: %s", path, strerror(-r));
		settings_free(schema, root);
		return r;
	}
	if (schema->origins_offset)
		*(struct origins *)(void *)((char *)root + schema->origins_offset) =
			parse.origins;
	*ret = root;
	return 0;
}

int settings_preset(const struct setting *settings, void *at)
{
	int r = 0;

	for (; r == 0 && settings->name; settings++)
		if (settings->type != SETTING_LIST)
			r = value_set(settings, at, settings->preset);
	return r;
}

static void free_lists(const struct setting *settings, void *at)
{
	for (; settings->name; settings++)
		if (settings->type == SETTING_LIST)
			value_clear(settings, at);
}

void settings_free(const struct settings_schema *schema, void *root)
{
	if (!root)
		return;
	if (schema->origins_offset)
		origins_fini((void *)((char *)root + schema->origins_offset));
	free_lists(schema->settings, root);
	for (const struct settings_section *s = schema->sections; s && s->name; s++) {
		struct settings_array *array = (void *)((char *)root + s->array_offset);

		for (size_t i = 0; i < array->n; i++)
			free_lists(s->settings, (char *)array->items + i * s->size);
		free(array->items);
	}
	free(root);
}
