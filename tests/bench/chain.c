/* SPDX-License-Identifier: MIT */
/* The way of a code from Begin to the mail server, with nothing of it played. */
#include "tests/bench/chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/bench/fill.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"

static void on_link(struct source *source)
{
	struct chain_link *link = (struct chain_link *)source;
	struct chain *chain = link->chain;
	char reference[8], *text;
	int64_t user = link->user;

	if (inbox_fill(&link->inbox, source->fd) == 0)
		die("otpd closed a connection");
	text = inbox_peek(&link->inbox);
	if (!text)
		return;
	if (strstr(text, "\"error\"") ||
		!frame_string(text, "reference", reference, sizeof(reference)))
		die("Begin failed: %s", text);
	inbox_drop(&link->inbox);
	link->user = -1;
	chain->n_busy--;
	if (chain->begun)
		chain->begun(
			chain->context, user, reference, now_ns() - link->since_ns);
}

static void open_link(struct chain *chain, struct chain_link *link)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", chain->core.socket);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("cannot connect to %s: %s", chain->core.socket, strerror(errno));
	link->source = (struct source){ .fd = fd, .ready = on_link };
	link->chain = chain;
	link->user = -1;
	link->inbox.filled = 0;
	loop_add(chain->loop, &link->source);
}

void chain_start(struct chain *chain, struct loop *loop, const char *build,
	const char *name, int port)
{
	char transport[POST_TRANSPORT];

	place_dir(name);
	post_smtp(transport, port);
	post_start(&chain->post, build, name, transport);
	core_start_beside(&chain->core, build, name, CHAIN_USERS);
	chain->loop = loop;
	chain->next = 0;
	chain->n_busy = 0;
	for (int i = 0; i < CHAIN_LINKS; i++)
		open_link(chain, &chain->links[i]);
}

void chain_stop(struct chain *chain)
{
	for (int i = 0; i < CHAIN_LINKS; i++)
		loop_drop(chain->loop, &chain->links[i].source);
	core_stop(&chain->core);
	post_stop(&chain->post);
}

int64_t chain_begin(struct chain *chain, int64_t since_ns)
{
	char text[512], name[FILL_NAME], rhost[FILL_NAME];
	struct chain_link *link = NULL;

	for (int i = 0; i < CHAIN_LINKS && !link; i++)
		if (chain->links[i].user < 0)
			link = &chain->links[i];
	if (!link)
		return -1;
	if (chain->next == CHAIN_USERS)
		die("every user has begun already");
	link->user = chain->next++;
	link->since_ns = since_ns;
	chain->n_busy++;
	fill_name(name, link->user);
	fill_rhost(rhost, link->user);
	snprintf(text, sizeof(text),
		"{\"method\":\"org.emailotp.Auth.Begin\",\"parameters\":{\"user\":\"%s\","
		"\"service\":\"sshd\",\"rhost\":\"%s\",\"tty\":\"ssh\"}}",
		name, rhost);
	send_frame(link->source.fd, text);
	return link->user;
}
