/* SPDX-License-Identifier: MIT */
/* The blocking client against a server that does whatever a test tells it to. */
#include "otpd/proto/client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "otpd/proto/limits.h"
#include "otpd/proto/outcome.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 20000

/* What the server does with one client, and what it heard. */
struct server {
	char path[UNIT_PATH];
	int fd;
	pthread_t thread;
	const char *answer;
	size_t size;
	bool hangs; /* keeps the connection open after the answer, until the client goes
		     */
	bool drips; /* byte by byte */
	bool deaf;  /* reads nothing */
	char heard[LIMIT_FRAME];
};

static void read_call(struct server *server, int fd)
{
	size_t n = 0;

	while (n < sizeof(server->heard)) {
		ssize_t got = recv(fd, server->heard + n, sizeof(server->heard) - n, 0);

		if (got <= 0)
			return;
		n += (size_t)got;
		if (server->heard[n - 1] == '\0')
			return;
	}
}

static void *serve(void *arg)
{
	struct server *server = arg;
	sigset_t all;
	char ignored;
	int fd;

	/* Signals are for the client. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	fd = accept(server->fd, NULL, NULL);
	if (fd < 0)
		return NULL;
	if (!server->deaf)
		read_call(server, fd);
	for (size_t at = 0; at < server->size;) {
		ssize_t n = send(fd, server->answer + at,
			server->drips ? 1 : server->size - at, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (server->hangs)
		(void)!recv(fd, &ignored, 1, MSG_WAITALL);
	close(fd);
	return NULL;
}

static void start(struct server *server, const char *answer, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	unit_path(server->path, "sock");
	unlink(server->path);
	strcpy(address.sun_path, server->path);
	server->answer = answer;
	server->size = size;
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(server->fd, 1), 0);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	close(server->fd);
}

/* One call to such a server; what client_call returned. */
static int call_once(struct server *server, const char *answer, size_t size,
	int timeout_ms, json_t **ret)
{
	struct client client = CLIENT_INIT;
	json_t *out = NULL;
	int r;

	start(server, answer, size);
	ck_assert_int_eq(client_open(&client, server->path, timeout_ms), 0);
	r = client_call(&client, "org.example.Method", NULL, &out);
	client_close(&client);
	ck_assert_int_eq(client.fd, -1);
	stop(server);
	if (ret)
		*ret = out;
	else
		json_decref(out);
	return r;
}

static int answered(const char *answer, json_t **ret)
{
	struct server server = { .hangs = true };

	return call_once(&server, answer, strlen(answer) + 1, PATIENCE_MS, ret);
}

START_TEST(an_answer_comes_with_its_parameters)
{
	json_t *out;

	ck_assert_int_eq(answered("{\"parameters\":{\"a\":1}}", &out), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(out, "a")), 1);
	json_decref(out);
	ck_assert_int_eq(answered("{}", &out), 0);
	ck_assert(json_is_object(out));
	ck_assert_uint_eq(json_object_size(out), 0);
	json_decref(out);
}
END_TEST

START_TEST(the_call_is_varlink_with_a_nul)
{
	struct server server = { 0 };
	struct client client = CLIENT_INIT;
	json_t *parameters = json_pack("{s:s}", "user", "al\"ice"), *out, *heard;

	start(&server, "{}", 3);
	ck_assert_int_eq(client_open(&client, server.path, PATIENCE_MS), 0);
	ck_assert_int_eq(
		client_call(&client, "org.emailotp.Auth.Begin", parameters, &out), 0);
	client_close(&client);
	stop(&server);
	heard = json_loads(server.heard, 0, NULL);
	ck_assert_ptr_nonnull(heard);
	ck_assert_str_eq(json_string_value(json_object_get(heard, "method")),
		"org.emailotp.Auth.Begin");
	ck_assert(json_equal(json_object_get(heard, "parameters"), parameters));
	ck_assert_uint_eq(json_object_size(heard), 2);
	json_decref(heard);
	json_decref(parameters);
	json_decref(out);
}
END_TEST

START_TEST(errors_of_otpd_become_outcomes_with_their_parameters)
{
	for (int i = 1; i < OUTCOME_MAX; i++) {
		char answer[256];
		json_t *out;

		snprintf(answer, sizeof(answer),
			"{\"error\":\"%s\",\"parameters\":{\"retry_after\":%d}}",
			outcome_error(i), i);
		ck_assert_int_eq(answered(answer, &out), i);
		ck_assert_int_eq(
			json_integer_value(json_object_get(out, "retry_after")), i);
		json_decref(out);
	}
}
END_TEST

START_TEST(errors_of_varlink_are_told_apart)
{
	json_t *out;

	ck_assert_int_eq(answered("{\"error\":\"org.varlink.service.InvalidParameter\","
				  "\"parameters\":{\"parameter\":\"user\"}}",
				 &out),
		-EINVAL);
	ck_assert_str_eq(json_string_value(json_object_get(out, "parameter")), "user");
	json_decref(out);
	ck_assert_int_eq(
		answered("{\"error\":\"org.varlink.service.MethodNotFound\"}", NULL),
		-ENOSYS);
	ck_assert_int_eq(
		answered("{\"error\":\"org.varlink.service.InterfaceNotFound\"}", NULL),
		-ENOSYS);
	ck_assert_int_eq(
		answered("{\"error\":\"org.example.Strange\"}", NULL), -EPROTO);
}
END_TEST

START_TEST(garbage_is_no_answer_and_never_a_success)
{
	static const char *const garbage[] = { "", "x", "[]", "1", "null", "true",
		"\"s\"", "{", "{}}", "{\"parameters\":[]}", "{\"parameters\":1}",
		"{\"parameters\":null}", "{\"error\":1}", "{\"error\":null}",
		"{\"error\":false}", "{\"error\":\"\"}",
		"{\"error\":[],\"parameters\":{}}",
		"{\"parameters\":{\"a\":1,\"a\":2}}",
		"{\"parameters\":{},\"parameters\":{}}",
		"{\"parameters\":{\"a\":\"\xff\"}}",
		"{\"parameters\":{\"a\":\"\\u0000\"}}", "{\"parameters\":{}} x",
		"HTTP/1.1 200 OK" };

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		ck_assert_msg(
			answered(garbage[i], NULL) == -EPROTO, "\"%s\"", garbage[i]);
}
END_TEST

START_TEST(nesting_without_end_is_refused)
{
	char *deep = malloc(60001);

	ck_assert_ptr_nonnull(deep);
	memset(deep, '[', 60000);
	deep[60000] = '\0';
	ck_assert_int_eq(answered(deep, NULL), -EPROTO);
	free(deep);
}
END_TEST

START_TEST(an_answer_may_arrive_byte_by_byte)
{
	static const char answer[] = "{\"parameters\":{\"state\":\"verified\"}}";
	struct server server = { .drips = true };
	json_t *out;

	ck_assert_int_eq(
		call_once(&server, answer, sizeof(answer), PATIENCE_MS, &out), 0);
	ck_assert_str_eq(json_string_value(json_object_get(out, "state")), "verified");
	json_decref(out);
}
END_TEST

START_TEST(an_answer_that_is_cut_is_a_reset_wherever_it_is_cut)
{
	static const char answer[] = "{\"parameters\":{}}";

	for (size_t n = 0; n < sizeof(answer); n++) {
		struct server server = { 0 };

		ck_assert_int_eq(
			call_once(&server, answer, n, PATIENCE_MS, NULL), -ECONNRESET);
	}
}
END_TEST

START_TEST(a_server_that_hangs_is_a_timeout)
{
	struct server server = { .hangs = true };

	ck_assert_int_eq(call_once(&server, "", 0, 50, NULL), -ETIMEDOUT);
	ck_assert_int_eq(
		call_once(&server, "{\"parameters\"", 12, 50, NULL), -ETIMEDOUT);
}
END_TEST

static void on_alarm(int number)
{
	(void)number;
}

START_TEST(signals_do_not_lengthen_the_wait)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	struct server server = { .hangs = true };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	ck_assert_int_eq(call_once(&server, "", 0, 100, NULL), -ETIMEDOUT);
	setitimer(ITIMER_REAL, &never, NULL);
}
END_TEST

START_TEST(an_answer_of_full_size_is_taken_and_a_larger_one_is_not)
{
	struct server server = { .hangs = true };
	char *large = malloc(LIMIT_REPLY + 1);
	size_t head;

	ck_assert_ptr_nonnull(large);
	head = (size_t)sprintf(large, "{\"parameters\":{\"a\":\"");
	memset(large + head, 'x', LIMIT_REPLY - head);
	memcpy(large + LIMIT_REPLY - 4, "\"}}", 4);
	ck_assert_int_eq(call_once(&server, large, LIMIT_REPLY, PATIENCE_MS, NULL), 0);
	large[LIMIT_REPLY - 1] = ' ';
	large[LIMIT_REPLY] = '\0';
	ck_assert_int_eq(call_once(&server, large, LIMIT_REPLY + 1, PATIENCE_MS, NULL),
		-EMSGSIZE);
	free(large);
}
END_TEST

START_TEST(a_call_that_no_server_would_take_is_not_sent)
{
	struct server server = { 0 };
	struct client client = CLIENT_INIT;
	char *large = calloc(1, LIMIT_FRAME + 1);
	json_t *parameters, *out;

	ck_assert_ptr_nonnull(large);
	memset(large, 'x', LIMIT_FRAME);
	parameters = json_pack("{s:s}", "user", large);
	start(&server, "", 0);
	ck_assert_int_eq(client_open(&client, server.path, PATIENCE_MS), 0);
	ck_assert_int_eq(client_call(&client, "a.B", parameters, &out), -EMSGSIZE);
	ck_assert_ptr_null(out);
	client_close(&client);
	stop(&server);
	ck_assert_str_eq(server.heard, "");
	json_decref(parameters);
	free(large);
}
END_TEST

START_TEST(a_server_that_is_gone_is_a_reset_and_no_signal)
{
	struct server server = { .deaf = true };
	struct client client = CLIENT_INIT;
	json_t *out;

	start(&server, "", 0);
	ck_assert_int_eq(client_open(&client, server.path, PATIENCE_MS), 0);
	stop(&server); /* has closed without reading */
	ck_assert_int_eq(client_call(&client, "a.B", NULL, &out), -ECONNRESET);
	ck_assert_ptr_null(out);
	client_close(&client);
}
END_TEST

START_TEST(calls_may_follow_each_other_on_a_connection)
{
	static const char two[] =
		"{\"parameters\":{\"n\":1}}\0{\"parameters\":{\"n\":2}}";
	struct server server = { .hangs = true };
	struct client client = CLIENT_INIT;
	json_t *out;

	start(&server, two, sizeof(two));
	ck_assert_int_eq(client_open(&client, server.path, PATIENCE_MS), 0);
	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(client_call(&client, "a.B", NULL, &out), 0);
		ck_assert_int_eq(json_integer_value(json_object_get(out, "n")), i);
		json_decref(out);
	}
	client_close(&client);
	stop(&server);
}
END_TEST

START_TEST(where_nobody_listens_there_is_an_error_and_no_descriptor)
{
	struct client client = CLIENT_INIT;
	char path[UNIT_PATH];
	int before = dup(0), after;

	close(before);
	ck_assert_int_eq(client_open(&client, unit_path(path, "none"), 50), -ENOENT);
	unit_write_text(unit_path(path, "plain"), "");
	ck_assert_int_eq(client_open(&client, path, 50), -ECONNREFUSED);
	memset(path, 'x', 200);
	path[200] = '\0';
	ck_assert_int_eq(client_open(&client, path, 50), -ENAMETOOLONG);
	ck_assert_int_eq(client.fd, -1);
	after = dup(0);
	ck_assert_int_eq(before, after);
	client_close(&client);
}
END_TEST

START_TEST(a_server_whose_queue_is_full_is_a_timeout)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct client clients[8];
	char path[UNIT_PATH];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0, n = 0;

	strcpy(address.sun_path, unit_path(path, "full"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	while (r == 0 && n < 8) {
		clients[n] = (struct client)CLIENT_INIT;
		r = client_open(&clients[n++], path, 50);
	}
	ck_assert_int_eq(r, -ETIMEDOUT);
	for (int i = 0; i < n; i++)
		client_close(&clients[i]);
	close(fd);
}
END_TEST

UNIT_MAIN("client", an_answer_comes_with_its_parameters, the_call_is_varlink_with_a_nul,
	errors_of_otpd_become_outcomes_with_their_parameters,
	errors_of_varlink_are_told_apart, garbage_is_no_answer_and_never_a_success,
	nesting_without_end_is_refused, an_answer_may_arrive_byte_by_byte,
	an_answer_that_is_cut_is_a_reset_wherever_it_is_cut,
	a_server_that_hangs_is_a_timeout, signals_do_not_lengthen_the_wait,
	an_answer_of_full_size_is_taken_and_a_larger_one_is_not,
	a_call_that_no_server_would_take_is_not_sent,
	a_server_that_is_gone_is_a_reset_and_no_signal,
	calls_may_follow_each_other_on_a_connection,
	where_nobody_listens_there_is_an_error_and_no_descriptor,
	a_server_whose_queue_is_full_is_a_timeout);
