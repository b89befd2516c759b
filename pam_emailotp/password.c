/* SPDX-License-Identifier: MIT */
/*
 * password=system. The password is checked by unix_chkpwd(8), the helper of pam_unix:
 * it reads the password from its standard input and says by its exit code whether it is
 * that of the user in its first argument. So no shadow entry enters this process, and a
 * screen locker that does not run as root can check its own user.
 *
 *  - A wrong password MUST end the login before otpd hears of it: no mail for guesses.
 *  - The helper MUST get an empty environment, nothing but descriptors 0 to 2, and the
 *    password through a pipe, never as an argument.
 *  - The host's handler for SIGCHLD would reap the helper before us, so the disposition
 * is the default while it runs and is put back after that. It is the one thing in this
 *    module that a host with threads can notice.
 *  - An empty password is wrong, whatever the shadow file says ("nonull").
 */
#include "pam_emailotp/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/secret.h"

/* Debian 12 and 13; other systems set it when they build. */
#ifndef UNIX_CHKPWD
#define UNIX_CHKPWD "/usr/sbin/unix_chkpwd"
#endif

#define EXIT_NO_EXEC 127

/* Both ends above 2, so that the helper's own 0 to 2 can be made without a clash. */
static int open_pipe(int ends[2])
{
	CLEANUP(closep) int low0 = -1;
	CLEANUP(closep) int low1 = -1;
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	low0 = low[0];
	low1 = low[1];
	ends[0] = fcntl(low0, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (ends[0] < 0)
		return -errno;
	ends[1] = fcntl(low1, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return ends[1] < 0 ? -errno : 0;
}

static void close_above_stderr(void)
{
	long max;

	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
	max = sysconf(_SC_OPEN_MAX);
	for (int fd = STDERR_FILENO + 1; fd < (max > 0 && max < 65536 ? max : 65536);
		fd++)
		close(fd);
}

/* In the child of a process that may have threads: system calls only, and no return. */
__attribute__((noreturn)) static void run_helper(int input, const char *user)
{
	char *const environment[] = { NULL };
	const char *const arguments[] = { UNIX_CHKPWD, user, "nonull", NULL };
	sigset_t none;
	int null;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) < 0)
		_exit(EXIT_NO_EXEC);
	null = open("/dev/null", O_RDWR | O_NOCTTY);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(EXIT_NO_EXEC);
	close_above_stderr();
	/* Under sudo the real uid is the user's, and the helper would then check his.
	 */
	if (geteuid() == 0 && setuid(0) < 0)
		_exit(EXIT_NO_EXEC);
	execve(UNIX_CHKPWD, (char *const *)(uintptr_t)arguments, environment);
	_exit(EXIT_NO_EXEC);
}

static int reap(pid_t helper)
{
	int status;

	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ENOEXEC;
	switch (WEXITSTATUS(status)) {
	case PAM_SUCCESS:
		return RESULT_PASSWORD_RIGHT;
	case PAM_AUTH_ERR:
	case PAM_AUTHINFO_UNAVAIL: /* no such user, or one without a shadow entry */
		return RESULT_WRONG_PASSWORD;
	default:
		return -ENOEXEC;
	}
}

/*
 * The pipe takes the whole password (it is shorter than PIPE_BUF) before anybody reads,
 * and our own reading end stays open meanwhile: no blocking and no SIGPIPE.
 */
static int start_helper(const char *user, const char *password, pid_t *ret)
{
	CLEANUP(closep) int input = -1;
	CLEANUP(closep) int output = -1;
	int ends[2] = { -1, -1 };
	size_t length = strlen(password) + 1;
	pid_t helper;
	int r = open_pipe(ends);

	input = ends[0];
	output = ends[1];
	if (r < 0)
		return r;
	if (write(output, password, length) != (ssize_t)length)
		return -EIO;
	helper = fork();
	if (helper < 0)
		return -errno;
	if (helper == 0)
		run_helper(input, user);
	*ret = helper;
	return 0;
}

static int check(const char *user, const char *password)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	struct sigaction saved;
	pid_t helper = -1;
	int r;

	if (!*password)
		return RESULT_WRONG_PASSWORD;
	if (sigaction(SIGCHLD, &normal, &saved) < 0)
		return -errno;
	r = start_helper(user, password, &helper);
	if (r == 0)
		r = reap(helper);
	sigaction(SIGCHLD, &saved, NULL);
	return r;
}

int password_try(const struct request *request, const char *password)
{
	int r = check(request->who.user, password);

	/* unix_chkpwd has judged a name that NSS does not know; it must not be right.
	 */
	if (r == RESULT_PASSWORD_RIGHT && request->who.unknown)
		return RESULT_WRONG_PASSWORD;
	return r;
}

static int check_earlier(const struct request *request, int item)
{
	CLEANUP(secret_wipe) struct secret secret;
	int r = secret_earlier(request->pamh, item, &secret);

	return r == 0 ? password_try(request, secret.text) : r;
}

static int check_asked(const struct request *request, int item)
{
	CLEANUP(secret_wipe) struct secret secret;
	int r = secret_ask(request->pamh, SECRET_PROMPT, &secret);

	if (r != 0)
		return r;
	r = password_try(request, secret.text);
	if (r == RESULT_PASSWORD_RIGHT &&
		secret_leave(request->pamh, item, &secret) < 0)
		return -ENOMEM;
	return r;
}

int password_check(const struct request *request, int item)
{
	const struct options *options = &request->options;
	int r = RESULT_WRONG_PASSWORD;

	if (options->try_first_pass || options->use_first_pass)
		r = check_earlier(request, item);
	if (r == RESULT_WRONG_PASSWORD && !options->use_first_pass)
		r = check_asked(request, item);
	return r;
}
