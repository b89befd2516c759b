/* SPDX-License-Identifier: MIT */
/*
 * otpctl doctor: gathers what there is, judges it, and says what it has found, with the
 * line to change. It changes nothing. The exit code is that of the worst finding.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/doctor/gather.h"
#include "otpd/ctl/doctor/judge.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/wrap.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "otpd/version.h"

static int gather(
	struct facts *facts, struct session *session, const struct arguments *arguments)
{
	static int (*const parts[])(struct facts * facts) = { gather_pam, gather_sshd,
		gather_sudo, gather_settings, gather_paths, gather_host, gather_names };
	int r;

	facts->version = OTPD_VERSION;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = parts[i](facts);
		if (r < 0)
			return r;
	}
	r = gather_daemons(facts, session, arguments);
	if (r == 0)
		r = gather_dns(facts);
	if (r == 0 && arguments->user)
		r = gather_user(facts, session, arguments->user);
	return r;
}

/* About one user: what concerns that one, and what keeps everybody out. */
static void judge(const struct facts *facts, struct findings *findings)
{
	judge_pam(facts, findings);
	judge_host(facts, findings);
	/* Where nobody is asked for a code, the rest matters to nobody yet. */
	if (judge_is_used(facts)) {
		judge_sshd(facts, findings);
		judge_sudo(facts, findings);
		judge_mail(facts, findings);
		judge_users(facts, findings);
	}
	if (facts->user.name)
		judge_user(facts, findings);
}

/* "sshd: a code (policy sshd)", for each service that asks anybody. */
static void print_services(const struct facts *facts)
{
	const char *methods = sshd_get(&facts->user.sshd, "authenticationmethods");

	for (size_t i = 0; i < facts->n_services; i++) {
		const char *service = facts->services[i].stack.service;
		const char *policy = judge_policy(facts, service);
		const char *by = policy ? judge_exempted_by(facts, policy) : NULL;
		char line[300];

		if (!judge_asks(facts, service) || facts->services[i].included)
			continue;
		snprintf(line, sizeof(line), "%.80s: %s%s (policy %.80s)", service,
			by ? "no code, by " : "a code", by ? by : "",
			policy ? policy : "default, as it is built in");
		wrap_write(stdout, "  service:     ", line);
	}
	if (methods[0])
		wrap_write(stdout, "  sshd wants:  ", methods);
}

static void print_card(const struct facts *facts)
{
	const json_t *user = json_object_get(facts->user.show, "user");
	const char *address = json_string_value(json_object_get(user, "address"));
	char at[OUTPUT_TIME], name[300];

	text_copy_clean(name, sizeof(name), facts->user.name);
	printf("User %s\n", name);
	if (!facts->status) {
		puts("  otpd does not answer, so nothing is known about the enrolment");
		return;
	}
	if (!user) {
		puts("  not enrolled");
		return;
	}
	wrap_write(stdout, "  address:     ", address ? address : "-");
	output_time(at, json_integer_value(json_object_get(user, "verified_at")));
	printf("  verified:    %s\n", at);
	output_time(at, json_integer_value(json_object_get(user, "last_login_at")));
	printf("  last login:  %s\n", at);
	printf("  wrong codes: %lld in the last hour, %lld in 30 days\n",
		(long long)json_integer_value(
			json_object_get(facts->user.show, "wrong_hour")),
		(long long)json_integer_value(
			json_object_get(facts->user.show, "wrong_month")));
	printf("  mails:       %lld in the last hour\n",
		(long long)json_integer_value(
			json_object_get(facts->user.show, "sends_hour")));
}

static void print_events(const struct facts *facts)
{
	const json_t *event;
	size_t i;

	if (json_array_size(facts->user.events) > 0)
		puts("  the last events, the newest first:");
	json_array_foreach(facts->user.events, i, event) {
		const char *keys[] = { "event", "service", "rhost", "detail" };
		char at[OUTPUT_TIME], line[600];
		int n = 0;

		output_time(at, json_integer_value(json_object_get(event, "at")));
		for (size_t j = 0; j < 4; j++) {
			const char *value =
				json_string_value(json_object_get(event, keys[j]));

			if (value && value[0] && n < (int)sizeof(line))
				n += snprintf(line + n, sizeof(line) - (size_t)n,
					"%s%.200s", n ? "  " : "", value);
		}
		wrap_write(stdout, "    ", at);
		if (n > 0)
			wrap_write(stdout, "      ", line);
	}
	putchar('\n');
}

static void print(const struct facts *facts, const struct findings *findings)
{
	if (facts->user.name) {
		print_card(facts);
		if (facts->user.exists)
			print_services(facts);
		print_events(facts);
	}
	for (size_t i = 0; i < facts->n_skipped; i++)
		wrap_write(stdout, "Not looked at: ", facts->skipped[i]);
	if (facts->n_skipped)
		putchar('\n');
	findings_print(findings);
}

static void print_json(const struct facts *facts, const struct findings *findings)
{
	CLEANUP(json_decrefp) json_t *skipped = json_array(), *all = NULL;

	for (size_t i = 0; i < facts->n_skipped; i++) {
		char text[FACTS_TEXT];

		text_copy_clean(text, sizeof(text), facts->skipped[i]);
		(void)json_array_append_new(skipped, json_string(text));
	}
	all = json_pack("{s:o, s:O, s:i, s:i, s:i}", "findings",
		findings_json(findings), "not_looked_at", skipped, "errors",
		(int)findings_count(findings, SEVERITY_ERROR), "warnings",
		(int)findings_count(findings, SEVERITY_WARNING), "hints",
		(int)findings_count(findings, SEVERITY_HINT));
	if (all && facts->user.name)
		(void)json_object_set_new(all, "user",
			json_pack("{s:s, s:O?, s:O?}", "name", facts->user.name,
				"status", facts->user.show, "events",
				facts->user.events));
	output_json(all);
}

static int exit_code(const struct findings *findings)
{
	if (findings_count(findings, SEVERITY_ERROR))
		return OUTPUT_ERRORS;
	return findings_count(findings, SEVERITY_WARNING) ? OUTPUT_WARNINGS
							  : OUTPUT_DONE;
}

int doctor_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(facts_fini) struct facts facts = { 0 };
	CLEANUP(findings_fini) struct findings findings = { 0 };
	int r;

	if (geteuid() != 0) {
		output_error(session->json, "Denied",
			"doctor reads files that only root can read (keys, sshd -T, "
			"/etc/shadow); run: sudo otpctl doctor");
		return OUTPUT_REFUSED;
	}
	r = gather(&facts, session, arguments);
	if (r == 0)
		judge(&facts, &findings);
	if (r < 0 || findings.failed) {
		output_error(
			session->json, "Failed", "%s", strerror(r < 0 ? -r : ENOMEM));
		return OUTPUT_OTHER;
	}
	if (session->json)
		print_json(&facts, &findings);
	else
		print(&facts, &findings);
	return exit_code(&findings);
}
