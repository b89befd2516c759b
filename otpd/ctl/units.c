/* SPDX-License-Identifier: MIT */
/* Stopping and starting otpd through systemd, and running a program for its answer. */
#include "otpd/ctl/units.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"

#define SYSTEMCTL "/usr/bin/systemctl"

/* All of it is read, so that the program does not stop at a full pipe. */
static void take_output(int fd, char *out, unsigned size)
{
	unsigned n = 0;
	char buffer[512];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0 ||
		(got < 0 && errno == EINTR)) {
		unsigned fits = got > 0 ? (unsigned)got : 0;

		if (fits > size - 1 - n)
			fits = size - 1 - n;
		memcpy(out + n, buffer, fits);
		n += fits;
	}
	out[n] = '\0';
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int start(const char *const argv[], int in, int out, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t group; /* its own: Ctrl-C is for otpctl alone */
	char *const *args;
	int r;

	memcpy(&args, &argv, sizeof(args)); /* posix_spawn(3) changes none of them */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_init(&group);
	posix_spawnattr_setflags(&group, POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(ret, argv[0], &actions, &group, args, environ);
	posix_spawnattr_destroy(&group);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int units_run(const char *const argv[], int in, char *out, unsigned size)
{
	CLEANUP(closep) int reading = -1;
	CLEANUP(closep) int writing = -1;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reading = ends[0];
	writing = ends[1];
	r = start(argv, in, writing, &pid);
	if (r < 0)
		return r;
	closep(&writing);
	take_output(reading, out, size);
	return wait_for(pid);
}

static int systemctl(
	const char *verb, const char *option, const char *unit, const char *second)
{
	const char *const argv[] = { SYSTEMCTL, verb, option, unit, second, NULL };
	CLEANUP(closep) int null = -1;
	char ignored[16];

	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return units_run(argv, null, ignored, sizeof(ignored));
}

int units_stop(struct units *ret)
{
	*ret = (struct units){
		.managed = access("/run/systemd/system", F_OK) == 0 &&
			access(SYSTEMCTL, X_OK) == 0,
	};
	if (!ret->managed)
		return 0;
	ret->socket = systemctl("is-active", "--quiet", "otpd.socket", NULL) == 0;
	ret->service = systemctl("is-active", "--quiet", "otpd.service", NULL) == 0;
	if (!ret->socket && !ret->service)
		return 0;
	return systemctl("stop", "--quiet",
		       ret->socket ? "otpd.socket" : "otpd.service",
		       ret->socket ? "otpd.service" : NULL) == 0
		? 0
		: -EIO;
}

int units_start(const struct units *units)
{
	const char *first = units->socket ? "otpd.socket" : "otpd.service";

	if (!units->socket && !units->service)
		return 0;
	return systemctl("start", "--quiet", first,
		       units->socket && units->service ? "otpd.service" : NULL) == 0
		? 0
		: -EIO;
}
