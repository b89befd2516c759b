/* SPDX-License-Identifier: MIT */
/*
 * Access tokens for XOAUTH2, from a refresh token (RFC 6749 6) or in the client's own
 * name (4.4). One request serves all connections that wait; the token is kept in wiped
 * memory until a minute before its end, and fetched anew once if the mail server does
 * not take it.
 *
 * MUST NOT send a secret anywhere but to token_url, over verified TLS unless that is
 * this machine (config_smtp.c sees to it). MUST NOT log or answer a secret.
 */
#include "otpd/mail/transport/oauth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/transport/curl_trust.h"
#include "otpd/mail/transport/oauth_store.h"
#include "otpd/mail/transport/secret_file.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#define FETCH_S  30
#define MARGIN_S 60 /* of its life that a token is not used for */

struct oauth {
	struct transport_config config;
	char *client_secret; /* or NULL */
	char *configured; /* the refresh token of mail.conf; NULL: client credentials */
	char *kept;       /* what the server gave in its place, or NULL */
	char *token;      /* or NULL */
	int64_t until_ms; /* of clock_mono_ms() */
	unsigned number;
	bool is_refused; /* the last token was, and this is its replacement */

	CURL *easy; /* of the fetch that is under way, or NULL */
	struct curl_slist *headers;
	struct buffer form;
	struct buffer body;
	char error[CURL_ERROR_SIZE];
};

DEFINE_CLEANUP(struct oauth *, oauth_free);

static void end_fetch(struct oauth *oauth)
{
	curl_easy_cleanup(oauth->easy);
	oauth->easy = NULL;
	curl_slist_free_all(oauth->headers);
	oauth->headers = NULL;
	buffer_fini(&oauth->form);
	buffer_fini(&oauth->body);
}

void oauth_free(struct oauth *oauth)
{
	if (!oauth)
		return;
	end_fetch(oauth);
	secret_free(oauth->client_secret);
	secret_free(oauth->configured);
	secret_free(oauth->kept);
	secret_free(oauth->token);
	free(oauth);
}

int oauth_new(const struct transport_config *config, struct oauth **ret, char *error,
	size_t error_size)
{
	CLEANUP(oauth_freep) struct oauth *oauth = NULL;
	int r = 0;

	*ret = NULL;
	if (config->auth != AUTH_OAUTH2)
		return 0;
	oauth = calloc(1, sizeof(*oauth));
	if (!oauth)
		return -ENOMEM;
	oauth->config = *config;
	if (config->client_secret_file[0])
		r = secret_file_read(config->title, "client_secret_file",
			config->client_secret_file, &oauth->client_secret, error,
			error_size);
	if (r == 0 && config->refresh_token_file[0])
		r = secret_file_read(config->title, "refresh_token_file",
			config->refresh_token_file, &oauth->configured, error,
			error_size);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(oauth);
	return 0;
}

const char *oauth_token(const struct oauth *oauth)
{
	return clock_mono_ms() < oauth->until_ms ? oauth->token : NULL;
}

unsigned oauth_number(const struct oauth *oauth)
{
	return oauth->number;
}

static bool has_secret(const char *said, const char *secret)
{
	return secret && strstr(said, secret) != NULL;
}

bool oauth_has_secret(const struct oauth *oauth, const char *said)
{
	return has_secret(said, oauth->token) || has_secret(said, oauth->kept) ||
		has_secret(said, oauth->configured) ||
		has_secret(said, oauth->client_secret);
}

static void compose(struct oauth *oauth)
{
	const struct transport_config *config = &oauth->config;
	const char *refresh_token = oauth->kept ? oauth->kept : oauth->configured;

	oauth_form_add(&oauth->form, "grant_type",
		refresh_token ? "refresh_token" : "client_credentials");
	oauth_form_add(&oauth->form, "client_id", config->client_id);
	if (oauth->client_secret)
		oauth_form_add(&oauth->form, "client_secret", oauth->client_secret);
	if (refresh_token)
		oauth_form_add(&oauth->form, "refresh_token", refresh_token);
	if (config->scope[0])
		oauth_form_add(&oauth->form, "scope", config->scope);
}

/* More than an answer can be ends the transfer. */
static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct oauth *oauth = context;

	if (oauth->body.size + size * n > OAUTH_ANSWER_MAX)
		return 0;
	buffer_add(&oauth->body, bytes, size * n);
	return oauth->body.failed ? 0 : size * n;
}

static bool set_request(struct oauth *oauth)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Accept: application/json");
	long limit_s = oauth->config.timeout_s < FETCH_S ? (long)oauth->config.timeout_s
							 : (long)FETCH_S;
	CURL *easy = oauth->easy;
	bool ok = true;

	oauth->headers = headers;
	headers = headers ? curl_slist_append(headers, "Expect:") : NULL;
	ok &= headers != NULL;
	ok &= curl_easy_setopt(easy, CURLOPT_URL, oauth->config.token_url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		      strncmp(oauth->config.token_url, "http:", 5) == 0
			      ? "http"
			      : "https") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		      (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, oauth->headers) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, oauth->form.data) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)oauth->form.size) ==
		CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, oauth) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, oauth->error) == CURLE_OK;
	return ok && curl_set_trust(easy, oauth->config.ca_file, limit_s);
}

int oauth_fetch(struct oauth *oauth, struct curl_loop *curl)
{
	if (oauth->easy)
		return 0;
	if (oauth->configured && !oauth->kept)
		oauth->kept = oauth_store_load(&oauth->config, oauth->configured);
	compose(oauth);
	oauth->error[0] = '\0';
	oauth->easy = curl_easy_init();
	if (!oauth->form.failed && oauth->easy && set_request(oauth) &&
		curl_loop_add(curl, oauth->easy) == CURLM_OK)
		return 0;
	end_fetch(oauth);
	return -ENOMEM;
}

void oauth_cancel(struct oauth *oauth, struct curl_loop *curl)
{
	if (!oauth->easy)
		return;
	curl_loop_remove(curl, oauth->easy);
	end_fetch(oauth);
}

/* The server has given a new refresh token; the old one may be dead already. */
static void keep_rotated(struct oauth *oauth, struct oauth_answer *answer)
{
	const char *old = oauth->kept ? oauth->kept : oauth->configured;
	int r;

	if (!old || !answer->refresh_token || strcmp(old, answer->refresh_token) == 0)
		return;
	secret_free(oauth->kept);
	oauth->kept = TAKE_PTR(answer->refresh_token);
	r = oauth_store_keep(&oauth->config, oauth->configured, oauth->kept);
	if (r < 0)
		log_errno(LOG_ERR, r,
			"transport %s: the new refresh token cannot be kept in %s "
			"and is lost at the next start",
			oauth->config.title, oauth->config.state_directory);
}

static void take_token(
	struct oauth *oauth, struct oauth_answer *answer, struct oauth_end *end)
{
	int64_t used_s = answer->life_s > MARGIN_S ? answer->life_s - MARGIN_S : 0;

	secret_free(oauth->token);
	oauth->token = TAKE_PTR(answer->access_token);
	/* One that lives shorter than the margin serves those who wait now. */
	oauth->until_ms = clock_mono_ms() + (used_s > 0 ? used_s * 1000 : 1000);
	oauth->number++;
	end->is_good = true;
	snprintf(end->why, sizeof(end->why), "a token for %d s", (int)answer->life_s);
	keep_rotated(oauth, answer);
}

static void read_answer(struct oauth *oauth, long status, struct oauth_end *end)
{
	const char *const secrets[] = {
		oauth->client_secret ? oauth->client_secret : "",
		oauth->configured ? oauth->configured : "",
		oauth->kept ? oauth->kept : "",
		oauth->token ? oauth->token : "",
		NULL,
	};
	CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

	oauth_answer_read(&answer, status, oauth->body.data ? oauth->body.data : "",
		oauth->body.size, secrets);
	if (answer.access_token) {
		take_token(oauth, &answer, end);
		return;
	}
	if (answer.is_bad_grant && oauth->kept) {
		/* Perhaps that of mail.conf still is good. */
		secret_free(oauth->kept);
		oauth->kept = NULL;
		oauth_store_drop(&oauth->config);
		end->is_again = true;
	}
	end->is_refused = answer.is_refused;
	snprintf(end->why, sizeof(end->why), "%s", answer.why);
}

static bool is_misconfigured(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
		code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CACERT_BADFILE ||
		code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
}

bool oauth_ended(struct oauth *oauth, struct curl_loop *curl, CURL *easy, CURLcode code,
	struct oauth_end *ret)
{
	curl_off_t pause_s = 0;
	long status = 0;

	if (!oauth || easy != oauth->easy)
		return false;
	*ret = (struct oauth_end){ 0 };
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &pause_s);
	if (code == CURLE_OK) {
		read_answer(oauth, status, ret);
		ret->pause_s = ret->is_good ? 0 : pause_s;
	} else {
		ret->is_refused = is_misconfigured(code);
		snprintf(ret->why, sizeof(ret->why), "token_url: %s",
			code == CURLE_WRITE_ERROR ? "an answer of more than 64 KiB"
				: oauth->error[0] ? oauth->error
						  : curl_easy_strerror(code));
	}
	curl_loop_remove(curl, easy);
	end_fetch(oauth);
	return true;
}

bool oauth_is_refused(struct oauth *oauth, unsigned number)
{
	if (number != oauth->number || oauth->easy)
		return true; /* of an older one, and a newer is there or coming */
	oauth->until_ms = 0;
	oauth->is_refused = !oauth->is_refused;
	if (oauth->is_refused)
		return true;
	oauth->number++; /* the next mail's is another one */
	return false;
}

void oauth_is_taken(struct oauth *oauth)
{
	oauth->is_refused = false;
}
