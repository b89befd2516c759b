/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_OAUTH_REQUEST_H
#define OTPD_MAIL_TRANSPORT_OAUTH_REQUEST_H

#include <curl/curl.h>

#include "otpd/mail/config.h"
#include "otpd/mail/transport/curl_loop.h"
#include "otpd/util/buffer.h"

/* Zeroed: none is under way. */
struct oauth_request {
	struct curl_loop *curl; /* that carries it */
	CURL *easy;             /* NULL: none */
	struct curl_slist *headers;
	struct buffer form;
	struct buffer body; /* of the answer, at most OAUTH_ANSWER_MAX */
	char error[CURL_ERROR_SIZE];
};

/*
 * Sends it. Without a refresh token the application asks in its own name; client_secret
 * may be NULL. 0 or -ENOMEM; if 0, for oauth_request_fini().
 */
int oauth_request_begin(struct oauth_request *request,
	const struct transport_config *config, const char *client_secret,
	const char *refresh_token, struct curl_loop *curl);
void oauth_request_fini(struct oauth_request *request);

#endif
