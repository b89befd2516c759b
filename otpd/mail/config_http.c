/* SPDX-License-Identifier: MIT */
/*
 * What must hold of transports that speak HTTP.
 *
 * MUST refuse http:// unless the host is this machine. The URL is read here by a strict
 * grammar of our own: what libcurl's parser could understand in another way (user
 * information, backslashes, blanks) is refused, not interpreted.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/config_check.h"
#include "otpd/mail/transport/http_codes.h"
#include "otpd/mail/transport/http_field.h"
#include "otpd/util/text.h"

#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS   "0123456789"
#define HOST     LETTERS DIGITS ".-_"
#define URL_REST LETTERS DIGITS "-._~/?%:@!$&'()*+,;=" /* RFC 3986 3.3, 3.4 */
#define TOKEN    LETTERS DIGITS "!#$%&'*+-.^_`|~"      /* RFC 9110 5.6.2 */

/* The host of an authority, without the brackets of IPv6, and what follows it. */
static const char *split_host(const char *at, char host[MAIL_HOST_MAX + 1])
{
	bool is_v6 = *at == '[';
	size_t n = is_v6 ? strcspn(++at, "]") : strspn(at, HOST);
	struct in6_addr ignored;

	if (n == 0 || n > MAIL_HOST_MAX)
		return NULL;
	memcpy(host, at, n);
	host[n] = '\0';
	if (is_v6 && (at[n] != ']' || inet_pton(AF_INET6, host, &ignored) != 1))
		return NULL;
	return at + n + is_v6;
}

static const char *url_problem(const char *url)
{
	bool is_tls = strncmp(url, "https://", 8) == 0;
	char host[MAIL_HOST_MAX + 1];
	const char *at;

	if (!is_tls && strncmp(url, "http://", 7) != 0)
		return "url does not begin with https://";
	at = split_host(url + (is_tls ? 8 : 7), host);
	if (!at || host[0] == '.' || host[0] == '-')
		return "url has no host name or address behind the //";
	if (*at == ':') {
		size_t digits = strspn(at + 1, DIGITS);
		long port = digits <= 5 ? strtol(at + 1, NULL, 10) : 0;

		if (port < 1 || port > 65535)
			return "url has no port behind the colon";
		at += 1 + digits;
	}
	if (*at == '@')
		return "url has a user; use user and password_file";
	if (*at && *at != '/' && *at != '?')
		return "url has no / behind the host";
	if (strchr(at, '#'))
		return "url has a fragment (#), which is never sent";
	if (at[strspn(at, URL_REST)])
		return "url has characters that have to be percent-encoded";
	if (!is_tls && !config_is_this_machine(host))
		return "url is http, which is for this machine only (localhost, "
		       "127.0.0.1, ::1)";
	return NULL;
}

/* Whether the header is of this name. */
static bool is_named(const char *line, const char *name)
{
	size_t length = strlen(name);
	char head[104];

	if (length >= sizeof(head) || strlen(line) <= length || line[length] != ':')
		return false;
	memcpy(head, line, length);
	head[length] = '\0';
	return text_same_nocase(head, name);
}

static const char *header_problem(const char *line)
{
	/* They say what the request is, and where it ends. */
	static const char *const ours[] = { "Host", "Content-Length", "Content-Type",
		"Transfer-Encoding", "Connection", "Expect", "Trailer", "Upgrade",
		"Idempotency-Key", "Webhook-Id", "Webhook-Timestamp",
		"Webhook-Signature" };
	size_t name = strspn(line, TOKEN);

	if (text_has_control(line))
		return "headers: a control character in one";
	if (name == 0 || name > 100 || line[name] != ':')
		return "headers: one is not of the form \"Name: value\"";
	if (!line[name + 1 + strspn(line + name + 1, " ")])
		return "headers: one has no value";
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (is_named(line, ours[i]))
			return "headers: one is made by otpd-mail itself "
			       "(Content-Type is content_type's)";
	return NULL;
}

static bool has_header(const struct transport_config *transport, const char *name)
{
	for (size_t i = 0; i < transport->headers.n; i++)
		if (is_named(transport->headers.items[i], name))
			return true;
	return false;
}

static const char *headers_problem(const struct transport_config *transport)
{
	for (size_t i = 0; i < transport->headers.n; i++) {
		const char *line = transport->headers.items[i];
		const char *problem = header_problem(line);

		if (problem)
			return problem;
		for (size_t j = 0; j < i; j++) {
			char name[104] = "";

			memcpy(name, line, strcspn(line, ":"));
			if (is_named(transport->headers.items[j], name))
				return "headers: two of one name";
		}
	}
	if (transport->user[0] && has_header(transport, "Authorization"))
		return "headers: Authorization, which user and password_file make, too";
	return NULL;
}

static bool is_content_type(const char *type)
{
	return strcmp(type, "application/json") == 0 ||
		strcmp(type, "application/json; charset=utf-8") == 0 ||
		strcmp(type, "application/x-www-form-urlencoded") == 0;
}

static const char *answer_problem(const struct transport_config *transport)
{
	struct http_codes accepted = { 0 }, refused = { 0 };

	if (!http_codes_read(&accepted, &transport->accepted))
		return "accepted: neither a code, as 202, nor a class, as 2xx";
	if (!http_codes_read(&refused, &transport->refused))
		return "refused: neither a code, as 422, nor a class, as 4xx";
	for (int i = 0; i < refused.n; i++)
		for (int j = 0; j < accepted.n; j++)
			if (refused.from[i] == accepted.from[j] &&
				refused.is_class[i] == accepted.is_class[j])
				return "accepted and refused have a code in common";
	if (transport->accepted_field[0] &&
		!http_field_is_valid(transport->accepted_field))
		return "accepted_field is not of the form path=text, as "
		       "Messages.0.Status=success";
	return NULL;
}

/* An absolute path, or the name of a systemd credential. */
static bool is_file(const char *file)
{
	return file[0] == '/' || (!strchr(file, '/') && !text_has_control(file));
}

static const char *files_problem(const struct transport_config *transport)
{
	if (transport->body_file[0] && transport->body_file[0] != '/')
		return "body_file is not an absolute path";
	if (transport->ca_file[0] && transport->ca_file[0] != '/')
		return "ca_file is not an absolute path";
	if (!is_file(transport->api_key_file))
		return "api_key_file is neither an absolute path nor a credential";
	if (!is_file(transport->password_file))
		return "password_file is neither an absolute path nor a credential";
	if (!is_file(transport->signing_secret_file))
		return "signing_secret_file is neither an absolute path nor a "
		       "credential";
	if (!is_file(transport->certificate_file))
		return "certificate_file is neither an absolute path nor a credential";
	if (!is_file(transport->certificate_key_file))
		return "certificate_key_file is neither an absolute path nor a "
		       "credential";
	if (transport->certificate_key_file[0] && !transport->certificate_file[0])
		return "certificate_key_file is set, but certificate_file is not";
	return NULL;
}

static const char *account_problem(const struct transport_config *transport)
{
	if (transport->user[0] && !transport->password_file[0])
		return "user is set, but password_file is not";
	if (!transport->user[0] && transport->password_file[0])
		return "password_file is set, but user is not";
	if (strchr(transport->user, ':') || text_has_control(transport->user))
		return "user has a colon or a control character";
	return NULL;
}

/* Letters, digits, '-' and, where dots is set, dots between them. */
static bool is_label(const char *text, bool dots)
{
	return text[0] && text[0] != '-' && text[0] != '.' && !strstr(text, "..") &&
		text[strspn(text, dots ? LETTERS DIGITS "-." : LETTERS DIGITS "-")] ==
		'\0';
}

static const char *ses_problem(const struct transport_config *transport)
{
	if (!transport->region[0])
		return "preset = ses needs region, such as eu-central-1";
	if (!is_label(transport->region, false))
		return "region is not of the form eu-central-1";
	if (!transport->user[0])
		return "preset = ses needs user, the access key id, and password_file, "
		       "which holds the secret access key";
	if (transport->api_key_file[0])
		return "preset = ses has user and password_file, and no api_key_file";
	return NULL;
}

static const char *mailgun_problem(const struct transport_config *transport)
{
	if (!transport->domain[0] && !transport->url[0])
		return "preset = mailgun needs domain, the sending domain";
	if (transport->domain[0] && !is_label(transport->domain, true))
		return "domain is not a domain name";
	if (!transport->api_key_file[0])
		return "preset = mailgun needs api_key_file";
	if (transport->user[0])
		return "preset = mailgun has api_key_file, and no user";
	return NULL;
}

static const char *preset_problem(const struct transport_config *transport)
{
	switch ((enum transport_preset)transport->preset) {
	case PRESET_NONE:
		return NULL;
	case PRESET_MAILJET:
		if (!transport->user[0])
			return "preset = mailjet needs user, the API key, and "
			       "password_file, which holds the secret key";
		return transport->api_key_file[0]
			? "preset = mailjet has user and password_file, and no "
			  "api_key_file"
			: NULL;
	case PRESET_SENDGRID:
	case PRESET_POSTMARK:
		if (!transport->api_key_file[0])
			return "this preset needs api_key_file";
		return transport->user[0] ? "this preset has api_key_file, and no user"
					  : NULL;
	case PRESET_MAILGUN:
		return mailgun_problem(transport);
	case PRESET_SES:
		return ses_problem(transport);
	case PRESET_WEBHOOK:
		if (!transport->url[0])
			return "preset = webhook needs url, your own endpoint";
		return transport->user[0] && transport->api_key_file[0]
			? "user and api_key_file are both set, and Authorization is "
			  "one header"
			: NULL;
	}
	return "preset is not known";
}

/* What a request is made of, where no preset says it. */
static const char *request_problem(const struct transport_config *transport)
{
	bool is_sms = transport->type == TRANSPORT_SMS;

	if (transport->region[0] && transport->preset != PRESET_SES)
		return "region has no meaning without preset = ses";
	if (transport->domain[0] && transport->preset != PRESET_MAILGUN)
		return "domain has no meaning without preset = mailgun";
	if (!is_content_type(transport->content_type))
		return "content_type is neither application/json nor "
		       "application/x-www-form-urlencoded";
	if (transport->preset != PRESET_NONE)
		return NULL;
	if (!transport->url[0])
		return "url is missing";
	if (is_sms && !transport->body_file[0])
		return "body_file, the template of the request, is missing";
	if (!transport->body_file[0])
		return "body_file, the template of the request, is missing; or set "
		       "preset";
	return NULL;
}

const char *config_http_problem(const struct transport_config *transport)
{
	const char *problem = request_problem(transport);

	if (!problem && transport->url[0])
		problem = url_problem(transport->url);
	if (!problem)
		problem = files_problem(transport);
	if (!problem)
		problem = account_problem(transport);
	if (!problem)
		problem = headers_problem(transport);
	if (!problem)
		problem = preset_problem(transport);
	return problem ? problem : answer_problem(transport);
}
