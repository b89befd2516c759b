/* SPDX-License-Identifier: MIT */
/* The scripted otpd. Its errors end the test program: they are not what is tested. */
#include "tests/pam/fake_otpd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	abort();
}

static void send_text(int fd, const char *text, size_t length)
{
	if (send(fd, text, length, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
		errno != ECONNRESET)
		die("send");
}

/* With ' as ". */
static size_t unquote(char *out, const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		out[n++] = *text == '\'' ? '"' : *text;
	out[n++] = '\0';
	return n;
}

static void send_fill(int fd, char c, int n)
{
	char *text = malloc((size_t)n + 1);

	memset(text, c, (size_t)n);
	text[n] = '\0';
	send_text(fd, text, (size_t)n + 1);
	free(text);
}

static void answer(int fd, const char *entry)
{
	static char text[20000];
	size_t n;

	if (!entry || strcmp(entry, "@close") == 0)
		return;
	if (strcmp(entry, "@hang") == 0)
		for (;;)
			pause();
	if (strcmp(entry, "@nul") == 0) {
		send_text(fd, "", 1);
	} else if (strncmp(entry, "@raw:", 5) == 0) {
		n = unquote(text, entry + 5);
		send_text(fd, text, n - 1);
	} else if (strncmp(entry, "@stall:", 7) == 0) {
		n = unquote(text, entry + 7);
		send_text(fd, text, n - 1);
		for (;;)
			pause();
	} else if (strncmp(entry, "@two:", 5) == 0) {
		n = unquote(text, entry + 5);
		n += unquote(text + n, entry + 5);
		send_text(fd, text, n);
	} else if (strncmp(entry, "@slow:", 6) == 0) {
		n = unquote(text, entry + 6);
		for (size_t i = 0; i < n; i++) {
			send_text(fd, text + i, 1);
			usleep(500);
		}
	} else if (strncmp(entry, "@fill:", 6) == 0) {
		send_fill(fd, 'x', atoi(entry + 6));
	} else if (strncmp(entry, "@nest:", 6) == 0) {
		send_fill(fd, '{', atoi(entry + 6));
	} else {
		n = unquote(text, entry);
		send_text(fd, text, n);
	}
}

static void read_call(int fd, char *out, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = recv(fd, out + n, 1, 0);

		if (got <= 0)
			break;
		if (out[n++] == '\0')
			return;
	}
	snprintf(out, size, "(cut)");
}

static void serve(struct fake_otpd *fake, int fd, const char *const *script)
{
	for (;;) {
		int client = accept(fd, NULL, NULL);
		const char *entry = *script;

		if (client < 0)
			die("accept");
		if (fake->n_calls < FAKE_CALLS) {
			read_call(client, fake->calls[fake->n_calls],
				sizeof(fake->calls[0]));
			fake->n_calls++;
		}
		if (entry)
			script++;
		answer(client, entry);
		close(client);
	}
}

static void serve_crowd(int fd, fake_answer *make_answer)
{
	static char call[8192], reply[8192];

	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client < 0)
			die("accept");
		read_call(client, call, sizeof(call));
		make_answer(call, reply, sizeof(reply));
		send_text(client, reply, strlen(reply) + 1);
		close(client);
	}
}

static int listen_at(const char *path, enum fake_kind kind, uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("bind");
	/* listen() is where SO_PEERCRED of the clients is taken. */
	if (kind == FAKE_FOREIGN && seteuid(uid) < 0)
		die("seteuid");
	if (kind != FAKE_DEAD && listen(fd, kind == FAKE_FULL ? 0 : 16) < 0)
		die("listen");
	if (kind == FAKE_FOREIGN && seteuid(0) < 0)
		die("seteuid");
	if (kind == FAKE_FULL) {
		int first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		/* Stays open in the process that holds the listening one. */
		if (connect(first, (struct sockaddr *)&address, sizeof(address)) < 0)
			die("connect");
	}
	return fd;
}

/* What the process is there for; it does not return. */
struct task {
	enum fake_kind kind;
	uid_t uid;
	const char *const *script;
	fake_answer *answer; /* NULL: by the script */
};

__attribute__((noreturn)) static void run(
	struct fake_otpd *fake, int fd, const struct task *task)
{
	if (task->kind == FAKE_FULL || task->kind == FAKE_DEAD)
		for (;;)
			pause();
	if (task->answer)
		serve_crowd(fd, task->answer);
	serve(fake, fd, task->script);
	abort();
}

/* Comes back when the process listens. */
static void start(struct fake_otpd *fake, const char *path, const struct task *task)
{
	pid_t parent = getpid();
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd = listen_at(path, task->kind, task->uid);

		close(ready[0]);
		close(ready[1]);
		if (getppid() != parent)
			_exit(0);
		alarm(task->answer ? 1800 : 60);
		run(fake, fd, task);
	}
	fake->pid = pid; /* not in the child, which shares it */
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 0)
		die("fake otpd");
	close(ready[0]);
}

static struct fake_otpd *make(const char *path)
{
	struct fake_otpd *fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fake == MAP_FAILED)
		die("mmap");
	unlink(path);
	return fake;
}

struct fake_otpd *fake_start(
	const char *path, enum fake_kind kind, uid_t uid, const char *const *script)
{
	const struct task task = { .kind = kind, .uid = uid, .script = script };
	struct fake_otpd *fake = make(path);

	if (kind != FAKE_ABSENT)
		start(fake, path, &task);
	return fake;
}

struct fake_otpd *fake_start_crowd(const char *path, fake_answer *make_answer)
{
	const struct task task = { .kind = FAKE_NORMAL, .answer = make_answer };
	struct fake_otpd *fake = make(path);

	start(fake, path, &task);
	return fake;
}

void fake_stop(struct fake_otpd *fake, const char *path)
{
	if (fake->pid > 0) {
		kill(fake->pid, SIGKILL);
		waitpid(fake->pid, NULL, 0);
	}
	unlink(path);
	munmap(fake, sizeof(*fake));
}
