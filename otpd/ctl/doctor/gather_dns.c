/* SPDX-License-Identifier: MIT */
/*
 * Records of the senders' domains: SPF (RFC 7208), DMARC (RFC 7489), null MX (RFC
 * 7505). Each question has two seconds; what is not answered is not known.
 */
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/util/text.h"

#define ANSWER 8192

/* Calls for each record of the type; true if one of them is what is looked for. */
typedef bool record_check(ns_msg *message, ns_rr *record, const char *word);

/* Whether a TXT record begins with word. */
static bool is_text(ns_msg *message, ns_rr *record, const char *word)
{
	const unsigned char *data = ns_rr_rdata(*record);
	char text[512];
	size_t n = 0, size = ns_rr_rdlen(*record);

	(void)message;
	for (size_t i = 0; i < size; i += data[i] + 1u)
		for (size_t j = 1; j <= data[i] && i + j < size && n + 1 < sizeof(text);
			j++)
			text[n++] = (char)data[i + j];
	text[n] = '\0';
	return strncasecmp(text, word, strlen(word)) == 0;
}

/* "0 ." says that the domain takes no mail. */
static bool is_null_mx(ns_msg *message, ns_rr *record, const char *word)
{
	const unsigned char *data = ns_rr_rdata(*record);

	(void)message;
	(void)word;
	return ns_rr_rdlen(*record) == 3 && data[2] == 0;
}

/* 1: there is one, 0: none, -ENOENT: no such name, -ETIMEDOUT: no answer. */
static int ask(res_state state, const char *name, ns_type type, record_check *check,
	const char *word)
{
	unsigned char answer[ANSWER];
	int n = res_nquery(state, name, ns_c_in, type, answer, sizeof(answer));
	ns_msg message;

	if (n < 0) {
		if (state->res_h_errno == HOST_NOT_FOUND)
			return -ENOENT;
		return state->res_h_errno == NO_DATA ? 0 : -ETIMEDOUT;
	}
	if (n > ANSWER || ns_initparse(answer, n, &message) < 0)
		return -ETIMEDOUT;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) == 0 &&
			ns_rr_type(record) == type && check(&message, &record, word))
			return 1;
	}
	return 0;
}

/* The domain itself, or the one that its owner has registered, as far as labels tell.
 */
static bool has_dmarc(res_state state, const char *domain)
{
	char name[300];
	const char *dot;

	for (;;) {
		snprintf(name, sizeof(name), "_dmarc.%s", domain);
		if (ask(state, name, ns_t_txt, is_text, "v=DMARC1") == 1)
			return true;
		dot = strchr(domain, '.');
		if (!dot || !strchr(dot + 1, '.'))
			return false;
		domain = dot + 1;
	}
}

static void look_up(struct dns_facts *dns)
{
	struct __res_state state = { 0 };
	int r;

	if (res_ninit(&state) < 0)
		return;
	state.retrans = 2;
	state.retry = 1;
	state.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	r = ask(&state, dns->domain, ns_t_txt, is_text, "v=spf1");
	if (r == -ENOENT)
		dns->state = DNS_NO_DOMAIN;
	if (r >= 0) {
		dns->state = DNS_KNOWN;
		dns->spf = r == 1;
		dns->null_mx = ask(&state, dns->domain, ns_t_mx, is_null_mx, NULL) == 1;
		dns->dmarc = has_dmarc(&state, dns->domain);
	}
	res_nclose(&state);
}

/* Mails that go to a directory or the terminal meet no mail server. */
static bool leaves_host(const struct facts *facts)
{
	static const char *const types[] = { "smtp", "sendmail", "http" };

	for (size_t i = 0; i < facts->mail.n; i++)
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++)
			if (strcmp(facts->mail.items[i].section, "transport") == 0 &&
				strcmp(facts->mail.items[i].name, "type") == 0 &&
				strcmp(facts->mail.items[i].value, types[j]) == 0)
				return true;
	return false;
}

static void add_domain(struct facts *facts, const char *address)
{
	const char *at = strrchr(address, '@');
	struct dns_facts *dns = &facts->domains[facts->n_domains];

	if (!at || !at[1] || facts->n_domains >= FACTS_DOMAINS)
		return;
	if (!text_copy_lower(dns->domain, sizeof(dns->domain), at + 1))
		return;
	for (size_t i = 0; i < facts->n_domains; i++)
		if (strcmp(facts->domains[i].domain, dns->domain) == 0)
			return;
	facts->n_domains++;
	look_up(dns);
}

int gather_dns(struct facts *facts)
{
	if (!leaves_host(facts))
		return 0;
	for (size_t i = 0; i < facts->mail.n; i++)
		if (strcmp(facts->mail.items[i].name, "from") == 0)
			add_domain(facts, facts->mail.items[i].value);
	return 0;
}
