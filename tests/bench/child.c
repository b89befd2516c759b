/* SPDX-License-Identifier: MIT */
/* Starting and ending daemons. MUST signal only what it has started itself, by its pid.
 */
#include "tests/bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "tests/bench/say.h"

#define MAX_CHILDREN 16

/* Who is to be ended at the exit; 0: free. Changed by the main thread only. */
static pid_t running[MAX_CHILDREN];

static void swap_running(pid_t from, pid_t to)
{
	for (int i = 0; i < MAX_CHILDREN; i++) {
		if (running[i] != from)
			continue;
		running[i] = to;
		return;
	}
	die("more than %d processes", MAX_CHILDREN);
}

static void end_all(void)
{
	for (int i = 0; i < MAX_CHILDREN; i++) {
		if (running[i] == 0)
			continue;
		kill(running[i], SIGKILL);
		waitpid(running[i], NULL, 0);
	}
}

static void *wait_for_signal(void *arg)
{
	int number = 0;

	sigwait(arg, &number);
	finish(128 + number);
}

void child_guard(void)
{
	static sigset_t ending; /* the thread reads it as long as the process lives */
	pthread_t thread;

	atexit(end_all);
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (pthread_create(&thread, NULL, wait_for_signal, &ending) != 0)
		die("cannot start a thread");
	pthread_detach(thread);
}

/* In the child: what a fresh process looks like, and its words go to the log. */
static void settle(const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
}

/* Forks; true in the child. */
static bool branch(struct child *child, const char *log)
{
	snprintf(child->log, sizeof(child->log), "%s", log);
	child->pid = fork();
	if (child->pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (child->pid > 0)
		swap_running(0, child->pid);
	return child->pid == 0;
}

void child_spawn(struct child *child, const char *const *argv, const char *log)
{
	if (!branch(child, log))
		return;
	settle(log);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

void child_start(
	struct child *child, const char *program, const char *config, const char *log)
{
	child_spawn(
		child, (const char *const[]){ program, "--config", config, NULL }, log);
}

void child_fork(
	struct child *child, void (*run)(void *context), void *context, const char *log)
{
	if (!branch(child, log))
		return;
	say_forked();
	settle(log);
	run(context);
	_exit(127);
}

void child_tail(const struct child *child, char out[CHILD_TAIL])
{
	CLEANUP(closep) int fd = open(child->log, O_RDONLY | O_CLOEXEC);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	ssize_t n = 0;

	if (fd >= 0)
		n = pread(fd, out, CHILD_TAIL - 1,
			size > CHILD_TAIL - 1 ? size - CHILD_TAIL + 1 : 0);
	out[n > 0 ? n : 0] = '\0';
}

static void explain(const struct child *child)
{
	char tail[CHILD_TAIL];

	child_tail(child, tail);
	die("a process has ended; its last words:\n%s", tail);
}

bool child_runs(const struct child *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
		info.si_pid == 0;
}

void child_check(const struct child *child)
{
	if (child_runs(child))
		return;
	waitpid(child->pid, NULL, 0);
	swap_running(child->pid, 0);
	explain(child);
}

bool child_said(const struct child *child, const char *text)
{
	char tail[CHILD_TAIL];

	child_tail(child, tail);
	return strstr(tail, text) != NULL;
}

double child_memory_mib(const struct child *child, const char *key)
{
	CLEANUP(fclosep) FILE *file = NULL;
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			return (double)strtoll(line + strlen(key), NULL, 10) / 1024.0;
	die("%s has no %s", path, key);
}

double child_cpu_s(const struct child *child)
{
	CLEANUP(fclosep) FILE *file = NULL;
	char path[64], line[1024];
	const char *at = NULL;
	unsigned long user = 0, system = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child->pid);
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file))
		at = strrchr(line, ')'); /* the end of the name, which is field 2 */
	if (!at ||
		sscanf(at, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
			&user, &system) != 2)
		die("%s cannot be read", path);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void child_stop(struct child *child)
{
	int status = 0;

	kill(child->pid, SIGTERM);
	for (int i = 0; i < 1500; i++) {
		if (waitpid(child->pid, &status, WNOHANG) == child->pid) {
			swap_running(child->pid, 0);
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
				explain(child);
			return;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	die("a daemon does not end within 15 s of SIGTERM; its log is %s", child->log);
}

void child_wait(struct child *child, double seconds)
{
	CLEANUP(closep) int fd = pidfd_open(child->pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	int status = 0;

	if (fd < 0 || poll(&ended, 1, (int)(seconds * 1e3)) != 1)
		die("a process does not end within %g s; its log is %s", seconds,
			child->log);
	waitpid(child->pid, &status, 0);
	swap_running(child->pid, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		explain(child);
}

void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	swap_running(child->pid, 0);
}
