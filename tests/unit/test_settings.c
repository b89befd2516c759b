/* SPDX-License-Identifier: MIT */
/* otpd.conf: all or nothing, with file and line; and the table of options itself. */
#include "otpd/config/settings.h"

#include <errno.h>

#include "otpd/config/report.h"
#include "otpd/config/value.h"
#include "otpd/server/config.h"
#include "tests/unit/unit.h"

static char path[UNIT_PATH], error[512];

static int load_text(const char *text, struct config **ret)
{
	unit_write_text(unit_path(path, "otpd.conf"), text);
	*ret = NULL;
	memset(error, 'e', sizeof(error));
	error[sizeof(error) - 1] = '\0';
	return config_load(path, ret, error, sizeof(error));
}

/* Refused, at this line, with a word that helps, and nothing came out. */
static void refused(const char *text, int line, const char *word)
{
	struct config *config = NULL;
	char where[UNIT_PATH + 16];

	ck_assert_msg(load_text(text, &config) == -EINVAL, "taken: %s", text);
	ck_assert_ptr_null(config);
	snprintf(where, sizeof(where), line > 0 ? "%s:%d: " : "%s:", path, line);
	ck_assert_msg(strncmp(error, where, strlen(where)) == 0,
		"%s\nsays \"%s\", not \"%s\"", text, error, where);
	ck_assert_msg(strstr(error, word) != NULL, "\"%s\" lacks \"%s\"", error, word);
}

static struct config *taken(const char *text)
{
	struct config *config;

	ck_assert_msg(load_text(text, &config) == 0, "%s: %s", text, error);
	ck_assert_ptr_nonnull(config);
	return config;
}

START_TEST(an_empty_file_gives_the_presets)
{
	struct config *config = taken("");
	const struct policy *policy = config_policy(config, "anything");

	ck_assert_str_eq(config->socket, OTPD_SOCKET);
	ck_assert_int_eq(config->socket_mode, 0660);
	ck_assert(!config->self_enrol);
	ck_assert_int_eq(config->max_connections, 512);
	ck_assert_int_eq(config->sends_per_rhost_hour, 20);
	ck_assert_int_eq(config->wrong_alert, 50);
	ck_assert_int_eq(config->wrong_longer, 500);
	ck_assert_str_ne(config->host_name, "");
	ck_assert_int_eq(policy->code_length, 6);
	ck_assert_int_eq(policy->life_s, 600);
	ck_assert_int_eq(policy->tries, 5);
	ck_assert_int_eq(policy->cool_down_s, 60);
	ck_assert_int_eq(policy->sends_per_hour, 5);
	ck_assert_int_eq(policy->sends_per_day, 20);
	ck_assert_int_eq(policy->wrong_per_hour, 10);
	ck_assert_int_eq(policy->wrong_per_day, 20);
	ck_assert_int_eq(policy->wrong_per_month, 60);
	ck_assert_int_eq(policy->grace_s, 0);
	ck_assert(policy->conceal);
	config_free(config);
}
END_TEST

START_TEST(every_form_of_value_is_read)
{
	struct config *config =
		taken("# a comment\n"
		      "socket = \"/tmp/x y.sock\"\nsocket_mode=0600\n"
		      "log_level = debug // another\n"
		      "audit_keep = 2d self_enrol = ON\n"
		      "enrol_domains = { example.org, \"b.example\" }\n"
		      "policy sshd {\n life = 90s tries=3\n"
		      " exempt_networks = {192.0.2.0/24, ::1}\n}\n"
		      "policy \"my service\" { grace = 8h unverified = refuse }\n");
	const struct policy *sshd = config_policy(config, "sshd"),
			    *mine = config_policy(config, "my service");

	ck_assert_str_eq(config->socket, "/tmp/x y.sock");
	ck_assert_int_eq(config->socket_mode, 0600);
	ck_assert_int_eq(config->log_level, 4);
	ck_assert_int_eq(config->audit_keep_s, 172800);
	ck_assert(config->self_enrol);
	ck_assert_uint_eq(config->enrol_domains.n, 2);
	ck_assert_str_eq(config->enrol_domains.items[1], "b.example");
	ck_assert_int_eq(sshd->life_s, 90);
	ck_assert_int_eq(sshd->tries, 3);
	ck_assert_uint_eq(sshd->exempt_networks.n, 2);
	ck_assert_int_eq(sshd->wrong_per_day, 20);
	ck_assert_int_eq(mine->grace_s, 28800);
	ck_assert_int_eq(mine->unverified, POLICY_UNVERIFIED_REFUSE);
	ck_assert_ptr_eq(config_policy(config, "sudo"), &config->fallback);
	config_free(config);
}
END_TEST

START_TEST(unknown_keys_and_sections_are_errors_at_their_line)
{
	refused("sockets = x\n", 1, "sockets");
	refused("\n\n\nnonsense = 1\n", 4, "nonsense");
	refused("policy sshd {\n\n code_lenght = 8\n}\n", 3, "code_lenght");
	refused("life = 10m\n", 1, "life");
	refused("policy sshd {\n socket = x\n}\n", 2, "socket");
	refused("transport relay {\n}\n", 1, "transport");
}
END_TEST

START_TEST(bad_values_are_errors_at_their_line_that_say_what_is_allowed)
{
	refused("\nmax_connections = many\n", 2, "64 to 16384");
	refused("max_connections = 63\n", 1, "64 to 16384");
	refused("max_connections = 16385\n", 1, "64 to 16384");
	refused("max_connections = 512x\n", 1, "512x");
	refused("max_connections = \"\"\n", 1, "64");
	refused("max_connections = 99999999999999999999\n", 1, "64");
	refused("max_connections = -64\n", 1, "64");
	refused("socket_mode = 888\n", 1, "0660");
	refused("log_level = loud\n", 1, "err|warning|notice|info|debug");
	refused("log_level = \"err|warning\"\n", 1, "err|warning");
	refused("log_level = \"\"\n", 1, "err|");
	refused("self_enrol = maybe\n", 1, "yes nor no");
	refused("audit_keep = 23h\n", 1, "86400");
	refused("audit_keep = 1w\n", 1, "30d");
	refused("socket = \"a\x01\"\n", 1, "control");
	refused("socket = \"\xff\"\n", 1, "text");
	refused("policy s {\n tries = 6\n}\n", 2, "1 to 5");
	refused("policy s {\n tries = 0\n}\n", 2, "1 to 5");
	refused("policy s {\n life = 11m\n}\n", 2, "600");
	refused("policy s {\n life = 59\n}\n", 2, "60");
	refused("policy s {\n code_length = 5\n}\n", 2, "6 to 10");
	refused("policy s {\n code_length = 11\n}\n", 2, "6 to 10");
	refused("policy s {\n wrong_per_month = 101\n}\n", 2, "1 to 100");
}
END_TEST

START_TEST(strings_that_are_too_long_are_errors)
{
	char text[400] = "socket = \"", *end = text + strlen(text);

	memset(end, 'a', 108);
	strcpy(end + 108, "\"\n");
	refused(text, 1, "107");
	strcpy(end + 107, "\"\n");
	config_free(taken(text));
}
END_TEST

START_TEST(broken_grammar_is_an_error_at_its_line)
{
	refused("policy sshd {\n", 0, "");
	refused("socket = \n", 0, "");
	refused("socket\n", 0, "");
	refused("= x\n", 0, "");
	refused("policy { }\n", 0, "");
	refused("\nsocket = \"open\n", 0, "");
	refused("}\n", 0, "");
	refused("policy sshd { policy x { } }\n", 0, "");
}
END_TEST

START_TEST(meaning_is_checked_too)
{
	refused("policy s { exempt_networks = { 10.0.0.1/8 } }\n", 0, "10.0.0.1/8");
	refused("policy s { exempt_networks = { example.org } }\n", 0, "example.org");
	refused("enrol_domains = { \"a b\" }\n", 0, "a b");
	refused("enrol_domains = { localhost }\n", 0, "localhost");
	refused("administrators = { \"a@example.org\", root }\n", 0, "root");
	refused("administrators = { \"a@example.org,b@example.org\" }\n", 0,
		"a@example.org,b@example.org");
	refused("administrators = { \"+4930123456\" }\n", 0, "+4930123456");
	refused("client web { user = \"no such user here\" services = { web } }\n", 0,
		"no such user here");
	refused("client web { user = root }\n", 0, "services");
	refused("client web { services = { web } }\n", 0, "user is missing");
	config_free(taken("client web { user = root services = { web } }\n"));
}
END_TEST

START_TEST(titles_have_a_length)
{
	char text[200] = "policy ", *title = text + strlen(text);

	memset(title, 't', SETTINGS_TITLE);
	strcpy(title + SETTINGS_TITLE, " { }\n");
	refused(text, 0, "title");
	refused("policy \"a\\nb\" { }\n", 0, "title");
	refused("policy \"a\x1b[2J\" { }\n", 0, "title");
	refused("policy \"\x80\" { }\n", 0, "title");
	strcpy(title + SETTINGS_TITLE - 1, " { }\n");
	config_free(taken(text));
}
END_TEST

START_TEST(drop_ins_come_after_the_file_in_the_order_of_their_names)
{
	struct config *config;
	char drop_in[UNIT_PATH];

	config_free(taken("max_connections = 100\nwrong_alert = 7\n"
			  "policy sshd { tries = 2 }\n"));
	ck_assert_int_eq(mkdir(unit_path(drop_in, "otpd.conf.d"), 0755), 0);
	unit_write_text(
		unit_path(drop_in, "otpd.conf.d/20-b.conf"), "max_connections=300\n");
	unit_write_text(unit_path(drop_in, "otpd.conf.d/10-a.conf"),
		"max_connections=200\npolicy sudo { tries = 1 }\n");
	unit_write_text(unit_path(drop_in, "otpd.conf.d/30-c.conf~"), "nonsense\n");
	unit_write_text(unit_path(drop_in, "otpd.conf.d/.hidden.conf"), "nonsense\n");
	ck_assert_msg(
		config_load(path, &config, error, sizeof(error)) == 0, "%s", error);
	ck_assert_int_eq(config->max_connections, 300);
	ck_assert_int_eq(config->wrong_alert, 7);
	ck_assert_int_eq(config_policy(config, "sshd")->tries, 2);
	ck_assert_int_eq(config_policy(config, "sudo")->tries, 1);
	config_free(config);
	/* Their errors name them. */
	unit_write_text(
		unit_path(drop_in, "otpd.conf.d/20-b.conf"), "\nwrong_alert=x\n");
	config = NULL;
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), -EINVAL);
	ck_assert_ptr_null(config);
	ck_assert_ptr_nonnull(strstr(error, "20-b.conf:2: wrong_alert"));
	ck_assert_int_eq(chmod(drop_in, 0666), 0);
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), -EPERM);
	ck_assert_ptr_nonnull(strstr(error, "20-b.conf"));
}
END_TEST

START_TEST(a_later_list_replaces_an_earlier_one)
{
	struct config *config;
	char drop_in[UNIT_PATH];

	config_free(taken("enrol_domains = { a.example, b.example }\n"));
	ck_assert_int_eq(mkdir(unit_path(drop_in, "otpd.conf.d"), 0755), 0);
	unit_write_text(unit_path(drop_in, "otpd.conf.d/1.conf"),
		"enrol_domains = { c.example }\n");
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), 0);
	ck_assert_uint_eq(config->enrol_domains.n, 1);
	ck_assert_str_eq(config->enrol_domains.items[0], "c.example");
	config_free(config);
}
END_TEST

START_TEST(a_file_that_others_can_write_is_not_read)
{
	struct config *config = NULL;
	char other[UNIT_PATH];

	unit_write(unit_path(path, "loose"), "", 0, 0666);
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), -EPERM);
	ck_assert_ptr_nonnull(strstr(error, path));
	ck_assert_ptr_nonnull(strstr(error, "writable by nobody else"));
	ck_assert_int_eq(chmod(path, 0620), 0);
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), -EPERM);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(config_load(path, &config, error, sizeof(error)), 0);
	config_free(config);
	config = NULL;
	ck_assert_int_eq(symlink(path, unit_path(other, "link")), 0);
	ck_assert_int_eq(config_load(other, &config, error, sizeof(error)), -ELOOP);
	ck_assert_int_eq(mkfifo(unit_path(other, "fifo"), 0600), 0);
	ck_assert_int_eq(config_load(other, &config, error, sizeof(error)), -ENOTSUP);
	ck_assert_int_eq(
		config_load(unit_directory, &config, error, sizeof(error)), -ENOTSUP);
	ck_assert_int_eq(
		config_load(unit_path(other, "none"), &config, error, sizeof(error)),
		-ENOENT);
	ck_assert_ptr_null(config);
}
END_TEST

/* What --check prints for a file; the caller frees. */
static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	settings_print(&config_schema, config, out);
	fclose(out);
	return text;
}

static void comes_back(const char *text)
{
	struct config *config = taken(text);
	char *once = printed(config), *twice;

	config_free(config);
	config = taken(once);
	twice = printed(config);
	config_free(config);
	ck_assert_str_eq(once, twice);
	free(once);
	free(twice);
}

START_TEST(what_check_prints_can_be_read_again)
{
	comes_back("");
	comes_back(
		"socket = '/a \"quoted\" \\path'\nself_enrol = yes\nlog_level = err\n"
		"enrol_domains = { a.example, B.example }\nsocket_mode = 0600\n"
		"policy default { tries = 1 grace = 30d exempt_users = { a, 'b c', \"\" } }\n"
		"policy 'my service' { code_alphabet = letters conceal = no }\n"
		"client web { user = root services = { web, 'x y' } }\n");
}
END_TEST

START_TEST(what_check_prints_means_the_same_where_dollars_and_line_breaks_stand)
{
	setenv("UNIT_HOSTILE", "expanded", 1);
	refused("socket = \"/run/${UNIT_HOSTILE}/s\"\n", 1, "${");
	refused("socket = /run/${UNIT_HOSTILE}/s\n", 1, "");
	comes_back("socket = '/run/$HOME/s'\n");
	comes_back("socket = '/run/${UNIT_HOSTILE}/s'\n");
	comes_back("policy default { exempt_users = { 'two\nlines', 'tab\t' } }\n");
	comes_back("policy 'a\"b\\\\c' { }\n");
}
END_TEST

/* The settings of a table, one after the other. */
static void check_table(const struct setting *settings)
{
	for (const struct setting *s = settings; s->name; s++) {
		char why[256];

		ck_assert_msg(strspn(s->name, "abcdefghijklmnopqrstuvwxyz_") ==
				strlen(s->name),
			"%s", s->name);
		ck_assert_msg(
			s->help && strlen(s->help) > 8, "%s has no help", s->name);
		for (const struct setting *t = settings; t < s; t++)
			ck_assert_str_ne(s->name, t->name);
		if (s->type == SETTING_LIST) {
			ck_assert_msg(s->max > 0, "%s holds nothing", s->name);
			ck_assert_ptr_null(s->preset);
			continue;
		}
		ck_assert_msg(s->required == !s->preset, "%s", s->name);
		if (s->preset)
			ck_assert_msg(
				value_check(s, s->preset, 1, why, sizeof(why)) == 0,
				"%s: the preset %s", s->name, why);
		if (s->type == SETTING_INT || s->type == SETTING_DURATION)
			ck_assert_msg(s->min < s->max, "%s", s->name);
		ck_assert_msg((s->type == SETTING_CHOICE) == (s->choices != NULL), "%s",
			s->name);
	}
}

START_TEST(every_option_has_a_preset_within_its_range_and_a_line_of_help)
{
	check_table(config_schema.settings);
	for (const struct settings_section *s = config_schema.sections; s->name; s++)
		check_table(s->settings);
}
END_TEST

START_TEST(the_bounds_of_every_number_are_exact)
{
	for (const struct settings_section *s = config_schema.sections; s; s = NULL)
		for (const struct setting *v = s->settings; v->name; v++) {
			char text[32], why[256];

			if (v->type != SETTING_INT)
				continue;
			snprintf(text, sizeof(text), "%lld", (long long)v->min);
			ck_assert_int_eq(value_check(v, text, 1, why, sizeof(why)), 0);
			snprintf(text, sizeof(text), "%lld", (long long)v->max);
			ck_assert_int_eq(value_check(v, text, 1, why, sizeof(why)), 0);
			snprintf(text, sizeof(text), "%lld", (long long)v->min - 1);
			ck_assert_int_lt(value_check(v, text, 1, why, sizeof(why)), 0);
			snprintf(text, sizeof(text), "%lld", (long long)v->max + 1);
			ck_assert_int_lt(value_check(v, text, 1, why, sizeof(why)), 0);
		}
}
END_TEST

START_TEST(lists_have_a_length)
{
	char *text = calloc(1, 20000), *at = text;

	at += sprintf(at, "policy s { exempt_users = { u");
	for (int i = 0; i < 999; i++)
		at += sprintf(at, ", u%d", i);
	sprintf(at, " } }\n");
	config_free(taken(text));
	sprintf(at, ", v } }\n");
	refused(text, 1, "more than 1000");
	free(text);
}
END_TEST

START_TEST(clients_are_found_by_uid)
{
	struct config *config =
		taken("client web { user = root services = { web, shop } }\n");
	const struct client_section *client = config_client(config, 0);

	ck_assert_ptr_nonnull(client);
	ck_assert_str_eq(client->title, "web");
	ck_assert(string_list_has(&client->services, "shop"));
	ck_assert(!string_list_has(&client->services, "sshd"));
	ck_assert_ptr_null(config_client(config, 1));
	config_free(config);
}
END_TEST

START_TEST(a_policy_says_where_codes_go_and_what_they_look_like)
{
	struct config *config = taken("policy a { second_route = refused\n"
				      "tenant = \"Acme & Söhne\"\nlanguage = pt-BR }\n"
				      "policy b { }\n");
	const struct policy *policy = config_policy(config, "a");

	ck_assert_int_eq(policy->second_route, POLICY_SECOND_REFUSED);
	ck_assert_str_eq(policy->tenant, "Acme & Söhne");
	ck_assert_str_eq(policy->language, "pt-BR");
	policy = config_policy(config, "b");
	ck_assert_int_eq(policy->second_route, POLICY_SECOND_NO);
	ck_assert_str_eq(policy->tenant, "");
	ck_assert_str_eq(policy->language, "");
	policy = config_policy(config, "none");
	ck_assert_int_eq(policy->second_route, POLICY_SECOND_NO);
	ck_assert_str_eq(policy->tenant, "");
	config_free(config);
	refused("policy a { second_route = yes }", 1, "no|refused");
	refused("policy a { second_route = always }", 1, "no|refused");
	refused("policy a { language = german }", 0, "no tag such as de");
	refused("policy a { language = \"../de\" }", 0, "no tag such as de");
	refused("policy a { tenant = \"a\tb\" }", 1, "without control characters");
	refused("policy a { tenant = \"\xff\" }", 1, "tenant: not a text");
}
END_TEST

START_TEST(unwise_settings_are_hinted_at)
{
	struct config *config =
		taken("policy a { cool_down = 29s }\npolicy b { grace = 2d }\n"
		      "policy c { wrong_per_month = 61 }\n"
		      "policy d { wrong_per_month = 61 code_length = 8 }\n");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(config_hints(config, out), 3);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "policy a:"));
	ck_assert_ptr_nonnull(strstr(text, "policy b:"));
	ck_assert_ptr_nonnull(strstr(text, "policy c:"));
	ck_assert_ptr_null(strstr(text, "policy d:"));
	free(text);
	config_free(config);
}
END_TEST

/* All pages of so many, in one array; the caller frees. */
static json_t *report_all(const struct config *config, int64_t limit)
{
	json_t *all = json_array();
	int64_t after = 0;

	do {
		json_t *page =
			report_page(&config_schema, config, after, limit, &after);

		ck_assert_ptr_nonnull(page);
		ck_assert_int_le((int64_t)json_array_size(page), limit);
		ck_assert(after == 0 || json_array_size(page) > 0);
		json_array_extend(all, page);
		json_decref(page);
	} while (after > 0);
	return all;
}

/* "VALUE from ORIGIN", the directory left out. */
static const char *reported(
	const json_t *rows, const char *section, const char *name, char out[256])
{
	const json_t *row;
	const char *at;
	size_t i;

	out[0] = '\0';
	json_array_foreach(rows, i, row) {
		if (strcmp(json_string_value(json_object_get(row, "section")),
			    section) ||
			strcmp(json_string_value(json_object_get(row, "name")), name))
			continue;
		ck_assert_str_eq(out, "");
		at = json_string_value(json_object_get(row, "origin"));
		snprintf(out, 256, "%s from %s",
			json_string_value(json_object_get(row, "value")),
			strrchr(at, '/') ? strrchr(at, '/') + 1 : at);
	}
	return out;
}

START_TEST(each_value_says_where_it_came_from)
{
	static const char *const wanted[][3] = {
		{ "", "wrong_alert", "7 from otpd.conf:2" },
		{ "", "wrong_longer", "9 from a.conf:2" },
		{ "", "audit_keep", "7776000s from default" },
		{ "", "enrol_domains", "{\"b.example\"} from b.conf:1" },
		{ "policy sshd", "life", "120s from otpd.conf:6" },
		{ "policy sshd", "tries", "5 from default" },
		{ "policy sudo", "life", "600s from default" },
		{ "policy sudo", "tries", "2 from a.conf:5" },
	};
	char file[UNIT_PATH], text[256];
	struct config *config;
	json_t *rows, *pages;

	ck_assert_int_eq(mkdir(unit_path(file, "otpd.conf.d"), 0755), 0);
	unit_write_text(unit_path(file, "otpd.conf.d/a.conf"),
		"# one\nwrong_longer = 9\nenrol_domains = { \"a.example\" }\n"
		"policy sudo {\n tries = 2 }\n");
	unit_write_text(unit_path(file, "otpd.conf.d/b.conf"),
		"enrol_domains = { \"b.example\" }\n");
	config = taken("/* a\n */ wrong_alert = 7\nwrong_longer = 8\n\npolicy sshd {\n"
		       "life = 2m\n}\n");
	rows = report_all(config, 1000);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_str_eq(
			reported(rows, wanted[i][0], wanted[i][1], text), wanted[i][2]);
	for (int64_t limit = 1; limit < 50; limit += 7) {
		pages = report_all(config, limit);
		ck_assert(json_equal(rows, pages));
		json_decref(pages);
	}
	json_decref(rows);
	config_free(config);
}
END_TEST

START_TEST(a_long_value_is_cut_between_two_letters)
{
	static char text[64 * 1024];
	struct config *config;
	size_t n = 0;
	json_t *rows, *row;
	size_t i;

	n += (size_t)snprintf(text + n, sizeof(text) - n,
		"policy sshd { required_users = { \"\xff\"");
	for (int k = 0; k < 60; k++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, ", \"");
		for (int j = 0; j < 60 + k; j++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "\u00fc");
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\"");
	}
	snprintf(text + n, sizeof(text) - n, " } }");
	config = taken(text);
	rows = report_all(config, 40);
	json_array_foreach(rows, i, row) {
		const char *value = json_string_value(json_object_get(row, "value"));

		if (strcmp(json_string_value(json_object_get(row, "name")),
			    "required_users"))
			continue;
		ck_assert_uint_gt(strlen(value), 4000);
		ck_assert_uint_lt(strlen(value), 4096);
		ck_assert_str_eq(value + strlen(value) - 3, "...");
		ck_assert(strncmp(value, "{\"?\"", 4) == 0);
	}
	json_decref(rows);
	config_free(config);
}
END_TEST

static size_t n_changed(const struct config *config)
{
	json_t *changed = report_changed(&config->origins);
	size_t n = json_array_size(changed);

	ck_assert_ptr_nonnull(changed);
	json_decref(changed);
	return n;
}

START_TEST(files_that_have_changed_since_are_named)
{
	char file[UNIT_PATH];
	struct config *config;

	ck_assert_int_eq(mkdir(unit_path(file, "otpd.conf.d"), 0755), 0);
	unit_write_text(unit_path(file, "otpd.conf.d/a.conf"), "wrong_longer = 9\n");
	config = taken("wrong_alert = 7\n");
	ck_assert_uint_eq(n_changed(config), 0);
	unit_write_text(unit_path(file, "otpd.conf.d/b.conf"), "");
	ck_assert_uint_eq(n_changed(config), 1);
	ck_assert_int_eq(unlink(unit_path(file, "otpd.conf.d/a.conf")), 0);
	ck_assert_uint_eq(n_changed(config), 2);
	unit_write_text(path, "wrong_alert = 77\n");
	ck_assert_uint_eq(n_changed(config), 3);
	config_free(config);
}
END_TEST

START_TEST(enrolment_with_any_domain_gets_a_hint)
{
	static const char *const texts[] = { "policy a { unenrolled = enrol }\n",
		"enrol_domains = { example.org }\npolicy a { unenrolled = enrol }\n",
		"policy a { unenrolled = refuse }\n" };

	for (int i = 0; i < 3; i++) {
		struct config *config = taken(texts[i]);
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		ck_assert_int_eq(config_hints(config, out), i == 0);
		fclose(out);
		ck_assert_int_eq(strstr(text, "enrol_domains") != NULL, i == 0);
		free(text);
		config_free(config);
	}
}
END_TEST

UNIT_MAIN("settings", enrolment_with_any_domain_gets_a_hint,
	an_empty_file_gives_the_presets, every_form_of_value_is_read,
	unknown_keys_and_sections_are_errors_at_their_line,
	bad_values_are_errors_at_their_line_that_say_what_is_allowed,
	strings_that_are_too_long_are_errors, broken_grammar_is_an_error_at_its_line,
	meaning_is_checked_too, titles_have_a_length,
	drop_ins_come_after_the_file_in_the_order_of_their_names,
	a_later_list_replaces_an_earlier_one, a_file_that_others_can_write_is_not_read,
	what_check_prints_can_be_read_again,
	what_check_prints_means_the_same_where_dollars_and_line_breaks_stand,
	every_option_has_a_preset_within_its_range_and_a_line_of_help,
	the_bounds_of_every_number_are_exact, lists_have_a_length,
	clients_are_found_by_uid, a_policy_says_where_codes_go_and_what_they_look_like,
	unwise_settings_are_hinted_at, each_value_says_where_it_came_from,
	a_long_value_is_cut_between_two_letters,
	files_that_have_changed_since_are_named);
