/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_H
#define OTPD_MAIL_TRANSPORT_SMTP_H

#include "otpd/mail/transport/curl_loop.h"
#include "otpd/mail/transport/oauth.h"
#include "otpd/mail/transport/smtp_account.h"
#include "otpd/mail/transport/smtp_doubt.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/log.h"

struct smtp_conn;

/* A relay: its settings, its connections, the mails that wait for one. */
struct smtp {
	struct transport transport;
	struct transport_config config;
	char url[SMTP_URL_MAX];
	struct smtp_account account;
	struct oauth_waiter token; /* for the access token */
	uv_loop_t *loop;
	struct curl_loop *curl; /* NULL while there has been no mail for a while */
	uv_timer_t idle;
	struct list waiting; /* parcels, in their order */
	int64_t n_waiting;
	struct list conns;
	int64_t n_conns;
	int64_t n_opening;
	int64_t limit; /* of n_conns; less than configured when the server wants less */
	bool retired;
	struct smtp_doubt doubt;
	struct log_limit noise;
};

/*
 * What a connection reports. It may be used (ready) or is closing and must not be
 * touched (failed, gone). why is the server's words or libcurl's.
 */
void smtp_conn_is_ready(struct smtp *smtp, struct smtp_conn *conn);
void smtp_opening_has_failed(struct smtp *smtp, const char *why, bool is_our_fault);
void smtp_conn_has_gone(struct smtp *smtp);
void smtp_complain(struct smtp *smtp, const char *why);

/* Puts a parcel back to the front, to go over another connection. */
void smtp_try_again(struct smtp *smtp, struct parcel *parcel);

#endif
