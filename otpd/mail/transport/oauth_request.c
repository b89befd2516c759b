/* SPDX-License-Identifier: MIT */
/*
 * One request to a token endpoint: its form, libcurl's handle, and what comes back.
 *
 * MUST NOT go anywhere but to token_url: no redirect is followed, and the scheme is the
 * one that was configured.
 */
#include "otpd/mail/transport/oauth_request.h"

#include <errno.h>
#include <string.h>

#include "otpd/mail/transport/curl_trust.h"
#include "otpd/mail/transport/oauth_answer.h"

#define FETCH_S 30

void oauth_request_fini(struct oauth_request *request)
{
	if (request->curl)
		curl_loop_remove(request->curl, request->easy);
	request->curl = NULL;
	curl_easy_cleanup(request->easy);
	request->easy = NULL;
	curl_slist_free_all(request->headers);
	request->headers = NULL;
	buffer_fini(&request->form);
	buffer_fini(&request->body);
}

static void compose(struct buffer *form, const struct transport_config *config,
	const char *client_secret, const char *refresh_token)
{
	oauth_form_add(form, "grant_type",
		refresh_token ? "refresh_token" : "client_credentials");
	oauth_form_add(form, "client_id", config->client_id);
	if (client_secret)
		oauth_form_add(form, "client_secret", client_secret);
	if (refresh_token)
		oauth_form_add(form, "refresh_token", refresh_token);
	if (config->scope[0])
		oauth_form_add(form, "scope", config->scope);
}

/* More than an answer can be ends the transfer. */
static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct oauth_request *request = context;

	if (request->body.size + size * n > OAUTH_ANSWER_MAX)
		return 0;
	buffer_add(&request->body, bytes, size * n);
	return request->body.failed ? 0 : size * n;
}

static bool set_request(
	struct oauth_request *request, const struct transport_config *config)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Accept: application/json");
	long limit_s =
		config->timeout_s < FETCH_S ? (long)config->timeout_s : (long)FETCH_S;
	CURL *easy = request->easy;
	bool ok = true;

	request->headers = headers;
	headers = headers ? curl_slist_append(headers, "Expect:") : NULL;
	ok &= headers != NULL;
	ok &= curl_easy_setopt(easy, CURLOPT_URL, config->token_url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		      strncmp(config->token_url, "http:", 5) == 0 ? "http" : "https") ==
		CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		      (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->form.data) ==
		CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->form.size) ==
		CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error) == CURLE_OK;
	return ok && curl_set_trust(easy, config->ca_file, limit_s);
}

int oauth_request_begin(struct oauth_request *request,
	const struct transport_config *config, const char *client_secret,
	const char *refresh_token, struct curl_loop *curl)
{
	compose(&request->form, config, client_secret, refresh_token);
	request->error[0] = '\0';
	request->easy = curl_easy_init();
	if (!request->form.failed && request->easy && set_request(request, config) &&
		curl_loop_add(curl, request->easy) == CURLM_OK) {
		request->curl = curl;
		return 0;
	}
	oauth_request_fini(request);
	return -ENOMEM;
}
