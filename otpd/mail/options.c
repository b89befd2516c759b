/* SPDX-License-Identifier: MIT */
/*
 * The table of mail.conf's options: names, types, ranges, defaults, what they do, and
 * for which types of transport: one that has no meaning for the type of its transport
 * is more likely a mistake than a comment.
 */
#include <stddef.h>

#include "otpd/mail/config.h"

#define AT(member) offsetof(struct mail_config, member)
#define IN(member) offsetof(struct transport_config, member)
#define OF(member) offsetof(struct tenant_config, member)

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
	{ "from", SETTING_STRING, AT(common.from), 0, MAIL_FROM_MAX, NULL, "",
		"the address that mails come from; empty only without a transport", false },
	{ "from_name", SETTING_STRING, AT(common.from_name), 0, LIMIT_NAME, NULL,
		"", "the name that stands before it; empty: the language's word", false },
	{ "reply_to", SETTING_STRING, AT(common.reply_to), 0, MAIL_FROM_MAX, NULL, "",
		"where replies go; empty: no Reply-To", false },
	{ "organisation", SETTING_STRING, AT(common.organisation), 0, LIMIT_NAME, NULL, "",
		"the name at the head of each mail", false },
	{ "colour", SETTING_STRING, AT(common.colour), 0, 7, NULL, "",
		"its colour, as #1a4fd0; empty: that of the templates", false },
	{ "language", SETTING_STRING, AT(common.language), 2, MAIL_LANGUAGE, NULL, "en",
		"of mails to users without one of their own", false },
	{ "code_in_subject", SETTING_BOOL, AT(code_in_subject), 0, 0, NULL, "no",
		"show the code in the subject, and so on lock screens", false },
	{ "templates", SETTING_STRING, AT(templates), 1, MAIL_PATH_MAX, NULL,
		"/usr/share/otpd/templates", "the words and layouts of mails", false },
	{ "template_overrides", SETTING_STRING, AT(template_overrides), 0, MAIL_PATH_MAX,
		NULL, MAIL_OVERRIDES, "your own, which go before them", false },
	{ "bounce_maildir", SETTING_STRING, AT(bounce_maildir), 0, MAIL_PATH_MAX, NULL, "",
		"where delivery reports (RFC 3464) to from arrive; empty: nowhere", false },
	{ 0 },
};

static const struct setting tenant_settings[] = {
	{ "from", SETTING_STRING, OF(from), 0, MAIL_FROM_MAX, NULL, "",
		"in place of the top level's, as all of these", false },
	{ "from_name", SETTING_STRING, OF(from_name), 0, LIMIT_NAME, NULL, "",
		"the name that stands before it", false },
	{ "reply_to", SETTING_STRING, OF(reply_to), 0, MAIL_FROM_MAX, NULL, "",
		"where replies go", false },
	{ "organisation", SETTING_STRING, OF(organisation), 0, LIMIT_NAME, NULL, "",
		"the name at the head of each mail", false },
	{ "colour", SETTING_STRING, OF(colour), 0, 7, NULL, "",
		"its colour, as #1a4fd0", false },
	{ "language", SETTING_STRING, OF(language), 0, MAIL_LANGUAGE, NULL, "",
		"of mails to users without one of their own", false },
	{ 0 },
};

static const struct setting transport_settings[] = {
	{ "type", SETTING_CHOICE, IN(type), 0, 0, "smtp|sendmail|http|sms|maildir|console",
		NULL, "how mails leave", true },
	{ "connections", SETTING_INT, IN(connections), 1, 16, NULL, "4",
		"smtp, sendmail, http, sms: how many at once", false },
	{ "timeout", SETTING_DURATION, IN(timeout_s), 5, 120, NULL, "60s",
		"for one mail, from connecting to the last reply", false },
	{ "per_minute", SETTING_INT, IN(per_minute), 0, 100000, NULL, "0",
		"how many mails a minute it may take; 0: any number", false },
	{ "host", SETTING_STRING, IN(host), 0, MAIL_HOST_MAX, NULL, "",
		"smtp, sendmail: the relay's name or address", false },
	{ "port", SETTING_INT, IN(port), 0, 65535, NULL, "0",
		"smtp: 0 takes 587 for starttls, 465 for implicit, 25 for none", false },
	{ "tls", SETTING_CHOICE, IN(tls), 0, 0, "starttls|implicit|none", "starttls",
		"smtp: how the connection is made private", false },
	{ "source", SETTING_STRING, IN(source), 0, MAIL_HOST_MAX, NULL, "",
		"smtp: the address of this host to connect from", false },
	{ "auth", SETTING_CHOICE, IN(auth), 0, 0, "password|oauth2", "password",
		"smtp: how user is proven", false },
	{ "token_url", SETTING_STRING, IN(token_url), 0, MAIL_URL_MAX, NULL, "",
		"oauth2: where access tokens come from", false },
	{ "client_id", SETTING_STRING, IN(client_id), 0, MAIL_ACCOUNT_MAX, NULL, "",
		"oauth2: this application's identifier", false },
	{ "client_secret_file", SETTING_STRING, IN(client_secret_file), 0, MAIL_PATH_MAX,
		NULL, "", "oauth2: holds its secret, where it has one", false },
	{ "refresh_token_file", SETTING_STRING, IN(refresh_token_file), 0, MAIL_PATH_MAX,
		NULL, "", "oauth2: holds the refresh token; empty: client credentials",
		false },
	{ "scope", SETTING_STRING, IN(scope), 0, MAIL_URL_MAX, NULL, "",
		"oauth2: the scope to ask for", false },
	{ "user", SETTING_STRING, IN(user), 0, MAIL_ACCOUNT_MAX, NULL, "",
		"smtp, http, sms: the account; empty: none", false },
	{ "password_file", SETTING_STRING, IN(password_file), 0, MAIL_PATH_MAX, NULL, "",
		"smtp, http, sms: holds its password; a bare name is a systemd credential",
		false },
	{ "ca_file", SETTING_STRING, IN(ca_file), 0, MAIL_PATH_MAX, NULL, "",
		"smtp, http, sms: certificates to trust in place of the system's", false },
	{ "certificate_file", SETTING_STRING, IN(certificate_file), 0, MAIL_PATH_MAX, NULL,
		"", "smtp, http, sms: the certificate that this client shows", false },
	{ "certificate_key_file", SETTING_STRING, IN(certificate_key_file), 0,
		MAIL_PATH_MAX, NULL, "", "smtp, http, sms: holds its key", false },
	{ "preset", SETTING_CHOICE, IN(preset), 0, 0,
		"none|mailjet|sendgrid|postmark|mailgun|ses|webhook", "none",
		"http: the service, whose url, headers and body are then known", false },
	{ "url", SETTING_STRING, IN(url), 0, MAIL_URL_MAX, NULL, "",
		"http, sms: where mails are sent to", false },
	{ "method", SETTING_CHOICE, IN(method), 0, 0, "POST|PUT", "POST",
		"http, sms: the method", false },
	{ "headers", SETTING_LIST, IN(headers), 0, 16, NULL, NULL,
		"http, sms: more headers; {{key}} is what api_key_file holds", false },
	{ "content_type", SETTING_STRING, IN(content_type), 0, 63, NULL,
		"application/json", "http, sms: of the body, and how values are escaped",
		false },
	{ "body_file", SETTING_STRING, IN(body_file), 0, MAIL_PATH_MAX, NULL, "",
		"http, sms: the template of the body", false },
	{ "api_key_file", SETTING_STRING, IN(api_key_file), 0, MAIL_PATH_MAX, NULL, "",
		"http, sms: holds the key of the service", false },
	{ "signing_secret_file", SETTING_STRING, IN(signing_secret_file), 0, MAIL_PATH_MAX,
		NULL, "", "http, sms: holds the secret that signs each request", false },
	{ "region", SETTING_STRING, IN(region), 0, 63, NULL, "",
		"ses: such as eu-central-1", false },
	{ "domain", SETTING_STRING, IN(domain), 0, MAIL_HOST_MAX, NULL, "",
		"mailgun: the sending domain", false },
	{ "accepted", SETTING_LIST, IN(accepted), 0, 16, NULL, NULL,
		"http, sms: answers that take the mail; empty: 2xx", false },
	{ "refused", SETTING_LIST, IN(refused), 0, 16, NULL, NULL,
		"http, sms: answers that refuse it for good; empty: 400, 413, 422", false },
	{ "accepted_field", SETTING_STRING, IN(accepted_field), 0, 127, NULL, "",
		"http, sms: what the JSON of the answer must say besides, as a.0.b=text",
		false },
	{ "path", SETTING_STRING, IN(path), 0, MAIL_PATH_MAX, NULL, "",
		"maildir: the directory; sendmail: the MTA's socket", false },
	{ 0 },
};
/* clang-format on */

#define ON_SMTP    (1u << TRANSPORT_SMTP)
#define ON_MTA     (ON_SMTP | 1u << TRANSPORT_SENDMAIL)
#define ON_HTTP    (1u << TRANSPORT_HTTP)
#define ON_WEB     (ON_HTTP | 1u << TRANSPORT_SMS)
#define ON_NETWORK (ON_MTA | ON_WEB)

/* The types that know an option; all of them know what is not here. */
static const struct option_use {
	size_t offset;
	unsigned types;
} uses[] = {
	{ IN(connections), ON_NETWORK },
	{ IN(timeout_s), ON_NETWORK },
	{ IN(host), ON_MTA },
	{ IN(port), ON_MTA },
	{ IN(tls), ON_SMTP },
	{ IN(source), ON_SMTP },
	{ IN(auth), ON_SMTP },
	{ IN(token_url), ON_SMTP },
	{ IN(client_id), ON_SMTP },
	{ IN(client_secret_file), ON_SMTP },
	{ IN(refresh_token_file), ON_SMTP },
	{ IN(scope), ON_SMTP },
	{ IN(user), ON_SMTP | ON_WEB },
	{ IN(password_file), ON_SMTP | ON_WEB },
	{ IN(ca_file), ON_SMTP | ON_WEB },
	{ IN(certificate_file), ON_SMTP | ON_WEB },
	{ IN(certificate_key_file), ON_SMTP | ON_WEB },
	{ IN(preset), ON_HTTP },
	{ IN(url), ON_WEB },
	{ IN(method), ON_WEB },
	{ IN(headers), ON_WEB },
	{ IN(content_type), ON_WEB },
	{ IN(body_file), ON_WEB },
	{ IN(api_key_file), ON_WEB },
	{ IN(signing_secret_file), ON_WEB },
	{ IN(region), ON_HTTP },
	{ IN(domain), ON_HTTP },
	{ IN(accepted), ON_WEB },
	{ IN(refused), ON_WEB },
	{ IN(accepted_field), ON_WEB },
	{ IN(path), 1u << TRANSPORT_SENDMAIL | 1u << TRANSPORT_MAILDIR },
};

static const char *stray_of_transport(const void *at, const struct setting *setting)
{
	static const char *const words[] = {
		[TRANSPORT_SMTP] = "has no meaning for type = smtp",
		[TRANSPORT_SENDMAIL] = "has no meaning for type = sendmail",
		[TRANSPORT_HTTP] = "has no meaning for type = http",
		[TRANSPORT_SMS] = "has no meaning for type = sms",
		[TRANSPORT_MAILDIR] = "has no meaning for type = maildir",
		[TRANSPORT_CONSOLE] = "has no meaning for type = console",
	};
	const struct transport_config *transport = at;

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (uses[i].offset == setting->offset)
			return uses[i].types & 1u << transport->type
				? NULL
				: words[transport->type];
	return NULL;
}

static const struct settings_section mail_sections[] = {
	{ "transport", transport_settings, sizeof(struct transport_config),
		AT(transports), stray_of_transport },
	{ "tenant", tenant_settings, sizeof(struct tenant_config), AT(tenants), NULL },
	{ 0 },
};

const struct settings_schema mail_schema = {
	.size = sizeof(struct mail_config),
	.settings = mail_settings,
	.sections = mail_sections,
	.origins_offset = offsetof(struct mail_config, origins),
};
