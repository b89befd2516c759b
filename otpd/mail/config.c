/* SPDX-License-Identifier: MIT */
/*
 * The table of mail.conf's options, and the checks that a table cannot make: a mail
 * must not be sent in clear beyond this machine, the sender's address must be safe in
 * an SMTP command, and an option that has no meaning for the type of its transport is
 * more likely a mistake than a comment.
 *
 * MUST refuse tls = none unless the host is this machine.
 */
#include "otpd/mail/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "otpd/core/address.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define AT(member) offsetof(struct mail_config, member)
#define IN(member) offsetof(struct transport_config, member)

/* clang-format off */
static const struct setting mail_settings[] = {
	{ "socket", SETTING_STRING, AT(socket), 1, 107, NULL, OTPD_MAIL_SOCKET,
		"the socket that otpd connects to", false },
	{ "socket_mode", SETTING_MODE, AT(socket_mode), 0, 0777, NULL, "0600",
		"its mode, where systemd does not make it", false },
	{ "otpd_user", SETTING_STRING, AT(otpd_user), 1, 32, NULL, "otpd",
		"the user that may send, besides root", false },
	{ "key_file", SETTING_STRING, AT(key_file), 1, MAIL_PATH_MAX, NULL,
		"/var/lib/otpd-mail/mail.key",
		"the key that mails are sealed to; made when it is missing", false },
	{ "log_level", SETTING_CHOICE, AT(log_level), 0, 0,
		"err|warning|notice|info|debug", "info",
		"lines above this level are not written", false },
	{ "from", SETTING_STRING, AT(from), 1, MAIL_FROM_MAX, NULL, NULL,
		"the address that mails come from", true },
	{ "from_name", SETTING_STRING, AT(from_name), 0, LIMIT_NAME, NULL,
		"Sign-in code", "the name that stands before it", false },
	{ "organisation", SETTING_STRING, AT(organisation), 0, LIMIT_NAME, NULL, "",
		"the name at the head of each mail", false },
	{ 0 },
};

static const struct setting transport_settings[] = {
	{ "type", SETTING_CHOICE, IN(type), 0, 0, "smtp|maildir|console", NULL,
		"how mails leave", true },
	{ "host", SETTING_STRING, IN(host), 0, MAIL_HOST_MAX, NULL, "",
		"smtp: the relay's name or address", false },
	{ "port", SETTING_INT, IN(port), 0, 65535, NULL, "0",
		"smtp: 0 takes 587 for starttls, 465 for implicit, 25 for none", false },
	{ "tls", SETTING_CHOICE, IN(tls), 0, 0, "starttls|implicit|none", "starttls",
		"smtp: how the connection is made private", false },
	{ "user", SETTING_STRING, IN(user), 0, MAIL_ACCOUNT_MAX, NULL, "",
		"smtp: the account; empty: no AUTH", false },
	{ "password_file", SETTING_STRING, IN(password_file), 0, MAIL_PATH_MAX, NULL, "",
		"smtp: holds its password; a bare name is a systemd credential", false },
	{ "ca_file", SETTING_STRING, IN(ca_file), 0, MAIL_PATH_MAX, NULL, "",
		"smtp: certificates to trust in place of the system's", false },
	{ "connections", SETTING_INT, IN(connections), 1, 16, NULL, "4",
		"smtp: how many at once", false },
	{ "timeout", SETTING_DURATION, IN(timeout_s), 5, 120, NULL, "60s",
		"smtp: for one mail, from connecting to the last reply", false },
	{ "path", SETTING_STRING, IN(path), 0, MAIL_PATH_MAX, NULL, "",
		"maildir: the directory", false },
	{ 0 },
};
/* clang-format on */

static const struct settings_section mail_sections[] = {
	{ "transport", transport_settings, sizeof(struct transport_config),
		AT(transports) },
	{ 0 },
};

const struct settings_schema mail_schema = {
	.size = sizeof(struct mail_config),
	.settings = mail_settings,
	.sections = mail_sections,
};

void config_free(struct mail_config *config)
{
	settings_free(&mail_schema, config);
}
DEFINE_CLEANUP(struct mail_config *, config_free);

const struct transport_config *config_transport(const struct mail_config *config)
{
	return config->transports.items;
}

int config_log_level(const struct mail_config *config)
{
	return LOG_ERR + (int)config->log_level;
}

void config_print(const struct mail_config *config, FILE *out)
{
	settings_print(&mail_schema, config, out);
}

/* A host name, an IPv4 address, or an IPv6 address without brackets. */
static bool is_host(const char *host)
{
	struct in6_addr ignored;

	if (inet_pton(AF_INET6, host, &ignored) == 1)
		return true;
	return host[0] && host[0] != '.' && host[0] != '-' &&
		host[strspn(host,
			"abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] == '\0';
}

static bool is_this_machine(const char *host)
{
	struct in_addr v4;

	if (text_same_nocase(host, "localhost") || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

static const char *smtp_problem(const struct transport_config *transport)
{
	if (!transport->host[0])
		return "host is missing";
	if (!is_host(transport->host))
		return "host is neither a host name nor an address";
	if (transport->tls == TLS_NONE && !is_this_machine(transport->host))
		return "tls = none is for this machine only (localhost, 127.0.0.1, ::1)";
	if (transport->user[0] && !transport->password_file[0])
		return "user is set, but password_file is not";
	if (!transport->user[0] && transport->password_file[0])
		return "password_file is set, but user is not";
	if (transport->ca_file[0] && transport->ca_file[0] != '/')
		return "ca_file is not an absolute path";
	if (transport->path[0])
		return "path has no meaning for type = smtp";
	return NULL;
}

static const char *transport_problem(const struct transport_config *transport)
{
	if (transport->type == TRANSPORT_SMTP)
		return smtp_problem(transport);
	if (transport->host[0] || transport->user[0] || transport->password_file[0])
		return "host, user and password_file are for type = smtp";
	if (transport->type == TRANSPORT_MAILDIR && transport->path[0] != '/')
		return "path, the absolute path of the maildir, is missing";
	if (transport->type == TRANSPORT_CONSOLE && transport->path[0])
		return "path has no meaning for type = console";
	return NULL;
}

static const char *path_problem(const struct mail_config *config)
{
	if (config->socket[0] != '/')
		return "socket is not an absolute path";
	if (config->key_file[0] != '/')
		return "key_file is not an absolute path";
	return NULL;
}

static void fill_port(struct transport_config *transport)
{
	static const int ports[] = {
		[TLS_STARTTLS] = 587,
		[TLS_IMPLICIT] = 465,
		[TLS_NONE] = 25,
	};

	if (transport->type == TRANSPORT_SMTP && transport->port == 0)
		transport->port = ports[transport->tls];
}

/* Checks what the table could not. error gets the whole sentence. */
static int check(const char *path, struct mail_config *config, char *error, size_t size)
{
	struct transport_config *transport = config->transports.items;
	const char *problem = path_problem(config);

	if (problem) {
		snprintf(error, size, "%s: %s", path, problem);
		return -EINVAL;
	}
	problem = address_problem(config->from);
	if (problem) {
		snprintf(
			error, size, "%s: from: not a mail address: %s", path, problem);
		return -EINVAL;
	}
	if (config->transports.n != 1) {
		snprintf(error, size, "%s: %s", path,
			config->transports.n == 0
				? "no transport says where mails go; add transport NAME { }"
				: "more than one transport; this version takes exactly one");
		return -EINVAL;
	}
	problem = transport_problem(transport);
	if (problem) {
		snprintf(error, size, "%s: transport %s: %s", path, transport->title,
			problem);
		return -EINVAL;
	}
	fill_port(transport);
	return 0;
}

int config_load(
	const char *path, struct mail_config **ret, char *error, size_t error_size)
{
	CLEANUP(config_freep) struct mail_config *config = NULL;
	void *root = NULL;
	int r;

	r = settings_load(&mail_schema, path, &root, error, error_size);
	if (r < 0)
		return r;
	config = root;
	r = check(path, config, error, error_size);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(config);
	return 0;
}

/* Many relays take only mails from the account that has logged in, or rewrite them. */
static bool from_fits_account(
	const struct mail_config *config, const struct transport_config *transport)
{
	const char *domain = address_domain(transport->user);

	return !domain[0] || text_same_nocase(domain, address_domain(config->from));
}

const char *config_warning(const struct mail_config *config, unsigned i)
{
	const struct transport_config *transport = config_transport(config);
	const char *domain = address_domain(config->from);
	const char *found[4];
	unsigned n = 0;

	if (!from_fits_account(config, transport))
		found[n++] =
			"from is of another domain than user: the relay may refuse it, "
			"and SPF and DMARC of from's domain must allow the relay";
	if (text_same_nocase(domain, "example.org") ||
		text_same_nocase(domain, "example.com"))
		found[n++] = "from is still the address of the example";
	if (transport->type == TRANSPORT_CONSOLE)
		found[n++] = "type = console writes codes to standard error and mails "
			     "nothing; for development only";
	if (transport->type == TRANSPORT_SMTP && transport->tls == TLS_NONE &&
		transport->user[0])
		found[n++] = "the password goes over this machine's loopback in clear";
	return i < n ? found[i] : NULL;
}
