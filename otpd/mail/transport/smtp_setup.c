/* SPDX-License-Identifier: MIT */
/*
 * How libcurl opens a connection: resolve, connect, TLS, greeting, EHLO, AUTH.
 *
 * MUST NOT send anything but EHLO before TLS is up and the certificate is verified,
 * unless the configuration said tls = none, which it may for this machine only. MUST
 * NOT ask a resolver for the source address, which libcurl would wait for: it is a
 * literal (config_smtp.c).
 */
#include <stdio.h>
#include <string.h>

#include "otpd/mail/transport/curl_trust.h"
#include "otpd/mail/transport/oauth.h"
#include "otpd/mail/transport/smtp_conn.h"
#include "otpd/mail/transport/smtp_trace.h"

/*
 * For all of the opening. Relays that look up their client's name before they greet
 * take 10 s and more.
 */
#define OPENING_S 30
/* Mechanisms that need no ticket of a domain: libcurl would try GSSAPI and NTLM first,
 * and fail there. Of those that the server offers it takes SCRAM first (where it is
 * built with it), then CRAM-MD5, PLAIN, LOGIN. */
#define MECHANISMS "AUTH=PLAIN;AUTH=LOGIN;AUTH=SCRAM-SHA-256;AUTH=CRAM-MD5"

/* The server's lines of the opening. */
static size_t on_line(char *line, size_t size, size_t n, void *context)
{
	struct smtp_conn *conn = context;
	enum smtp_opening before = conn->talk.opening;

	smtp_talk_opening(&conn->talk, line, size * n);
	smtp_trace_line(conn, before);
	return size * n;
}

/* There is an address to connect to. */
static int on_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
	(void)socket;
	(void)purpose;
	smtp_trace_resolved(context);
	return CURL_SOCKOPT_OK;
}

static bool set_blob(CURL *easy, CURLoption option, char *data, size_t size)
{
	struct curl_blob blob = { data, size, CURL_BLOB_NOCOPY };

	return !data || curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* The certificate that we show. */
static bool set_certificate(CURL *easy, const struct smtp_account *account)
{
	bool ok = true;

	ok &= set_blob(easy, CURLOPT_SSLCERT_BLOB, account->certificate,
		account->certificate_size);
	ok &= set_blob(easy, CURLOPT_SSLKEY_BLOB, account->key, account->key_size);
	/* Else OpenSSL would ask the terminal for one. */
	ok &= curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "") == CURLE_OK;
	return ok;
}

static bool set_source(CURL *easy, const struct transport_config *config)
{
	char source[sizeof("host!") + sizeof(config->source)];
	long version =
		strchr(config->source, ':') ? CURL_IPRESOLVE_V6 : CURL_IPRESOLVE_V4;
	bool ok = true;

	if (!config->source[0])
		return true;
	snprintf(source, sizeof(source), "host!%s", config->source);
	ok &= curl_easy_setopt(easy, CURLOPT_INTERFACE, source) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_IPRESOLVE, version) == CURLE_OK;
	return ok;
}

static bool set_way(CURL *easy, const struct transport_config *config)
{
	long ssl = config->tls == TLS_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_USE_SSL, ssl) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
	if (config->type == TRANSPORT_SENDMAIL && config->path[0])
		ok &= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, config->path) ==
			CURLE_OK;
	return ok && set_source(easy, config);
}

static bool set_account(struct smtp_conn *conn)
{
	const struct smtp_account *account = &conn->smtp->account;
	const char *user = conn->smtp->config.user;
	const char *mechanisms = MECHANISMS;
	CURL *easy = conn->easy;
	bool ok = true;

	if (account->oauth) {
		conn->token_number = oauth_number(account->oauth);
		mechanisms = "AUTH=XOAUTH2";
		ok &= curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER,
			      oauth_token(account->oauth)) == CURLE_OK;
	} else if (account->password) {
		ok &= curl_easy_setopt(easy, CURLOPT_PASSWORD, account->password) ==
			CURLE_OK;
	} else {
		return true;
	}
	ok &= curl_easy_setopt(easy, CURLOPT_USERNAME, user) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, mechanisms) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L) == CURLE_OK;
	return ok;
}

bool smtp_setup(struct smtp_conn *conn)
{
	const struct transport_config *config = &conn->smtp->config;
	long limit_s = config->timeout_s < OPENING_S ? (long)config->timeout_s
						     : (long)OPENING_S;
	CURL *easy = conn->easy;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_URL, conn->smtp->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, conn) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, conn->error) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, conn) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, conn) == CURLE_OK;
	return ok && curl_set_trust(easy, config->ca_file, limit_s) &&
		set_way(easy, config) && set_certificate(easy, &conn->smtp->account) &&
		set_account(conn);
}
