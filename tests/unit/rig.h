/* SPDX-License-Identifier: MIT */
/*
 * The core daemon without its process: real methods, batch, store and connections, with
 * the time, the callers' uids and the mailer's key in the hands of a test.
 */
#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <sys/socket.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/store/challenges.h"
#include "otpd/store/db.h"
#include "otpd/store/users.h"
#include "otpd/util/log.h"
#include "tests/unit/unit.h"

#define RIG_NOW    2000000000
#define RIG_NOBODY 65534

struct rig {
	struct daemon daemon;
	struct code_key key;
	int64_t now;
	uint8_t mailer_public[MAIL_KEY];
	uint8_t mailer_secret[MAIL_KEY];
};

static inline void rig_leaving(void *context)
{
	struct rig *rig = context;

	rig->daemon.moment.now_s = rig->now;
	rig->daemon.moment.config = rig->daemon.config;
	rig->daemon.moment.seal = rig->daemon.seal;
	rig->daemon.moment.delivery = outbox_delivery(&rig->daemon.outbox);
}

static inline int rig_opening(void *context, struct store *store, bool write)
{
	struct rig *rig = context;

	return keeper_guard_clock(&rig->daemon, store, write);
}

static inline void rig_landed(void *context, int r)
{
	struct rig *rig = context;

	if (r < 0)
		repeats_clear(&rig->daemon.repeats);
	(void)keeper_landed(&rig->daemon, r == 0);
}

static inline void rig_damaged(void *context)
{
	(void)context;
	ck_abort_msg("the store is damaged");
}

static inline void rig_submit(struct call *call)
{
	batch_add_call(&call_daemon(call)->batch, call);
}

static inline void rig_config(struct rig *rig, const char *text)
{
	char path[UNIT_PATH], error[512];

	config_free(rig->daemon.config);
	unit_write_text(unit_path(path, "rig.conf"), text);
	ck_assert_msg(config_load(path, &rig->daemon.config, error, sizeof(error)) == 0,
		"%s", error);
}

static inline void rig_open(struct rig *rig, const char *config)
{
	struct daemon *daemon = &rig->daemon;
	uint8_t bytes[32] = "a key of a test";
	char path[UNIT_PATH], error[512];
	int fd;

	memset(rig, 0, sizeof(*rig));
	ck_assert_int_ge(sodium_init(), 0);
	log_set_level(-1);
	rig->now = RIG_NOW;
	rig_config(rig, config);
	code_key_init(&rig->key, bytes);
	daemon->key = &rig->key;
	ck_assert_msg(store_open(&daemon->store, unit_path(path, "rig.db"), error,
			      sizeof(error)) == 0,
		"%s", error);
	crypto_box_keypair(rig->mailer_public, rig->mailer_secret);
	seal_init(&daemon->seal);
	ck_assert_int_eq(seal_set_mailer(&daemon->seal, rig->mailer_public), 0);
	ck_assert_int_eq(uv_loop_init(&daemon->loop), 0);
	daemon->service = (struct service){ .product = "otpd",
		.interfaces = otpd_interfaces,
		.authorise = methods_authorise,
		.submit = rig_submit,
		.context = daemon };
	daemon->batch.loop = &daemon->loop;
	daemon->batch.store = &daemon->store;
	daemon->batch.context = rig;
	daemon->batch.leaving = rig_leaving;
	daemon->batch.opening = rig_opening;
	daemon->batch.landed = rig_landed;
	daemon->batch.damaged = rig_damaged;
	ck_assert_int_eq(batch_open(&daemon->batch), 0);
	hasher_open(&daemon->hasher, &daemon->loop);
	daemon->mailer.loop = &daemon->loop;
	daemon->mailer.outbox = &daemon->outbox;
	ck_assert_int_eq(
		outbox_open(&daemon->outbox, &daemon->batch, &daemon->mailer), 0);
	fd = server_socket(unit_path(path, "rig.sock"), 0600, (gid_t)-1);
	ck_assert_int_ge(fd, 0);
	daemon->server.loop = &daemon->loop;
	daemon->server.service = &daemon->service;
	daemon->server.max_conns = 512;
	ck_assert_int_eq(server_open(&daemon->server, fd, path), 0);
}

static inline void rig_close(struct rig *rig)
{
	struct daemon *daemon = &rig->daemon;

	server_close(&daemon->server);
	outbox_close(&daemon->outbox);
	batch_close(&daemon->batch);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&daemon->loop), 0);
	store_close(&daemon->store);
	token_keys_free(&daemon->token_keys);
	config_free(daemon->config);
}

/* A connection of this uid; the client's end. */
static inline int rig_connect(struct rig *rig, uid_t uid)
{
	struct peer peer = { .uid = uid, .gid = uid };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				 0, ends),
		0);
	ck_assert_int_eq(conn_open(&rig->daemon.server, ends[0], &peer), 0);
	return ends[1];
}

/* Runs the loop until a whole answer has come: its length, or 0 if the end was closed.
 */
static inline size_t rig_answer(struct rig *rig, int fd, char *out, size_t size)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = recv(fd, out + n, size - n, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return 0;
		if (got < 0) {
			uv_run(&rig->daemon.loop, UV_RUN_ONCE);
			continue;
		}
		n += (size_t)got;
		if (out[n - 1] == '\0')
			return n - 1;
		ck_assert_uint_lt(n, size);
	}
}

/*
 * Sends bytes (with their NUL) as one uid and waits: 0, an outcome, -EINVAL or -ENOSYS
 * as client_call() has them, or -ECONNRESET. ret_out may be NULL.
 */
static inline int rig_send(
	struct rig *rig, uid_t uid, const char *bytes, size_t size, json_t **ret_out)
{
	static char answer[LIMIT_REPLY];
	int fd = rig_connect(rig, uid), r = 0;
	size_t length;
	json_t *message;
	const char *error;

	ck_assert_int_eq(send(fd, bytes, size, 0), (ssize_t)size);
	length = rig_answer(rig, fd, answer, sizeof(answer));
	close(fd);
	if (ret_out)
		*ret_out = NULL;
	if (length == 0)
		return -ECONNRESET;
	message = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json_is_object(message), "no JSON: %s", answer);
	error = json_string_value(json_object_get(message, "error"));
	if (error)
		r = outcome_from_error(error);
	if (error && r < 0)
		r = strstr(error, "NotFound") ? -ENOSYS : -EINVAL;
	if (ret_out)
		*ret_out = json_incref(json_object_get(message, "parameters"));
	json_decref(message);
	return r;
}

/* Calls a method of org.emailotp; steals parameters. */
static inline int rig_call(struct rig *rig, uid_t uid, const char *method,
	json_t *parameters, json_t **ret_out)
{
	static char text[4 * LIMIT_FRAME];
	char name[128];
	json_t *message;
	size_t size;

	snprintf(name, sizeof(name), "org.emailotp.%s", method);
	message = json_pack("{s:s, s:o}", "method", name, "parameters",
		parameters ? parameters : json_object());
	ck_assert_ptr_nonnull(message);
	size = json_dumpb(message, text, sizeof(text) - 1, JSON_COMPACT);
	ck_assert_uint_lt(size, sizeof(text));
	text[size] = '\0';
	json_decref(message);
	return rig_send(rig, uid, text, size + 1, ret_out);
}

/* The newest mail that waits. */
static inline struct outgoing *rig_newest(struct rig *rig)
{
	struct list *last = rig->daemon.outbox.mails.prev;

	ck_assert(!list_is_empty(&rig->daemon.outbox.mails));
	return list_entry(last, struct outgoing, link);
}

/* What stands in it; the caller frees. */
static inline json_t *rig_letter(struct rig *rig)
{
	struct outgoing *mail = rig_newest(rig);
	unsigned char plain[LIMIT_SEALED];
	size_t size = mail->sealed_size - crypto_box_MACBYTES;
	json_t *letter;

	ck_assert_int_eq(crypto_box_open_easy(plain, mail->sealed, mail->sealed_size,
				 mail->nonce, mail->sender, rig->mailer_secret),
		0);
	letter = json_loadb((char *)plain, size, 0, NULL);
	ck_assert_ptr_nonnull(letter);
	return letter;
}

/* The code in the newest mail that waits, and its recipient if to is not NULL. */
static inline void rig_mail(struct rig *rig, char code[LIMIT_CODE + 1], char *to)
{
	json_t *letter = rig_letter(rig);

	snprintf(code, LIMIT_CODE + 1, "%s",
		json_string_value(json_object_get(letter, "code")));
	if (to)
		snprintf(to, LIMIT_ADDRESS + 1, "%s",
			json_string_value(json_object_get(letter, "to")));
	json_decref(letter);
}

/* The number that a statement gives. */
static inline int64_t rig_count(struct rig *rig, const char *sql)
{
	int64_t n = -1;

	/* Jobs of the daemon's own may be with the worker, whose the store is then. */
	while (!batch_is_idle(&rig->daemon.batch))
		uv_run(&rig->daemon.loop, UV_RUN_ONCE);
	ck_assert_int_eq(db_number(rig->daemon.store.db, sql, &n), 0);
	return n;
}

#endif
