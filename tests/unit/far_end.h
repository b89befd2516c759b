/* SPDX-License-Identifier: MIT */
/*
 * An otpd-mail that a test plays, for a rig: it listens, takes a call, answers it.
 * Tests that include it are about what otpd asks of it and makes of its answers.
 */
#ifndef TESTS_UNIT_FAR_END_H
#define TESTS_UNIT_FAR_END_H

#include <sys/un.h>

#include "otpd/util/secret.h"
#include "otpd/util/text.h"
#include "tests/unit/rig.h"

#define MAX_LINKS 32

static struct rig rig;

/* The other end of the links. */
static struct {
	int listener;
	int links[MAX_LINKS];
	int n;
	int fd; /* the link that spoke last */
	char call[2 * LIMIT_FRAME];
	size_t length; /* of the call, its NUL included */
	json_t *message;
} fake;

/* A rig with a user alice whose otpd-mail is this; got_key may be called at once. */
static inline void far_open(
	const char *config, void (*got_key)(void *context, const uint8_t key[MAIL_KEY]))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[UNIT_PATH];

	secret_use_for_json(); /* as main does: mailer.c counts on it */
	rig_open(&rig, config);
	fake.n = 0;
	fake.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unit_path(path, "mail.sock");
	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(
		bind(fake.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fake.listener, 8), 0);
	ck_assert_int_eq(rig_call(&rig, 0, "Admin.AddUser",
				 json_pack("{s:s, s:s, s:b}", "user", "alice",
					 "address", "alice@example.org", "verified", 1),
				 NULL),
		0);
	ck_assert(text_copy(
		rig.daemon.mailer.path, sizeof(rig.daemon.mailer.path), path));
	rig.daemon.mailer.uid = geteuid();
	rig.daemon.mailer.context = &rig;
	rig.daemon.mailer.got_key = got_key;
	mailer_open(&rig.daemon.mailer);
}

static inline void far_close(void)
{
	json_decref(fake.message);
	fake.message = NULL;
	mailer_close(&rig.daemon.mailer);
	while (!outbox_is_settled(&rig.daemon.outbox) ||
		!batch_is_idle(&rig.daemon.batch))
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	rig_close(&rig);
	for (int i = 0; i < fake.n; i++)
		close(fake.links[i]);
	close(fake.listener);
}

/* Takes what wants to connect, and gives up what was given up. */
static inline void look_around(void)
{
	int fd;

	while ((fd = accept4(fake.listener, NULL, NULL,
			SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		ck_assert_int_lt(fake.n, MAX_LINKS);
		fake.links[fake.n++] = fd;
	}
	for (int i = fake.n - 1; i >= 0; i--) {
		char byte;
		ssize_t n = recv(fake.links[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK);

		if (n > 0)
			fake.fd = fake.links[i];
		if (n != 0)
			continue;
		close(fake.links[i]);
		fake.links[i] = fake.links[--fake.n];
	}
}

/* Waits for the next whole call, on whichever link. */
static inline void take_call(const char *method)
{
	char name[128];

	fake.length = 0;
	fake.fd = -1;
	for (look_around(); fake.fd < 0; look_around())
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	while (fake.length == 0 || fake.call[fake.length - 1] != '\0') {
		ssize_t n = recv(fake.fd, fake.call + fake.length,
			sizeof(fake.call) - fake.length, MSG_DONTWAIT);

		ck_assert_int_ne(n, 0);
		if (n > 0)
			fake.length += (size_t)n;
		else
			uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	}
	json_decref(fake.message);
	fake.message = json_loads(fake.call, 0, NULL);
	ck_assert_ptr_nonnull(fake.message);
	snprintf(name, sizeof(name), "org.emailotp.Mail.%s", method);
	ck_assert_str_eq(
		json_string_value(json_object_get(fake.message, "method")), name);
}

static inline void answer_bytes(const char *bytes, size_t size)
{
	ck_assert_int_eq(send(fake.fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static inline void answer(const char *text)
{
	answer_bytes(text, strlen(text) + 1);
}

static inline void give_key(void)
{
	char text[128], key[64];

	sodium_bin2base64(key, sizeof(key), rig.mailer_public, MAIL_KEY,
		sodium_base64_VARIANT_ORIGINAL);
	take_call("PublicKey");
	snprintf(text, sizeof(text), "{\"parameters\":{\"key\":\"%s\"}}", key);
	answer(text);
	while (!rig.daemon.mailer.up)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
}

static inline void begin(const char *service)
{
	ck_assert_int_eq(
		rig_call(&rig, 0, "Auth.Begin",
			json_pack("{s:s, s:s}", "user", "alice", "service", service),
			NULL),
		0);
}

/* Until a row is like this. What was put off is not tried again, however slow we are.
 */
static inline void wait_for(const char *where)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM mail WHERE %s", where);
	while (rig_count(&rig, sql) != 1)
		uv_run(&rig.daemon.loop, UV_RUN_ONCE);
	ck_assert_int_eq(db_script(rig.daemon.store.db,
				 "UPDATE mail SET state = 5 WHERE state = 0"),
		0);
}

static inline void sends(const char *service, const char *parameters)
{
	char text[1024];

	begin(service);
	take_call("Send");
	snprintf(text, sizeof(text), "{\"parameters\":%s}", parameters);
	answer(text);
}

#endif
