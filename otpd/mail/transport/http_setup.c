/* SPDX-License-Identifier: MIT */
/*
 * The options of a request's handle.
 *
 * MUST NOT send a byte of the request before TLS is up and the certificate is verified,
 * unless the URL is http, which it may be for this machine only. MUST NOT follow a
 * redirect: the mail is for the URL of mail.conf and for nobody else. MUST NOT follow
 * the environment (proxies, .netrc), and keeps no cookies.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/mail/trace.h"
#include "otpd/mail/transport/http_request.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/clock.h"

#define HEADERS_MAX 65536 /* bytes of an answer's headers */

static void copy_value(char *out, size_t size, const char *from, size_t length)
{
	while (length > 0 && (*from == ' ' || *from == '\t')) {
		from++;
		length--;
	}
	while (length > 0 && from[length - 1] >= 0 && from[length - 1] <= ' ')
		length--;
	if (length >= size)
		length = size - 1;
	memcpy(out, from, length);
	out[length] = '\0';
}

/* "HTTP/1.1 202 Accepted": what came before it was not final. */
static void begin_answer(struct http_answer *answer, const char *line, size_t size)
{
	const char *space = memchr(line, ' ', size);
	size_t at = space ? (size_t)(space - line) + 1 : size;

	answer->retry_after[0] = answer->error_type[0] = answer->reason[0] = '\0';
	if (at + 3 < size)
		copy_value(answer->reason, sizeof(answer->reason), line + at + 3,
			size - at - 3);
}

static bool is_header(const char *line, size_t size, const char *name)
{
	return size > strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

static void note_sent(struct http_request *request)
{
	char said[64];

	if (request->is_sent)
		return;
	request->is_sent = true;
	snprintf(said, sizeof(said), "%s, %zu bytes",
		request->spec->is_put ? "PUT" : "POST", request->body.size);
	trace_step(request->parcel->trace, "request", said);
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
	static const char retry[] = "Retry-After:", type[] = "x-amzn-ErrorType:";
	struct http_request *request = context;
	struct http_answer *answer = &request->answer;

	size *= n;
	request->heard_headers += size;
	if (request->heard_headers > HEADERS_MAX)
		return 0;
	if (request->heard.size > 0)
		return size; /* a trailer */
	note_sent(request);
	if (is_header(line, size, "HTTP/"))
		begin_answer(answer, line, size);
	else if (is_header(line, size, retry))
		copy_value(answer->retry_after, sizeof(answer->retry_after),
			line + strlen(retry), size - strlen(retry));
	else if (is_header(line, size, type))
		copy_value(answer->error_type, sizeof(answer->error_type),
			line + strlen(type), size - strlen(type));
	return size;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct http_request *request = context;
	size_t room = HTTP_BODY_MAX - request->heard.size;

	size *= n;
	buffer_add(&request->heard, bytes, size < room ? size : room);
	return size <= room && !request->heard.failed ? size : 0;
}

/* The name is resolved, and libcurl is about to connect to the address. */
static curl_socket_t on_open(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_request *request = context;
	char host[NI_MAXHOST] = "";

	(void)purpose;
	if (!request->is_connecting &&
		getnameinfo(&address->addr, address->addrlen, host, sizeof(host), NULL,
			0, NI_NUMERICHOST) == 0)
		trace_step(request->parcel->trace, "resolve", host);
	request->is_connecting = true;
	return socket(
		address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* TCP is up, TLS is about to begin. */
static CURLcode on_tls(CURL *easy, void *context, void *parameter)
{
	const struct http_request *request = parameter;

	(void)easy;
	(void)context;
	trace_step(request->parcel->trace, "connect", "connected");
	return CURLE_OK;
}

/* The connection can be used, the request is about to be sent. */
static int on_ready(void *context, char *to, char *from, int to_port, int from_port)
{
	const struct http_request *request = context;
	bool is_tls = strncmp(request->spec->url, "https:", 6) == 0;
	char said[128];

	(void)from;
	(void)from_port;
	snprintf(said, sizeof(said), "%s port %d", to, to_port);
	if (!request->is_connecting)
		trace_step(request->parcel->trace, "reuse", said);
	else if (is_tls)
		trace_step(request->parcel->trace, "tls", "certificate verified");
	else
		trace_step(request->parcel->trace, "connect", said);
	return CURL_PREREQFUNC_OK;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down,
	curl_off_t up_total, curl_off_t up)
{
	struct http_request *request = context;

	(void)down_total;
	(void)down;
	if (up_total > 0 && up == up_total)
		note_sent(request);
	return 0;
}

/* Only a mail that somebody watches is asked about all this. */
static bool set_trace(struct http_request *request)
{
	CURL *easy = request->easy;
	bool ok = true;

	if (!request->parcel->trace)
		return true;
	ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PREREQDATA, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
	/* Not every TLS library of libcurl has it; the step is then missing. */
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, request);
	return ok;
}

static bool set_security(CURL *easy, const struct http_spec *spec)
{
	bool is_tls = strncmp(spec->url, "https:", 6) == 0;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		      is_tls ? "https" : "http") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		      (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ==
		CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	if (spec->ca_path[0]) {
		/* In place of the system's certificates, not beside them. */
		ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, spec->ca_path) == CURLE_OK;
		ok &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	}
	if (spec->certificate_path[0])
		ok &= curl_easy_setopt(easy, CURLOPT_SSLCERT, spec->certificate_path) ==
			CURLE_OK;
	if (spec->certificate_key_path[0])
		ok &= curl_easy_setopt(easy, CURLOPT_SSLKEY,
			      spec->certificate_key_path) == CURLE_OK;
	return ok;
}

static bool set_account(CURL *easy, const struct http_spec *spec)
{
	char provider[96];
	bool ok = true;

	if (!spec->password)
		return true;
	ok &= curl_easy_setopt(easy, CURLOPT_USERNAME, spec->user) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PASSWORD, spec->password) == CURLE_OK;
	if (spec->auth != PRESET_AUTH_SIGV4)
		return ok &&
			curl_easy_setopt(easy, CURLOPT_HTTPAUTH,
				(long)CURLAUTH_BASIC) == CURLE_OK;
	snprintf(provider, sizeof(provider), "aws:amz:%s:ses", spec->region);
	return ok && curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider) == CURLE_OK;
}

/* For all of it; a mail must not be under way when its code is dead. */
static bool set_times(CURL *easy, const struct http_request *request)
{
	int64_t left_s = request->parcel->deadline_s - clock_wall_s();
	int64_t limit_s = request->spec->timeout_s;
	bool ok = true;

	if (left_s < limit_s)
		limit_s = left_s > 0 ? left_s : 1;
	ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)limit_s) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)limit_s) == CURLE_OK;
	/* A resolver that hangs must not be waited for on the loop's thread. */
	ok &= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
	return ok;
}

static bool set_body(CURL *easy, const struct http_request *request)
{
	const char *body = request->body.data ? request->body.data : "";
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		      (curl_off_t)request->body.size) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK;
	if (request->spec->is_put)
		ok &= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT") == CURLE_OK;
	return ok;
}

bool http_setup(struct http_request *request)
{
	CURL *easy = request->easy;
	bool ok = true;

	ok &= curl_easy_setopt(easy, CURLOPT_URL, request->spec->url) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_USERAGENT, "otpd-mail") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, request) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK;
	return ok && set_security(easy, request->spec) &&
		set_account(easy, request->spec) && set_times(easy, request) &&
		set_body(easy, request) && set_trace(request);
}
