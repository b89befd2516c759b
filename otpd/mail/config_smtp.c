/* SPDX-License-Identifier: MIT */
/*
 * What must hold of transports that speak SMTP.
 *
 * MUST refuse tls = none, and a token_url without TLS, unless the host is this machine.
 * MUST refuse a source that is a name: libcurl would wait for its resolver.
 */
#include <arpa/inet.h>
#include <string.h>

#include "otpd/mail/config_check.h"
#include "otpd/util/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static bool is_address(const char *text, int family)
{
	struct in6_addr ignored;

	return inet_pton(family, text, &ignored) == 1;
}

/* A host name, an IPv4 address, or an IPv6 address without brackets. */
static bool is_host(const char *host)
{
	if (is_address(host, AF_INET6))
		return true;
	return host[0] && host[0] != '.' && host[0] != '-' &&
		host[strspn(host, LETTERS DIGITS ".-_")] == '\0';
}

/* "mail.example.net:587", which no IPv6 address looks like. */
static bool has_port(const char *host)
{
	const char *colon = strchr(host, ':');

	return colon && colon[1] && colon[1 + strspn(colon + 1, DIGITS)] == '\0' &&
		!is_host(host);
}

/* An absolute path, or the bare name of a systemd credential. */
static bool is_secret_file(const char *file)
{
	return file[0] == '/' || !strchr(file, '/');
}

/* The host of "scheme://host:port/path", without brackets; false if it is not one. */
static bool url_host(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://") + 3, *end;
	bool is_v6 = *host == '[';
	size_t length;

	host += is_v6;
	length = strcspn(host, is_v6 ? "]" : ":/?");
	end = host + length + is_v6;
	if (length == 0 || length >= size || (is_v6 && host[length] != ']'))
		return false;
	memcpy(out, host, length);
	out[length] = '\0';
	if (*end == ':')
		end += 1 + strspn(end + 1, DIGITS);
	return (*end == '\0' || *end == '/' || *end == '?') &&
		(is_v6 ? is_address(out, AF_INET6) : is_host(out));
}

static const char *token_url_problem(const char *url)
{
	char host[MAIL_HOST_MAX + 1];
	bool is_plain = strncmp(url, "http://", 7) == 0;

	if (!is_plain && strncmp(url, "https://", 8) != 0)
		return "token_url does not begin with https://";
	if (url[strspn(url, LETTERS DIGITS "-._~:/?[]!$&'()*+,;=%")] ||
		!url_host(url, host, sizeof(host)))
		return "token_url is not a URL";
	if (is_plain && !config_is_this_machine(host))
		return "token_url without TLS is for this machine only";
	return NULL;
}

static const char *oauth_problem(const struct transport_config *transport)
{
	if (transport->password_file[0])
		return "password_file has no meaning with auth = oauth2";
	if (!transport->user[0])
		return "auth = oauth2 needs user, the mailbox that sends";
	if (!transport->token_url[0])
		return "auth = oauth2 needs token_url";
	if (!transport->client_id[0])
		return "auth = oauth2 needs client_id";
	if (!transport->client_secret_file[0] && !transport->refresh_token_file[0])
		return "auth = oauth2 needs refresh_token_file or client_secret_file";
	if (!is_secret_file(transport->client_secret_file))
		return "client_secret_file is not an absolute path";
	if (!is_secret_file(transport->refresh_token_file))
		return "refresh_token_file is not an absolute path";
	if (transport->title[strspn(transport->title, LETTERS DIGITS "_-")])
		return "auth = oauth2 needs a name of letters, digits, - and _: "
		       "refresh tokens are kept in a file of this name";
	return token_url_problem(transport->token_url);
}

static const char *password_problem(const struct transport_config *transport)
{
	if (transport->token_url[0] || transport->client_id[0] ||
		transport->client_secret_file[0] || transport->refresh_token_file[0] ||
		transport->scope[0])
		return "token_url, client_id, client_secret_file, refresh_token_file and "
		       "scope need auth = oauth2";
	if (transport->user[0] && !transport->password_file[0])
		return "user is set, but password_file is not";
	if (!transport->user[0] && transport->password_file[0])
		return "password_file is set, but user is not";
	if (!is_secret_file(transport->password_file))
		return "password_file is neither an absolute path nor the name of a "
		       "systemd credential";
	return NULL;
}

static const char *tls_problem(const struct transport_config *transport)
{
	if (transport->tls == TLS_NONE && !config_is_this_machine(transport->host))
		return "tls = none is for this machine only (localhost, 127.0.0.1, ::1)";
	if (transport->ca_file[0] && transport->ca_file[0] != '/')
		return "ca_file is not an absolute path";
	if (transport->certificate_file[0] && transport->certificate_file[0] != '/')
		return "certificate_file is not an absolute path";
	if (transport->certificate_file[0] && !transport->certificate_key_file[0])
		return "certificate_file is set, but certificate_key_file is not";
	if (!transport->certificate_file[0] && transport->certificate_key_file[0])
		return "certificate_key_file is set, but certificate_file is not";
	if (!is_secret_file(transport->certificate_key_file))
		return "certificate_key_file is not an absolute path";
	if (transport->certificate_file[0] && transport->tls == TLS_NONE)
		return "certificate_file has no meaning with tls = none";
	return NULL;
}

static const char *source_problem(const struct transport_config *transport)
{
	bool is_v4 = is_address(transport->source, AF_INET);
	bool is_v6 = is_address(transport->source, AF_INET6);

	if (!transport->source[0])
		return NULL;
	if (!is_v4 && !is_v6)
		return "source is not an address of this host";
	if ((is_v4 && is_address(transport->host, AF_INET6)) ||
		(is_v6 && is_address(transport->host, AF_INET)))
		return "source and host are not both IPv4 or both IPv6";
	return NULL;
}

/* The MTA of this host: by its port on loopback, or by its Unix socket. */
static const char *sendmail_problem(const struct transport_config *transport)
{
	if (transport->path[0] && transport->host[0])
		return "path and host exclude each other";
	if (transport->path[0] && transport->port)
		return "path and port exclude each other";
	if (transport->path[0] && transport->path[0] != '/')
		return "path is not an absolute path";
	if (strlen(transport->path) > 107) /* sun_path of unix(7) */
		return "path has more than 107 bytes";
	if (transport->host[0] && !config_is_this_machine(transport->host))
		return "host of type = sendmail is this machine (localhost, 127.0.0.1, "
		       "::1); use type = smtp";
	return NULL;
}

const char *config_smtp_problem(const struct transport_config *transport)
{
	const char *problem;

	if (transport->type == TRANSPORT_SENDMAIL)
		return sendmail_problem(transport);
	if (!transport->host[0])
		return "host is missing";
	if (has_port(transport->host))
		return "host has a port behind it: write that as port, as port = 587";
	if (!is_host(transport->host))
		return "host is neither a host name nor an address";
	problem = tls_problem(transport);
	if (!problem)
		problem = source_problem(transport);
	if (problem)
		return problem;
	return transport->auth == AUTH_OAUTH2 ? oauth_problem(transport)
					      : password_problem(transport);
}

/* The directory of key_file, which config_check.c has seen to be absolute. */
static void fill_state_directory(
	struct transport_config *transport, const char *key_file)
{
	char *slash;

	text_copy(transport->state_directory, sizeof(transport->state_directory),
		key_file);
	slash = strrchr(transport->state_directory, '/');
	if (slash)
		slash[slash == transport->state_directory] = '\0';
}

void config_smtp_fill(
	struct transport_config *transport, const struct mail_config *config)
{
	static const int ports[] = {
		[TLS_STARTTLS] = 587,
		[TLS_IMPLICIT] = 465,
		[TLS_NONE] = 25,
	};

	if (transport->type == TRANSPORT_SENDMAIL) {
		transport->tls = TLS_NONE;
		if (!transport->host[0])
			text_copy(
				transport->host, sizeof(transport->host), "localhost");
	}
	if (transport->port == 0)
		transport->port = ports[transport->tls];
	fill_state_directory(transport, config->key_file);
}
