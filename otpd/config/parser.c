/* SPDX-License-Identifier: MIT */
/* libconfuse's grammar from a table of settings: every value is text there. */
#include "otpd/config/parser.h"

#include <stdio.h>
#include <stdlib.h>

#include "otpd/util/cleanup.h"

#define MAX_SECTIONS 8 /* kinds of section in one schema */

static size_t count_settings(const struct setting *settings)
{
	size_t n = 0;

	while (settings[n].name)
		n++;
	return n;
}

/* libconfuse copies these arrays in cfg_init, so they live only that long. */
static cfg_opt_t *make_options(const struct setting *settings, size_t extra)
{
	size_t n = count_settings(settings);
	cfg_opt_t *options = calloc(n + extra + 1, sizeof(*options));

	for (size_t i = 0; options && i < n; i++) {
		cfg_opt_t scalar = CFG_STR(settings[i].name, NULL, CFGF_NONE);
		cfg_opt_t list = CFG_STR_LIST(settings[i].name, NULL, CFGF_NONE);

		options[i] = settings[i].type == SETTING_LIST ? list : scalar;
	}
	return options;
}

static void watch_values(cfg_t *cfg, const char *section,
	const struct setting *settings, cfg_validate_callback_t on_value)
{
	char path[128];

	for (; settings->name; settings++) {
		snprintf(path, sizeof(path), "%s%s%s", section ? section : "",
			section ? "|" : "", settings->name);
		cfg_set_validate_func(cfg, path, on_value);
	}
}

cfg_t *parser_new(const struct settings_schema *schema,
	cfg_validate_callback_t on_value, cfg_errfunc_t on_error)
{
	CLEANUP(freep) cfg_opt_t *options = NULL;
	cfg_opt_t *inner[MAX_SECTIONS] = { NULL };
	size_t n = count_settings(schema->settings), n_sections = 0;
	cfg_opt_t mark = CFG_STR(PARSER_END_MARK, "", CFGF_NONE), end = CFG_END();
	cfg_t *cfg;

	options = make_options(schema->settings, MAX_SECTIONS + 1);
	if (!options)
		return NULL;
	for (const struct settings_section *s = schema->sections; s && s->name; s++) {
		cfg_opt_t *members = make_options(s->settings, 0);
		cfg_opt_t section = CFG_SEC(
			s->name, NULL, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);

		if (!members)
			break;
		members[count_settings(s->settings)] = end;
		section.subopts = members;
		inner[n_sections] = members;
		options[n + n_sections++] = section;
	}
	options[n + n_sections] = mark;
	options[n + n_sections + 1] = end;
	cfg = cfg_init(options, CFGF_NONE);
	for (size_t i = 0; i < n_sections; i++)
		free(inner[i]);
	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	watch_values(cfg, NULL, schema->settings, on_value);
	for (const struct settings_section *s = schema->sections; s && s->name; s++)
		watch_values(cfg, s->name, s->settings, on_value);
	return cfg;
}
