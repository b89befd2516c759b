/* SPDX-License-Identifier: MIT */
/*
 * The smtp transport by itself, against a server that is a child process: which steps
 * the trace of a mail shows, in which order, and what is blamed.
 */
#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "otpd/mail/message/message.h"
#include "otpd/mail/trace.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/clock.h"

#define BODY "From: a@b.example\r\n\r\ntext\r\n"

static uv_loop_t loop;
static char steps[1024];
static char last_said[600];
static struct verdict end;
static char end_detail[600];
static bool ended;

/* In place of the one that keeps them (trace.h): this object comes first. */
void trace_step(struct trace *trace, const char *step, const char *said)
{
	size_t n = strlen(steps);

	ck_assert_ptr_nonnull(trace);
	snprintf(steps + n, sizeof(steps) - n, "%s%s", n ? " " : "", step);
	snprintf(last_said, sizeof(last_said), "%s", said);
}

static void on_done(struct parcel *parcel, const struct verdict *verdict)
{
	(void)parcel;
	end = *verdict;
	snprintf(end_detail, sizeof(end_detail), "%s", verdict->detail);
	ended = true;
	uv_stop(&loop);
}

/* What the server says to a command; NULL: the next to the usual. */
struct answer {
	const char *verb;
	const char *says;
};

static const char *find_answer(const struct answer *answers, const char *command)
{
	static const struct answer usual[] = {
		{ "EHLO", "250-test\r\n250-PIPELINING\r\n250 SIZE 1000000" },
		{ "DATA", "354 go" },
		{ "QUIT", "221 bye" },
		{ "", "250 2.0.0 fine" },
	};

	for (; answers->verb; answers++)
		if (strncmp(command, answers->verb, strlen(answers->verb)) == 0)
			return answers->says;
	for (answers = usual;; answers++)
		if (strncmp(command, answers->verb, strlen(answers->verb)) == 0)
			return answers->says;
}

static void serve_one(FILE *stream, const struct answer *answers)
{
	char line[1024];
	bool in_body = false;

	fprintf(stream, "%s\r\n", find_answer(answers, "banner"));
	while (fgets(line, sizeof(line), stream)) {
		const char *says;

		if (in_body && strcmp(line, ".\r\n") != 0)
			continue;
		says = find_answer(answers, in_body ? "body" : line);
		if (!says[0])
			return; /* hangs up */
		fprintf(stream, "%s\r\n", says);
		in_body = !in_body && strcmp(line, "DATA\r\n") == 0 && says[0] == '3';
	}
}

/* A server in a child; returns its port. */
static int serve(const struct answer *answers, pid_t *ret_pid)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_pid = fork();
	ck_assert_int_ge(*ret_pid, 0);
	while (*ret_pid == 0) {
		int conn = accept(fd, NULL, NULL);
		FILE *stream = conn >= 0 ? fdopen(conn, "r+") : NULL;

		if (!stream)
			_exit(1);
		setvbuf(stream, NULL, _IONBF, 0);
		serve_one(stream, answers);
		fclose(stream);
	}
	close(fd);
	return ntohs(address.sin_port);
}

static struct transport *make(int port)
{
	struct transport_config config = {
		.title = "relay",
		.host = "127.0.0.1",
		.type = TRANSPORT_SMTP,
		.tls = TLS_NONE,
		.connections = 2,
		.timeout_s = 20,
		.port = port,
	};
	struct transport *transport = NULL;
	char error[512];

	ck_assert_int_eq(
		transport_new(&config, &loop, &transport, error, sizeof(error)), 0);
	return transport;
}

/* Sends one mail and waits for its end. */
static void send_one(struct transport *transport)
{
	char bytes[] = BODY;
	const struct message message = { .bytes = bytes, .size = sizeof(bytes) - 1 };
	struct parcel parcel = {
		.mail = "0123456789abcdef0123456789abcdef",
		.from = "a@b.example",
		.to = "c@d.example",
		.message = &message,
		.deadline_s = clock_wall_s() + 600,
		.trace = (struct trace *)&parcel,
		.done = on_done,
	};

	steps[0] = '\0';
	ended = false;
	transport->send(transport, &parcel);
	if (!ended)
		uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert(ended);
}

static void finish(struct transport *transport, pid_t server)
{
	transport_free(transport);
	while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
		; /* on_done() may have stopped it before it began */
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static struct transport *begin(const struct answer *answers, pid_t *ret_server)
{
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	return make(serve(answers, ret_server));
}

START_TEST(the_whole_way_is_shown)
{
	static const struct answer answers[] = { { "banner", "220 test" }, { 0 } };
	pid_t server;
	struct transport *transport = begin(answers, &server);

	send_one(transport);
	ck_assert_int_eq(end.result, SEND_SENT);
	ck_assert_str_eq(end_detail, "250 2.0.0 fine");
	ck_assert_str_eq(steps, "resolve connect greeting mail rcpt data body");
	ck_assert_str_eq(last_said, "250 2.0.0 fine");
	send_one(transport);
	ck_assert_str_eq(steps, "reuse mail rcpt data body");
	finish(transport, server);
}
END_TEST

START_TEST(the_step_that_fails_is_the_last)
{
	static const struct {
		struct answer answer;
		const char *steps;
		const char *said;
		enum send_result result;
		enum send_cause cause;
	} cases[] = {
		{ { "banner", "554 5.3.2 closed" }, "resolve connect greeting",
			"554 5.3.2 closed", SEND_DEFERRED, CAUSE_TRANSPORT },
		{ { "MAIL", "553 5.7.1 not you" }, "resolve connect greeting mail",
			"553 5.7.1 not you", SEND_DEFERRED, CAUSE_TRANSPORT },
		{ { "RCPT", "550-5.1.1 no\r\n550 5.1.1 such user" },
			"resolve connect greeting mail rcpt",
			"550 5.1.1 no 5.1.1 such user", SEND_REFUSED, CAUSE_RECIPIENT },
		{ { "RCPT", "450 4.2.0 greylisted" },
			"resolve connect greeting mail rcpt", "450 4.2.0 greylisted",
			SEND_DEFERRED, CAUSE_RECIPIENT },
		{ { "DATA", "421 4.3.2 closing" },
			"resolve connect greeting mail rcpt data", "421 4.3.2 closing",
			SEND_DEFERRED, CAUSE_TRANSPORT },
		{ { "body", "554 5.7.1 spam" },
			"resolve connect greeting mail rcpt data body",
			"554 5.7.1 spam", SEND_REFUSED, CAUSE_MAIL },
		/* Hung up on: the command before is the last that was answered. */
		{ { "RCPT", "" }, "resolve connect greeting mail", "250 2.0.0 fine",
			SEND_DEFERRED, CAUSE_TRANSPORT },
		{ { "body", "" }, "resolve connect greeting mail rcpt data", "354 go",
			SEND_DEFERRED, CAUSE_RECIPIENT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer answers[] = { cases[i].answer,
			{ "banner", "220 test" }, { 0 } };
		pid_t server;
		struct transport *transport = begin(answers, &server);

		send_one(transport);
		ck_assert_str_eq(steps, cases[i].steps);
		ck_assert_str_eq(last_said, cases[i].said);
		ck_assert_int_eq(end.result, cases[i].result);
		ck_assert_int_eq(end.cause, cases[i].cause);
		finish(transport, server);
	}
}
END_TEST

START_TEST(a_second_doubt_is_the_last)
{
	static const struct answer answers[] = { { "banner", "220 test" },
		{ "body", "" }, { 0 } };
	pid_t server;
	struct transport *transport = begin(answers, &server);

	send_one(transport);
	ck_assert_int_eq(end.result, SEND_DEFERRED);
	ck_assert_int_eq(end.cause, CAUSE_RECIPIENT);
	send_one(transport);
	ck_assert_int_eq(end.result, SEND_REFUSED);
	ck_assert_int_eq(end.cause, CAUSE_MAIL);
	finish(transport, server);
}
END_TEST

START_TEST(what_is_not_safe_is_not_sent)
{
	static const char *const bad[] = { "", "a", "\r\n", ".\r\n", "a\r\n.\r\nb\r\n",
		"a\r\n.", "a\r\n.b\r\n", "a\n.\r\n", "a\r\nb", "a\r\nb\n" };
	static const struct answer answers[] = { { "banner", "220 test" }, { 0 } };
	pid_t server;
	struct transport *transport = begin(answers, &server);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char bytes[64];
		struct message message = { .bytes = bytes, .size = strlen(bad[i]) };
		struct parcel parcel = {
			.mail = "x",
			.from = "a@b.example",
			.to = "c@d.example",
			.message = &message,
			.deadline_s = clock_wall_s() + 600,
			.done = on_done,
		};

		snprintf(bytes, sizeof(bytes), "%s", bad[i]);
		ended = false;
		transport->send(transport, &parcel);
		ck_assert_msg(ended && end.result == SEND_REFUSED, "%s", bad[i]);
		ck_assert_str_eq(end_detail, "not safe to send");
	}
	finish(transport, server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_steps");
	TCase *tests = tcase_create("mail_steps");
	SRunner *runner = srunner_create(suite);
	int failed;

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, the_whole_way_is_shown);
	tcase_add_test(tests, the_step_that_fails_is_the_last);
	tcase_add_test(tests, a_second_doubt_is_the_last);
	tcase_add_test(tests, what_is_not_safe_is_not_sent);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
