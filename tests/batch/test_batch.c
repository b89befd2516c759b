/* SPDX-License-Identifier: MIT */
/*
 * Group commit on real sockets and threads. The first half runs batch, store and server
 * with methods of its own; the second runs the whole daemon in a thread, with a mailer
 * of ours that opens the mails. Run it under ThreadSanitizer too (setarch -R): libuv
 * and SQLite are not instrumented, but meet in pthread calls that are.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "otpd/proto/client.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/batch.h"
#include "otpd/server/daemon.h"
#include "otpd/store/db.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/varlink/server.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 60000

/* ---- a small daemon: one batch, and methods that do what a test asks for ---- */

struct small {
	uv_loop_t loop;
	struct store store;
	struct batch batch;
	struct service service;
	struct server server;
	uv_async_t stop;
	pthread_t thread;
	char path[UNIT_PATH];
	sem_t entered; /* Hold is inside its transaction */
	sem_t leave;   /* and may go on */
	atomic_int openings;
	atomic_int landings;
	bool damaged;
};

struct put_in {
	char name[64];
	int64_t value;
};

static const struct field put_fields[] = {
	{ "name", FIELD_STRING, offsetof(struct put_in, name), 63, false },
	{ "value", FIELD_INT, offsetof(struct put_in, value), INT64_MAX, false },
	{ 0 },
};

static struct small *small_of(struct call *call)
{
	return call->service->context;
}

static int put_apply(struct call *call, struct store *store)
{
	const struct put_in *in = call->in;

	call_out_int(call, "value", in->value);
	return store_put_number(store, in->name, in->value);
}

/* Writes, and then fails: what it wrote must not stay. */
static int fail_apply(struct call *call, struct store *store)
{
	int r = put_apply(call, store);

	return r < 0 ? r : -EBADF;
}

/* Finds the database damaged under it. */
static int damage_apply(struct call *call, struct store *store)
{
	int r = put_apply(call, store);

	return r < 0 ? r : -EUCLEAN;
}

/* Writes, and answers with an outcome: what it wrote must stay. */
static int refuse_apply(struct call *call, struct store *store)
{
	int r = put_apply(call, store);

	call_out_clear(call);
	return r < 0 ? r : OUTCOME_WRONG_CODE;
}

static int add_apply(struct call *call, struct store *store)
{
	const struct put_in *in = call->in;
	int64_t value = 0;
	int r = store_get_number(store, in->name, &value);

	if (r < 0 && r != -ENOENT)
		return r;
	call_out_int(call, "value", value + in->value);
	return store_put_number(store, in->name, value + in->value);
}

static int hold_apply(struct call *call, struct store *store)
{
	struct small *small = small_of(call);

	sem_post(&small->entered);
	while (sem_wait(&small->leave) < 0)
		;
	return put_apply(call, store);
}

/* Leaves behind what COMMIT will not take: a deferred foreign key. */
static int poison_apply(struct call *call, struct store *store)
{
	(void)call;
	return db_script(store->db, "INSERT INTO poison_child VALUES (77)");
}

static int get_apply(struct call *call, struct store *store)
{
	const struct put_in *in = call->in;
	int64_t value = -1;
	int r = store_get_number(store, in->name, &value);

	call_out_int(call, "value", value);
	return r == -ENOENT ? OUTCOME_NO_USER : r;
}

#define PUT_LIKE(title, f, bits)                                               \
	{                                                                      \
		.name = title, .flags = METHOD_ANY | (bits), .in = put_fields, \
		.in_size = sizeof(struct put_in), .apply = f                   \
	}

static const struct method small_methods[] = {
	PUT_LIKE("Put", put_apply, 0),
	PUT_LIKE("Fail", fail_apply, 0),
	PUT_LIKE("Damage", damage_apply, 0),
	PUT_LIKE("Refuse", refuse_apply, 0),
	PUT_LIKE("Add", add_apply, 0),
	PUT_LIKE("Hold", hold_apply, 0),
	PUT_LIKE("Poison", poison_apply, 0),
	PUT_LIKE("Get", get_apply, METHOD_READ),
	{ 0 },
};

static const struct method *const small_tables[] = { small_methods, NULL };
static const struct interface small_interface = { "t.t", "", small_tables };
static const struct interface *const small_interfaces[] = { &small_interface, NULL };

static int allow(struct call *call)
{
	(void)call;
	return 0;
}

static void small_submit(struct call *call)
{
	batch_add_call(&small_of(call)->batch, call);
}

static void on_leaving(void *context)
{
	(void)context;
}

static void on_landed(void *context, int r)
{
	struct small *small = context;

	(void)r;
	small->landings++;
}

static int on_opening(void *context, struct store *store, bool write)
{
	struct small *small = context;

	(void)store;
	(void)write;
	small->openings++;
	return 0;
}

static void on_damaged(void *context)
{
	struct small *small = context;

	small->damaged = true;
}

static void on_stop(uv_async_t *async)
{
	struct small *small = async->data;

	uv_close((uv_handle_t *)&small->stop, NULL);
	server_close(&small->server);
	batch_close(&small->batch);
}

static void small_open(struct small *small)
{
	char path[UNIT_PATH], error[512];
	int fd;

	signal(SIGPIPE, SIG_IGN);
	log_set_level(-1);
	sem_init(&small->entered, 0, 0);
	sem_init(&small->leave, 0, 0);
	ck_assert_msg(store_open(&small->store, unit_path(path, "small.db"), error,
			      sizeof(error)) == 0,
		"%s", error);
	ck_assert_int_eq(uv_loop_init(&small->loop), 0);
	uv_async_init(&small->loop, &small->stop, on_stop);
	small->stop.data = small;
	small->service = (struct service){ .product = "small",
		.interfaces = small_interfaces,
		.authorise = allow,
		.submit = small_submit,
		.context = small };
	small->batch.loop = &small->loop;
	small->batch.store = &small->store;
	small->batch.context = small;
	small->batch.leaving = on_leaving;
	small->batch.landed = on_landed;
	small->batch.opening = on_opening;
	small->batch.damaged = on_damaged;
	ck_assert_int_eq(batch_open(&small->batch), 0);
	fd = server_socket(unit_path(small->path, "small.sock"), 0600, (gid_t)-1);
	ck_assert_int_ge(fd, 0);
	small->server.loop = &small->loop;
	small->server.service = &small->service;
	small->server.max_conns = 512;
	ck_assert_int_eq(server_open(&small->server, fd, small->path), 0);
}

static void *small_run(void *arg)
{
	struct small *small = arg;

	uv_run(&small->loop, UV_RUN_DEFAULT);
	return NULL;
}

static void small_start(struct small *small)
{
	small_open(small);
	ck_assert_int_eq(pthread_create(&small->thread, NULL, small_run, small), 0);
}

/* Stops the loop's thread; the store stays open for looking. */
static void small_stop(struct small *small)
{
	uv_async_send(&small->stop);
	ck_assert_int_eq(pthread_join(small->thread, NULL), 0);
	ck_assert_int_eq(uv_loop_close(&small->loop), 0);
}

static int64_t stored(struct small *small, const char *name)
{
	int64_t value = -1;
	int r = store_get_number(&small->store, name, &value);

	ck_assert(r == 0 || r == -ENOENT);
	return value;
}

static struct client connected(const char *path)
{
	struct client client = CLIENT_INIT;

	ck_assert_int_eq(client_open(&client, path, PATIENCE_MS), 0);
	return client;
}

static int call_on(struct client *client, const char *method, const char *name,
	int64_t value, int64_t *ret)
{
	json_t *parameters =
		json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)value);
	char full[64];
	json_t *out;
	int r;

	snprintf(full, sizeof(full), "t.t.%s", method);
	r = client_call(client, full, parameters, &out);
	if (ret)
		*ret = json_integer_value(json_object_get(out, "value"));
	json_decref(out);
	json_decref(parameters);
	return r;
}

/* Sends a call and does not wait. */
static void send_on(
	struct client *client, const char *method, const char *name, int value)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
		"{\"method\":\"t.t.%s\",\"parameters\":{\"name\":\"%s\",\"value\":%d}}",
		method, name, value);

	ck_assert_int_eq(send(client->fd, text, (size_t)n + 1, MSG_NOSIGNAL), n + 1);
}

static bool receive(struct client *client, char *out, size_t size)
{
	size_t n = 0;

	while (n < size) {
		struct pollfd readable = { .fd = client->fd, .events = POLLIN };
		ssize_t got = recv(client->fd, out + n, 1, 0);

		if (got < 0 && errno == EAGAIN) {
			if (poll(&readable, 1, PATIENCE_MS) == 0)
				return false;
			continue;
		}
		if (got <= 0)
			return false;
		if (out[n++] == '\0')
			return true;
	}
	return false;
}

#define THREADS 8
#define ROUNDS  200

struct worker {
	struct small *small;
	int number;
	int wrong;
};

static void *add_many(void *arg)
{
	struct worker *worker = arg;
	struct client client = connected(worker->small->path);
	char name[32];
	int64_t value;

	snprintf(name, sizeof(name), "own%d", worker->number);
	for (int i = 1; i <= ROUNDS; i++) {
		worker->wrong += call_on(&client, "Add", "shared", 1, NULL) != 0;
		worker->wrong += call_on(&client, "Put", name, i, NULL) != 0;
		/* What was answered is there for whoever asks next. */
		worker->wrong += call_on(&client, "Get", name, 0, &value) != 0;
		worker->wrong += value != i;
	}
	client_close(&client);
	return NULL;
}

static struct small small;

START_TEST(many_clients_at_once_lose_no_count_and_share_commits)
{
	pthread_t threads[THREADS];
	struct worker workers[THREADS];

	small_start(&small);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ &small, i, 0 };
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, add_many, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(workers[i].wrong, 0);
	}
	small_stop(&small);
	ck_assert_int_eq(stored(&small, "shared"), THREADS * ROUNDS);
	ck_assert_int_eq(small.batch.n_calls, THREADS * ROUNDS * 3);
	ck_assert_int_lt(small.batch.n_batches, small.batch.n_calls);
	ck_assert_int_eq(small.openings, small.batch.n_batches);
	ck_assert(batch_is_idle(&small.batch));
	store_close(&small.store);
}
END_TEST

START_TEST(pipelined_calls_are_answered_in_their_order_and_never_stall)
{
	struct client client;
	static char calls[16000];
	char answer[256], expected[64];
	size_t size = 0;

	small_start(&small);
	client = connected(small.path);
	for (int i = 1; i <= 250; i++)
		size += 1 +
			(size_t)snprintf(calls + size, sizeof(calls) - size,
				"{\"method\":\"t.t.Put\",\"parameters\":"
				"{\"name\":\"p\",\"value\":%d}}",
				i);
	ck_assert_int_eq(send(client.fd, calls, size, MSG_NOSIGNAL), (ssize_t)size);
	for (int i = 1; i <= 250; i++) {
		ck_assert(receive(&client, answer, sizeof(answer)));
		snprintf(expected, sizeof(expected), "{\"parameters\":{\"value\":%d}}",
			i);
		ck_assert_str_eq(answer, expected);
	}
	client_close(&client);
	small_stop(&small);
	ck_assert_int_eq(stored(&small, "p"), 250);
	store_close(&small.store);
}
END_TEST

START_TEST(what_waits_during_a_batch_forms_the_next_one_in_order)
{
	struct client holder, clients[16];
	int64_t batches;

	small_start(&small);
	holder = connected(small.path);
	send_on(&holder, "Hold", "h", 1);
	while (sem_wait(&small.entered) < 0)
		;
	for (int i = 0; i < 16; i++) {
		clients[i] = connected(small.path);
		send_on(&clients[i], "Put", "last", i);
	}
	batches = small.openings;
	/* A pipelined call of the same client waits for its own answer only. */
	send_on(&holder, "Put", "after", 2);
	sem_post(&small.leave);
	for (int i = 0; i < 16; i++) {
		char answer[256];

		ck_assert(receive(&clients[i], answer, sizeof(answer)));
		client_close(&clients[i]);
	}
	for (int i = 0; i < 2; i++) {
		char answer[256];

		ck_assert(receive(&holder, answer, sizeof(answer)));
	}
	client_close(&holder);
	small_stop(&small);
	ck_assert_int_ge(small.openings, batches + 1);
	ck_assert_int_le(small.openings, batches + 17);
	ck_assert_int_eq(stored(&small, "h"), 1);
	ck_assert_int_eq(stored(&small, "after"), 2);
	ck_assert_int_ge(stored(&small, "last"), 0);
	store_close(&small.store);
}
END_TEST

/* Fills the batch behind a Hold with calls of several clients; returns their answers.
 */
static void behind_a_hold(const char *const *methods, int n, char answers[][256])
{
	struct client holder = connected(small.path), clients[16];
	char answer[256];

	send_on(&holder, "Hold", "h", 1);
	while (sem_wait(&small.entered) < 0)
		;
	for (int i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		clients[i] = connected(small.path);
		send_on(&clients[i], methods[i], name, i + 1);
	}
	/* Whether they all get into one batch is up to the kernel; the tests hold
	 * anyhow. */
	sem_post(&small.leave);
	ck_assert(receive(&holder, answer, sizeof(answer)));
	for (int i = 0; i < n; i++) {
		ck_assert(receive(&clients[i], answers[i], 256));
		client_close(&clients[i]);
	}
	client_close(&holder);
}

START_TEST(a_call_that_fails_takes_back_its_own_and_nothing_else)
{
	static const char *const methods[] = { "Put", "Fail", "Put", "Refuse", "Fail",
		"Put" };
	char answers[6][256];

	small_start(&small);
	behind_a_hold(methods, 6, answers);
	small_stop(&small);
	ck_assert_ptr_nonnull(strstr(answers[1], "Unavailable"));
	ck_assert_ptr_null(strstr(answers[1], "value"));
	ck_assert_ptr_nonnull(strstr(answers[3], "WrongCode"));
	ck_assert_int_eq(stored(&small, "n0"), 1);
	ck_assert_int_eq(stored(&small, "n1"), -1);
	ck_assert_int_eq(stored(&small, "n2"), 3);
	ck_assert_int_eq(stored(&small, "n3"), 4);
	ck_assert_int_eq(stored(&small, "n4"), -1);
	ck_assert_int_eq(stored(&small, "n5"), 6);
	store_close(&small.store);
}
END_TEST

static void make_poison(void)
{
	ck_assert_int_eq(db_script(small.store.db,
				 "CREATE TABLE poison_parent (id INTEGER"
				 " PRIMARY KEY) STRICT; CREATE TABLE"
				 " poison_child (p INTEGER REFERENCES"
				 " poison_parent DEFERRABLE INITIALLY"
				 " DEFERRED) STRICT"),
		0);
}

START_TEST(a_commit_that_fails_makes_every_call_of_its_batch_unavailable)
{
	static const char *const methods[] = { "Put", "Refuse", "Poison", "Put",
		"Fail" };
	char answers[5][256];
	int lost = 0;

	small_open(&small);
	make_poison();
	ck_assert_int_eq(pthread_create(&small.thread, NULL, small_run, &small), 0);
	behind_a_hold(methods, 5, answers);
	small_stop(&small);
	/* Whoever was told of success is there, whoever was told of failure is not. */
	for (int i = 0; i < 5; i++) {
		char name[16];
		bool failed = strstr(answers[i], "Unavailable") != NULL;

		snprintf(name, sizeof(name), "n%d", i);
		ck_assert_int_eq(stored(&small, name), failed ? -1 : i + 1);
		lost += failed;
	}
	ck_assert_ptr_nonnull(strstr(answers[2], "Unavailable"));
	ck_assert_int_ge(lost, 2);
	ck_assert(!small.damaged);
	store_close(&small.store);
}
END_TEST

START_TEST(a_database_that_is_found_damaged_answers_nothing_more_and_is_told)
{
	static const char *const methods[] = { "Put", "Refuse", "Damage", "Put" };
	char answers[4][256];

	small_start(&small);
	behind_a_hold(methods, 4, answers);
	small_stop(&small);
	/* Whatever shared the batch with it is taken back and told so. */
	for (int i = 0; i < 4; i++) {
		char name[16];
		bool failed = strstr(answers[i], "Unavailable") != NULL;

		snprintf(name, sizeof(name), "n%d", i);
		ck_assert_int_eq(stored(&small, name), failed ? -1 : i + 1);
	}
	ck_assert_ptr_nonnull(strstr(answers[2], "Unavailable"));
	ck_assert(small.damaged);
	store_close(&small.store);
}
END_TEST

START_TEST(after_a_failed_commit_the_next_batch_works)
{
	struct client client;

	small_open(&small);
	make_poison();
	ck_assert_int_eq(pthread_create(&small.thread, NULL, small_run, &small), 0);
	client = connected(small.path);
	for (int i = 1; i <= 20; i++) {
		ck_assert_int_eq(
			call_on(&client, "Poison", "x", i, NULL), OUTCOME_UNAVAILABLE);
		ck_assert_int_eq(call_on(&client, "Put", "good", i, NULL), 0);
	}
	client_close(&client);
	small_stop(&small);
	ck_assert_int_eq(stored(&small, "good"), 20);
	store_close(&small.store);
}
END_TEST

START_TEST(a_full_disk_answers_unavailable_and_recovers_when_there_is_room)
{
	struct rlimit limit;
	struct client client;
	char name[64];
	int refused = 0, told = 0;

	signal(SIGXFSZ, SIG_IGN);
	small_start(&small);
	client = connected(small.path);
	ck_assert_int_eq(call_on(&client, "Put", "before", 1, NULL), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 200000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 200 && refused < 5; i++) {
		int r;

		snprintf(name, sizeof(name), "k%d", i);
		r = call_on(&client, "Put", name, 1, NULL);
		ck_assert_msg(r == 0 || r == OUTCOME_UNAVAILABLE, "%d", r);
		refused += r != 0;
		told += r == 0;
	}
	ck_assert_int_eq(refused, 5);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(call_on(&client, "Put", "after", 1, NULL), 0);
	client_close(&client);
	small_stop(&small);
	ck_assert_int_eq(stored(&small, "before"), 1);
	ck_assert_int_eq(stored(&small, "after"), 1);
	for (int i = 0; i < told; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		ck_assert_int_eq(stored(&small, name), 1);
	}
	snprintf(name, sizeof(name), "k%d", told);
	ck_assert_int_eq(stored(&small, name), -1);
	store_close(&small.store);
}
END_TEST

START_TEST(the_call_of_a_client_that_left_is_applied_all_the_same)
{
	struct client client, other;

	small_start(&small);
	for (int i = 1; i <= 20; i++) {
		client = connected(small.path);
		send_on(&client, "Hold", "left", i);
		while (sem_wait(&small.entered) < 0)
			;
		client_close(&client);
		sem_post(&small.leave);
		/* The daemon lives and the row is there. */
		other = connected(small.path);
		ck_assert_int_eq(call_on(&other, "Put", "other", i, NULL), 0);
		client_close(&other);
	}
	small_stop(&small);
	ck_assert_int_eq(stored(&small, "left"), 20);
	ck_assert_uint_eq(small.server.n_conns, 0);
	store_close(&small.store);
}
END_TEST

struct order {
	struct job job;
	int number;
	int result;
};

static int order_log[16], order_n;

static int order_apply(struct job *job, struct store *store)
{
	struct order *order = list_entry(job, struct order, job);

	order_log[order_n++] = order->number;
	return order->result < 0 ? order->result
				 : store_put_number(store, "job", order->number);
}

static void order_done(struct job *job, int r)
{
	(void)job;
	order_log[order_n++] = r < 0 ? -1 : 100;
}

START_TEST(jobs_run_in_their_order_and_end_after_the_commit)
{
	struct order jobs[4];

	small_open(&small);
	order_n = 0;
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct order){ { .apply = order_apply, .done = order_done },
			i, i == 3 ? -EIO : 0 };
		list_init(&jobs[i].job.link);
		batch_add_job(&small.batch, &jobs[i].job);
	}
	while (!batch_is_idle(&small.batch))
		uv_run(&small.loop, UV_RUN_ONCE);
	ck_assert_int_eq(order_n, 8);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(order_log[i], i);
	for (int i = 4; i < 7; i++)
		ck_assert_int_eq(order_log[i], 100);
	/* What the fourth wrote was taken back, and it is told so. */
	ck_assert_int_eq(order_log[7], -1);
	ck_assert_int_eq(small.batch.n_batches, 1);
	ck_assert_int_eq(stored(&small, "job"), 2);
	ck_assert_int_eq(pthread_create(&small.thread, NULL, small_run, &small), 0);
	small_stop(&small);
	store_close(&small.store);
}
END_TEST

START_TEST(what_was_answered_survives_kill_9)
{
	for (int round = 0; round < 25; round++) {
		struct client clients[4];
		int acknowledged[4] = { 0 };
		uint64_t state = (uint64_t)round + 1;
		pid_t pid = fork();
		int status, rounds = 1 + (int)(unit_random(&state) % 60);
		char error[512], path[UNIT_PATH];
		struct store store;

		unit_path(small.path, "small.sock");
		if (pid == 0) {
			small_open(&small);
			uv_run(&small.loop, UV_RUN_DEFAULT);
			_exit(0);
		}
		for (int i = 0; i < 4; i++) {
			clients[i] = (struct client)CLIENT_INIT;
			while (client_open(&clients[i], small.path, PATIENCE_MS) < 0)
				usleep(1000);
		}
		for (int n = 1; n <= rounds; n++)
			for (int i = 0; i < 4; i++) {
				char name[16];

				snprintf(name, sizeof(name), "c%d", i);
				if (n == rounds && i == 2) {
					/* Under way, not answered: may be there or not.
					 */
					send_on(&clients[3], "Put", "c3", n);
					kill(pid, SIGKILL);
				}
				if (call_on(&clients[i], "Put", name, n, NULL) == 0)
					acknowledged[i] = n;
			}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		ck_assert_msg(store_open(&store, unit_path(path, "small.db"), error,
				      sizeof(error)) == 0,
			"%s", error);
		for (int i = 0; i < 4; i++) {
			char name[16];
			int64_t value = 0;

			snprintf(name, sizeof(name), "c%d", i);
			(void)store_get_number(&store, name, &value);
			ck_assert_int_ge(value, acknowledged[i]);
			client_close(&clients[i]);
		}
		ck_assert_int_eq(db_script(store.db, "DELETE FROM meta"), 0);
		store_close(&store);
	}
}
END_TEST

/* ---- the whole daemon in a thread, and a mailer that opens what it gets ---- */

struct world {
	char socket[UNIT_PATH];
	char mail_socket[UNIT_PATH];
	char config[UNIT_PATH];
	uint8_t public[32];
	uint8_t secret[32];
	pthread_t daemon;
	pthread_t mailer;
	int listener;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	int n_mails;
	char code[64][LIMIT_CODE + 1];
	char service[64][LIMIT_SERVICE + 1];
};

static struct world world = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.arrived = PTHREAD_COND_INITIALIZER };

static size_t from_base64(uint8_t *out, size_t size, json_t *in, const char *name)
{
	const char *text = json_string_value(json_object_get(in, name));
	size_t n = 0;

	if (!text ||
		sodium_base642bin(out, size, text, strlen(text), NULL, &n, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0)
		abort();
	return n;
}

static void keep_mail(json_t *in)
{
	static uint8_t sender[32], nonce[24], sealed[LIMIT_SEALED], plain[LIMIT_SEALED];
	json_t *letter;
	size_t size;

	pthread_mutex_lock(&world.lock);
	size = from_base64(sealed, sizeof(sealed), in, "sealed");
	from_base64(sender, sizeof(sender), in, "sender");
	from_base64(nonce, sizeof(nonce), in, "nonce");
	if (crypto_box_open_easy(plain, sealed, size, nonce, sender, world.secret) != 0)
		abort();
	letter = json_loadb((char *)plain, size - crypto_box_MACBYTES, 0, NULL);
	snprintf(world.code[world.n_mails], sizeof(world.code[0]), "%s",
		json_string_value(json_object_get(letter, "code")));
	snprintf(world.service[world.n_mails], sizeof(world.service[0]), "%s",
		json_string_value(json_object_get(letter, "service")));
	world.n_mails++;
	pthread_cond_broadcast(&world.arrived);
	pthread_mutex_unlock(&world.lock);
	json_decref(letter);
}

static void *serve_link(void *arg)
{
	int fd = (int)(intptr_t)arg;
	static const char sent[] =
		"{\"parameters\":{\"result\":\"sent\",\"detail\":\"250\"}}";
	static const char none[] = "{\"parameters\":{\"bounces\":[]}}";
	char call[LIMIT_FRAME], key[64], answer[256];
	size_t n = 0;

	while (recv(fd, call + n, 1, 0) == 1 && n < sizeof(call) - 1) {
		const char *method;
		json_t *message;

		if (call[n++] != '\0')
			continue;
		message = json_loads(call, 0, NULL);
		n = 0;
		method = json_string_value(json_object_get(message, "method"));
		if (strstr(method, "Bounces")) {
			memcpy(answer, none, sizeof(none));
		} else if (strstr(method, "PublicKey")) {
			sodium_bin2base64(key, sizeof(key), world.public, 32,
				sodium_base64_VARIANT_ORIGINAL);
			snprintf(answer, sizeof(answer),
				"{\"parameters\":{\"key\":\"%s\"}}", key);
		} else {
			keep_mail(json_object_get(message, "parameters"));
			memcpy(answer, sent, sizeof(sent));
		}
		json_decref(message);
		if (send(fd, answer, strlen(answer) + 1, MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
	return NULL;
}

static void *serve_mail(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(world.listener, NULL, NULL)) >= 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, serve_link, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
	return NULL;
}

/* The daemon is a thread of this process here, which must not be confined with it: the
 * sandbox that is linked is this one. tests/unit/test_sandbox.c has the real one. */
int sandbox_keep_parent(struct sandbox *sandbox, const char *path, bool only_remove)
{
	(void)sandbox;
	(void)path;
	(void)only_remove;
	return 0;
}

int sandbox_enter(struct sandbox *sandbox, enum sandbox_program program)
{
	(void)sandbox;
	(void)program;
	return 0;
}

void sandbox_fini(struct sandbox *sandbox)
{
	(void)sandbox;
}

static void *run_daemon(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)daemon_run(world.config);
}

static int on_daemon(
	struct client *client, const char *method, json_t *in, json_t **out)
{
	json_t *ignored = NULL;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "org.emailotp.%s", method);
	r = client_call(client, name, in, out ? out : &ignored);
	json_decref(in);
	json_decref(ignored);
	return r;
}

static void world_start(const char *policy)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[4096], database[UNIT_PATH], key[UNIT_PATH];
	struct client client = CLIENT_INIT;
	json_t *out;
	bool up = false;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_ge(sodium_init(), 0);
	secret_use_for_json(); /* as main does: mailer.c counts on it */
	crypto_box_keypair(world.public, world.secret);
	strcpy(address.sun_path, unit_path(world.mail_socket, "mail.sock"));
	world.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(world.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(world.listener, 64), 0);
	snprintf(text, sizeof(text),
		"socket = \"%s\"\nmail_socket = \"%s\"\ndatabase = \"%s\"\nkey_file = \"%s\"\n"
		"log_level = err\nsocket_group = \"\"\nmax_connections = 1024\n"
		"sends_per_host_hour = 1000000\n"
		"policy default { %s }\n",
		unit_path(world.socket, "otpd.sock"), world.mail_socket,
		unit_path(database, "otpd.db"), unit_path(key, "otpd.key"), policy);
	unit_write_text(unit_path(world.config, "otpd.conf"), text);
	ck_assert_int_eq(pthread_create(&world.mailer, NULL, serve_mail, NULL), 0);
	ck_assert_int_eq(pthread_create(&world.daemon, NULL, run_daemon, NULL), 0);
	while (client_open(&client, world.socket, PATIENCE_MS) < 0)
		usleep(1000);
	while (!up) {
		ck_assert_int_eq(on_daemon(&client, "Admin.Status", NULL, &out), 0);
		up = strcmp(json_string_value(json_object_get(out, "mailer")), "up") ==
			0;
		json_decref(out);
	}
	ck_assert_int_eq(on_daemon(&client, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "alice",
					 "address", "alice@example.org", "verified", 1),
				 NULL),
		0);
	client_close(&client);
}

static void world_stop(struct store *store)
{
	char error[512], path[UNIT_PATH];
	void *status;

	kill(getpid(), SIGTERM);
	ck_assert_int_eq(pthread_join(world.daemon, &status), 0);
	ck_assert_ptr_eq(status, NULL);
	shutdown(world.listener, SHUT_RDWR);
	pthread_join(world.mailer, NULL);
	close(world.listener);
	ck_assert_msg(store_open(store, unit_path(path, "otpd.db"), error,
			      sizeof(error)) == 0,
		"%s", error);
}

/* Begins for a service and waits for the mail. */
static void begin(const char *service, char id[64], char code[LIMIT_CODE + 1])
{
	struct client client = connected(world.socket);
	json_t *out;

	ck_assert_int_eq(
		on_daemon(&client, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", service),
			&out),
		0);
	snprintf(id, 64, "%s", json_string_value(json_object_get(out, "challenge")));
	json_decref(out);
	client_close(&client);
	code[0] = '\0';
	pthread_mutex_lock(&world.lock);
	while (!code[0]) {
		for (int i = 0; i < world.n_mails; i++)
			if (strcmp(world.service[i], service) == 0)
				strcpy(code, world.code[i]);
		if (!code[0])
			pthread_cond_wait(&world.arrived, &world.lock);
	}
	pthread_mutex_unlock(&world.lock);
}

struct guesser {
	const char *id;
	const char *code;
	int tries;
	int verified;
	int wrong;
	int refused;
	int odd;
	pthread_barrier_t *barrier;
};

static void count_answer(struct guesser *guesser, const char *answer)
{
	if (strstr(answer, "\"state\":\"verified\""))
		guesser->verified++;
	else if (strstr(answer, "WrongCode"))
		guesser->wrong++;
	else if (strstr(answer, "Burnt") || strstr(answer, "NoChallenge") ||
		strstr(answer, "Locked"))
		guesser->refused++;
	else
		guesser->odd++;
}

/* All calls go out, each on a connection of its own, before the first answer is read.
 */
static void *guess(void *arg)
{
	struct guesser *guesser = arg;
	struct client clients[64];
	char text[256];
	int n = snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Auth.Verify\",\"parameters\":{\"challenge\":\"%s\","
		"\"code\":\"%s\"}}",
		guesser->id, guesser->code);

	for (int done = 0; done < guesser->tries; done += 25) {
		for (int i = 0; i < 25; i++)
			clients[i] = connected(world.socket);
		pthread_barrier_wait(guesser->barrier);
		for (int i = 0; i < 25; i++)
			if (send(clients[i].fd, text, (size_t)n + 1, MSG_NOSIGNAL) !=
				n + 1)
				guesser->odd++;
		for (int i = 0; i < 25; i++) {
			char answer[512];

			if (receive(&clients[i], answer, sizeof(answer)))
				count_answer(guesser, answer);
			else
				guesser->odd++;
			client_close(&clients[i]);
		}
	}
	return NULL;
}

static struct guesser guess_together(
	char ids[][64], int n_ids, const char *code, int threads, int each)
{
	struct guesser guessers[16], sum = { 0 };
	pthread_t ids_of[16];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++) {
		guessers[i] = (struct guesser){ .id = ids[i % n_ids],
			.code = code,
			.tries = each,
			.barrier = &barrier };
		ck_assert_int_eq(
			pthread_create(&ids_of[i], NULL, guess, &guessers[i]), 0);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(ids_of[i], NULL);
		sum.verified += guessers[i].verified;
		sum.wrong += guessers[i].wrong;
		sum.refused += guessers[i].refused;
		sum.odd += guessers[i].odd;
	}
	pthread_barrier_destroy(&barrier);
	return sum;
}

static int64_t number(struct store *store, const char *sql)
{
	int64_t n = -1;

	ck_assert_int_eq(db_number(store->db, sql, &n), 0);
	return n;
}

START_TEST(of_two_hundred_parallel_right_codes_exactly_one_verifies)
{
	char ids[1][64], code[LIMIT_CODE + 1];
	struct guesser sum;
	struct store store;

	world_start("cool_down = 0");
	begin("sshd", ids[0], code);
	sum = guess_together(ids, 1, code, 8, 25);
	ck_assert_int_eq(sum.odd, 0);
	ck_assert_int_eq(sum.verified, 1);
	ck_assert_int_eq(sum.refused, 199);
	world_stop(&store);
	ck_assert_int_eq(
		number(&store, "SELECT count(*) FROM challenges WHERE state=1"), 1);
	ck_assert_int_eq(
		number(&store, "SELECT count(*) FROM audit WHERE event='verified'"), 1);
	ck_assert_int_eq(number(&store, "SELECT count(*) FROM wrong"), 0);
	/* Dead, if its code was used before the result of the send was written. */
	ck_assert_int_eq(
		number(&store, "SELECT count(*) FROM mail WHERE state IN (1, 5)"), 1);
	store_close(&store);
}
END_TEST

START_TEST(of_a_thousand_parallel_wrong_codes_exactly_the_budget_is_compared)
{
	char ids[4][64], codes[4][LIMIT_CODE + 1], wrong[LIMIT_CODE + 1] = "xxxxxx";
	struct guesser sum;
	struct client client;
	struct store store;

	world_start("cool_down = 0 sends_per_hour = 50");
	for (int i = 0; i < 4; i++) {
		char service[16];

		snprintf(service, sizeof(service), "s%d", i);
		begin(service, ids[i], codes[i]);
	}
	sum = guess_together(ids, 4, wrong, 8, 125);
	ck_assert_int_eq(sum.odd, 0);
	ck_assert_int_eq(sum.verified, 0);
	ck_assert_int_eq(sum.wrong + sum.refused, 1000);
	/* Right codes come too late now, each of them. */
	client = connected(world.socket);
	for (int i = 0; i < 4; i++) {
		int r = on_daemon(&client, "Auth.Verify",
			json_pack("{s:s, s:s}", "challenge", ids[i], "code", codes[i]),
			NULL);

		ck_assert_msg(r == OUTCOME_WRONG_CODE || r == OUTCOME_BURNT, "%d", r);
	}
	client_close(&client);
	world_stop(&store);
	ck_assert_int_eq(
		number(&store, "SELECT count(*) FROM wrong WHERE decoy = 0"), 10);
	ck_assert_int_eq(
		number(&store, "SELECT count(*) FROM challenges WHERE state=1"), 0);
	store_close(&store);
}
END_TEST

START_TEST(reload_and_stop_under_load_answer_every_call_that_was_taken)
{
	char ids[1][64], code[LIMIT_CODE + 1];
	struct guesser sum;
	struct store store;

	world_start("cool_down = 0");
	begin("sshd", ids[0], code);
	for (int i = 0; i < 20; i++)
		kill(getpid(), SIGHUP);
	sum = guess_together(ids, 1, "xxxxxx", 4, 50);
	ck_assert_int_eq(sum.odd, 0);
	ck_assert_int_eq(sum.wrong, 4);
	ck_assert_int_eq(sum.refused, 196);
	world_stop(&store);
	ck_assert_int_eq(number(&store, "SELECT sum(tries) FROM challenges"), 5);
	store_close(&store);
}
END_TEST

/* Puts another policy in the place of the file, at once, and has it read. */
static void reload_with(const char *policy)
{
	char text[1024], *old, *end, path[UNIT_PATH];

	old = unit_read(world.config, NULL);
	end = strstr(old, "policy default");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	snprintf(text, sizeof(text), "%spolicy default { %s }\n", old, policy);
	free(old);
	unit_write_text(unit_path(path, "next.conf"), text);
	ck_assert_int_eq(rename(path, world.config), 0);
	kill(getpid(), SIGHUP);
}

/* Begins for a stranger: 1 as the first of the two policies says, 2 as the second, 0 if
 * it is a mixture of both. */
static int policy_of(struct client *client, int n)
{
	char user[32];
	const char *alphabet;
	json_t *out;
	int64_t length, life;
	int policy = 0;

	snprintf(user, sizeof(user), "stranger%d", n);
	if (on_daemon(client, "Auth.Begin",
		    json_pack("{s:s, s:s, s:b}", "user", user, "service", "x",
			    "unknown", 1),
		    &out) != 0)
		return 0;
	alphabet = json_string_value(json_object_get(out, "alphabet"));
	length = json_integer_value(json_object_get(out, "length"));
	life = json_integer_value(json_object_get(out, "expires_in"));
	if (strcmp(alphabet, "digits") == 0 && length == 6 && life == 600)
		policy = 1;
	if (strcmp(alphabet, "letters") == 0 && length == 10 && life == 60)
		policy = 2;
	json_decref(out);
	return policy;
}

static const char *const two_policies[] = {
	"tenant = \"one\" exempt_users = { a, b, c }",
	"code_length = 10 code_alphabet = letters life = 60s tenant = \"another\"",
};

struct beginner {
	pthread_t thread;
	int first;
	int mixed;
	atomic_bool done;
};

static void *begin_many(void *arg)
{
	struct beginner *beginner = arg;
	struct client client = connected(world.socket);

	for (int i = 0; i < 100; i++)
		beginner->mixed += policy_of(&client, beginner->first + i) == 0;
	client_close(&client);
	beginner->done = true;
	return NULL;
}

START_TEST(a_reload_behind_a_batch_in_flight_takes_effect_whole)
{
	struct beginner beginners[4] = { 0 };
	struct client client;
	struct store store;
	int n = 0;
	bool all_done = false;

	world_start("");
	client = connected(world.socket);
	for (int i = 0; i < 4; i++) {
		beginners[i].first = i * 1000;
		ck_assert_int_eq(pthread_create(&beginners[i].thread, NULL, begin_many,
					 &beginners[i]),
			0);
	}
	/* Each takes effect, sooner or later, while others are served. */
	for (int i = 0; i < 20 || !all_done; i++) {
		int policy;

		reload_with(two_policies[i % 2]);
		do {
			policy = policy_of(&client, 1000000 + n++);
			ck_assert_int_gt(policy, 0);
		} while (policy != i % 2 + 1);
		all_done = true;
		for (int j = 0; j < 4; j++)
			all_done = all_done && beginners[j].done;
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(beginners[i].thread, NULL);
		ck_assert_int_eq(beginners[i].mixed, 0);
	}
	client_close(&client);
	world_stop(&store);
	ck_assert_int_eq(number(&store, "SELECT count(*) FROM challenges") - n, 400);
	store_close(&store);
}
END_TEST

UNIT_MAIN("batch", many_clients_at_once_lose_no_count_and_share_commits,
	pipelined_calls_are_answered_in_their_order_and_never_stall,
	what_waits_during_a_batch_forms_the_next_one_in_order,
	a_call_that_fails_takes_back_its_own_and_nothing_else,
	a_commit_that_fails_makes_every_call_of_its_batch_unavailable,
	a_database_that_is_found_damaged_answers_nothing_more_and_is_told,
	after_a_failed_commit_the_next_batch_works,
	a_full_disk_answers_unavailable_and_recovers_when_there_is_room,
	the_call_of_a_client_that_left_is_applied_all_the_same,
	jobs_run_in_their_order_and_end_after_the_commit,
	what_was_answered_survives_kill_9,
	of_two_hundred_parallel_right_codes_exactly_one_verifies,
	of_a_thousand_parallel_wrong_codes_exactly_the_budget_is_compared,
	reload_and_stop_under_load_answer_every_call_that_was_taken,
	a_reload_behind_a_batch_in_flight_takes_effect_whole);
