/* SPDX-License-Identifier: MIT */
/*
 * The transports http and sms against a server in a thread: whose doing a failure is,
 * what becomes of the mails that wait, the steps that a trace shows, who is written to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/trace.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#include "unit.h"

#define REPLIES 8
#define MAIL    "0123456789abcdef0123456789abcdef"
#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/* Answers each request with the next reply; NULL: closes without a word. */
struct server {
	int fd;
	int port;
	pthread_t thread;
	const char *replies[REPLIES];
	char requests[REPLIES][8192];
	int n_requests;
	int n_connections;
};

static struct server server;

/* Reads one request. False at the end of the connection. */
static bool receive(int fd, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (;;) {
		const char *end = strstr(out, "\r\n\r\n");
		const char *length = strcasestr(out, "content-length:");
		ssize_t got;

		if (end && length &&
			n >= (size_t)(end + 4 - out) + strtoul(length + 15, NULL, 10))
			return true;
		got = n + 1 < size ? read(fd, out + n, size - n - 1) : 0;
		if (got <= 0)
			return false;
		n += (size_t)got;
		out[n] = '\0';
	}
}

static void serve(int fd)
{
	while (server.n_requests < REPLIES &&
		receive(fd, server.requests[server.n_requests],
			sizeof(server.requests[0]))) {
		const char *reply = server.replies[server.n_requests++];

		if (!reply || write(fd, reply, strlen(reply)) < 0)
			return;
	}
}

/* One connection after the other, until the listening socket is shut down. */
static void *run(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		server.n_connections++;
		serve(fd);
		close(fd);
	}
	return NULL;
}

static void server_start(const char *first, ...)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	const char *reply = first;
	va_list args;

	memset(&server, 0, sizeof(server));
	va_start(args, first);
	for (int i = 0; i < REPLIES && (!reply || strcmp(reply, "end") != 0); i++) {
		server.replies[i] = reply;
		reply = va_arg(args, const char *);
	}
	va_end(args);
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(server.fd, 8), 0);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&address, &size), 0);
	server.port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, run, NULL), 0);
}

static void server_stop(void)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
}

/* A mail, and what became of it. */
struct sending {
	struct parcel parcel;
	struct letter letter;
	struct message message;
	struct tenant_config tenant;
	bool is_done;
	struct verdict verdict;
	char detail[512];
};

static uv_loop_t loop;
static char trace_said[2048];

void trace_step(struct trace *trace, const char *step, const char *said)
{
	size_t n = strlen(trace_said);

	if (trace)
		snprintf(trace_said + n, sizeof(trace_said) - n, "%s[%s] ", step, said);
}

static void on_done(struct parcel *parcel, const struct verdict *verdict)
{
	struct sending *sending = (struct sending *)parcel;

	ck_assert(!sending->is_done);
	sending->is_done = true;
	sending->verdict = *verdict;
	text_copy(sending->detail, sizeof(sending->detail), verdict->detail);
}

static void prepare(struct sending *sending, const char *to)
{
	static char text[] = "Your code: 424242\n", html[] = "<p>424242</p>",
		    bytes[] = "From: a@b.example\r\nMessage-ID:\r\n <x@b.example>\r\n"
			      "\r\nMessage-ID: <no@b.example>\r\n",
		    subject[] = "A code";

	*sending = (struct sending){ .letter = { .kind = LETTER_LOGIN,
					     .expires_at_s = 1800000000,
					     .at_s = 1799999400 },
		.message = { bytes, sizeof(bytes) - 1, subject, text, html,
			"Codes \"and\" more" },
		.tenant = { .language = "en" } };
	text_copy(sending->letter.to, sizeof(sending->letter.to), to);
	text_copy(sending->letter.code, sizeof(sending->letter.code), "424242");
	sending->parcel = (struct parcel){ .mail = MAIL,
		.from = "otpd@b.example",
		.to = sending->letter.to,
		.letter = &sending->letter,
		.message = &sending->message,
		.tenant = &sending->tenant,
		.deadline_s = clock_wall_s() + 600,
		.done = on_done };
	list_init(&sending->parcel.link);
}

/* The transport of a section. */
__attribute__((format(printf, 1, 2))) static struct transport *make(
	const char *format, ...)
{
	char path[UNIT_PATH], section[1024], text[2048], error[512] = "";
	struct mail_config *config = NULL;
	struct transport *transport = NULL;
	va_list args;

	va_start(args, format);
	vsnprintf(section, sizeof(section), format, args);
	va_end(args);
	snprintf(text, sizeof(text), "from = \"otpd@b.example\"\ntransport t { %s }\n",
		section);
	unit_write_text(unit_path(path, "mail.conf"), text);
	ck_assert_msg(
		config_load(path, &config, error, sizeof(error)) == 0, "%s", error);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_msg(transport_new(config_transport(config, 0), &loop, &transport,
			      error, sizeof(error)) == 0,
		"%s", error);
	config_free(config);
	return transport;
}

static void finish(struct transport *transport)
{
	transport_free(transport);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void wait_for(const struct sending *sending)
{
	while (!sending->is_done)
		uv_run(&loop, UV_RUN_ONCE);
}

/* Sends one mail to our endpoint at this port. */
static struct sending send_to(int port)
{
	struct transport *transport = make("type = http preset = webhook timeout = 5s "
					   "url = \"http://127.0.0.1:%d/\"",
		port);
	struct sending sending;

	prepare(&sending, "jane@example.net");
	transport->send(transport, &sending.parcel);
	wait_for(&sending);
	finish(transport);
	return sending;
}

static void expect(const struct sending *sending, enum send_result result,
	enum send_cause cause, int64_t pause_s)
{
	ck_assert_msg(sending->verdict.result == result, "%s", sending->detail);
	ck_assert_msg(sending->verdict.cause == cause, "%s", sending->detail);
	ck_assert_int_eq(sending->verdict.pause_s, pause_s);
}

static struct sending answered(const char *reply)
{
	struct sending sending;

	server_start(reply, "end");
	sending = send_to(server.port);
	server_stop();
	ck_assert_int_eq(server.n_requests, 1);
	return sending;
}

START_TEST(answers_say_whose_doing_it_is)
{
	struct sending sending;

	sending = answered(OK);
	expect(&sending, SEND_SENT, CAUSE_RECIPIENT, 0);
	ck_assert_str_eq(sending.detail, "200 OK: {}");
	sending = answered("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n");
	expect(&sending, SEND_REFUSED, CAUSE_RECIPIENT, 0);
	sending = answered("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n");
	expect(&sending, SEND_DEFERRED, CAUSE_TRANSPORT, 0);
	sending = answered("HTTP/1.1 503 Busy\r\nretry-after:  17 \r\n"
			   "Content-Length: 0\r\n\r\n");
	expect(&sending, SEND_DEFERRED, CAUSE_TRANSPORT, 17);
	sending = answered("HTTP/1.1 429 Slower\r\nRetry-After: 99999\r\n"
			   "Content-Length: 0\r\n\r\n");
	expect(&sending, SEND_DEFERRED, CAUSE_TRANSPORT, 3600);
	/* Of an answer that was not the last. */
	sending = answered("HTTP/1.1 103 Hints\r\nRetry-After: 17\r\n\r\n"
			   "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	expect(&sending, SEND_DEFERRED, CAUSE_TRANSPORT, 0);
}
END_TEST

START_TEST(what_was_sent_and_not_answered_goes_to_nobody_else)
{
	struct sending sending = answered(NULL);

	expect(&sending, SEND_DEFERRED, CAUSE_RECIPIENT, 0);
	ck_assert_ptr_nonnull(strstr(sending.detail, "no answer came"));
	sending = answered("HTTP/1.1 100 Continue\r\n\r\n");
	expect(&sending, SEND_DEFERRED, CAUSE_RECIPIENT, 0);
}
END_TEST

START_TEST(what_was_not_sent_may_go_to_others)
{
	struct sending sending;

	server_start("end");
	server_stop(); /* nobody listens there now */
	sending = send_to(server.port);
	expect(&sending, SEND_DEFERRED, CAUSE_TRANSPORT, 0);
	ck_assert_ptr_nonnull(strstr(sending.detail, "onnect"));
}
END_TEST

START_TEST(those_that_wait_are_answered_when_the_service_wants_a_pause)
{
	struct sending sendings[4];
	struct transport *transport;

	server_start(
		"HTTP/1.1 429 Slower\r\nRetry-After: 30\r\nContent-Length: 6\r\n\r\n"
		"jane@x",
		OK, "end");
	transport = make("type = http preset = webhook connections = 1 "
			 "url = \"http://127.0.0.1:%d/\"",
		server.port);
	for (int i = 0; i < 3; i++) {
		prepare(&sendings[i], "jane@example.net");
		transport->send(transport, &sendings[i].parcel);
	}
	for (int i = 0; i < 3; i++) {
		wait_for(&sendings[i]);
		expect(&sendings[i], SEND_DEFERRED, CAUSE_TRANSPORT, 30);
	}
	/* What was said of one mail is not told of another. */
	ck_assert_ptr_nonnull(strstr(sendings[0].detail, "jane@x"));
	ck_assert_str_eq(sendings[1].detail, "the service answers 429");
	ck_assert_str_eq(sendings[2].detail, "the service answers 429");
	prepare(&sendings[3], "jane@example.net");
	transport->send(transport, &sendings[3].parcel);
	wait_for(&sendings[3]);
	expect(&sendings[3], SEND_SENT, CAUSE_RECIPIENT, 0);
	finish(transport);
	server_stop();
	ck_assert_int_eq(server.n_requests, 2);
	ck_assert_int_eq(server.n_connections, 1);
}
END_TEST

START_TEST(a_transport_that_is_let_go_ends_what_it_has)
{
	struct sending sendings[2];
	struct transport *transport;

	server_start(OK, OK, "end");
	transport = make("type = http preset = webhook connections = 1 "
			 "url = \"http://127.0.0.1:%d/\"",
		server.port);
	for (int i = 0; i < 2; i++) {
		prepare(&sendings[i], "jane@example.net");
		transport->send(transport, &sendings[i].parcel);
	}
	finish(transport);
	for (int i = 0; i < 2; i++)
		expect(&sendings[i], SEND_SENT, CAUSE_RECIPIENT, 0);
	server_stop();
}
END_TEST

START_TEST(mails_wait_in_their_order)
{
	static const char *const to[] = { "c@b.example", "a@b.example", "b@b.example" };
	struct sending sendings[3];
	struct transport *transport;

	server_start(OK, OK, OK, "end");
	transport = make("type = http preset = webhook connections = 1 "
			 "url = \"http://127.0.0.1:%d/\"",
		server.port);
	for (int i = 0; i < 3; i++) {
		prepare(&sendings[i], to[i]);
		transport->send(transport, &sendings[i].parcel);
	}
	for (int i = 0; i < 3; i++)
		wait_for(&sendings[i]);
	finish(transport);
	server_stop();
	ck_assert_int_eq(server.n_requests, 3);
	ck_assert_int_eq(server.n_connections, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(strstr(server.requests[i], to[i]));
}
END_TEST

START_TEST(a_trace_shows_each_step)
{
	struct trace *somebody =
		(struct trace *)(void *)trace_said; /* never looked into */
	struct sending sending;
	struct transport *transport;
	char expected[512];

	server_start(OK, "HTTP/1.1 400 No\r\nContent-Length: 3\r\n\r\nbad", "end");
	transport = make("type = http preset = webhook url = \"http://localhost:%d/\"",
		server.port);
	for (int i = 0; i < 2; i++) {
		prepare(&sending, "jane@example.net");
		sending.parcel.trace = somebody;
		transport->send(transport, &sending.parcel);
		wait_for(&sending);
	}
	finish(transport);
	server_stop();
	/* "localhost" may try ::1 first; the step tells the first address. */
	ck_assert_msg(strncmp(trace_said, "resolve[127.0.0.1] ", 19) == 0 ||
			strncmp(trace_said, "resolve[::1] ", 13) == 0,
		"%s", trace_said);
	snprintf(expected, sizeof(expected),
		"connect[127.0.0.1 port %d] request[POST, %zu bytes] answer[200 OK: {}] "
		"reuse[127.0.0.1 port %d] request[POST, %zu bytes] answer[400 No: bad] ",
		server.port, strlen(strstr(server.requests[0], "\r\n\r\n")) - 4,
		server.port, strlen(strstr(server.requests[1], "\r\n\r\n")) - 4);
	ck_assert_str_eq(strchr(trace_said, ' ') + 1, expected);
}
END_TEST

START_TEST(a_request_is_as_its_template_says)
{
	struct sending sending;
	struct transport *transport;
	char body[UNIT_PATH];

	unit_write_text(unit_path(body, "body"),
		"id={{message_id}}\n&from={{from_mailbox}}&raw={{raw}}&s={{sender_name}}"
		"{{#reply_to}}&r={{reply_to}}{{/reply_to}}&e={{expires_iso}}\n");
	server_start(OK, "end");
	transport = make("type = http body_file = \"%s\" method = PUT "
			 "content_type = \"application/x-www-form-urlencoded\" "
			 "headers = { \"X-Reply: {{reply_to}}\", \"X-To: <{{to}}>\" } "
			 "url = \"http://127.0.0.1:%d/a?b=c\"",
		body, server.port);
	ck_assert(!transport->takes_numbers);
	prepare(&sending, "jane@example.net");
	transport->send(transport, &sending.parcel);
	wait_for(&sending);
	expect(&sending, SEND_SENT, CAUSE_RECIPIENT, 0);
	finish(transport);
	server_stop();
	ck_assert(strncmp(server.requests[0], "PUT /a?b=c HTTP/1.1\r\n", 21) == 0);
	ck_assert_ptr_nonnull(
		strstr(server.requests[0], "\r\nIdempotency-Key: " MAIL "\r\n"));
	ck_assert_ptr_nonnull(
		strstr(server.requests[0], "\r\nX-To: <jane@example.net>\r\n"));
	ck_assert_ptr_null(strstr(server.requests[0], "X-Reply"));
	ck_assert_ptr_null(strstr(server.requests[0], "Expect"));
	ck_assert_ptr_nonnull(strstr(server.requests[0],
		"\r\n\r\nid=%3Cx%40b.example%3E"
		"&from=%22Codes%20%5C%22and%5C%22%20more%22%20%3Cotpd%40b.example%3E"
		"&raw=RnJvbTogYUBiLmV4YW1wbGUNCk1lc3NhZ2UtSUQ6DQogPHhAYi5leGFtcGxlPg0K"
		"DQpNZXNzYWdlLUlEOiA8bm9AYi5leGFtcGxlPg0K"
		"&s=Codes%20%22and%22%20more&e=2027-01-15T08%3A00%3A00Z"));
}
END_TEST

START_TEST(a_header_that_would_not_be_one_is_not_sent)
{
	struct sending sending;
	struct transport *transport;

	server_start(OK, "end");
	transport = make("type = http preset = webhook url = \"http://127.0.0.1:%d/\" "
			 "headers = { \"X-Tenant: {{tenant}}\" }",
		server.port);
	prepare(&sending, "jane@example.net");
	text_copy(sending.letter.tenant, sizeof(sending.letter.tenant), "a\r\nX-B: c");
	transport->send(transport, &sending.parcel);
	wait_for(&sending);
	expect(&sending, SEND_REFUSED, CAUSE_TRANSPORT, 0);
	ck_assert_str_eq(sending.detail, "not safe to send");
	finish(transport);
	server_stop();
	ck_assert_int_eq(server.n_connections, 0);
}
END_TEST

static void refused_before(struct transport *transport, const char *to)
{
	struct sending sending;

	prepare(&sending, to);
	transport->send(transport, &sending.parcel);
	ck_assert_msg(sending.is_done, "%s was taken", to);
	expect(&sending, SEND_REFUSED, CAUSE_TRANSPORT, 0);
}

START_TEST(a_gateway_is_for_numbers_and_mail_for_addresses)
{
	static const char *const no_numbers[] = { "jane@example.net", "", "+",
		"+123456", "49301234567", "+049301234567", "+4930123456789012",
		"+49 30 1234567", "+49301234567\n", "+49301234567,+49301234568",
		"++49301234567" };
	struct transport *transport;
	struct sending sending;
	char body[UNIT_PATH];

	unit_write_text(unit_path(body, "body"),
		"{\"to\":\"{{to}}\",\"text\":\"{{text}}\",\"h\":\"{{html}}{{raw}}{{subject}}\"}");
	server_start(OK, "end");
	transport = make("type = sms body_file = \"%s\" url = \"http://127.0.0.1:%d/\"",
		body, server.port);
	ck_assert(transport->takes_numbers);
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++)
		refused_before(transport, no_numbers[i]);
	prepare(&sending, "+49301234567");
	sending.message = (struct message){ .subject = sending.message.subject,
		.text = sending.message.text };
	transport->send(transport, &sending.parcel);
	wait_for(&sending);
	expect(&sending, SEND_SENT, CAUSE_RECIPIENT, 0);
	finish(transport);
	server_stop();
	ck_assert_int_eq(server.n_requests, 1);
	ck_assert_str_eq(strstr(server.requests[0], "\r\n\r\n") + 4,
		"{\"to\":\"+49301234567\",\"text\":\"Your code: 424242\\n\",\"h\":\"\"}");
	transport = make("type = http preset = webhook url = \"http://127.0.0.1:%d/\"",
		server.port);
	refused_before(transport, "+49301234567");
	refused_before(transport, "jane@example.net\r\n");
	finish(transport);
}
END_TEST

UNIT_MAIN("mail_http", answers_say_whose_doing_it_is,
	what_was_sent_and_not_answered_goes_to_nobody_else,
	what_was_not_sent_may_go_to_others,
	those_that_wait_are_answered_when_the_service_wants_a_pause,
	a_transport_that_is_let_go_ends_what_it_has, mails_wait_in_their_order,
	a_trace_shows_each_step, a_request_is_as_its_template_says,
	a_header_that_would_not_be_one_is_not_sent,
	a_gateway_is_for_numbers_and_mail_for_addresses);
