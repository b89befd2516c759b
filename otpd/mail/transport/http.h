/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_H
#define OTPD_MAIL_TRANSPORT_HTTP_H

#include "otpd/mail/transport/curl_loop.h"
#include "otpd/mail/transport/http_spec.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/log.h"

/* A mail service or SMS gateway: how it is asked, and the mails that wait for it. */
struct http {
	struct transport transport;
	struct http_spec *spec;
	uv_loop_t *loop;
	struct curl_loop *curl; /* NULL while there has been no mail for a while */
	uv_timer_t idle;
	struct list waiting;  /* parcels, in their order */
	struct list requests; /* under way */
	int64_t n_requests;
	uint64_t n_heard; /* requests that came as far as the service */
	bool retired;
	struct log_limit noise;
};

/*
 * For --check: reads every file of the section and tries its templates. 0, or -errno
 * and a whole sentence in error. With 0, error may hold a sentence to warn with (a
 * credential of systemd, which only the service can read), else it is "".
 */
int http_check_files(
	const struct transport_config *config, char *error, size_t error_size);

#endif
