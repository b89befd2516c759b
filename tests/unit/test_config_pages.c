/* SPDX-License-Identifier: MIT */
/*
 * The manual pages against the tables of options, both ways. Run it from the top of the
 * tree, or with SRCDIR set.
 */
#include "otpd/config/settings.h"

#include "otpd/server/config.h"
#include "tests/unit/unit.h"

/* otpd-mail's table; both daemons have a config_load of their own. */
/* clang-format off */
#define config_load      mail_config_load
#define config_free      mail_config_free
#define config_print     mail_config_print
#define config_log_level mail_config_log_level
#define config_tenant    mail_config_tenant
#include "otpd/mail/options.c"
/* clang-format on */

static const char *source(char out[UNIT_PATH], const char *name)
{
	const char *top = getenv("SRCDIR");

	snprintf(out, UNIT_PATH, "%s/%s", top ? top : ".", name);
	return out;
}

/* Whether the page has ".It Cm name" (or Ic, Va, Sy, with or without more behind it).
 */
static bool describes(const char *page, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = page; (at = strstr(at, name)); at += length) {
		const char *line = at;
		char end = at[length];

		while (line > page && line[-1] != '\n')
			line--;
		if (strncmp(line, ".It ", 4) == 0 && at - line <= 8 &&
			(end == '\n' || end == ' '))
			return true;
	}
	return false;
}

static const struct setting *find(
	const struct settings_schema *schema, const char *name)
{
	for (const struct setting *s = schema->settings; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	for (const struct settings_section *section = schema->sections; section->name;
		section++) {
		for (const struct setting *s = section->settings; s->name; s++)
			if (strcmp(s->name, name) == 0)
				return s;
	}
	return NULL;
}

/* Every ".It Cm word" of lower case letters and underscores is an option or a choice.
 */
static void page_has_no_ghosts(const struct settings_schema *schema, const char *page)
{
	for (const char *at = page; (at = strstr(at, "\n.It ")); at += 5) {
		char macro[4], name[64];

		if (sscanf(at, "\n.It %3[A-Z a-z] %63[a-z_]", macro, name) == 2 &&
			strchr(name, '_'))
			ck_assert_msg(find(schema, name) != NULL,
				"%s is on the page and is no option", name);
	}
}

static void compare(const char *page_name, const struct settings_schema *schema)
{
	char path[UNIT_PATH], *page;
	int missing = 0;

	if (access(source(path, page_name), R_OK) < 0) {
		printf("SKIP %s: the page does not exist yet\n", page_name);
		return;
	}
	page = unit_read(path, NULL);
	for (const struct setting *s = schema->settings; s->name; s++)
		if (!describes(page, s->name) && ++missing)
			fprintf(stderr, "%s lacks %s\n", page_name, s->name);
	for (const struct settings_section *section = schema->sections; section->name;
		section++)
		for (const struct setting *s = section->settings; s->name; s++)
			if (!describes(page, s->name) && ++missing)
				fprintf(stderr, "%s lacks %s\n", page_name, s->name);
	page_has_no_ghosts(schema, page);
	free(page);
	ck_assert_int_eq(missing, 0);
}

START_TEST(otpd_conf_5_describes_every_option_and_no_other)
{
	compare("man/otpd.conf.5", &config_schema);
}
END_TEST

START_TEST(mail_conf_5_describes_every_option_and_no_other)
{
	compare("man/mail.conf.5", &mail_schema);
}
END_TEST

/* The file with every "#key = value" made real. */
static void example_is_the_presets(
	const char *name, const struct settings_schema *schema, bool sections)
{
	char path[UNIT_PATH], *text, *rest, *line;

	text = unit_read(source(path, name), NULL);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char key[64], value[256];
		const struct setting *setting;

		if (sscanf(line, "#%*[\t]%63[a-z_] = %255[^\n]", key, value) != 2 &&
			sscanf(line, "#%63[a-z_] = %255[^\n]", key, value) != 2)
			continue;
		setting = find(schema, key);
		ck_assert_msg(setting != NULL, "%s: %s is no option", name, key);
		if (!setting->preset || (sections && setting->required))
			continue;
		if (value[0] == '"') {
			memmove(value, value + 1, strlen(value));
			value[strcspn(value, "\"")] = '\0';
		}
		ck_assert_msg(strcmp(value, setting->preset) == 0,
			"%s says that %s is %s; it is %s", name, key, value,
			setting->preset);
	}
	free(text);
}

START_TEST(the_example_of_otpd_conf_shows_the_presets)
{
	char path[UNIT_PATH], *text;

	if (access(source(path, "conf/otpd.conf"), R_OK) < 0) {
		printf("SKIP conf/otpd.conf: not there, set SRCDIR\n");
		return;
	}
	example_is_the_presets("conf/otpd.conf", &config_schema, true);
	text = unit_read(path, NULL);
	for (const struct setting *s = config_schema.settings; s->name; s++)
		ck_assert_msg(
			strstr(text, s->name) != NULL, "the example lacks %s", s->name);
	for (const struct settings_section *section = config_schema.sections;
		section->name; section++)
		for (const struct setting *s = section->settings; s->name; s++)
			ck_assert_msg(strstr(text, s->name) != NULL,
				"the example lacks %s of %s", s->name, section->name);
	free(text);
}
END_TEST

START_TEST(presets_of_mail_conf_are_within_their_ranges)
{
	for (const struct setting *s = mail_schema.settings; s->name; s++)
		ck_assert_msg(s->required || s->preset || s->type == SETTING_LIST, "%s",
			s->name);
	for (const struct setting *s = mail_schema.sections[0].settings; s->name; s++)
		ck_assert_msg(s->required || s->preset || s->type == SETTING_LIST, "%s",
			s->name);
}
END_TEST

UNIT_MAIN("config_pages", otpd_conf_5_describes_every_option_and_no_other,
	mail_conf_5_describes_every_option_and_no_other,
	the_example_of_otpd_conf_shows_the_presets,
	presets_of_mail_conf_are_within_their_ranges);
