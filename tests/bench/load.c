/* SPDX-License-Identifier: MIT */
#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/dial.h"
#include "tests/bench/say.h"

#define CROWD_NS (300 * INT64_C(1000000000)) /* the longest that one may take */

static void say_begin(char out[LOAD_TEXT], int64_t number)
{
	char name[FILL_NAME], rhost[FILL_NAME];

	fill_name(name, number);
	fill_rhost(rhost, number);
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":{\"user\":\"%s\","
		"\"service\":\"sshd\",\"rhost\":\"%s\",\"tty\":\"ssh\"}}",
		name, rhost);
}

static void say_verify(char out[LOAD_TEXT], const char *challenge, const char *code)
{
	snprintf(out, LOAD_TEXT,
		"{\"method\":\"org.emailotp.Auth.Verify\",\"parameters\":{"
		"\"challenge\":\"%s\",\"code\":\"%s\"}}",
		challenge, code);
}

const struct load_script load_step_up = {
	.begin = say_begin,
	.verify = say_verify,
	.done = "{\"parameters\":{\"state\":\"verified\"}}",
	.send = send_frame,
	.peek = inbox_peek,
	.drop = inbox_drop,
};

/* splitmix64: the same users in every run. */
static uint64_t draw(struct load *load)
{
	uint64_t x = load->random += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static int64_t draw_user(struct load *load)
{
	int64_t user;

	if (load->script->in_turn) {
		if (load->next_user == load->n_users)
			die("more than %lld were needed", (long long)load->n_users);
		return load->next_user++;
	}
	do
		user = (int64_t)(draw(load) % (uint64_t)load->n_users);
	while (load->by_user[user]);
	return user;
}

static void say_it_again(struct load_client *client)
{
	char text[LOAD_TEXT];

	client->again_ns = 0;
	client->load->script->begin(text, client->user);
	client->load->script->send(client->source.fd, text);
}

static void begin(struct load_client *client, int64_t since_ns)
{
	struct load *load = client->load;

	client->user = draw_user(load);
	client->since_ns = since_ns;
	client->challenge[0] = '\0';
	client->reference[0] = '\0';
	client->letter.code[0] = '\0';
	client->verifying = false;
	load->by_user[client->user] = client;
	load->n_busy++;
	say_it_again(client);
}

/* When both the answer of Begin and the mail are there, in whatever order they came. */
static void verify_if_complete(struct load_client *client)
{
	char text[LOAD_TEXT];

	if (!client->challenge[0] || !client->letter.code[0])
		return;
	if (client->reference[0] &&
		strcmp(client->reference, client->letter.reference) != 0)
		die("the mail to %s is for %s, its challenge is %s", client->letter.to,
			client->letter.reference, client->reference);
	client->load->script->verify(text, client->challenge, client->letter.code);
	client->verifying = true;
	client->load->script->send(client->source.fd, text);
}

void load_take(void *context, const struct mailbox_letter *letter)
{
	struct load *load = context;
	int64_t user = fill_number(letter->to);
	struct load_client *client;

	/* It comes behind the code, and nobody waits for it. */
	if (strcmp(letter->kind, "welcome") == 0)
		return;
	client = user >= 0 && user < load->n_users ? load->by_user[user] : NULL;
	if (!client || client->verifying || !letter->code[0])
		die("a mail \"%s\" that nobody waits for, to %s", letter->kind,
			letter->to);
	client->letter = *letter;
	verify_if_complete(client);
}

static void take_busy(struct load_client *client, const char *text)
{
	static const char key[] = "\"retry_after\":";
	const char *after = strstr(text, key);

	if (!after)
		die("Busy does not say how long: %s", text);
	client->load->n_refused++;
	client->again_ns = now_ns() +
		strtoll(after + sizeof(key) - 1, NULL, 10) * INT64_C(1000000000);
}

static void take_begun(struct load_client *client, const char *text)
{
	if (client->load->script->may_be_busy &&
		strstr(text, "\"org.emailotp.Error.Busy\"")) {
		take_busy(client, text);
		return;
	}
	if (!frame_string(
		    text, "challenge", client->challenge, sizeof(client->challenge)) ||
		strstr(text, "\"error\""))
		die("it cannot be begun: %s", text);
	frame_string(text, "reference", client->reference, sizeof(client->reference));
	verify_if_complete(client);
}

static void take_verified(struct load_client *client, const char *text)
{
	struct load *load = client->load;

	if (!strstr(text, load->script->done) || strstr(text, "\"error\""))
		die("the code was not taken: %s", text);
	if (load->samples)
		samples_add(load->samples, (double)(now_ns() - client->since_ns) / 1e3);
	load->by_user[client->user] = NULL;
	client->user = -1;
	load->n_busy--;
	load->n_pairs++;
}

static void on_client(struct source *source)
{
	struct load_client *client = (struct load_client *)source;
	const struct load_script *script = client->load->script;
	char *text;

	if (inbox_fill(&client->inbox, source->fd) == 0) {
		/* Whoever has nothing more to say may be sent away. */
		if (client->user >= 0)
			die("the other side has closed a connection");
		loop_drop(client->load->server.loop, source);
		return;
	}
	text = script->peek(&client->inbox);
	if (!text)
		return;
	if (client->verifying)
		take_verified(client, text);
	else
		take_begun(client, text);
	script->drop(&client->inbox);
}

static void connect_all(struct load *load)
{
	const struct load_server *server = &load->server;

	for (int i = 0; i < load->n_clients; i++) {
		struct load_client *client = &load->clients[i];

		client->source = (struct source){ .fd = server->dial(server->context),
			.ready = on_client };
		loop_add(server->loop, &client->source);
	}
}

static void disconnect_all(struct load *load)
{
	for (int i = 0; i < load->n_clients; i++)
		if (load->clients[i].source.fd >= 0)
			loop_drop(load->server.loop, &load->clients[i].source);
}

void load_reconnect(struct load *load)
{
	disconnect_all(load);
	connect_all(load);
}

struct load *load_new_with(const struct load_server *server,
	const struct load_script *script, int n_clients, int64_t n_users)
{
	struct load *load =
		calloc(1, sizeof(*load) + (size_t)n_clients * sizeof(load->clients[0]));

	if (load)
		load->by_user = calloc((size_t)n_users, sizeof(load->by_user[0]));
	if (!load || !load->by_user)
		die("no memory");
	load->server = *server;
	load->script = script;
	load->n_clients = n_clients;
	load->n_users = n_users;
	for (int i = 0; i < n_clients; i++) {
		load->clients[i].load = load;
		load->clients[i].user = -1;
	}
	connect_all(load);
	return load;
}

static int dial_root(void *context)
{
	const struct core *core = context;

	return dial_unix(core->socket, 0);
}

struct load *load_new(struct core *core, int n_clients)
{
	struct load *load =
		load_new_with(&(struct load_server){ &core->loop, dial_root, core },
			&load_step_up, n_clients, core->n_users);

	core->mailbox.got = load_take;
	core->mailbox.context = load;
	return load;
}

void load_free(struct load *load)
{
	disconnect_all(load);
	free(load->by_user);
	free(load);
}

static struct load_client *find_idle(struct load *load)
{
	for (int i = 0; i < load->n_clients; i++)
		if (load->clients[i].user < 0)
			return &load->clients[i];
	return NULL;
}

static void finish_all(struct load *load)
{
	while (load->n_busy > 0)
		loop_turn(load->server.loop, 1000000000);
}

/* Whoever is idle begins, until then. Returns how many pairs that were. */
static int64_t keep_busy(struct load *load, int64_t until_ns)
{
	int64_t before = load->n_pairs, now;

	while ((now = now_ns()) < until_ns) {
		for (int i = 0; i < load->n_clients; i++)
			if (load->clients[i].user < 0)
				begin(&load->clients[i], now);
		loop_turn(load->server.loop, 1000000000);
	}
	return load->n_pairs - before;
}

double load_run_closed(struct load *load, double seconds)
{
	int64_t start = now_ns();
	int64_t done = keep_busy(load, start + (int64_t)(seconds * 1e9));
	int64_t took = now_ns() - start;

	finish_all(load);
	return (double)done / ((double)took / 1e9);
}

double load_run_steady(struct load *load, double before_s, double seconds)
{
	keep_busy(load, now_ns() + (int64_t)(before_s * 1e9));
	return load_run_closed(load, seconds);
}

void load_run_pairs(struct load *load, int n, struct samples *samples)
{
	load->samples = samples;
	for (int i = 0; i < n; i++) {
		begin(&load->clients[0], now_ns());
		finish_all(load);
	}
	load->samples = NULL;
}

void load_run_open(
	struct load *load, int per_s, double seconds, struct samples *samples)
{
	int64_t step = 1000000000 / per_s, next = now_ns();
	int64_t until = next + (int64_t)(seconds * 1e9);

	load->samples = samples;
	while (next < until) {
		struct load_client *client = find_idle(load);

		/* No client is free: the pair starts late, and its time tells. */
		if (client && now_ns() >= next) {
			begin(client, next);
			next += step;
		} else {
			loop_turn(load->server.loop,
				client ? next - now_ns() : 1000000000);
		}
	}
	finish_all(load);
	load->samples = NULL;
}

/* Nanoseconds until the next of them asks again. */
static int64_t ask_again(struct load *load)
{
	int64_t now = now_ns(), wait = 1000000000;

	for (int i = 0; i < load->n_clients; i++) {
		struct load_client *client = &load->clients[i];

		if (client->again_ns == 0)
			continue;
		if (client->again_ns <= now)
			say_it_again(client);
		else if (client->again_ns - now < wait)
			wait = client->again_ns - now;
	}
	return wait;
}

double load_run_crowd(struct load *load)
{
	int64_t start = now_ns();

	for (int i = 0; i < load->n_clients; i++)
		begin(&load->clients[i], start);
	while (load->n_busy > 0) {
		loop_turn(load->server.loop, ask_again(load));
		if (now_ns() > start + CROWD_NS)
			die("%d of %d are still not in", load->n_busy, load->n_clients);
	}
	return (double)(now_ns() - start) / 1e9;
}
