/* SPDX-License-Identifier: MIT */
/*
 * Access tokens for XOAUTH2, from a refresh token (RFC 6749 6) or in the client's own
 * name (4.4). One request serves all connections that wait; the token is kept in wiped
 * memory until a minute before its end, and fetched anew once if the mail server does
 * not take it. A refresh token may be good for one use only, so what is the same before
 * and after a reload is one object, which the old transport and the new one share.
 *
 * MUST NOT ask without end: a kept token that was refused is not tried again, and what
 * failed is left alone for PAUSE_MS.
 *
 * MUST NOT send a secret anywhere but to token_url, over verified TLS unless that is
 * this machine (config_smtp.c sees to it). MUST NOT log or answer a secret.
 */
#include "otpd/mail/transport/oauth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/transport/oauth_request.h"
#include "otpd/mail/transport/oauth_store.h"
#include "otpd/mail/transport/secret_echo.h"
#include "otpd/mail/transport/secret_file.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#define MARGIN_S 60   /* of its life that a token is not used for */
#define PAUSE_MS 5000 /* after a request that was in vain */

static struct list live = LIST_INIT(live);

struct oauth {
	struct list link; /* in live */
	unsigned n_users;
	struct transport_config config;
	char *client_secret; /* or NULL */
	char *configured; /* the refresh token of mail.conf; NULL: client credentials */
	char *kept;       /* what the server gave in its place, or NULL */
	char *token;      /* or NULL */
	char *encoded;    /* what the mail server is told with it, or NULL */
	int64_t until_ms; /* of clock_mono_ms() */
	unsigned number;
	bool is_refused;      /* the last token was, and this is its replacement */
	bool is_kept_refused; /* what is kept was, whether or not it could be deleted */
	int64_t pause_until_ms;  /* of clock_mono_ms() */
	char failure[OAUTH_WHY]; /* the last one's */

	struct list waiters;
	struct oauth_request request;
};

DEFINE_CLEANUP(struct oauth *, oauth_free);

void oauth_free(struct oauth *oauth)
{
	if (!oauth || --oauth->n_users > 0)
		return;
	list_remove(&oauth->link);
	oauth_request_fini(&oauth->request);
	secret_free(oauth->client_secret);
	secret_free(oauth->configured);
	secret_free(oauth->kept);
	secret_free(oauth->token);
	secret_free(oauth->encoded);
	free(oauth);
}

static bool is_same_secret(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct oauth *a, const struct oauth *b)
{
	const struct transport_config *x = &a->config, *y = &b->config;

	return strcmp(x->title, y->title) == 0 && strcmp(x->user, y->user) == 0 &&
		strcmp(x->token_url, y->token_url) == 0 &&
		strcmp(x->client_id, y->client_id) == 0 &&
		strcmp(x->scope, y->scope) == 0 &&
		strcmp(x->ca_file, y->ca_file) == 0 && x->timeout_s == y->timeout_s &&
		strcmp(x->state_directory, y->state_directory) == 0 &&
		is_same_secret(a->client_secret, b->client_secret) &&
		is_same_secret(a->configured, b->configured);
}

/* The one that is there already, or this one. */
static struct oauth *share(struct oauth *oauth)
{
	list_for_each(it, &live) {
		struct oauth *other = list_entry(it, struct oauth, link);

		if (other != oauth && is_same(other, oauth)) {
			other->n_users++;
			return other;
		}
	}
	oauth->n_users++;
	return oauth;
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
	list_init(&oauth->waiters);
	list_append(&live, &oauth->link);
	oauth->n_users = 1;
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
	*ret = share(oauth);
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

bool oauth_has_secret(const struct oauth *oauth, const char *said)
{
	return secret_echo_has(said, oauth->token) ||
		secret_echo_has(said, oauth->encoded) ||
		secret_echo_has(said, oauth->kept) ||
		secret_echo_has(said, oauth->configured) ||
		secret_echo_has(said, oauth->client_secret);
}

static int begin_fetch(struct oauth *oauth, struct curl_loop *curl)
{
	if (oauth->configured && !oauth->kept && !oauth->is_kept_refused)
		oauth->kept = oauth_store_load(&oauth->config, oauth->configured);
	return oauth_request_begin(&oauth->request, &oauth->config,
		oauth->client_secret, oauth->kept ? oauth->kept : oauth->configured,
		curl);
}

int oauth_fetch(
	struct oauth *oauth, struct curl_loop *curl, struct oauth_waiter *waiter)
{
	int r = 0;

	if (!oauth->request.easy && clock_mono_ms() < oauth->pause_until_ms)
		return -EAGAIN;
	if (!oauth->request.easy)
		r = begin_fetch(oauth, curl);
	if (r < 0)
		return r;
	list_remove(&waiter->link);
	list_append(&oauth->waiters, &waiter->link);
	return 0;
}

const char *oauth_failure(const struct oauth *oauth)
{
	return oauth->failure;
}

bool oauth_is_carried(const struct oauth *oauth, const struct curl_loop *curl)
{
	return oauth && oauth->request.easy && oauth->request.curl == curl;
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

/* https://developers.google.com/gmail/imap/xoauth2-protocol; NULL: no memory. */
static char *encode(const struct oauth *oauth)
{
	CLEANUP(buffer_fini) struct buffer said = { 0 };

	buffer_puts(&said, "user=");
	buffer_puts(&said, oauth->config.user);
	buffer_puts(&said, "\1auth=Bearer ");
	buffer_puts(&said, oauth->token);
	buffer_puts(&said, "\1\1");
	return said.failed ? NULL : secret_echo_base64(said.data, said.size);
}

static void take_token(
	struct oauth *oauth, struct oauth_answer *answer, struct oauth_end *end)
{
	int64_t used_s = answer->life_s > MARGIN_S ? answer->life_s - MARGIN_S : 0;

	secret_free(oauth->token);
	oauth->token = TAKE_PTR(answer->access_token);
	secret_free(oauth->encoded);
	oauth->encoded = encode(oauth);
	/* One that lives shorter than the margin serves those who wait now. */
	oauth->until_ms = clock_mono_ms() + (used_s > 0 ? used_s * 1000 : 1000);
	oauth->number++;
	end->is_good = true;
	snprintf(end->why, sizeof(end->why), "a token for %d s", (int)answer->life_s);
	keep_rotated(oauth, answer);
}

/* The kept token is dead; perhaps that of mail.conf still is good. */
static void drop_kept(struct oauth *oauth)
{
	int r = oauth_store_drop(&oauth->config, oauth->configured, oauth->kept);

	if (r < 0)
		log_errno(LOG_ERR, r,
			"transport %s: the refresh token that is kept in %s is refused "
			"and cannot be deleted",
			oauth->config.title, oauth->config.state_directory);
	secret_free(oauth->kept);
	oauth->kept = NULL;
	oauth->is_kept_refused = true;
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

	oauth_answer_read(&answer, status,
		oauth->request.body.data ? oauth->request.body.data : "",
		oauth->request.body.size, secrets);
	if (answer.access_token) {
		take_token(oauth, &answer, end);
		return;
	}
	if (answer.is_bad_grant && oauth->kept) {
		drop_kept(oauth);
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

static void judge(struct oauth *oauth, CURLcode code, struct oauth_end *ret)
{
	CURL *easy = oauth->request.easy;
	curl_off_t pause_s = 0;
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &pause_s);
	if (code == CURLE_OK) {
		read_answer(oauth, status, ret);
		ret->pause_s = ret->is_good ? 0 : pause_s;
	} else {
		ret->is_refused = is_misconfigured(code);
		snprintf(ret->why, sizeof(ret->why), "token_url: %s",
			code == CURLE_WRITE_ERROR ? "an answer of more than 64 KiB"
				: oauth->request.error[0] ? oauth->request.error
							  : curl_easy_strerror(code));
	}
}

/* Those that wait now; one may wait again when it has heard. */
static void tell_waiters(struct oauth *oauth, const struct oauth_end *end)
{
	struct list told = LIST_INIT(told), *link;

	while ((link = list_pop(&oauth->waiters)))
		list_append(&told, link);
	while ((link = list_pop(&told))) {
		struct oauth_waiter *waiter =
			list_entry(link, struct oauth_waiter, link);

		waiter->ended(waiter, end);
	}
}

bool oauth_ended(struct oauth *oauth, CURL *easy, CURLcode code)
{
	struct oauth_end end = { 0 };

	if (!oauth || easy != oauth->request.easy)
		return false;
	judge(oauth, code, &end);
	oauth_request_fini(&oauth->request);
	if (!end.is_good && !end.is_again)
		oauth->pause_until_ms = clock_mono_ms() + PAUSE_MS;
	snprintf(oauth->failure, sizeof(oauth->failure), "%s", end.why);
	tell_waiters(oauth, &end);
	return true;
}

bool oauth_is_refused(struct oauth *oauth, unsigned number)
{
	if (number != oauth->number || oauth->request.easy)
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
