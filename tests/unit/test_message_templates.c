/* SPDX-License-Identifier: MIT */
/*
 * Directories of templates: what is taken from where, and what is refused before the
 * first mail, with file and line.
 */
#include <sodium.h>

#include "otpd/mail/message/message.h"
#include "otpd/util/cleanup.h"
#include "tests/unit/letters.h"
#include "tests/unit/unit.h"

static char overrides[256], shipped[256];
static char error[512];

/* The tree's templates in the directory of this test, and none of its own yet. */
static struct mail_config set_up(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/XXXXXX", unit_directory);
	copy_templates(path);
	snprintf(overrides, sizeof(overrides), "%.200s/overrides", path);
	snprintf(shipped, sizeof(shipped), "%.200s/templates", path);
	return letters_config(path);
}

static struct mail_config set_up_overrides(void)
{
	struct mail_config config = set_up();

	ck_assert_int_eq(mkdir(overrides, 0755), 0);
	return config;
}

static struct templates *load(const struct mail_config *config)
{
	struct templates *templates = NULL;
	int r = templates_load(config, &templates, error, sizeof(error));

	ck_assert_msg(r == 0, "%s", error);
	return templates;
}

static void refused(const struct mail_config *config, const char *why)
{
	struct templates *templates = NULL;
	int r = templates_load(config, &templates, error, sizeof(error));

	ck_assert_msg(r < 0 && !templates, "taken, though it should say: %s", why);
	ck_assert_msg(strstr(error, why), "\"%s\" is not in \"%s\"", why, error);
}

/* The text of a letter of this kind; for free(). */
static char *text_of(const struct mail_config *config, const char *tenant,
	enum letter_kind kind, const char *language)
{
	struct templates *templates = load(config);
	struct letter letter = login_letter();
	struct message message;
	char *text;

	letter.kind = kind;
	text_copy(letter.language, sizeof(letter.language), language);
	ck_assert_int_eq(message_compose(&message, &letter,
				 config_tenant(config, tenant), templates, MAIL),
		0);
	text = strdup(message.text);
	message_fini(&message);
	templates_free(templates);
	return text;
}

static void expect_text(const struct mail_config *config, const char *tenant,
	enum letter_kind kind, const char *language, const char *begin)
{
	char *text = text_of(config, tenant, kind, language);

	ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0,
		"\"%s\" does not begin with \"%s\"", text, begin);
	free(text);
}

START_TEST(the_shipped_templates_are_whole)
{
	struct mail_config config = set_up();
	struct templates *templates = load(&config);

	ck_assert_uint_eq(templates->n_editions, 1);
	ck_assert_uint_eq(templates->editions[0].n_wordings, 6);
	templates_free(templates);
}
END_TEST

START_TEST(a_directory_that_is_missing_is_told_with_what_to_do)
{
	struct mail_config config = set_up();

	remove_directory(shipped);
	refused(&config,
		"/templates: no such directory, which has the words of all mails; "
		"install otpd's templates there, or set templates in mail.conf");
}
END_TEST

START_TEST(overrides_that_cannot_be_read_are_told)
{
	struct mail_config config = set_up();

	write_text(unit_directory, "file", "x");
	snprintf(config.template_overrides, sizeof(config.template_overrides),
		"%s/file", unit_directory);
	refused(&config, "/file: Not a directory");
}
END_TEST

/* Words in the overrides, and what is said about them. */
static const struct {
	const char *name;
	const char *text;
	const char *why;
} bad_files[] = {
	{ "words.de",
		"# one\n\nkind login {\n\tsubject = \"x\"\n\tintro = \"{{hsot}}\"\n}\n",
		"/overrides/words.de:5: kind login: intro: unknown variable {{hsot}}" },
	{ "words.de", "\ngreeting = \"{{perso}}\"\n",
		"/overrides/words.de:2: greeting: unknown variable {{perso}}" },
	{ "words.de", "kind login {\n\n subject = \"{{code}}\" }\n",
		"words.de:3: kind login: subject: variable {{code}} may not stand here" },
	{ "words.de", "kind login { preheader = \"{{code}}\" }\n",
		"words.de:1: kind login: preheader: variable {{code}} may not" },
	{ "words.de", "kind welcome { intro = \"{{code}}\" }\n",
		"words.de:1: kind welcome: intro: variable {{code}} may not stand here" },
	{ "words.de", "kind welcome { intro = \"{{expires}}\" }\n",
		"kind welcome: intro: variable {{expires}} may not stand here" },
	{ "words.de", "kind login { intro = \"{{address}}\" }\n",
		"kind login: intro: variable {{address}} may not stand here" },
	{ "words.de", "kind login { intro = \"{{intro}}\" }\n",
		"kind login: intro: variable {{intro}} may not stand here" },
	{ "words.de", "kind login {\n sms = \"no code\" }\n",
		"words.de:2: kind login: sms: {{code}} is missing" },
	{ "words.de", "kind login {\n advice = \"{{#user}}x\" }\n",
		"words.de:2: kind login: advice: section {{#user}} is not closed" },
	{ "words.de", "kind login {\n advice = \"x{{/user}}\" }\n",
		"words.de:2: kind login: advice: {{/user}} closes nothing" },
	{ "words.de", "kind login {\n advice = \"{{user\" }\n",
		"words.de:2: kind login: advice: {{ without }}" },
	{ "words.de", "kind logn {\n advice = \"x\" }\n",
		"words.de:2: kind logn: advice: there is no such kind of mail" },
	{ "words.de", "kind logn { }\n", "kind logn: there is no such kind of mail" },
	{ "words.de", "kind login { advise = \"x\" }\n", "words.de:1: no such option" },
	{ "words.de", "weekdays = \"Mo Di Mi\"\n",
		"words.de:1: weekdays: not seven names" },
	{ "words.de", "months = \"1 2 3 4 5 6 7 8 9 10 11 12 13\"\n",
		"words.de:1: months: not twelve names" },
	{ "words.de", "host = \"{{host}}\"\n",
		"words.de:1: host: variable {{host}} may not stand here" },
	{ "words.de", "clock = \"{{clock}}\"\n",
		"words.de:1: clock: variable {{clock}} may not stand here" },
	{ "words.de", "\nkind test {\n heading = \"\" }\n",
		"/overrides/words.de:3: kind test: heading: it is empty" },
	{ "words.de", "kind login {\n subject = \" {{! nothing }} \" }\n",
		"/overrides/words.de:2: kind login: subject: it is empty" },
	{ "words.de", "kind login { intro = \"  \" }\n",
		"/overrides/words.de:1: kind login: intro: it is empty" },
	{ "words.de", "kind test { sms = \"\" }\n",
		"/overrides/words.de:1: kind test: sms: it is empty" },
	{ "words.de", "user = \" \"\n", "words.de:1: user: it is empty" },
	{ "words.de", "\nclock = \"\"\n", "words.de:2: clock: it is empty" },
	{ "words.de", "host = \"a\"\nuser = \"b\"\r\n",
		"/overrides/words.de:2: a CR; lines must end in LF only" },
	{ "words.de", "host = \"a\x07\"\n", "words.de:1: host: not a text" },
	{ "words.de", "host = \"\xff\"\n", "words.de:1: host: not a text" },
	{ "words.de", "kind login {\n advice = \"x\"\n", "is not closed at the end" },
	{ "words.nl", "host = \"Computer\"\n",
		"/overrides/words.nl: service is missing" },
	{ "words.x!", "", "/overrides/words.x!: no template has this name" },
	{ "word.de", "host = \"x\"\n",
		"/overrides/word.de: no template has this name; see mail.conf(5)" },
	{ "Words.de", "", "/overrides/Words.de: no template has this name" },
	{ "wrods.pt-BR", "", "/overrides/wrods.pt-BR: no template has this name" },
	{ "words", "", "/overrides/words: no template has this name" },
	{ "words_de", "", "/overrides/words_de: no template has this name" },
	{ "logn.txt", "{{intro}}", "/overrides/logn.txt: no template has this name" },
	{ "login.d!.txt", "{{intro}}", "/login.d!.txt: no template has this name" },
	{ "layout.txt", "{{intro}}\n\n{{hsot}}\n",
		"/overrides/layout.txt:3: unknown variable {{hsot}}" },
	{ "layout.txt", "{{intro}}\n", "/overrides/layout.txt: {{code}} is missing" },
	{ "layout.txt", "{{code}}\n", "/overrides/layout.txt: {{intro}} is missing" },
	{ "layout.txt", "{{code}}{{intro}}{{code_html}}\n",
		"layout.txt:1: variable {{code_html}} may not stand here" },
	{ "layout.txt", "{{code}}\r\n{{intro}}\n",
		"layout.txt:1: not UTF-8, or a control" },
	{ "layout.txt", "{{code}}\n\xff{{intro}}\n", "layout.txt:2: not UTF-8" },
	{ "layout.txt", "{{code}}{{intro}}\n",
		"/overrides/layout.txt: there is no .html beside it" },
	{ "test.de.html", "{{intro}}\n",
		"/overrides/test.de.html: there is no .txt beside it" },
	{ "test.txt", "{{code}}\n",
		"test.txt:1: variable {{code}} may not stand here" },
	{ "layout.sms", "{{brand}}\n", "/overrides/layout.sms: {{sms}} is missing" },
	{ "layout.html", "{{code}}{{intro}}\n<a href=\"{{host}}\">\n",
		"layout.html:2: variable {{host}} stands in an address or a program" },
	{ "layout.html", "<p style=\"color:{{user}}\">", "{{user}} stands in a style" },
	{ "layout.html", "<p class={{user}}>", "{{user}} stands in a tag, outside of" },
	{ "layout.html", "<{{user}}>", "{{user}} stands in a tag" },
	{ "layout.html", "<p>\n<!-- {{user}} -->",
		"layout.html:2: variable {{user}} stands "
		"in a comment" },
	{ "layout.html", "<script>x='{{user}}'</script>",
		"{{user}} stands in a script" },
	{ "layout.html", "<style>p{color:{{user}}}</style>",
		"{{user}} stands in a style" },
	{ "layout.html", "<p onclick='{{user}}'>", "{{user}} stands in an address or" },
	{ "layout.html", "<p title=\"a\"style =\"{{user}}\">",
		"{{user}} stands in a style" },
};

START_TEST(a_bad_file_is_told_with_its_line)
{
	struct mail_config config = set_up_overrides();
	const char *name = bad_files[_i].name;

	write_text(overrides, name, bad_files[_i].text);
	refused(&config, bad_files[_i].why);
}
END_TEST

START_TEST(variables_may_stand_where_escaping_helps)
{
	struct mail_config config = set_up_overrides();

	write_text(overrides, "layout.txt", "{{code}}{{intro}}\n");
	write_text(overrides, "layout.html",
		"<!-- x > y --><style>p{color:{{colour}}}p{top:0}</style>\n"
		"<p title='{{user}}' style=\"background:{{accent}}\" lang={{! no }}en>\n"
		"{{intro}} < {{code_html}}</p><br/><textarea>{{user}}</textarea>\n");
	templates_free(load(&config));
}
END_TEST

START_TEST(files_that_others_could_have_written_are_refused)
{
	struct mail_config config = set_up_overrides();
	char path[512];

	write_text(overrides, "words.de", "host = \"x\"\n");
	snprintf(path, sizeof(path), "%s/words.de", overrides);
	ck_assert_int_eq(chmod(path, 0666), 0);
	refused(&config, "/overrides/words.de: ");
	ck_assert_ptr_nonnull(strstr(error, "writable"));
	unlink(path);
	snprintf(path, sizeof(path), "%s/layout.sms", overrides);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	refused(&config, "/overrides/layout.sms: ");
}
END_TEST

START_TEST(a_directory_that_others_may_write_into_is_refused)
{
	struct mail_config config = set_up_overrides();

	ck_assert_int_eq(chmod(overrides, 0775), 0);
	refused(&config,
		"/overrides: this directory must belong to root or this user and be "
		"writable by nobody else");
	ck_assert_int_eq(chmod(overrides, 0755), 0);
	templates_free(load(&config));
	ck_assert_int_eq(chmod(shipped, 0757), 0);
	refused(&config, "/templates: this directory must belong to root or");
}
END_TEST

START_TEST(a_file_without_end_is_refused)
{
	struct mail_config config = set_up_overrides();
	char *text = calloc(1, 70001);

	memset(text, 'x', 70000);
	write_text(overrides, "layout.sms", text);
	refused(&config, "/overrides/layout.sms: ");
	free(text);
}
END_TEST

START_TEST(what_editors_leave_behind_is_no_template)
{
	struct mail_config config = set_up_overrides();

	write_text(overrides, "words.de~", "x");
	write_text(overrides, ".words.de.swp", "x");
	write_text(overrides, "layout.txt.dpkg-old", "x");
	write_text(overrides, "README", "x");
	write_text(overrides, "README.md", "x");
	templates_free(load(&config));
}
END_TEST

START_TEST(an_override_changes_only_what_it_says)
{
	struct mail_config config = set_up_overrides();

	expect_text(
		&config, "", LETTER_TEST, "de", "Example Corp\nDie Mail kommt an\n");
	write_text(overrides, "words.de", "kind test { heading = \"Post kommt\" }\n");
	expect_text(&config, "", LETTER_TEST, "de",
		"Example Corp\nPost kommt\n\nGuten Tag Jane Doe,\n");
	expect_text(&config, "", LETTER_TEST, "en", "Example Corp\nMail works\n");
	write_text(overrides, "words.de",
		"greeting = \"Moin,\"\nkind test { heading = \"Da\" }\n");
	expect_text(&config, "", LETTER_TEST, "de", "Example Corp\nDa\n\nMoin,\n");
	write_text(overrides, "words.de",
		"greeting = \"\" prompt = \"\" footer = \"\"\n"
		"kind test { preheader = \"\" expiry = \"\" advice = \"\" }\n");
	expect_text(&config, "", LETTER_TEST, "de",
		"Example Corp\nDie Mail kommt an\n\ndie Administration");
}
END_TEST

START_TEST(the_most_specific_layout_wins)
{
	static const struct {
		const char *name;
		const char *in_english;
		const char *in_german;
	} steps[] = {
		{ "layout", "layout", "layout" },
		{ "layout.de", "layout", "layout.de" },
		{ "login", "login", "login" },
		{ "login.de", "login", "login.de" },
	};
	struct mail_config config = set_up_overrides();

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char name[64], text[128];

		snprintf(name, sizeof(name), "%s.txt", steps[i].name);
		snprintf(text, sizeof(text), "%s\n{{code}}{{intro}}\n", steps[i].name);
		write_text(overrides, name, text);
		snprintf(name, sizeof(name), "%s.html", steps[i].name);
		write_text(overrides, name, text);
		snprintf(text, sizeof(text), "%s\n", steps[i].in_english);
		expect_text(&config, "", LETTER_LOGIN, "en", text);
		snprintf(text, sizeof(text), "%s\n", steps[i].in_german);
		expect_text(&config, "", LETTER_LOGIN, "de", text);
	}
	expect_text(&config, "", LETTER_RESET, "en", "layout\n");
	expect_text(&config, "", LETTER_RESET, "de", "layout.de\n");
}
END_TEST

START_TEST(a_directory_of_a_tenant_goes_before_all)
{
	struct tenant_config tenants[2];
	struct mail_config config = set_up_overrides();
	char path[300];

	config.tenants.items = tenants;
	config.tenants.n = 2;
	tenants[0] = tenants[1] = config.common;
	text_copy(tenants[0].title, sizeof(tenants[0].title), "acme");
	text_copy(tenants[1].title, sizeof(tenants[1].title), "../templates");
	snprintf(path, sizeof(path), "%s/acme", overrides);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	write_text(overrides, "test.txt", "ours\n");
	write_text(overrides, "test.html", "ours\n");
	write_text(overrides, "words.en", "kind test { heading = \"Ours\" }\n");
	write_text(path, "layout.txt", "acme {{heading}}\n{{code}}{{intro}}\n");
	write_text(path, "layout.html", "acme {{heading}}\n{{code}}{{intro}}\n");
	expect_text(&config, "", LETTER_TEST, "en", "ours\n");
	expect_text(&config, "../templates", LETTER_TEST, "en", "ours\n");
	expect_text(&config, "nobody", LETTER_TEST, "en", "ours\n");
	expect_text(&config, "acme", LETTER_TEST, "en", "acme Ours\n");
	write_text(path, "words.en", "kind test { heading = \"Theirs\" }\n");
	expect_text(&config, "acme", LETTER_TEST, "en", "acme Theirs\n");
	expect_text(&config, "acme", LETTER_TEST, "de", "acme Die Mail kommt an\n");
	write_text(path, "words.en", "kind test {\n heading = \"{{x}}\" }\n");
	refused(&config, "/overrides/acme/words.en:2: kind test: heading: unknown");
}
END_TEST

START_TEST(a_language_may_be_added_whole)
{
	struct mail_config config = set_up_overrides();
	struct templates *templates;
	char *text = read_text(shipped, "words.en");

	write_text(overrides, "words.en-GB", text);
	free(text);
	text_copy(config.common.language, sizeof(config.common.language), "en-gb");
	templates = load(&config);
	ck_assert_uint_eq(templates->editions[0].n_wordings, 7);
	ck_assert_str_eq(
		edition_wording(&templates->editions[0], "en-gb")->words->language,
		"en-GB");
	templates_free(templates);
}
END_TEST

START_TEST(an_unknown_language_is_refused_at_start)
{
	struct tenant_config tenant;
	struct mail_config config = set_up();

	tenant = config.common;
	text_copy(config.common.language, sizeof(config.common.language), "nl");
	refused(&config,
		"language nl: the templates have no words.nl, only de en es fr ja pt");
	text_copy(config.common.language, sizeof(config.common.language), "de-CH");
	templates_free(load(&config));
	text_copy(tenant.title, sizeof(tenant.title), "acme");
	text_copy(tenant.language, sizeof(tenant.language), "it");
	config.tenants.items = &tenant;
	config.tenants.n = 1;
	refused(&config, "tenant acme: language it: the templates have no words.it");
}
END_TEST

START_TEST(a_part_that_is_missing_is_named)
{
	struct mail_config config = set_up();
	char path[512], *text, *at;

	snprintf(path, sizeof(path), "%s/layout.sms", shipped);
	unlink(path);
	refused(&config, "layout.txt, layout.html or layout.sms is missing");
	write_text(shipped, "layout.sms", "{{sms}}\n");
	text = read_text(shipped, "words.fr");
	at = strstr(text, "kind reset {");
	at = strstr(at, "\theading");
	memcpy(at, "#", 1);
	write_text(shipped, "words.fr", text);
	refused(&config, "/templates/words.fr: kind reset: heading is missing");
	free(text);
}
END_TEST

START_TEST(the_first_fault_by_name_is_told)
{
	struct mail_config config = set_up_overrides();

	/* Whatever the order on the disk. */
	write_text(overrides, "zz.txt", "x");
	write_text(overrides, "aa.txt", "x");
	refused(&config, "/overrides/aa.txt");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_templates");
	TCase *tests = tcase_create("message_templates");
	const TTest *const list[] = {
		the_shipped_templates_are_whole,
		a_directory_that_is_missing_is_told_with_what_to_do,
		overrides_that_cannot_be_read_are_told,
		variables_may_stand_where_escaping_helps,
		files_that_others_could_have_written_are_refused,
		a_directory_that_others_may_write_into_is_refused,
		a_file_without_end_is_refused,
		what_editors_leave_behind_is_no_template,
		an_override_changes_only_what_it_says,
		the_most_specific_layout_wins,
		a_directory_of_a_tenant_goes_before_all,
		a_language_may_be_added_whole,
		an_unknown_language_is_refused_at_start,
		a_part_that_is_missing_is_named,
		the_first_fault_by_name_is_told,
	};
	SRunner *runner = srunner_create(suite);
	int failed;

	setenv("TZ", "UTC0", 1);
	snprintf(unit_base, sizeof(unit_base), "/tmp/otpd-templates-XXXXXX");
	if (!mkdtemp(unit_base))
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, unit_set_up, NULL);
	tcase_set_timeout(tests, 120);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		tcase_add_test(tests, list[i]);
	tcase_add_loop_test(tests, a_bad_file_is_told_with_its_line, 0,
		sizeof(bad_files) / sizeof(bad_files[0]));
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(unit_base, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed > 0;
}
