/* SPDX-License-Identifier: MIT */
/*
 * What the doctor concludes, from facts that are made up: those that a system test
 * cannot make at will. And the table of findings against the manual page. Links the
 * doctor.
 */
#include "otpd/ctl/doctor/gather.h"
#include "otpd/ctl/doctor/judge.h"
#include "tests/unit/unit.h"

static struct facts facts;
static struct findings findings;

static void set_up_facts(void)
{
	const char *const empty[] = { unit_directory, NULL };

	facts = (struct facts){ .version = "1.0", .now = 1000000 };
	findings = (struct findings){ 0 };
	facts.services = calloc(1, sizeof(*facts.services));
	facts.n_services = 1;
	ck_assert_int_eq(pamstack_read(empty, "sudo", &facts.services[0].stack), 0);
	facts.services[0].uses_us = true;
	facts.status = json_pack("{s:s, s:s}", "version", "1.0", "mailer", "up");
	facts.mail_status = json_pack("{s:[]}", "warnings");
	facts.mail_stats = json_pack("{s:[]}", "transports");
	facts.otpd.path = facts.mail.path = "/nonexistent/x.conf";
	snprintf(facts.local_names, sizeof(facts.local_names), ":localhost:here.test:");
}

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(value);
	return value;
}

/* The names of what was found, in order, and forgets it. */
static const char *found(void)
{
	static char names[600];

	names[0] = '\0';
	for (size_t i = 0; i < findings.n; i++) {
		size_t n = strlen(names);

		snprintf(names + n, sizeof(names) - n, "%s%s", n ? " " : "",
			finding_name(findings.items[i].finding));
	}
	ck_assert(!findings.failed);
	findings_fini(&findings);
	return names;
}

START_TEST(every_finding_is_in_the_manual_and_nothing_else)
{
	size_t size, n = 0;
	char *page = unit_read("man/otpctl-doctor.8", &size);

	for (enum finding i = 0; i < N_FINDINGS; i++) {
		char entry[200];

		ck_assert_ptr_nonnull(finding_name(i));
		ck_assert_ptr_nonnull(finding_why(i));
		snprintf(entry, sizeof(entry), "\n.It Cm %s Pq %s\n", finding_name(i),
			severity_name(finding_severity(i)));
		ck_assert_msg(strstr(page, entry) != NULL, "%s is not in the manual",
			finding_name(i));
	}
	for (const char *at = page; (at = strstr(at, "\n.It Cm ")); at++) {
		const char *end = strchr(at + 1, '\n');

		n += memmem(at, (size_t)(end - at), " Pq ", 4) != NULL;
	}
	ck_assert_uint_eq(n, N_FINDINGS);
	free(page);
}
END_TEST

START_TEST(names_are_unique)
{
	for (enum finding i = 0; i < N_FINDINGS; i++)
		for (enum finding j = 0; j < i; j++)
			ck_assert_str_ne(finding_name(i), finding_name(j));
}
END_TEST

START_TEST(the_same_finding_is_told_once)
{
	struct where where = { "/x", 3 };

	findings_add(&findings, FIND_CLOCK, where, "a", "%s", "b");
	findings_add(&findings, FIND_CLOCK, where, "a", "%s", "c");
	findings_add(&findings, FIND_CLOCK, where, "d", "%s", "b");
	findings_add(&findings, FIND_CLOCK, NOWHERE, "a", "%s", "b");
	ck_assert_uint_eq(findings.n, 3);
	ck_assert_uint_eq(findings_count(&findings, SEVERITY_WARNING), 3);
	ck_assert_uint_eq(findings_count(&findings, SEVERITY_ERROR), 0);
	findings_fini(&findings);
}
END_TEST

START_TEST(odd_bytes_do_not_lose_a_finding)
{
	struct where where = { "/a\xff", 1 };
	json_t *list;

	findings_add(&findings, FIND_CLOCK, where, "\x1b[2J\xc3", "%s", "\n\x80");
	list = findings_json(&findings);
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(list, 0), "about")),
		"?[2J?");
	json_decref(list);
	findings_fini(&findings);
}
END_TEST

START_TEST(json_has_the_worst_first)
{
	json_t *list;

	findings_add(&findings, FIND_DNS_DMARC, NOWHERE, "", "%s", "");
	findings_add(&findings, FIND_KEY_LOST, (struct where){ "/k", 0 }, "", "%s", "");
	list = findings_json(&findings);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(list, 0), "id")),
		"key-lost");
	ck_assert(json_is_null(json_object_get(json_array_get(list, 1), "file")));
	json_decref(list);
	findings_fini(&findings);
}
END_TEST

static const char *judged_mail(void)
{
	judge_mail(&facts, &findings);
	return found();
}

START_TEST(mail_that_is_late_or_slow_or_does_not_go_is_told)
{
	set_up_facts();
	ck_assert_str_eq(judged_mail(), "");
	facts.queue = parse("[{\"created_at\":999941}]");
	ck_assert_str_eq(judged_mail(), "");
	json_decref(facts.queue);
	facts.queue = parse("[{\"created_at\":999990},{\"created_at\":999930}]");
	ck_assert_str_eq(judged_mail(), "mail-queue");
	json_decref(facts.mail_stats);
	facts.mail_stats = parse("{\"transports\":["
				 "{\"name\":\"a\",\"state\":\"paused\",\"sent\":0,"
				 "\"p95_ms\":90000,\"last_error\":\"no\"},"
				 "{\"name\":\"b\",\"state\":\"up\",\"sent\":9,"
				 "\"p95_ms\":30001}]}");
	ck_assert_str_eq(judged_mail(), "mail-transport mail-slow mail-queue");
	json_decref(facts.mail_status);
	facts.mail_status = parse("{\"warnings\":[\"transport r: from is of another\","
				  "\"from is still\",\"something else\"]}");
	ck_assert_str_eq(judged_mail(),
		"mail-from mail-from mail-warning mail-transport "
		"mail-slow mail-queue");
	facts_fini(&facts);
}
END_TEST

START_TEST(a_mailer_that_otpd_does_not_reach_is_told)
{
	set_up_facts();
	(void)json_object_set_new(facts.status, "mailer", json_string("no_key"));
	ck_assert_str_eq(judged_mail(), "mail-down");
	json_decref(facts.mail_status);
	facts.mail_status = NULL;
	ck_assert_str_eq(judged_mail(), "mail-down");
	facts_fini(&facts);
}
END_TEST

static const char *judged_users(const char *users)
{
	json_decref(facts.users);
	facts.users = parse(users);
	judge_users(&facts, &findings);
	return found();
}

START_TEST(users_who_get_no_code_are_told)
{
	set_up_facts();
	ck_assert_str_eq(judged_users("[]"), "users-none");
	ck_assert_str_eq(
		judged_users("[{\"user\":\"a\",\"address\":\"a@b.test\"}]"), "");
	ck_assert_str_eq(judged_users("[{\"user\":\"a\",\"address\":\"a@Here.Test\"}]"),
		"users-local-mailbox");
	ck_assert_str_eq(judged_users("[{\"user\":\"a\",\"address\":\"a@b.test\","
				      "\"undeliverable\":true}]"),
		"users-undeliverable");
	facts_fini(&facts);
}
END_TEST

START_TEST(recovery_codes_are_missed_where_otpd_counts_them)
{
	set_up_facts();
	ck_assert_str_eq(judged_users("[{\"user\":\"a\",\"address\":\"a@b.test\","
				      "\"recovery_codes\":0}]"),
		"recovery-none");
	ck_assert_str_eq(judged_users("[{\"user\":\"a\",\"recovery_codes\":0},"
				      "{\"user\":\"b\",\"recovery_codes\":2}]"),
		"");
	facts_fini(&facts);
}
END_TEST

static const char *judged_host(void)
{
	judge_host(&facts, &findings);
	return found();
}

START_TEST(units_versions_and_the_clock_are_judged)
{
	set_up_facts();
	facts.clock = CLOCK_RIGHT;
	ck_assert_str_eq(judged_host(), "");
	facts.units[0] =
		(struct unit_facts){ "otpd.socket", true, "active", "enabled" };
	facts.units[1] =
		(struct unit_facts){ "otpd.service", true, "inactive", "disabled" };
	facts.n_units = 2;
	ck_assert_str_eq(judged_host(), "");
	snprintf(facts.units[0].enabled, sizeof(facts.units[0].enabled), "masked");
	ck_assert_str_eq(judged_host(), "unit-disabled");
	snprintf(facts.units[1].active, sizeof(facts.units[1].active), "failed");
	ck_assert_str_eq(judged_host(), "unit-disabled unit-failed");
	facts.n_units = 0;
	facts.clock = CLOCK_ALONE;
	ck_assert_str_eq(judged_host(), "clock-unsynchronised");
	facts.clock = CLOCK_UNKNOWN;
	facts.version = "1.1";
	ck_assert_str_eq(judged_host(), "otpd-version");
	facts_fini(&facts);
}
END_TEST

START_TEST(what_check_prints_is_taken_apart)
{
	struct effective effective = { .path = "/nonexistent" };

	ck_assert_int_eq(effective_parse(strdup("socket = \"/run/x\"\nlist = {}\n"
						"policy \"sshd\" {\n\tlife = 600s\n"
						"\tusers = {\"a b\", \"c\"}\n}\n"
						"last = 7\n"),
				 &effective),
		0);
	ck_assert_str_eq(effective_get(&effective, "", "", "socket", ""), "/run/x");
	ck_assert_str_eq(effective_get(&effective, "", "", "life", "?"), "?");
	ck_assert_int_eq(
		effective_seconds(&effective, "policy", "sshd", "life", 1), 600);
	ck_assert_int_eq(effective_seconds(&effective, "", "", "last", 1), 7);
	ck_assert(effective_has_section(&effective, "policy", "sshd"));
	ck_assert(!effective_has_section(&effective, "policy", "sudo"));
	effective_fini(&effective);
}
END_TEST

static void expect_line(const char *section, const char *title, const char *name,
	const char *file, unsigned line)
{
	char path[UNIT_PATH], expected[UNIT_PATH];
	struct effective effective = { .path = unit_path(path, "a.conf") };
	struct where where = effective_where(&effective, section, title, name);

	ck_assert_str_eq(where.file, unit_path(expected, file));
	ck_assert_uint_eq(where.line, line);
}

START_TEST(the_line_of_an_option_is_found)
{
	char path[UNIT_PATH];

	unit_write_text(unit_path(path, "a.conf"),
		"# from = 1\nfrom = \"x\"\npolicy sshd {\n\tlife = 5m\n}\n"
		"policy \"sudo\" {\n\tlife = 1m\n}\nlife = 3\n");
	ck_assert_int_eq(mkdir(unit_path(path, "a.conf.d"), 0700), 0);
	unit_write_text(unit_path(path, "a.conf.d/b.conf"), "\nfrom=\"y\"\n");
	expect_line("", "", "from", "a.conf.d/b.conf", 2);
	expect_line("policy", "sshd", "life", "a.conf", 4);
	expect_line("policy", "sudo", "life", "a.conf", 7);
	expect_line("", "", "life", "a.conf", 9);
	expect_line("policy", "other", "life", "a.conf", 0);
}
END_TEST

UNIT_MAIN("doctor", every_finding_is_in_the_manual_and_nothing_else, names_are_unique,
	the_same_finding_is_told_once, json_has_the_worst_first,
	odd_bytes_do_not_lose_a_finding,
	mail_that_is_late_or_slow_or_does_not_go_is_told,
	a_mailer_that_otpd_does_not_reach_is_told, users_who_get_no_code_are_told,
	recovery_codes_are_missed_where_otpd_counts_them,
	units_versions_and_the_clock_are_judged, what_check_prints_is_taken_apart,
	the_line_of_an_option_is_found);
