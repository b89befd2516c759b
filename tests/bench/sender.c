/* SPDX-License-Identifier: MIT */
#include "tests/bench/sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/bench/samples.h"
#include "tests/bench/say.h"

#define SILENCE_NS (30 * INT64_C(1000000000))

static void send_next(struct sender_link *link)
{
	struct sender *sender = link->sender;

	if (sender->started < sender->letters->n)
		send_frame(link->source.fd, sender->letters->frames[sender->started++]);
}

static void on_link(struct source *source)
{
	struct sender_link *link = (struct sender_link *)source;
	char *text;

	if (inbox_fill(&link->inbox, source->fd) == 0)
		die("otpd-mail closed a connection");
	text = inbox_peek(&link->inbox);
	if (!text)
		return;
	if (!strstr(text, "\"result\":\"sent\""))
		die("Send failed: %s", text);
	inbox_drop(&link->inbox);
	link->sender->done++;
	send_next(link);
}

void sender_open(struct sender *sender, struct loop *loop, const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	sender->loop = loop;
	for (int i = 0; i < SENDER_LINKS; i++) {
		struct sender_link *link = &sender->links[i];
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
			connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			die("cannot connect to %s: %s", socket_path, strerror(errno));
		link->source = (struct source){ .fd = fd, .ready = on_link };
		link->sender = sender;
		link->inbox.filled = 0;
		loop_add(loop, &link->source);
	}
}

void sender_close(struct sender *sender)
{
	for (int i = 0; i < SENDER_LINKS; i++)
		loop_drop(sender->loop, &sender->links[i].source);
}

double sender_run(struct sender *sender, const struct letters *letters)
{
	int64_t start = now_ns(), heard = start;
	size_t before = 0;

	sender->letters = letters;
	sender->started = sender->done = 0;
	for (int i = 0; i < SENDER_LINKS; i++)
		send_next(&sender->links[i]);
	while (sender->done < letters->n) {
		loop_turn(sender->loop, SILENCE_NS);
		if (sender->done > before) {
			before = sender->done;
			heard = now_ns();
		} else if (now_ns() > heard + SILENCE_NS) {
			die("otpd-mail has been silent for 30 s");
		}
	}
	return (double)(now_ns() - start) / 1e9;
}
