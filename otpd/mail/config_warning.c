/* SPDX-License-Identifier: MIT */
/*
 * What works but is likely a mistake, of all transports and tenants. Said by --check,
 * and by otpctl send-test, before the first mail does not arrive.
 *
 * A search counts what it finds and stops at the one that is asked for, so there is no
 * list that could overflow.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/util/text.h"

struct search {
	unsigned left; /* to pass over */
	bool found;
	char *out;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void warn(
	struct search *search, const char *format, ...)
{
	va_list args;

	if (search->found || search->left-- > 0)
		return;
	search->found = true;
	va_start(args, format);
	vsnprintf(search->out, search->size, format, args);
	va_end(args);
}

static bool is_of_example(const char *address)
{
	const char *domain = address_domain(address);

	return text_same_nocase(domain, "example.org") ||
		text_same_nocase(domain, "example.com");
}

/* Services that take mails from the account itself and its aliases only. */
static bool is_strict(const struct transport_config *transport)
{
	static const char *const hosts[] = { "smtp.gmail.com", "smtp.googlemail.com",
		"smtp.office365.com", "outlook.office365.com",
		"smtp-mail.outlook.com" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (text_same_nocase(transport->host, hosts[i]))
			return true;
	return false;
}

static bool has_other_domain(const struct transport_config *transport, const char *from)
{
	const char *domain = address_domain(transport->user);

	return domain[0] && !text_same_nocase(domain, address_domain(from));
}

static bool is_other_address(const struct transport_config *transport, const char *from)
{
	return address_domain(transport->user)[0] &&
		!text_same_nocase(transport->user, from);
}

/* Whether one domain is the other or below it, as DMARC wants it (RFC 7489 3.1). */
static bool is_within(const char *domain, const char *above)
{
	size_t length = strlen(domain), n = strlen(above);

	return length >= n && text_same_nocase(domain + length - n, above) &&
		(length == n || domain[length - n - 1] == '.');
}

static bool is_off_domain(const struct transport_config *transport, const char *from)
{
	const char *domain = address_domain(from);

	return transport->domain[0] && !is_within(domain, transport->domain) &&
		!is_within(transport->domain, domain);
}

/* Says why of each from that is odd for a transport: the common one, and tenants'. */
static void warn_each_from(struct search *search, const struct mail_config *config,
	const struct transport_config *transport,
	bool (*is_odd)(const struct transport_config *transport, const char *from),
	const char *why)
{
	const struct tenant_config *tenants = config->tenants.items;

	if (is_odd(transport, config->common.from))
		warn(search, "transport %s: from %s", transport->title, why);
	for (size_t i = 0; i < config->tenants.n; i++)
		if (strcmp(tenants[i].from, config->common.from) != 0 &&
			is_odd(transport, tenants[i].from))
			warn(search, "transport %s: from of tenant %s %s",
				transport->title, tenants[i].title, why);
}

/* Many relays take only mails from the account that has logged in, or rewrite them. */
static void warn_from(struct search *search, const struct mail_config *config,
	const struct transport_config *transport)
{
	if (is_strict(transport))
		warn_each_from(search, config, transport, is_other_address,
			"is not user: this service refuses it or puts user in its place, "
			"unless the account may send as this address");
	else
		warn_each_from(search, config, transport, has_other_domain,
			"is of another domain than user: the relay may refuse it, and SPF "
			"and DMARC of from's domain must allow the relay");
}

/* An option that is set and does nothing. */
static void warn_idle_tls(
	struct search *search, const struct transport_config *transport)
{
	if (transport->tls == TLS_NONE && transport->ca_file[0] &&
		transport->auth != AUTH_OAUTH2)
		warn(search, "transport %s: ca_file does nothing with tls = none",
			transport->title);
	if (transport->tls == TLS_NONE && transport->user[0])
		warn(search,
			"transport %s: the %s goes over this machine's loopback in clear",
			transport->title,
			transport->auth == AUTH_OAUTH2 ? "access token" : "password");
}

static void warn_oauth(struct search *search, const struct transport_config *transport)
{
	if (transport->auth != AUTH_OAUTH2)
		return;
	if (strncmp(transport->token_url, "http://", 7) == 0)
		warn(search,
			"transport %s: token_url has no TLS; secrets go over this "
			"machine's loopback in clear",
			transport->title);
	if (!transport->refresh_token_file[0] && !transport->scope[0])
		warn(search,
			"transport %s: client credentials without scope: most servers "
			"then give a token that no mail server takes",
			transport->title);
	if (!address_domain(transport->user)[0])
		warn(search,
			"transport %s: user is not a mail address, which most servers "
			"want with auth = oauth2",
			transport->title);
}

static void warn_smtp(struct search *search, const struct mail_config *config,
	const struct transport_config *transport)
{
	warn_from(search, config, transport);
	warn_idle_tls(search, transport);
	warn_oauth(search, transport);
	if (transport->tls == TLS_STARTTLS && transport->port == 465)
		warn(search,
			"transport %s: port 465 usually wants tls = implicit, not starttls",
			transport->title);
	if (transport->tls == TLS_IMPLICIT &&
		(transport->port == 587 || transport->port == 25))
		warn(search,
			"transport %s: port %d usually wants tls = starttls, not implicit",
			transport->title, (int)transport->port);
}

static void warn_transport(struct search *search, const struct mail_config *config,
	const struct transport_config *transport)
{
	switch ((enum transport_type)transport->type) {
	case TRANSPORT_SMTP:
		warn_smtp(search, config, transport);
		break;
	case TRANSPORT_CONSOLE:
		warn(search,
			"transport %s: type = console writes codes to standard error and "
			"mails nothing; for development only",
			transport->title);
		break;
	case TRANSPORT_HTTP:
		warn_each_from(search, config, transport, is_off_domain,
			"is of another domain than domain: DMARC of from's domain will "
			"not be met");
		break;
	case TRANSPORT_SENDMAIL:
	case TRANSPORT_SMS:
	case TRANSPORT_MAILDIR:
		break;
	}
}

/* Whether any transport takes mails, and not only short messages. */
static bool takes_mails(const struct mail_config *config)
{
	for (size_t i = 0; i < config->transports.n; i++)
		if (config_transport(config, i)->type != TRANSPORT_SMS)
			return true;
	return false;
}

static void warn_console_in_line(
	struct search *search, const struct mail_config *config)
{
	for (size_t i = 0; i + 1 < config->transports.n; i++)
		if (config_transport(config, i)->type == TRANSPORT_CONSOLE ||
			config_transport(config, i)->type == TRANSPORT_MAILDIR)
			warn(search,
				"transport %s takes every mail, so that those behind it "
				"get none unless it fails",
				config_transport(config, i)->title);
}

bool config_warning(
	const struct mail_config *config, unsigned i, char *out, size_t size)
{
	const struct tenant_config *tenants = config->tenants.items;
	struct search search = { i, false, out, size };

	if (is_of_example(config->common.from))
		warn(&search, "from is still the address of the example");
	for (size_t t = 0; t < config->tenants.n; t++)
		if (is_of_example(tenants[t].from) &&
			strcmp(tenants[t].from, config->common.from) != 0)
			warn(&search,
				"from of tenant %s is still the address of the example",
				tenants[t].title);
	for (size_t t = 0; t < config->transports.n; t++)
		warn_transport(&search, config, config_transport(config, t));
	warn_console_in_line(&search, config);
	if (config->transports.n == 0)
		warn(&search,
			"no transport says where mails go: otpctl setup asks for one; or "
			"add transport NAME { }");
	else if (!takes_mails(config))
		warn(&search,
			"no transport takes mails: all are of type = sms, which serves "
			"second routes only");
	return search.found;
}
