/* SPDX-License-Identifier: MIT */
/*
 * Bytes of clients against the whole of otpd's methods: frame buffer, envelope, fields,
 * authorisation, transactions on a real store. The first byte chooses the caller's uid;
 * the rest is what it sends. Each input begins with the same store, with a user and two
 * live challenges of known identifiers:
 *
 *	...01 has a hash of nothing that can be typed: it must never be verified
 *	...02 has the code 735264: it may be verified by exactly that
 *
 * The transaction around an input is rolled back, so that inputs do not meet.
 */
#include <sodium.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/store/challenges.h"
#include "otpd/store/db.h"
#include "otpd/store/users.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW        2000000000
#define CODE       "735264"
#define MAX_ANSWER (4 << 20)

static struct daemon d;
static struct code_key key;
static uint64_t random_state;
static int n_calls, n_ended;

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_frame: %s\n", what);
	abort();
}

/* The same numbers for the same input. */
static uint32_t next_random(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(random_state >> 32);
}

static void fill_random(void *const out, const size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)next_random();
}

static const char *random_name(void)
{
	return "fuzz";
}

static randombytes_implementation random_numbers = { .implementation_name = random_name,
	.random = next_random,
	.buf = fill_random };

/* Who was verified, and with what? */
static void judge(const struct call *call)
{
	const char *state = json_string_value(json_object_get(call->out, "state"));
	const json_t *in = json_object_get(call->message, "parameters");
	const char *id = json_string_value(json_object_get(in, "challenge"));
	const char *code = json_string_value(json_object_get(in, "code"));

	if (!state || call->result != 0 || strcmp(state, "verified") != 0 ||
		strcmp(call->method->name, "Account") == 0)
		return;
	must(strcmp(call->method->name, "Verify") == 0, "verified without Verify");
	must(call->peer.uid == 0, "verified for another caller");
	must(strcmp(id, "00000000000000000000000000000002") == 0,
		"verified what cannot be");
	must(strcmp(code, CODE) == 0, "verified with a wrong code");
}

/* The batch's work for one call, at once. */
static void submit(struct call *call)
{
	int r = store_savepoint(&d.store);

	must(r == 0, "no savepoint");
	n_calls++;
	d.moment.now_s = NOW;
	d.moment.config = d.config;
	d.moment.seal = d.seal;
	r = call->method->apply(call, &d.store);
	must(r < OUTCOME_MAX, "an outcome that is none");
	must(r < 0 ? store_rollback_to(&d.store) == 0 : store_release(&d.store) == 0,
		"the savepoint is lost");
	must(store_in_transaction(&d.store), "the transaction is lost");
	if (r != 0)
		call->result = r;
	judge(call);
	if (call->result >= 0 && call->method->committed)
		call->method->committed(call);
	n_ended++;
	call_finish(call, call->result);
}

static void add_challenge(uint8_t id, const char *code)
{
	struct challenge c = { .purpose = CODE_LOGIN,
		.key_id = key.id,
		.length = 6,
		.max_tries = 5,
		.created_at = NOW - 10,
		.expires_at = NOW + 500,
		.user = "alice",
		.service = "sshd",
		.reference = "K7M" };

	c.id[CODE_ID - 1] = id;
	fill_random(c.hash, sizeof(c.hash));
	if (code)
		code_hash(c.hash, &key, c.purpose, c.id, c.user, c.service, code);
	must(challenges_insert(&d.store, &c) == 0, "no challenge");
}

static void fill_store(void)
{
	struct user alice = { .name = "alice",
		.address = "alice@example.org",
		.person = "Alice",
		.verified_at = 1,
		.created_at = 1 };
	struct user nobody = { .name = "nobody", .address = "nobody@example.org" };

	must(users_insert(&d.store, &alice) == 0, "no user");
	must(users_insert(&d.store, &nobody) == 0, "no user");
	add_challenge(1, NULL);
	add_challenge(2, CODE);
}

static char directory[64], database[96], config_path[96], socket_path[96];

static void remove_files(void)
{
	char log[128];

	snprintf(log, sizeof(log), "%s-wal", database);
	(void)unlink(log);
	(void)unlink(database);
	(void)unlink(config_path);
	(void)unlink(socket_path);
	(void)rmdir(directory);
}

static void start(void)
{
	static const char text[] = "self_enrol = yes\npolicy default { cool_down = 0"
				   " sends_per_hour = 100 sends_per_day = 400 }\n"
				   "client web { user = daemon services = { web } }\n"
				   "policy cron { exempt_users = { alice } }\n";
	uint8_t public[32], secret[32], bytes[32] = { 7 };
	char error[512] = "";
	int fd;

	snprintf(directory, sizeof(directory), "%s/fuzz-frame-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(directory) != NULL, "no directory");
	snprintf(database, sizeof(database), "%s/db", directory);
	snprintf(config_path, sizeof(config_path), "%s/conf", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/sock", directory);
	atexit(remove_files);
	randombytes_set_implementation(&random_numbers);
	must(sodium_init() >= 0, "no sodium");
	secret_use_for_json();
	log_set_level(-1);
	fd = open(config_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1, "no file");
	close(fd);
	must(config_load(config_path, &d.config, error, sizeof(error)) == 0, error);
	must(store_open(&d.store, database, error, sizeof(error)) == 0, error);
	code_key_init(&key, bytes);
	d.key = &key;
	crypto_box_keypair(public, secret);
	seal_init(&d.seal);
	must(seal_set_mailer(&d.seal, public) == 0, "no mailer");
	must(uv_loop_init(&d.loop) == 0, "no loop");
	d.service = (struct service){ .product = "otpd",
		.interfaces = otpd_interfaces,
		.authorise = methods_authorise,
		.submit = submit,
		.context = &d };
	d.batch.loop = &d.loop;
	d.batch.store = &d.store;
	batch_open(&d.batch);
	d.batch.running = true; /* so that it never starts: submit() does its work */
	d.mailer.outbox = &d.outbox;
	outbox_open(&d.outbox, &d.batch, &d.mailer);
	fd = server_socket(socket_path, 0600, (gid_t)-1);
	d.server.loop = &d.loop;
	d.server.service = &d.service;
	d.server.max_conns = 64;
	must(fd >= 0 && server_open(&d.server, fd, NULL) == 0, "no socket");
}

/* Every answer is one JSON object, an error or parameters, and none has the other code.
 */
static void check_answers(const char *at, size_t size)
{
	const char *end = at + size;

	while (at < end) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));
		json_t *message;

		must(stop != NULL, "an answer without an end");
		message = json_loadb(
			at, (size_t)(stop - at), JSON_REJECT_DUPLICATES, NULL);
		must(json_is_object(json_object_get(message, "parameters")),
			"no parameters");
		must(json_object_size(message) <= 2, "more than an answer");
		json_decref(message);
		at = stop + 1;
	}
}

static size_t drain(int fd, char *out, size_t n)
{
	ssize_t got;

	while (n < MAX_ANSWER &&
		(got = recv(fd, out + n, MAX_ANSWER - n, MSG_DONTWAIT)) > 0)
		n += (size_t)got;
	return n;
}

static void forget_mails(void)
{
	struct list *link;

	while (list_pop(&d.batch.jobs))
		;
	d.outbox.fetching = false;
	d.outbox.more = false;
	while ((link = list_pop(&d.outbox.mails)))
		outgoing_free(list_entry(link, struct outgoing, link));
	d.outbox.n = 0;
}

static void run(uid_t uid, const uint8_t *data, size_t size)
{
	static char answers[MAX_ANSWER];
	struct peer peer = { .uid = uid, .gid = uid };
	size_t n = 0, sent = 0;
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) ==
			0,
		"no socket");
	must(conn_open(&d.server, ends[0], &peer) == 0, "no connection");
	while (sent < size) {
		ssize_t now = send(ends[1], data + sent, size - sent, MSG_NOSIGNAL);

		if (now > 0)
			sent += (size_t)now;
		else if (errno != EAGAIN)
			break;
		uv_run(&d.loop, UV_RUN_NOWAIT);
		n = drain(ends[1], answers, n);
	}
	shutdown(ends[1], SHUT_WR);
	/* Until the daemon has closed: every call has its answer then. */
	while (d.server.n_conns > 0) {
		uv_run(&d.loop, d.nss.n_asking > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
		n = drain(ends[1], answers, n);
	}
	n = drain(ends[1], answers, n);
	uv_run(&d.loop, UV_RUN_NOWAIT);
	close(ends[1]);
	check_answers(answers, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uid_t uids[] = { 0, 65534, 1, 12345 };

	if (size < 1 || size > 3 * LIMIT_FRAME)
		return 0;
	if (!d.config)
		start();
	random_state = 42;
	n_calls = n_ended = 0;
	memset(&d.sends, 0, sizeof(d.sends));
	memset(&d.wrong, 0, sizeof(d.wrong));
	d.alerted_s = 0;
	must(store_begin(&d.store, true) == 0, "no transaction");
	fill_store();
	run(uids[data[0] % 4], data + 1, size - 1);
	must(n_calls == n_ended, "a call has not ended");
	must(store_in_transaction(&d.store), "somebody has committed");
	store_rollback(&d.store);
	forget_mails();
	return 0;
}
