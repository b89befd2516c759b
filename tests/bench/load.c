/* SPDX-License-Identifier: MIT */
#include "tests/bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/bench/say.h"

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

	do
		user = (int64_t)(draw(load) % (uint64_t)load->core->n_users);
	while (load->by_user[user]);
	return user;
}

static void begin(struct load_client *client, int64_t since_ns)
{
	struct load *load = client->load;
	char text[512], name[FILL_NAME], rhost[FILL_NAME];

	client->user = draw_user(load);
	client->since_ns = since_ns;
	client->challenge[0] = '\0';
	client->letter.code[0] = '\0';
	client->verifying = false;
	load->by_user[client->user] = client;
	load->n_busy++;
	fill_name(name, client->user);
	fill_rhost(rhost, client->user);
	snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":{\"user\":\"%s\","
		"\"service\":\"sshd\",\"rhost\":\"%s\",\"tty\":\"ssh\"}}",
		name, rhost);
	send_frame(client->source.fd, text);
}

/* When both the answer of Begin and the mail are there, in whatever order they came. */
static void verify_if_complete(struct load_client *client)
{
	char text[256];

	if (!client->challenge[0] || !client->letter.code[0])
		return;
	if (strcmp(client->reference, client->letter.reference) != 0)
		die("the mail of %s is for %s, its challenge is %s",
			client->letter.user, client->letter.reference,
			client->reference);
	snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Auth.Verify\",\"parameters\":{"
		"\"challenge\":\"%s\",\"code\":\"%s\"}}",
		client->challenge, client->letter.code);
	client->verifying = true;
	send_frame(client->source.fd, text);
}

static void take_letter(void *context, const struct mailbox_letter *letter)
{
	struct load *load = context;
	int64_t user = fill_number(letter->user);
	struct load_client *client;

	client = user >= 0 && user < load->core->n_users ? load->by_user[user] : NULL;
	if (!client || client->verifying)
		die("a mail that nobody waits for, to %s", letter->user);
	client->letter = *letter;
	verify_if_complete(client);
}

static void take_begun(struct load_client *client, const char *text)
{
	if (!frame_string(
		    text, "challenge", client->challenge, sizeof(client->challenge)) ||
		!frame_string(text, "reference", client->reference,
			sizeof(client->reference)) ||
		strstr(text, "\"error\""))
		die("Begin failed: %s", text);
	verify_if_complete(client);
}

static void take_verified(struct load_client *client, const char *text)
{
	struct load *load = client->load;

	if (strcmp(text, "{\"parameters\":{\"state\":\"verified\"}}") != 0)
		die("Verify failed: %s", text);
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
	char *text;

	if (inbox_fill(&client->inbox, source->fd) == 0)
		die("otpd closed a connection");
	text = inbox_peek(&client->inbox);
	if (!text)
		return;
	if (client->verifying)
		take_verified(client, text);
	else
		take_begun(client, text);
	inbox_drop(&client->inbox);
}

static void client_open_socket(struct load_client *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *path = client->load->core->socket;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("cannot connect to %s: %s", path, strerror(errno));
	client->source = (struct source){ .fd = fd, .ready = on_client };
	client->user = -1;
	loop_add(&client->load->core->loop, &client->source);
}

struct load *load_new(struct core *core, int n_clients)
{
	struct load *load = calloc(1, sizeof(*load));

	if (load)
		load->by_user = calloc((size_t)core->n_users, sizeof(load->by_user[0]));
	if (!load || !load->by_user)
		die("no memory");
	load->core = core;
	load->n_clients = n_clients;
	core->mailbox.got = take_letter;
	core->mailbox.context = load;
	for (int i = 0; i < n_clients; i++) {
		load->clients[i].load = load;
		client_open_socket(&load->clients[i]);
	}
	return load;
}

void load_free(struct load *load)
{
	for (int i = 0; i < load->n_clients; i++)
		loop_drop(&load->core->loop, &load->clients[i].source);
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
		loop_turn(&load->core->loop, 1000000000);
}

double load_run_closed(struct load *load, double seconds)
{
	int64_t start = now_ns(), until = start + (int64_t)(seconds * 1e9), now = start;
	int64_t before = load->n_pairs, done;

	while (now < until) {
		for (int i = 0; i < load->n_clients; i++)
			if (load->clients[i].user < 0)
				begin(&load->clients[i], now);
		loop_turn(&load->core->loop, 1000000000);
		now = now_ns();
	}
	done = load->n_pairs - before;
	finish_all(load);
	return (double)done / ((double)(now - start) / 1e9);
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
			loop_turn(&load->core->loop,
				client ? next - now_ns() : 1000000000);
		}
	}
	finish_all(load);
	load->samples = NULL;
}
