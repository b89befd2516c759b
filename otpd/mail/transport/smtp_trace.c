/* SPDX-License-Identifier: MIT */
/*
 * Each step is told when it ends. The steps of an opening belong to all mails that wait
 * for it; when several connections are opened at once, those of the first one are told.
 * A line of the server ends up to three steps: the greeting says that the connection
 * and, without STARTTLS, its TLS are up. So what is said names libcurl's own times.
 */
#include "otpd/mail/transport/smtp_trace.h"

#include <stdio.h>

#include "otpd/mail/trace.h"

static void tell_waiting(const struct smtp *smtp, const char *step, const char *said)
{
	list_for_each(it, &smtp->waiting) {
		struct parcel *parcel = list_entry(it, struct parcel, link);

		if (parcel->trace)
			trace_step(parcel->trace, step, said);
	}
}

static int64_t time_ms(const struct smtp_conn *conn, CURLINFO info)
{
	curl_off_t us = 0;

	(void)curl_easy_getinfo(conn->easy, info, &us);
	return us / 1000;
}

void smtp_trace_resolved(struct smtp_conn *conn)
{
	if (!conn->tells || conn->has_resolved)
		return;
	conn->has_resolved = true;
	if (!conn->smtp->config.path[0])
		tell_waiting(conn->smtp, "resolve", conn->smtp->config.host);
}

static void tell_connected(const struct smtp_conn *conn)
{
	const struct transport_config *config = &conn->smtp->config;
	const char *address = NULL;
	char said[400];
	long port = 0;

	(void)curl_easy_getinfo(conn->easy, CURLINFO_PRIMARY_IP, &address);
	(void)curl_easy_getinfo(conn->easy, CURLINFO_PRIMARY_PORT, &port);
	if (config->path[0])
		snprintf(said, sizeof(said), "%s", config->path);
	else
		snprintf(said, sizeof(said), "%s port %ld, connected after %d ms",
			address ? address : "?", port,
			(int)time_ms(conn, CURLINFO_CONNECT_TIME_T));
	tell_waiting(conn->smtp, "connect", said);
}

static void tell_tls(const struct smtp_conn *conn)
{
	char said[400];

	snprintf(said, sizeof(said), "certificate verified for %s, after %d ms",
		conn->smtp->config.host,
		(int)time_ms(conn, CURLINFO_APPCONNECT_TIME_T));
	tell_waiting(conn->smtp, "tls", said);
}

/* The last line of a reply has come in. */
static void tell_reply(const struct smtp_conn *conn, enum smtp_opening before)
{
	const struct smtp_talk *talk = &conn->talk;
	bool is_hello = before == SMTP_OPEN_EHLO_TLS ||
		(before == SMTP_OPEN_EHLO && !talk->with_starttls);

	if (is_hello || talk->code >= 400)
		tell_waiting(conn->smtp,
			before == SMTP_OPEN_AUTH               ? "auth"
				: before == SMTP_OPEN_STARTTLS ? "tls"
							       : "greeting",
			smtp_account_hide(&conn->smtp->account, talk->reply));
	else if (before == SMTP_OPEN_AUTH && talk->code == 235)
		tell_waiting(conn->smtp, "auth",
			smtp_account_hide(&conn->smtp->account, talk->reply));
}

void smtp_trace_line(struct smtp_conn *conn, enum smtp_opening before)
{
	if (!conn->tells)
		return;
	if (before == SMTP_OPEN_GREETING && !conn->has_connected) {
		conn->has_connected = true;
		tell_connected(conn);
		if (conn->smtp->config.tls == TLS_IMPLICIT)
			tell_tls(conn);
	}
	if (before == SMTP_OPEN_EHLO_TLS && !conn->has_tls) {
		conn->has_tls = true;
		tell_tls(conn);
	}
	if (!conn->talk.in_reply)
		tell_reply(conn, before);
}

void smtp_trace_reuse(const struct smtp_conn *conn)
{
	if (conn->parcel->trace)
		trace_step(conn->parcel->trace, "reuse", "an open connection");
}

void smtp_trace_reply(const struct smtp_conn *conn, enum smtp_stage stage)
{
	static const char *const names[] = {
		[SMTP_MAIL] = "mail",
		[SMTP_RCPT] = "rcpt",
		[SMTP_DATA] = "data",
		[SMTP_BODY] = "body",
	};

	if (conn->parcel->trace)
		trace_step(conn->parcel->trace, names[stage],
			smtp_account_hide(&conn->smtp->account, conn->talk.reply));
}

void smtp_trace_token(const struct smtp *smtp, const char *said)
{
	tell_waiting(smtp, "token", said);
}
