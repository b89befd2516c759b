/* SPDX-License-Identifier: MIT */
/* Whether codes leave this host, soon, and are taken elsewhere. */
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/doctor/judge.h"

#define SLOW_MS 30000
#define LATE_S  60

static const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	return value ? value : "";
}

static int64_t number(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

static void judge_mailer(const struct facts *facts, struct findings *findings)
{
	const char *mailer = text(facts->status, "mailer");

	if (facts->mail.status > 0)
		judge_refused(findings, FIND_MAIL_CONFIG, &facts->mail,
			"correct it, then systemctl reload otpd-mail");
	if (!facts->mail_status)
		findings_add(findings, FIND_MAIL_DOWN, NOWHERE, facts->mail_why, "%s",
			"systemctl start otpd-mail.socket otpd-mail.service; journalctl -u "
			"otpd-mail");
	else if (facts->status && strcmp(mailer, "up") != 0)
		findings_add(findings, FIND_MAIL_DOWN, NOWHERE,
			text(facts->status, "mailer_error"), "%s",
			"systemctl restart otpd-mail; journalctl -u otpd -u otpd-mail");
}

/* What otpd-mail --check warns about as well. */
static void judge_warnings(const struct facts *facts, struct findings *findings)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(
		json_object_get(facts->mail_status, "warnings"), i, warning) {
		const char *words = json_string_value(warning);

		if (!words)
			continue;
		if (strncmp(words, "from ", 5) == 0 || strstr(words, ": from "))
			findings_add(findings, FIND_MAIL_FROM,
				effective_where(&facts->mail, "", "", "from"), words,
				"%s",
				"from = \"an address that the relay lets you send as\"");
		else
			findings_add(findings, FIND_MAIL_WARNING,
				(struct where){ facts->mail.path, 0 }, words, "%s",
				"see mail.conf(5)");
	}
}

static void judge_transports(const struct facts *facts, struct findings *findings)
{
	const json_t *transport;
	char about[400];
	size_t i;

	json_array_foreach(
		json_object_get(facts->mail_stats, "transports"), i, transport) {
		const char *name = text(transport, "name");

		if (strcmp(text(transport, "state"), "paused") == 0) {
			snprintf(about, sizeof(about), "%.60s: %.300s", name,
				text(transport, "last_error"));
			findings_add(findings, FIND_MAIL_TRANSPORT, NOWHERE, about,
				"%s", "otpctl mail stats; otpctl send-test ADDRESS");
		}
		if (number(transport, "sent") > 0 &&
			number(transport, "p95_ms") > SLOW_MS) {
			snprintf(about, sizeof(about), "%.60s: %lld s", name,
				(long long)(number(transport, "p95_ms") / 1000));
			findings_add(findings, FIND_MAIL_SLOW, NOWHERE, about, "%s",
				"otpctl mail stats; otpctl send-test ADDRESS");
		}
	}
}

static void judge_queue(const struct facts *facts, struct findings *findings)
{
	int64_t oldest = facts->now;
	const json_t *mail;
	size_t i, n = 0;
	char about[100];

	json_array_foreach(facts->queue, i, mail) {
		int64_t at = number(mail, "created_at");

		n += at < facts->now - LATE_S;
		if (at < oldest)
			oldest = at;
	}
	if (n == 0)
		return;
	snprintf(about, sizeof(about), "%zu of them, the oldest for %lld s", n,
		(long long)(facts->now - oldest));
	findings_add(
		findings, FIND_MAIL_QUEUE, NOWHERE, about, "%s", "otpctl queue --open");
}

static void judge_dns(const struct facts *facts, const struct dns_facts *dns,
	struct findings *findings)
{
	struct where where = effective_where(&facts->mail, "", "", "from");

	switch (dns->state) {
	case DNS_NO_ANSWER:
		findings_add(findings, FIND_DNS_NO_ANSWER, where, dns->domain,
			"host -t txt %s", dns->domain);
		return;
	case DNS_NO_DOMAIN:
		findings_add(findings, FIND_DNS_NO_DOMAIN, where, dns->domain, "%s",
			"from = an address of a domain that you have");
		return;
	case DNS_KNOWN:
		break;
	}
	if (!dns->spf)
		findings_add(findings, FIND_DNS_SPF, where, dns->domain,
			"%s. TXT \"v=spf1 include:YOUR-RELAY -all\"", dns->domain);
	if (dns->null_mx)
		findings_add(findings, FIND_DNS_NULL_MX, where, dns->domain,
			"%s. MX 10 mail.%s.", dns->domain, dns->domain);
	if (!dns->dmarc)
		findings_add(findings, FIND_DNS_DMARC, where, dns->domain,
			"_dmarc.%s. TXT \"v=DMARC1; p=quarantine\"", dns->domain);
}

void judge_mail(const struct facts *facts, struct findings *findings)
{
	judge_mailer(facts, findings);
	judge_warnings(facts, findings);
	judge_transports(facts, findings);
	judge_queue(facts, findings);
	for (size_t i = 0; i < facts->n_domains; i++)
		judge_dns(facts, &facts->domains[i], findings);
}
