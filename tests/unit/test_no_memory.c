/* SPDX-License-Identifier: MIT */
/*
 * The n-th allocation fails, for every n until none is left to fail: an error comes
 * back, nothing leaks (AddressSanitizer counts, with CK_FORK=no), nothing half-made
 * comes out.
 *
 * Links with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup, so that the
 * calls of otpd's own objects fail; jansson's go through json_set_alloc_funcs.
 */
#include <errno.h>
#include <pthread.h>

#include "otpd/proto/client.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "tests/unit/rig.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local bool armed;
static long countdown, happened, live_blocks;

/* Whether this allocation is the one that fails. */
static bool fails(void)
{
	if (!armed)
		return false;
	if (countdown-- != 0)
		return false;
	happened++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

/* jansson's, counted: what is left at the end has leaked. */
static void *json_get(size_t size)
{
	void *p = fails() ? NULL : secret_alloc(size);

	if (p)
		__atomic_add_fetch(&live_blocks, 1, __ATOMIC_SEQ_CST);
	return p;
}

static void json_drop(void *p)
{
	if (p)
		__atomic_sub_fetch(&live_blocks, 1, __ATOMIC_SEQ_CST);
	secret_free(p);
}

/* Runs f with the n-th allocation failing; false when there was no n-th. */
static bool with_failure(long n, int (*f)(void), int *ret)
{
	countdown = n;
	happened = 0;
	armed = true;
	*ret = f();
	armed = false;
	return happened > 0;
}

static char path[UNIT_PATH];

/* ---- configuration ---- */

static struct config *loaded;

static int load(void)
{
	char error[512] = "";
	int r;

	loaded = NULL;
	r = config_load(path, &loaded, error, sizeof(error));
	armed = false; /* Check allocates, too */
	if (r < 0) {
		ck_assert_ptr_null(loaded);
		ck_assert_msg(error[0] != '\0', "refused without a word");
	}
	return r;
}

START_TEST(configuration_without_memory_is_an_error_and_never_half_of_it)
{
	long n;

	unit_write_text(unit_path(path, "full.conf"),
		"wrong_alert = 7\nenrol_domains = { a.example, b.example }\n"
		"policy sshd { tries = 2 exempt_users = { a, b, c } }\n"
		"policy sudo { exempt_networks = { 192.0.2.0/24 } }\n"
		"client web { user = root services = { web } }\n");
	for (n = 0; n < 10000; n++) {
		int r;
		bool failed = with_failure(n, load, &r);

		if (r == 0) {
			/* What came out is all that the file says. */
			ck_assert_int_eq(loaded->wrong_alert, 7);
			ck_assert_uint_eq(loaded->enrol_domains.n, 2);
			ck_assert_uint_eq(loaded->policies.n, 2);
			ck_assert_int_eq(config_policy(loaded, "sshd")->tries, 2);
			ck_assert_uint_eq(
				config_policy(loaded, "sshd")->exempt_users.n, 3);
			ck_assert_uint_eq(loaded->clients.n, 1);
			config_free(loaded);
		}
		if (!failed)
			break;
	}
	ck_assert_int_gt(n, 10);
	ck_assert_int_lt(n, 10000);
}
END_TEST

/* ---- files ---- */

static int read_file(void)
{
	char *data = NULL;
	size_t size;
	int r = file_read_safe(path, FILE_SECRET, 64, &data, &size);

	armed = false;
	ck_assert(r == 0 || !data);
	secret_free(data);
	return r;
}

START_TEST(a_secret_without_memory_is_an_error)
{
	int r;

	unit_write_text(unit_path(path, "key"), "0123");
	for (long n = 0; with_failure(n, read_file, &r); n++)
		ck_assert_int_eq(r, -ENOMEM);
	ck_assert_int_eq(r, 0);
}
END_TEST

/* ---- the client ---- */

static int listener;

/* Answers every client with the same; the loop ends with the listener. */
static void *answer_all(void *arg)
{
	static const char answer[] =
		"{\"parameters\":{\"state\":\"verified\",\"a\":[1,2]}}";
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		char call[512];

		if (recv(fd, call, sizeof(call), 0) > 0)
			(void)!send(fd, answer, sizeof(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static int call_out(void)
{
	struct client client = CLIENT_INIT;
	json_t *in = json_pack("{s:s}", "user", "alice"), *out = NULL;
	int r = in ? client_open(&client, path, 20000) : -ENOMEM;

	if (r == 0) {
		r = client_call(&client, "a.B", in, &out);
		armed = false;
		ck_assert(r != 0 || json_object_get(out, "state"));
		client_close(&client);
	}
	json_decref(in);
	json_decref(out);
	return r;
}

START_TEST(a_client_without_memory_is_an_error_and_never_a_success)
{
	pthread_t thread;
	long n, before;
	int r;

	json_set_alloc_funcs(json_get, json_drop);
	listener = server_socket(unit_path(path, "sock"), 0600, (gid_t)-1);
	ck_assert_int_ge(listener, 0);
	fcntl(listener, F_SETFL, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer_all, NULL), 0);
	before = live_blocks;
	for (n = 0; n < 1000; n++) {
		bool failed = with_failure(n, call_out, &r);

		ck_assert_int_eq(live_blocks, before);
		if (!failed)
			break;
		ck_assert_msg(
			r < 0, "allocation %ld failed and the answer is %d", n, r);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_gt(n, 5);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
}
END_TEST

/* ---- calls ---- */

static struct rig rig;
static const char *message;
static int result;

/* A whole call with every allocation of the loop's thread counted. */
static int whole_call(void)
{
	int fd;
	size_t length, size = strlen(message) + 1;
	static char answer[LIMIT_REPLY];

	armed = false;
	fd = rig_connect(&rig, 0);
	ck_assert_int_eq(send(fd, message, size, 0), (ssize_t)size);
	armed = true;
	length = rig_answer(&rig, fd, answer, sizeof(answer));
	armed = false;
	close(fd);
	while (rig.daemon.server.n_conns > 0 || !batch_is_idle(&rig.daemon.batch))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	if (length == 0)
		return -ECONNRESET;
	return strstr(answer, "\"error\"") ? -EIO : 0;
}

/* Tries every n; the store must not have changed where the caller was told of failure.
 */
static void each_failure(const char *text, const char *count_sql)
{
	long n;

	message = text;
	for (n = 0; n < 5000; n++) {
		int64_t rows = rig_count(&rig, count_sql);
		long before = live_blocks;
		bool failed = with_failure(n, whole_call, &result);

		ck_assert_int_eq(live_blocks, before);
		if (!failed)
			break;
		/* Closed without an answer leaves it open; an error is a promise. */
		if (result == -EIO)
			ck_assert_int_eq(rig_count(&rig, count_sql), rows);
		rig.now += 4000;
	}
	ck_assert_int_lt(n, 5000);
	ck_assert_int_gt(n, 3);
	ck_assert_int_eq(result, 0);
}

static void open_counting(void)
{
	json_set_alloc_funcs(json_get, json_drop);
	rig_open(&rig,
		"sends_per_host_hour = 1000000\npolicy default { cool_down = 0"
		" sends_per_hour = 100 sends_per_day = 400 }");
}

START_TEST(calls_without_memory_end_once_and_leave_nothing_behind)
{
	open_counting();
	each_failure("{\"method\":\"org.varlink.service.GetInfo\"}",
		"SELECT count(*) FROM users");
	each_failure(
		"{\"method\":\"org.emailotp.Admin.AddUser\",\"parameters\":{\"user\":"
		"\"alice\",\"address\":\"a@b.cc\",\"replace\":true}}",
		"SELECT count(*) FROM users");
	each_failure("{\"method\":\"org.emailotp.Admin.ListUsers\"}",
		"SELECT count(*) FROM users");
	each_failure("{\"method\":\"org.emailotp.Admin.Status\"}",
		"SELECT count(*) FROM users");
	each_failure("{\"method\":\"org.emailotp.Admin.Audit\"}",
		"SELECT count(*) FROM audit");
	rig_close(&rig);
}
END_TEST

START_TEST(a_begin_without_memory_leaves_no_challenge_and_no_mail)
{
	open_counting();
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "alice",
					 "address", "alice@example.org", "verified", 1),
				 NULL),
		0);
	each_failure("{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":{\"user\":"
		     "\"alice\",\"service\":\"sshd\"}}",
		"SELECT (SELECT count(*) FROM challenges) + (SELECT count(*) FROM mail)");
	rig_close(&rig);
}
END_TEST

START_TEST(a_refusal_without_memory_is_never_a_success)
{
	long n;
	bool failed = true;

	open_counting();
	message =
		"{\"method\":\"org.emailotp.Admin.ShowUser\",\"parameters\":{\"user\":"
		"\"nobody\"}}";
	for (n = 0; failed && n < 1000; n++) {
		failed = with_failure(n, whole_call, &result);
		ck_assert_msg(result < 0, "allocation %ld made a success of NoUser", n);
	}
	ck_assert(!failed);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("no_memory", configuration_without_memory_is_an_error_and_never_half_of_it,
	a_secret_without_memory_is_an_error,
	a_client_without_memory_is_an_error_and_never_a_success,
	calls_without_memory_end_once_and_leave_nothing_behind,
	a_begin_without_memory_leaves_no_challenge_and_no_mail,
	a_refusal_without_memory_is_never_a_success);
