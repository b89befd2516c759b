/* SPDX-License-Identifier: MIT */
/*
 * What becomes of an opening, when libcurl has come to its end with it: a connection
 * that is ready, a token that has to be fetched anew, or a failure and whose it is.
 *
 * MUST NOT let a secret that the server repeats into the reason. MUST NOT let a
 * connection be used without the login that is configured: libcurl skips it without a
 * word where the server offers no AUTH.
 */
#include <stdio.h>

#include "otpd/mail/transport/oauth.h"
#include "otpd/mail/transport/smtp_conn.h"
#include "otpd/mail/transport/smtp_verdict.h"

/* Whether the cause of a failed opening is in the configuration. */
static bool is_our_fault(const struct smtp_conn *conn, CURLcode code)
{
	bool is_refusal = conn->talk.code < 400 || conn->talk.code >= 500;

	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_USE_SSL_FAILED:
	case CURLE_INTERFACE_FAILED:
	case CURLE_LOGIN_DENIED:
		return is_refusal; /* "454 not now" is none */
	default:
		return smtp_verdict(&conn->talk).complain;
	}
}

/* The server's words, or libcurl's. */
static void say_why(const struct smtp_conn *conn, CURLcode code, char *out, size_t size)
{
	const struct smtp_account *account = &conn->smtp->account;
	bool is_challenge = code == CURLE_LOGIN_DENIED && conn->talk.code == 334;
	char text[SMTP_LINE + 1];

	if (is_challenge && account->oauth)
		oauth_refusal_text(text, sizeof(text), conn->talk.reply);
	else if (conn->talk.code >= 400)
		snprintf(text, sizeof(text), "%s", conn->talk.reply);
	else
		snprintf(text, sizeof(text), "%s",
			conn->error[0] ? conn->error : curl_easy_strerror(code));
	snprintf(out, size, "%s", smtp_account_hide(account, text));
}

/* Whether the mail server has refused the access token, and another one may do. */
static bool wants_token(const struct smtp_conn *conn, CURLcode code)
{
	struct oauth *oauth = conn->smtp->account.oauth;

	return oauth && code == CURLE_LOGIN_DENIED && is_our_fault(conn, code) &&
		oauth_is_refused(oauth, conn->token_number);
}

/* What is to be said of a connection that is open, but not as configured; or NULL. */
static const char *login_missing(const struct smtp_conn *conn)
{
	const struct smtp_account *account = &conn->smtp->account;

	if (conn->talk.is_logged_in)
		return NULL;
	if (account->oauth)
		return "the server offers no AUTH here; use port 587, or take out auth "
		       "and user";
	if (account->password)
		return "the server offers no AUTH here; use port 587, or take out user "
		       "and password_file";
	return NULL;
}

void smtp_conn_opened(struct smtp_conn *conn, CURLcode code)
{
	struct smtp *smtp = conn->smtp;
	char why[CURL_ERROR_SIZE + SMTP_LINE];
	const char *missing = code == CURLE_OK ? login_missing(conn) : NULL;
	bool complain = is_our_fault(conn, code);

	if (missing) {
		smtp_conn_close(conn);
		smtp_opening_has_failed(smtp, missing, true);
		return;
	}
	if (code == CURLE_OK && smtp_conn_take_over(conn)) {
		if (smtp->account.oauth)
			oauth_is_taken(smtp->account.oauth);
		smtp_conn_is_ready(smtp, conn);
		return;
	}
	say_why(conn, code, why, sizeof(why));
	if (wants_token(conn, code)) {
		smtp_conn_close(conn);
		smtp_conn_has_gone(smtp);
		return;
	}
	smtp_conn_close(conn);
	smtp_opening_has_failed(smtp, why, complain);
}
