/* SPDX-License-Identifier: MIT */
/* What must hold of mail.conf as a whole, and of each transport. */
#include "otpd/mail/config_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/util/text.h"

bool config_is_this_machine(const char *host)
{
	struct in_addr v4;

	if (text_same_nocase(host, "localhost") || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

/* It stands in log lines and answers as one word. */
static bool is_one_word(const char *title)
{
	return title[0] &&
		title[strspn(title,
			"abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] == '\0';
}

static const char *transport_problem(const struct transport_config *transport)
{
	if (!is_one_word(transport->title))
		return "its name may have letters, digits, '.', '-' and '_' only";
	switch ((enum transport_type)transport->type) {
	case TRANSPORT_SMTP:
	case TRANSPORT_SENDMAIL:
		return config_smtp_problem(transport);
	case TRANSPORT_HTTP:
	case TRANSPORT_SMS:
		return config_http_problem(transport);
	case TRANSPORT_MAILDIR:
		if (transport->path[0] != '/')
			return "path, the absolute path of the maildir, is missing";
		return NULL;
	case TRANSPORT_CONSOLE:
		return NULL;
	}
	return "type is not known";
}

static int check_transport(const char *path, const struct mail_config *config,
	struct transport_config *transport, char *error, size_t size)
{
	const char *problem = transport_problem(transport);

	if (problem) {
		snprintf(error, size, "%s: transport %s: %s", path, transport->title,
			problem);
		return -EINVAL;
	}
	if (transport->type == TRANSPORT_SMTP || transport->type == TRANSPORT_SENDMAIL)
		config_smtp_fill(transport, config);
	return 0;
}

static bool is_absolute(const char *path)
{
	return !path[0] || path[0] == '/';
}

static const char *path_problem(const struct mail_config *config)
{
	if (!is_absolute(config->socket))
		return "socket is not an absolute path";
	if (!is_absolute(config->key_file))
		return "key_file is not an absolute path";
	if (!is_absolute(config->templates))
		return "templates is not an absolute path";
	if (!is_absolute(config->template_overrides))
		return "template_overrides is not an absolute path";
	if (!is_absolute(config->bounce_maildir))
		return "bounce_maildir is not an absolute path";
	return NULL;
}

static bool is_colour(const char *colour)
{
	return !colour[0] ||
		(colour[0] == '#' && strlen(colour) == 7 &&
			strspn(colour + 1, "0123456789abcdefABCDEF") == 6);
}

/* What a tenant leaves out it has from the top. */
static void inherit(struct tenant_config *tenant, const struct tenant_config *common)
{
	if (!tenant->from[0])
		memcpy(tenant->from, common->from, sizeof(tenant->from));
	if (!tenant->from_name[0])
		memcpy(tenant->from_name, common->from_name, sizeof(tenant->from_name));
	if (!tenant->reply_to[0])
		memcpy(tenant->reply_to, common->reply_to, sizeof(tenant->reply_to));
	if (!tenant->organisation[0])
		memcpy(tenant->organisation, common->organisation,
			sizeof(tenant->organisation));
	if (!tenant->colour[0])
		memcpy(tenant->colour, common->colour, sizeof(tenant->colour));
	if (!tenant->language[0])
		memcpy(tenant->language, common->language, sizeof(tenant->language));
}

/* What is wrong with an address that mails have in a header; NULL: nothing. */
static const char *mailbox_problem(const char *address)
{
	if (strpbrk(address, "<>"))
		return "only the address stands here; the name is from_name";
	return address_problem(address);
}

/* Names the place, "" or "tenant NAME: ", in its messages. */
static int check_tenant(
	const char *path, const struct tenant_config *tenant, char *error, size_t size)
{
	const char *section = tenant->title[0] ? "tenant " : "";
	const char *colon = tenant->title[0] ? ": " : "";
	/* Before the set-up there is none. */
	const char *problem = tenant->from[0] ? mailbox_problem(tenant->from) : NULL;
	const char *what = "from: not a mail address";

	if (!problem && tenant->reply_to[0]) {
		what = "reply_to: not a mail address";
		problem = address_problem(tenant->reply_to);
	}
	if (!problem && !is_colour(tenant->colour)) {
		what = "colour";
		problem = "not of the form #1a4fd0";
	}
	if (!problem)
		return 0;
	snprintf(error, size, "%s: %s%s%s%s: %s", path, section, tenant->title, colon,
		what, problem);
	return -EINVAL;
}

static int check_tenants(
	const char *path, struct mail_config *config, char *error, size_t size)
{
	struct tenant_config *tenants = config->tenants.items;
	int r = check_tenant(path, &config->common, error, size);

	for (size_t i = 0; r == 0 && i < config->tenants.n; i++) {
		inherit(&tenants[i], &config->common);
		r = check_tenant(path, &tenants[i], error, size);
	}
	return r;
}

int config_check(const char *path, struct mail_config *config, char *error, size_t size)
{
	struct transport_config *transports = config->transports.items;
	const char *problem = path_problem(config);
	int r = 0;

	if (!problem && config->transports.n > 0 && !config->common.from[0])
		problem = "from is missing";
	if (!problem && config->transports.n > MAIL_TRANSPORTS)
		problem = "more than 16 transports";
	if (problem) {
		snprintf(error, size, "%s: %s", path, problem);
		return -EINVAL;
	}
	r = check_tenants(path, config, error, size);
	for (size_t i = 0; r == 0 && i < config->transports.n; i++)
		r = check_transport(path, config, &transports[i], error, size);
	return r;
}
