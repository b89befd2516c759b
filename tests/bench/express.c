/* SPDX-License-Identifier: MIT */
/*
 * The stack that web teams use now: Express, npm's bcrypt and SQLite. What it is made
 * of stands in build/peers, where tests/bench/peers puts it; Debian has no bcrypt for
 * Node, so npm must have been reached once.
 */
#include "tests/bench/express.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/dial.h"
#include "tests/bench/http.h"
#include "tests/bench/port.h"
#include "tests/bench/say.h"
#include "tests/bench/shop.h"

#define SCRIPT   "tests/bench/express.js"
#define START_NS (30 * INT64_C(1000000000))

static void on_mail(struct source *source)
{
	struct express *express = (struct express *)source;
	struct mailbox_letter letter = { 0 };
	char *text;

	if (inbox_fill(&express->inbox, source->fd) == 0)
		die("Express has closed its outbox; see %s", express->child.log);
	while ((text = inbox_peek(&express->inbox))) {
		if (!frame_string(text, "to", letter.to, sizeof(letter.to)) ||
			!frame_string(text, "kind", letter.kind, sizeof(letter.kind)))
			die("Express mails: %s", text);
		letter.code[0] = '\0';
		frame_string(text, "code", letter.code, sizeof(letter.code));
		load_take(express->load, &letter);
		inbox_drop(&express->inbox);
	}
}

static void on_connection(struct source *source)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
	struct express *express = (struct express *)source;

	if (fd < 0)
		die("Express does not connect: %s", strerror(errno));
	loop_drop(express->loop, source);
	*source = (struct source){ .fd = fd, .ready = on_mail };
	loop_add(express->loop, source);
}

static void listen_outbox(struct express *express, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 1) < 0)
		die("cannot listen on %s: %s", path, strerror(errno));
	express->source = (struct source){ .fd = fd, .ready = on_connection };
	loop_add(express->loop, &express->source);
}

/* All modules are there, if this one is: it comes last. */
static void find_modules(char out[PATH_MAX], const char *build)
{
	char file[PATH_MAX];

	snprintf(out, PATH_MAX, "%.90s/peers/web/node_modules", build);
	snprintf(file, sizeof(file),
		"%.150s/better-sqlite3/build/Release/better_sqlite3.node", out);
	if (access(SCRIPT, R_OK) != 0)
		die(SCRIPT " is missing; run this in the top directory of the tree");
	if (access(file, R_OK) != 0)
		die("the peer Express is missing: npm's express, bcrypt and "
		    "better-sqlite3 are not in %s; tests/bench/peers says why",
			out);
}

static void wait_ready(struct express *express)
{
	int64_t until = now_ns() + START_NS;
	char tail[CHILD_TAIL];
	char *end;

	while (!child_said(&express->child, " ready\n")) {
		child_check(&express->child);
		if (now_ns() > until)
			die("Express is not ready after 30 s; see %s",
				express->child.log);
		loop_turn(express->loop, 5000000);
	}
	child_tail(&express->child, tail);
	end = strstr(tail, " ready\n");
	if (end)
		*end = '\0';
	say("express: %s", tail);
}

void express_start(struct express *express, struct loop *loop, const char *build,
	int64_t n_accounts)
{
	char modules[PATH_MAX], database[PLACE_PATH], outbox[PLACE_PATH],
		log[PLACE_PATH], port[16], n[24];

	find_modules(modules, build);
	place_dir("express");
	place_path(database, "express/shop.db");
	place_path(outbox, "express/outbox.sock");
	place_path(log, "express.log");
	express->loop = loop;
	listen_outbox(express, outbox);
	express->port = port_find();
	snprintf(port, sizeof(port), "%d", express->port);
	snprintf(n, sizeof(n), "%" PRId64, n_accounts);
	child_spawn(&express->child,
		(const char *const[]){ "env", "NODE_ENV=production", "node", SCRIPT,
			modules, database, outbox, port, n, "user%@mail.example.org",
			SHOP_PASSWORD, NULL },
		log);
	wait_ready(express);
}

void express_stop(struct express *express)
{
	loop_drop(express->loop, &express->source);
	child_kill(&express->child);
}

static int dial(void *context)
{
	const struct express *express = context;

	return dial_tcp(express->port);
}

struct load *express_load(struct express *express, const struct load_script *script,
	int n_clients, int64_t n_users)
{
	express->load =
		load_new_with(&(struct load_server){ express->loop, dial, express },
			script, n_clients, n_users);
	return express->load;
}

static void send_request(int fd, const char *text)
{
	size_t size = strlen(text);

	if (send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("cannot send to Express: %s", strerror(errno));
}

static void say_login(char out[LOAD_TEXT], int64_t number)
{
	char json[256], address[FILL_ADDRESS];

	fill_address(address, number);
	snprintf(json, sizeof(json),
		"{\"login\":\"%s\",\"password\":\"" SHOP_PASSWORD "\"}", address);
	http_post(out, LOAD_TEXT, "/login", json);
}

static void say_register(char out[LOAD_TEXT], int64_t number)
{
	char json[256], address[FILL_ADDRESS];

	fill_address(address, number);
	snprintf(json, sizeof(json),
		"{\"address\":\"%s\",\"password\":\"" SHOP_PASSWORD "\","
		"\"profile\":{\"name\":\"User %" PRId64 "\"}}",
		address, number);
	http_post(out, LOAD_TEXT, "/register", json);
}

static void say_code(
	char out[LOAD_TEXT], const char *path, const char *challenge, const char *code)
{
	char json[128];

	snprintf(json, sizeof(json), "{\"challenge\":\"%s\",\"code\":\"%s\"}",
		challenge, code);
	http_post(out, LOAD_TEXT, path, json);
}

static void say_verify(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	say_code(out, "/verify", challenge, code);
}

static void say_confirm(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	say_code(out, "/confirm", challenge, code);
}

const struct load_script express_sign_in = {
	.begin = say_login,
	.verify = say_verify,
	.done = "\"refresh_token\":\"",
	.in_turn = true,
	.send = send_request,
	.peek = http_peek,
	.drop = http_drop,
};

const struct load_script express_sign_up = {
	.begin = say_register,
	.verify = say_confirm,
	.done = "\"refresh_token\":\"",
	.in_turn = true,
	.send = send_request,
	.peek = http_peek,
	.drop = http_drop,
};
