/* SPDX-License-Identifier: MIT */
/*
 * Where mails end whose arrival is to be seen: the moment at which the 250 goes out is
 * the moment of acceptance. With TLS it stands in for smtp-sink, which has none. It
 * does as little as a server can, so that what is measured is the client.
 *
 * MUST NOT answer 250 to a body that is not complete.
 */
#include "tests/bench/sink.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/port.h"
#include "tests/bench/say.h"

#define END_OF_BODY "\r\n.\r\n"
#define MAKE_CERT_S 30

static void drop(struct sink_link *link)
{
	SSL_free(link->ssl);
	link->ssl = NULL;
	loop_drop(link->sink->loop, &link->source);
}

/* What came in, 0 if nothing has, -1 if the client is gone. */
static ssize_t read_some(struct sink_link *link, char *at, size_t size)
{
	ssize_t n;

	if (link->ssl) {
		int r = SSL_read(link->ssl, at, (int)size);

		if (r > 0)
			return r;
		ERR_clear_error();
		return SSL_get_error(link->ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
	}
	n = recv(link->source.fd, at, size, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n > 0 ? n : -1;
}

/* Replies are short: what the socket does not take at once it never will. */
static void flush(struct sink_link *link)
{
	size_t size = link->out_size;
	ssize_t n;

	if (size == 0)
		return;
	n = link->ssl
		? SSL_write(link->ssl, link->out, (int)size)
		: send(link->source.fd, link->out, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && n != (ssize_t)size)
		die("a client does not read its replies");
	link->out_size = 0;
}

static void reply(struct sink_link *link, const char *text)
{
	size_t length = strlen(text);

	if (link->out_size + length > sizeof(link->out))
		die("a client says more than it can be answered");
	memcpy(link->out + link->out_size, text, length);
	link->out_size += length;
}

/* Takes size bytes away from the front. */
static void consume(struct sink_link *link, size_t size)
{
	link->filled -= size;
	memmove(link->in, link->in + size, link->filled);
	link->scanned = 0;
}

static void take_recipient(struct sink_link *link, const char *line)
{
	const char *open = strchr(line, '<');
	size_t length = open ? strcspn(open + 1, ">") : 0;

	if (length == 0 || length >= sizeof(link->to))
		die("no recipient: %s", line);
	memcpy(link->to, open + 1, length);
	link->to[length] = '\0';
}

/* One command. False when it was the last one. */
static bool take_command(struct sink_link *link, const char *line)
{
	if (strncasecmp(line, "EHLO", 4) == 0) {
		reply(link,
			"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
			"250 SIZE 10485760\r\n");
	} else if (strncasecmp(line, "RCPT", 4) == 0) {
		take_recipient(link, line);
		reply(link, "250 2.1.5 Ok\r\n");
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		link->is_body = true;
		reply(link, "354 End data with <CR><LF>.<CR><LF>\r\n");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		reply(link, "221 2.0.0 Bye\r\n");
		return false;
	} else {
		reply(link, "250 2.0.0 Ok\r\n");
	}
	return true;
}

/* False if the body is not complete. */
static bool take_body(struct sink_link *link)
{
	size_t length = strlen(END_OF_BODY);
	char *end = memmem(link->in + link->scanned, link->filled - link->scanned,
		END_OF_BODY, length);
	struct sink_mail mail = { .to = link->to, .bytes = link->in };

	if (!end) {
		link->scanned = link->filled > length ? link->filled - length : 0;
		return false;
	}
	end[2] = '\0';
	mail.size = (size_t)(end + 2 - link->in);
	reply(link, "250 2.0.0 Ok: taken\r\n");
	flush(link);
	if (link->sink->got)
		link->sink->got(link->sink->context, &mail);
	link->is_body = false;
	consume(link, mail.size + length - 2);
	return true;
}

/* All that is complete. False if the client has said that it goes. */
static bool take_all(struct sink_link *link)
{
	for (;;) {
		char *end;

		if (link->is_body) {
			if (!take_body(link))
				return true;
			continue;
		}
		end = memchr(link->in, '\n', link->filled);
		if (!end)
			return true;
		*end = '\0';
		if (!take_command(link, link->in))
			return false;
		consume(link, (size_t)(end + 1 - link->in));
	}
}

static void on_link(struct source *source)
{
	struct sink_link *link = (struct sink_link *)source;
	bool goes_on = true;
	ssize_t n;

	/* Until there is no more: TLS may hold bytes that epoll does not see. */
	do {
		n = read_some(link, link->in + link->filled, SINK_BYTES - link->filled);
		if (n <= 0)
			break;
		link->filled += (size_t)n;
		goes_on = take_all(link);
		if (link->filled == SINK_BYTES)
			die("a mail has more than %d bytes", SINK_BYTES);
	} while (goes_on && link->ssl);
	flush(link);
	if (n < 0 || !goes_on)
		drop(link);
}

/* The greeting; with TLS it is sent when the handshake is over. */
static void on_handshake(struct source *source)
{
	struct sink_link *link = (struct sink_link *)source;
	int r = link->ssl ? SSL_accept(link->ssl) : 1;

	if (r == 1) {
		link->source.ready = on_link;
		reply(link, "220 bench ESMTP\r\n");
		flush(link);
	} else if (SSL_get_error(link->ssl, r) != SSL_ERROR_WANT_READ) {
		drop(link);
	}
}

static void on_connection(struct source *source)
{
	struct sink *sink = (struct sink *)source;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sink_link *link = NULL;

	if (fd < 0)
		return;
	for (int i = 0; i < SINK_LINKS && !link; i++)
		if (sink->links[i].source.fd < 0)
			link = &sink->links[i];
	if (!link)
		die("more than %d connections to the sink", SINK_LINKS);
	link->source = (struct source){ .fd = fd, .ready = on_handshake };
	link->filled = link->scanned = link->out_size = 0;
	link->is_body = false;
	link->ssl = sink->tls ? SSL_new(sink->tls) : NULL;
	if (sink->tls && (!link->ssl || SSL_set_fd(link->ssl, fd) != 1))
		die("no memory");
	loop_add(sink->loop, &link->source);
	if (!link->ssl)
		on_handshake(&link->source);
}

static void serve(struct sink *sink, struct loop *loop, int fd)
{
	for (int i = 0; i < SINK_LINKS; i++) {
		sink->links[i].source.fd = -1;
		sink->links[i].sink = sink;
	}
	sink->loop = loop;
	sink->source = (struct source){ .fd = fd, .ready = on_connection };
	loop_add(loop, &sink->source);
}

void sink_open(struct sink *sink, struct loop *loop)
{
	int fd = port_listen(&sink->port);

	serve(sink, loop, fd);
}

void sink_close(struct sink *sink)
{
	loop_drop(sink->loop, &sink->source);
	for (int i = 0; i < SINK_LINKS; i++)
		if (sink->links[i].source.fd >= 0)
			drop(&sink->links[i]);
}

/* What the process with TLS gets from its parent. */
struct tls_start {
	char cert[PLACE_PATH];
	char key[PLACE_PATH];
	int fd;
};

static void run_tls(void *context)
{
	static struct sink sink; /* large */
	const struct tls_start *start = context;
	struct loop loop;

	sink.tls = SSL_CTX_new(TLS_server_method());
	if (!sink.tls ||
		SSL_CTX_use_certificate_file(sink.tls, start->cert, SSL_FILETYPE_PEM) !=
			1 ||
		SSL_CTX_use_PrivateKey_file(sink.tls, start->key, SSL_FILETYPE_PEM) !=
			1)
		die("the certificate in %s cannot be used", start->cert);
	loop_open(&loop);
	serve(&sink, &loop, start->fd);
	for (;;)
		loop_turn(&loop, INT64_C(3600000000000));
}

void sink_start_tls(struct child *child, const char *directory, int *ret_port)
{
	static struct tls_start start; /* the child reads its copy */
	struct child openssl;
	char log[PLACE_PATH];

	place_path(start.cert, "%s/sink.crt", directory);
	place_path(start.key, "%s/sink.key", directory);
	place_path(log, "%s/sink.log", directory);
	child_spawn(&openssl,
		(const char *const[]){ "openssl", "req", "-x509", "-newkey", "ec",
			"-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
			"-subj", "/CN=127.0.0.1", "-addext",
			"subjectAltName=IP:127.0.0.1", "-keyout", start.key, "-out",
			start.cert, NULL },
		log);
	child_wait(&openssl, MAKE_CERT_S);
	start.fd = port_listen(ret_port);
	child_fork(child, run_tls, &start, log);
	close(start.fd);
}
