/* SPDX-License-Identifier: MIT */
/*
 * Mails and short messages over HTTP, to services that take them: as many requests at
 * once as are allowed, the rest waits in order. libcurl keeps the connections, and
 * gives them and its memory back after a while without a mail.
 *
 * When nobody can be reached, and when the service asks for a pause, all mails that
 * wait are answered at once: otpd knows when to try again.
 */
#include "otpd/mail/transport/http.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/transport/curl_memory.h"
#include "otpd/mail/transport/http_request.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define KEEP_MS 30000 /* servers drop idle clients after 5 s to some minutes */

static void on_closed(uv_handle_t *handle)
{
	struct http *http = handle->data;

	http_spec_free(http->spec);
	free(http);
}

static bool is_busy(const struct http *http)
{
	return http->n_requests > 0 || !list_is_empty(&http->waiting);
}

/* Outside of everything that is freed here. */
static void on_idle(uv_timer_t *timer)
{
	struct http *http = timer->data;

	if (is_busy(http))
		return;
	curl_loop_free(http->curl);
	http->curl = NULL;
	(void)malloc_trim(0);
	if (http->retired)
		uv_close((uv_handle_t *)&http->idle, on_closed);
}

static size_t n_waiting(const struct http *http)
{
	size_t n = 0;

	list_for_each(it, &http->waiting)
		n++;
	return n;
}

/* Those that wait now; what their answers bring in is for the next try. */
static void fail_waiting(struct http *http, int64_t pause_s, const char *why)
{
	const struct verdict verdict = { SEND_DEFERRED, CAUSE_TRANSPORT, pause_s, why };

	for (size_t n = n_waiting(http); n > 0 && !list_is_empty(&http->waiting); n--) {
		struct list *first = list_pop(&http->waiting);
		struct parcel *parcel = list_entry(first, struct parcel, link);

		parcel->done(parcel, &verdict);
	}
}

static void complain(struct http *http, const char *why)
{
	char quoted[TEXT_QUOTED];

	if (log_limit_pass(&http->noise))
		log_msg(LOG_ERR,
			"transport %s does not work as configured, mails wait: %s",
			http->transport.name, text_quote(quoted, sizeof(quoted), why));
}

/* Puts the request of a mail on its way. */
static void start(struct http *http, struct parcel *parcel)
{
	struct http_request *request = NULL;
	int r = http_request_new(http->spec, parcel, &request);

	if (r == 0 && curl_loop_add(http->curl, request->easy) != CURLM_OK) {
		http_request_free(request);
		r = -ENOMEM;
	}
	if (r == -ENOMEM) {
		parcel_end(parcel, SEND_DEFERRED, CAUSE_TRANSPORT, "no memory");
	} else if (r < 0) {
		parcel_end(parcel, SEND_REFUSED, CAUSE_TRANSPORT, "not safe to send");
	} else {
		request->n_heard_before = http->n_heard;
		list_append(&http->requests, &request->link);
		http->n_requests++;
	}
}

static void hand_out(struct http *http)
{
	while (!list_is_empty(&http->waiting) &&
		http->n_requests < http->spec->connections) {
		struct list *first = list_pop(&http->waiting);
		struct parcel *parcel = list_entry(first, struct parcel, link);

		if (clock_wall_s() >= parcel->deadline_s)
			parcel_end(parcel, SEND_REFUSED, CAUSE_TRANSPORT, "expired");
		else
			start(http, parcel);
	}
}

static void on_ended(void *context, CURL *easy, CURLcode code);

static void pump(struct http *http)
{
	uv_timer_stop(&http->idle);
	if (!list_is_empty(&http->waiting) && !http->curl)
		http->curl = curl_loop_new(http->loop, on_ended, http);
	if (http->curl)
		hand_out(http);
	else
		fail_waiting(http, 0, "no memory");
	if (!is_busy(http))
		uv_timer_start(&http->idle, on_idle, http->retired ? 0 : KEEP_MS, 0);
}

static void on_ended(void *context, CURL *easy, CURLcode code)
{
	struct http *http = context;
	struct http_request *request = NULL;
	struct http_verdict end;
	struct verdict verdict;
	struct parcel *parcel;
	bool is_unreached, is_down;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
	http_request_ended(request, code, &end, &is_unreached);
	/* Unless others have come through meanwhile. */
	is_down = is_unreached && request->n_heard_before == http->n_heard;
	http->n_heard += !is_unreached;
	parcel = request->parcel;
	curl_loop_remove(http->curl, easy);
	list_remove(&request->link);
	http->n_requests--;
	http_request_free(request);
	if (end.is_our_fault)
		complain(http, end.why);
	verdict = (struct verdict){ end.result, end.cause, end.pause_s, end.detail };
	parcel->done(parcel, &verdict);
	if (is_down || end.pause_s > 0)
		fail_waiting(http, end.pause_s, end.why);
	pump(http);
}

static void http_send(struct transport *transport, struct parcel *parcel)
{
	struct http *http = (struct http *)transport;
	bool is_ours = address_is_number(parcel->to) == http->spec->is_sms &&
		!address_route_problem(parcel->to);

	/* The last wall before the wire, whoever called. */
	if (!is_ours || address_problem(parcel->from)) {
		parcel_end(parcel, SEND_REFUSED, CAUSE_TRANSPORT, "not safe to send");
		return;
	}
	list_append(&http->waiting, &parcel->link);
	pump(http);
}

static void http_free(struct transport *transport)
{
	struct http *http = (struct http *)transport;

	http->retired = true;
	pump(http);
}

static void http_freep(struct http **http)
{
	if (!*http)
		return;
	http_spec_free((*http)->spec);
	free(*http);
}

int http_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	CLEANUP(http_freep) struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http || curl_memory_init() < 0)
		return -ENOMEM;
	r = http_spec_load(config, false, &http->spec, NULL, error, error_size);
	if (r < 0)
		return r;
	http->noise = (struct log_limit){ .interval_s = 60, .burst = 5 };
	list_init(&http->waiting);
	list_init(&http->requests);
	http->loop = loop;
	(void)uv_timer_init(loop, &http->idle); /* cannot fail */
	http->idle.data = http;
	http->transport.send = http_send;
	http->transport.free = http_free;
	*ret = &TAKE_PTR(http)->transport;
	return 0;
}

int http_check_files(
	const struct transport_config *config, char *error, size_t error_size)
{
	struct http_spec *spec = NULL;
	const char *unseen = NULL;
	int r = http_spec_load(config, true, &spec, &unseen, error, error_size);

	if (r == 0 && unseen)
		snprintf(error, error_size,
			"transport %s: %s is a systemd credential, which only the "
			"service can read",
			config->title, unseen);
	http_spec_free(spec);
	return r;
}
