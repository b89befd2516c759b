/* SPDX-License-Identifier: MIT */
/*
 * How libcurl opens a connection: resolve, connect, TLS, greeting, EHLO, AUTH.
 *
 * MUST NOT send anything but EHLO before TLS is up and the certificate is verified,
 * unless the configuration said tls = none, which it may for this machine only. MUST
 * NOT follow the environment (proxies, .netrc).
 */
#include "otpd/mail/transport/smtp_conn.h"

/*
 * For all of the opening. Relays that look up their client's name before they greet
 * take 10 s and more.
 */
#define OPENING_S 30
/* Mechanisms that need no ticket of a domain: libcurl would try GSSAPI and NTLM first,
 * and fail there. */
#define MECHANISMS "AUTH=PLAIN;AUTH=LOGIN;AUTH=SCRAM-SHA-256;AUTH=CRAM-MD5"

/* The server's lines of the opening. */
static size_t on_line(char *line, size_t size, size_t n, void *context)
{
	struct smtp_conn *conn = context;

	smtp_talk_opening(&conn->talk, line, size * n);
	return size * n;
}

static bool set_security(CURL *easy, const struct transport_config *config)
{
	long ssl = config->tls == TLS_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_USE_SSL, ssl) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		      (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
	if (config->ca_file[0]) {
		/* In place of the system's certificates, not beside them. */
		ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file) ==
			CURLE_OK;
		ok &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	}
	return ok;
}

static bool set_account(CURL *easy, const struct smtp *smtp)
{
	bool ok = true;

	if (!smtp->password)
		return true;
	ok &= curl_easy_setopt(easy, CURLOPT_USERNAME, smtp->config.user) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PASSWORD, smtp->password) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, MECHANISMS) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L) == CURLE_OK;
	return ok;
}

static bool set_times(CURL *easy, const struct transport_config *config)
{
	long limit_s = config->timeout_s < OPENING_S ? (long)config->timeout_s
						     : (long)OPENING_S;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT, limit_s) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, limit_s) == CURLE_OK;
	/* A resolver that hangs must not be waited for on the loop's thread. */
	ok &= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
	return ok;
}

bool smtp_setup(struct smtp_conn *conn)
{
	CURL *easy = conn->easy;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_URL, conn->smtp->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, conn) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, conn->error) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, conn) == CURLE_OK;
	return ok && set_security(easy, &conn->smtp->config) &&
		set_account(easy, conn->smtp) && set_times(easy, &conn->smtp->config);
}
