/* SPDX-License-Identifier: MIT */
/*
 * Programs of this host, run for what they say: sshd -T, systemctl, diff.
 *
 * There MUST be no shell and nothing of the caller's environment: who runs us with sudo
 * chose PATH, LD_PRELOAD is his too. A program that does not end is killed with all
 * that it started. One that leaves a daemon behind which holds our pipes (service ssh
 * start) is over when the program itself is.
 */
#include "otpd/host/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/file.h"

#define PATHS     "/usr/sbin:/usr/bin:/sbin:/bin"
#define CHUNK     4096
#define EXEC_DIED 127

/* One of the two streams, as it grows. */
struct stream {
	int fd;
	char **data;
	size_t *size;
};

/* A program that runs. */
struct child {
	pid_t pid;
	int pidfd;
	int out;
	int err;
	int fault; /* gets the errno of exec; closed by a good one */
};

void run_output_fini(struct run_output *output)
{
	free(output->out);
	free(output->err);
	*output = (struct run_output){ 0 };
}

int run_find(const char *name, char *path, size_t size)
{
	static const char *const directories[] = { "/usr/sbin", "/usr/bin", "/sbin",
		"/bin" };

	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) >= size)
			return -ENAMETOOLONG;
		return access(path, X_OK) < 0 ? -errno : 0;
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if ((size_t)snprintf(path, size, "%s/%s", directories[i], name) >= size)
			return -ENAMETOOLONG;
		if (access(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int run_exec(const char *path, const char *const argv[])
{
	static const char *const environment[] = { "PATH=" PATHS, "LC_ALL=C.UTF-8",
		"HOME=/", NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	execve(path, (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)environment);
	return -errno;
}

/* A file in memory that holds the input, at its begin. */
static int open_input(const char *input)
{
	CLEANUP(closep) int fd = memfd_create("input", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, input, strlen(input));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return take_fd(&fd);
}

/* In the child: never comes back. */
_Noreturn static void become(const char *path, const char *const argv[], int in,
	const int out[2], const int err[2], int fault)
{
	int r = 0;

	(void)setpgid(0, 0);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 ||
		dup2(err[1], STDERR_FILENO) < 0)
		r = -errno;
	if (r == 0)
		r = run_exec(path, argv);
	if (write(fault, &r, sizeof(r)) < 0)
		_exit(EXEC_DIED);
	_exit(EXEC_DIED);
}

static int start(
	struct child *child, const char *path, const char *const argv[], int in)
{
	CLEANUP(closep) int out_w = -1;
	CLEANUP(closep) int err_w = -1;
	CLEANUP(closep) int fault_w = -1;
	int out[2], err[2], fault[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	child->out = out[0];
	out_w = out[1];
	if (pipe2(err, O_CLOEXEC) < 0)
		return -errno;
	child->err = err[0];
	err_w = err[1];
	if (pipe2(fault, O_CLOEXEC) < 0)
		return -errno;
	child->fault = fault[0];
	fault_w = fault[1];
	child->pid = fork();
	if (child->pid < 0)
		return -errno;
	if (child->pid == 0)
		become(path, argv, in, out, err, fault[1]);
	(void)setpgid(child->pid, child->pid);
	child->pidfd = pidfd_open(child->pid, 0);
	return child->pidfd < 0 ? -errno : 0;
}

/* Takes what there is. 1: the stream is over. */
static int take(struct stream *stream, struct run_output *ret)
{
	char chunk[CHUNK];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));
	size_t room = RUN_OUTPUT_MAX - *stream->size;
	char *grown;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return 1;
	if ((size_t)n > room) {
		ret->truncated = true;
		n = (ssize_t)room;
	}
	grown = realloc(*stream->data, *stream->size + (size_t)n + 1);
	if (!grown)
		return -ENOMEM;
	*stream->data = grown;
	memcpy(grown + *stream->size, chunk, (size_t)n);
	*stream->size += (size_t)n;
	grown[*stream->size] = '\0';
	return 0;
}

/* Both streams until the program has ended and nothing is left to read in them. */
static int follow(
	const struct child *child, int64_t deadline_ms, struct run_output *ret)
{
	struct stream streams[2] = { { child->out, &ret->out, &ret->out_size },
		{ child->err, &ret->err, &ret->err_size } };
	struct pollfd polled[3] = { { child->out, POLLIN, 0 },
		{ child->err, POLLIN, 0 }, { child->pidfd, POLLIN, 0 } };

	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		bool ended, heard = false;
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(polled, 3, left < INT_MAX ? (int)left : INT_MAX) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		ended = polled[2].revents != 0;
		for (int i = 0; i < 2; i++) {
			if (polled[i].fd < 0 || !polled[i].revents)
				continue;
			heard = true;
			r = take(&streams[i], ret);
			if (r < 0)
				return r;
			if (r > 0)
				polled[i].fd = -1;
		}
		if (ended && !heard)
			return 0;
	}
}

static int exit_status(const struct child *child)
{
	int fault = 0, status;

	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (read(child->fault, &fault, sizeof(fault)) == (ssize_t)sizeof(fault))
		return fault;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int empty_outputs(struct run_output *ret)
{
	*ret = (struct run_output){ .out = calloc(1, 1), .err = calloc(1, 1) };
	return ret->out && ret->err ? 0 : -ENOMEM;
}

/* From here on there is a child, and it is waited for whatever happens. */
static int run_to_end(struct child *child, int timeout_ms, struct run_output *ret)
{
	int status, r = follow(child, clock_mono_ms() + timeout_ms, ret);

	if (r < 0) {
		(void)kill(-child->pid, SIGKILL);
		(void)kill(child->pid, SIGKILL);
	}
	status = exit_status(child);
	return r < 0 ? r : status;
}

int run_with_input(const char *const argv[], const char *input, int timeout_ms,
	struct run_output *ret)
{
	struct child child = {
		.pid = -1, .pidfd = -1, .out = -1, .err = -1, .fault = -1
	};
	CLEANUP(closep) int in = -1;
	char path[PATH_MAX];
	int r = empty_outputs(ret);

	if (r == 0)
		r = run_find(argv[0], path, sizeof(path));
	if (r < 0)
		return r;
	in = input ? open_input(input) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return input ? in : -errno;
	r = start(&child, path, argv, in);
	if (child.pid > 0 && r < 0) {
		(void)kill(child.pid, SIGKILL);
		(void)exit_status(&child);
	} else if (r == 0)
		r = run_to_end(&child, timeout_ms, ret);
	closep(&child.pidfd);
	closep(&child.out);
	closep(&child.err);
	closep(&child.fault);
	return r;
}

int run_program(const char *const argv[], int timeout_ms, struct run_output *ret)
{
	return run_with_input(argv, NULL, timeout_ms, ret);
}
