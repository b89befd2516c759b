/* SPDX-License-Identifier: MIT */
/*
 * The interface org.emailotp.Mail as otpd sees it. The box is opened for real, with the
 * shared key kept for each sender as otpd-mail does, because a code that came another
 * way would not prove that the mail can be read.
 */
#include "tests/bench/mailbox.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "otpd/proto/limits.h"
#include "tests/bench/say.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* A member in base64, of exactly size bytes, or up to it if ret_size is given. */
static void read_binary(
	const char *text, const char *name, uint8_t *out, size_t size, size_t *ret_size)
{
	char encoded[2 * LIMIT_SEALED];
	size_t n = 0, length = frame_string(text, name, encoded, sizeof(encoded));

	if (length == 0 ||
		sodium_base642bin(out, size, encoded, length, NULL, &n, NULL, BASE64) !=
			0 ||
		(!ret_size && n != size))
		die("Send has no %s that can be read: %s", name, text);
	if (ret_size)
		*ret_size = n;
}

static void meet_sender(struct mailbox *mailbox, const uint8_t sender[MAILBOX_KEY])
{
	if (memcmp(mailbox->sender, sender, MAILBOX_KEY) == 0)
		return;
	if (crypto_box_beforenm(mailbox->shared, sender, mailbox->secret) != 0)
		die("otpd's public key is none");
	memcpy(mailbox->sender, sender, MAILBOX_KEY);
}

static void read_letter(const char *plain, struct mailbox_letter *letter)
{
	memset(letter, 0, sizeof(*letter));
	if (!frame_string(plain, "to", letter->to, sizeof(letter->to)) ||
		!frame_string(plain, "template", letter->kind, sizeof(letter->kind)))
		die("a mail has no address or no kind: %s", plain);
	frame_string(plain, "user", letter->user, sizeof(letter->user));
	frame_string(plain, "code", letter->code, sizeof(letter->code));
	frame_string(plain, "reference", letter->reference, sizeof(letter->reference));
}

static void open_mail(struct mailbox *mailbox, const char *text)
{
	struct mailbox_letter letter;
	uint8_t sender[MAILBOX_KEY], nonce[crypto_box_NONCEBYTES];
	uint8_t sealed[LIMIT_SEALED], plain[LIMIT_SEALED];
	size_t size;

	read_binary(text, "sender", sender, sizeof(sender), NULL);
	read_binary(text, "nonce", nonce, sizeof(nonce), NULL);
	read_binary(text, "sealed", sealed, sizeof(sealed), &size);
	meet_sender(mailbox, sender);
	if (crypto_box_open_easy_afternm(plain, sealed, size, nonce, mailbox->shared) !=
		0)
		die("a mail cannot be opened");
	plain[size - crypto_box_MACBYTES] = '\0';
	mailbox->n_mails++;
	mailbox->sealed_bytes += (int64_t)size;
	read_letter((const char *)plain, &letter);
	mailbox->got(mailbox->context, &letter);
}

static void answer_key(struct mailbox *mailbox, int fd)
{
	char key[sodium_base64_ENCODED_LEN(MAILBOX_KEY, BASE64)], text[160];

	sodium_bin2base64(key, sizeof(key), mailbox->key, sizeof(mailbox->key), BASE64);
	snprintf(text, sizeof(text), "{\"parameters\":{\"key\":\"%s\"}}", key);
	send_frame(fd, text);
	mailbox->asked = true;
}

static void answer(struct mailbox_link *link, const char *text)
{
	int fd = link->source.fd;

	if (strstr(text, "\"org.emailotp.Mail.PublicKey\"")) {
		answer_key(link->mailbox, fd);
		return;
	}
	if (strstr(text, "\"org.emailotp.Mail.Bounces\"")) {
		send_frame(fd, "{\"parameters\":{\"bounces\":[]}}");
		return;
	}
	if (!strstr(text, "\"org.emailotp.Mail.Send\""))
		die("otpd calls a method that the benchmark does not know: %s", text);
	/* First: the letter's reader may close this loop's round with a Verify. */
	send_frame(fd, "{\"parameters\":{\"result\":\"sent\",\"detail\":\"250 ok\"}}");
	open_mail(link->mailbox, text);
}

static void on_link(struct source *source)
{
	struct mailbox_link *link = (struct mailbox_link *)source;
	char *text;

	if (inbox_fill(&link->inbox, source->fd) == 0) {
		loop_drop(link->mailbox->loop, source);
		link->inbox.filled = 0;
		return;
	}
	while ((text = inbox_peek(&link->inbox))) {
		answer(link, text);
		inbox_drop(&link->inbox);
	}
}

static void on_connection(struct source *source)
{
	struct mailbox *mailbox = (struct mailbox *)source;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i < MAILBOX_LINKS; i++) {
		struct mailbox_link *link = &mailbox->links[i];

		if (link->source.fd >= 0)
			continue;
		link->source = (struct source){ .fd = fd, .ready = on_link };
		loop_add(mailbox->loop, &link->source);
		return;
	}
	die("otpd opens more than %d connections to its mailer", MAILBOX_LINKS);
}

void mailbox_open(struct mailbox *mailbox, struct loop *loop, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memset(mailbox, 0, sizeof(*mailbox));
	for (int i = 0; i < MAILBOX_LINKS; i++) {
		mailbox->links[i].source.fd = -1;
		mailbox->links[i].mailbox = mailbox;
	}
	crypto_box_keypair(mailbox->key, mailbox->secret);
	mailbox->loop = loop;
	mailbox->source = (struct source){ .fd = fd, .ready = on_connection };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, MAILBOX_LINKS) < 0)
		die("cannot listen on %s: %s", path, strerror(errno));
	loop_add(loop, &mailbox->source);
}

void mailbox_close(struct mailbox *mailbox)
{
	loop_drop(mailbox->loop, &mailbox->source);
	for (int i = 0; i < MAILBOX_LINKS; i++)
		if (mailbox->links[i].source.fd >= 0)
			loop_drop(mailbox->loop, &mailbox->links[i].source);
}
