/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_CONN_H
#define OTPD_MAIL_TRANSPORT_SMTP_CONN_H

#include <curl/curl.h>
#include <uv.h>

#include "otpd/mail/transport/smtp.h"
#include "otpd/mail/transport/smtp_talk.h"

#define SMTP_COMMANDS                                                  \
	1024 /* MAIL with SIZE, RCPT, DATA, addresses of LIMIT_ADDRESS \
	      */

enum smtp_state {
	SMTP_IS_OPENING, /* libcurl's: up to and including AUTH */
	SMTP_IS_READY,
	SMTP_IS_BUSY, /* with a mail */
	SMTP_IS_CLOSING,
};

struct smtp_conn {
	struct list link; /* in smtp.conns */
	struct smtp *smtp;
	enum smtp_state state;
	CURL *easy;
	uv_poll_t poll; /* after the opening */
	uv_timer_t timer;
	int n_handles; /* of poll and timer, that libuv has not closed yet */
	struct parcel *parcel;
	bool is_used; /* it has sent a mail before */
	struct smtp_talk talk;
	int events;      /* what poll waits for */
	const char *out; /* what is being sent: commands or body; NULL: nothing */
	size_t out_size;
	size_t sent;
	char commands[SMTP_COMMANDS];
	char *body;            /* the mail with its dot; of secret_alloc(), or NULL */
	unsigned token_number; /* of the access token that it has opened with */
	bool tells;            /* its opening is what the traces of mails show */
	bool has_resolved;     /* told */
	bool has_connected;
	bool has_tls;
	char error[CURL_ERROR_SIZE];
};

/* Begins a connection, which reports to smtp. 0 or -ENOMEM. */
int smtp_conn_open(struct smtp *smtp);

/* Gives a ready connection a mail. */
void smtp_conn_send(struct smtp_conn *conn, struct parcel *parcel);

/* Says QUIT on a ready connection; then, as in any state, closes. */
void smtp_conn_close(struct smtp_conn *conn);

/* Takes over the socket from libcurl: it is ready. False if that fails. */
bool smtp_conn_take_over(struct smtp_conn *conn);

/* smtp_opening.c: for smtp.c, when libcurl has opened the connection, or not. */
void smtp_conn_opened(struct smtp_conn *conn, CURLcode code);

/* smtp_setup.c: the options of the handle. False: no memory, or libcurl cannot. */
bool smtp_setup(struct smtp_conn *conn);

#endif
