/* SPDX-License-Identifier: MIT */
/*
 * One mail as one request: headers and body from their templates, libcurl's handle, and
 * what came of it.
 *
 * MUST NOT send a header that is more than printable ASCII: a line end would begin
 * another. The templates of headers take no variable that could hold one; this is the
 * last wall.
 */
#include "otpd/mail/transport/http_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/trace.h"
#include "otpd/mail/transport/http_sign.h"
#include "otpd/mail/transport/http_vars.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/secret.h"

void http_request_free(struct http_request *request)
{
	if (!request)
		return;
	if (request->easy)
		curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	buffer_fini(&request->body);
	buffer_fini(&request->heard);
	secret_free(request);
}
DEFINE_CLEANUP(struct http_request *, http_request_free);

static int add_header(struct http_request *request, const char *name, const char *value)
{
	CLEANUP(buffer_fini) struct buffer line = { 0 };
	struct curl_slist *longer;

	buffer_puts(&line, name);
	buffer_puts(&line, ": ");
	buffer_puts(&line, value);
	if (line.failed)
		return -ENOMEM;
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i] < ' ' || line.data[i] > '~')
			return -EINVAL;
	longer = curl_slist_append(request->headers, line.data);
	if (!longer)
		return -ENOMEM;
	request->headers = longer;
	return 0;
}

/* Those of mail.conf and the preset; one whose value is empty is left out. */
static int add_templates(struct http_request *request, const struct template_var *vars)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < request->spec->n_headers; i++) {
		const struct http_header *header = &request->spec->headers[i];
		CLEANUP(buffer_fini) struct buffer value = { 0 };

		r = template_render(&value, header->value, vars, ESCAPE_NONE);
		if (r == 0 && value.size > 0)
			r = add_header(request, header->name, value.data);
	}
	return r;
}

/* Standard Webhooks 1.0 */
static int add_signature(struct http_request *request)
{
	const struct http_spec *spec = request->spec;
	const char *id = request->parcel->mail;
	char timestamp[24], signature[HTTP_SIGNATURE];
	int r;

	if (!spec->signing_key)
		return 0;
	snprintf(timestamp, sizeof(timestamp), "%" PRId64, clock_wall_s());
	http_sign(signature, spec->signing_key, spec->signing_key_size, id, timestamp,
		request->body.data ? request->body.data : "", request->body.size);
	r = add_header(request, "webhook-id", id);
	if (r == 0)
		r = add_header(request, "webhook-timestamp", timestamp);
	return r < 0 ? r : add_header(request, "webhook-signature", signature);
}

static int fill(struct http_request *request, const struct template_var *vars)
{
	const struct http_spec *spec = request->spec;
	int r = 0;

	if (spec->body)
		r = template_render(&request->body, spec->body, vars, spec->escape);
	if (r == 0)
		r = add_header(request, "Content-Type", spec->content_type);
	if (r == 0)
		r = add_header(request, "Idempotency-Key", request->parcel->mail);
	if (r == 0)
		r = add_templates(request, vars);
	return r < 0 ? r : add_signature(request);
}

int http_request_new(
	const struct http_spec *spec, struct parcel *parcel, struct http_request **ret)
{
	CLEANUP(http_request_freep)
	struct http_request *request = secret_alloc(sizeof(*request));
	struct http_vars vars;
	int r;

	if (!request)
		return -ENOMEM;
	memset(request, 0, sizeof(*request));
	list_init(&request->link);
	request->spec = spec;
	request->parcel = parcel;
	r = http_vars_init(&vars, parcel, spec->key);
	if (r == 0)
		r = fill(request, vars.all);
	http_vars_fini(&vars);
	if (r < 0)
		return r;
	request->easy = curl_easy_init();
	if (!request->easy || !http_setup(request))
		return -ENOMEM;
	*ret = TAKE_PTR(request);
	return 0;
}

/*
 * Whether TLS ended because our certificate was not liked. In TLS 1.3 this comes after
 * the request has gone out, but no server reads it then (RFC 8446 4.4.2.4).
 */
static bool is_certificate_alert(const char *error)
{
	static const char *const alerts[] = { "alert certificate",
		"alert bad certificate", "alert unknown ca",
		"alert unsupported certificate", "alert access denied",
		"alert handshake failure" };

	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (strstr(error, alerts[i]))
			return true;
	return false;
}

/* What only the administrator can mend. */
static bool is_our_fault(CURLcode code)
{
	switch ((int)code) { /* not all of its values are known to every libcurl */
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return true;
	default:
		return false;
	}
}

static bool is_sent_whole(const struct http_request *request)
{
	curl_off_t sent = 0;
	long header_bytes = 0;

	curl_easy_getinfo(request->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &header_bytes);
	return header_bytes > 0 && sent >= (curl_off_t)request->body.size;
}

static void gather(struct http_request *request, CURLcode code)
{
	struct http_answer *answer = &request->answer;
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	http_spec_mask(request->spec, request->heard.data, request->heard.size);
	http_spec_mask(request->spec, answer->reason, strlen(answer->reason));
	http_spec_mask(request->spec, answer->error_type, strlen(answer->error_type));
	answer->status = (int)status;
	answer->body = request->heard.data ? request->heard.data : "";
	answer->body_size = request->heard.size;
	answer->is_whole = code == CURLE_OK;
	answer->error = request->error[0] ? request->error : curl_easy_strerror(code);
	if (status >= 200)
		answer->end = HTTP_ANSWERED;
	else if (is_sent_whole(request) && !is_certificate_alert(answer->error))
		answer->end = HTTP_LOST;
	else
		answer->end = HTTP_UNSENT;
}

void http_request_ended(struct http_request *request, CURLcode code,
	struct http_verdict *ret, bool *ret_is_unreached)
{
	gather(request, code);
	http_answer_judge(&request->answer, &request->spec->rules, clock_wall_s(), ret);
	if (request->answer.end == HTTP_UNSENT)
		ret->is_our_fault = is_our_fault(code) ||
			is_certificate_alert(request->answer.error);
	*ret_is_unreached = request->answer.end == HTTP_UNSENT;
	if (request->answer.end == HTTP_ANSWERED)
		trace_step(request->parcel->trace, "answer", ret->detail);
}
