/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_REQUEST_H
#define OTPD_MAIL_TRANSPORT_HTTP_REQUEST_H

#include <curl/curl.h>

#include "otpd/mail/transport/http_answer.h"
#include "otpd/mail/transport/http_spec.h"
#include "otpd/util/buffer.h"

/* One mail's request. Its memory is wiped, since the body holds the code. */
struct http_request {
	struct list link; /* in http.requests */
	const struct http_spec *spec;
	struct parcel *parcel;
	uint64_t n_heard_before; /* of struct http, when it began */
	CURL *easy;
	struct curl_slist *headers;
	struct buffer body;
	struct buffer heard; /* the body of the answer */
	struct http_answer answer;
	size_t heard_headers; /* bytes */
	bool is_sent;         /* noted in the trace */
	bool is_connecting;   /* it has opened a connection of its own */
	char error[CURL_ERROR_SIZE];
};

/*
 * Makes the request of a parcel, with its handle ready to run. -EINVAL if a header
 * would not be safe to send, -ENOMEM.
 */
int http_request_new(
	const struct http_spec *spec, struct parcel *parcel, struct http_request **ret);

/* The handle is in no loop any more. */
void http_request_free(struct http_request *request);

/* libcurl is done with it. *ret_is_unreached: nobody has been spoken to. */
void http_request_ended(struct http_request *request, CURLcode code,
	struct http_verdict *ret, bool *ret_is_unreached);

/* http_setup.c: the options of the handle. False: no memory, or libcurl cannot. */
bool http_setup(struct http_request *request);

#endif
