/* SPDX-License-Identifier: MIT */
/*
 * Fails the n-th call of what the module and libpam ask of libc, for every n until none
 * is left, and asserts that no failure lets anybody in: test_pam_faults MODULE HELPER.
 * This program stands in for those functions of libc, hence -rdynamic. Beside it the
 * hosts that are hard on a module: without descriptors 0 to 2, with thousands of them,
 * with many threads.
 */
#undef _FORTIFY_SOURCE /* it makes inline functions of those that we stand in for */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/pam/rows.h"

static int n_passed, n_failed;
static _Thread_local int armed; /* 0: off; n: the n-th call from now fails */
static _Thread_local int fault_errno;
static _Thread_local int n_hit;

/* Whether this call is the one. */
static bool is_due(void)
{
	if (armed == 0 || --armed > 0)
		return false;
	n_hit++;
	errno = fault_errno;
	return true;
}

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))
#define STAND_IN(name, parameters, arguments)                \
	int name parameters                                  \
	{                                                    \
		return is_due() ? -1 : REAL(name) arguments; \
	}

STAND_IN(socket, (int family, int type, int protocol), (family, type, protocol))
STAND_IN(getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
	(fd, level, name, value, size))
STAND_IN(pipe2, (int ends[2], int flags), (ends, flags))
STAND_IN(clock_gettime, (clockid_t id, struct timespec *ret), (id, ret))
STAND_IN(fork, (void), ())
STAND_IN(waitpid, (pid_t pid, int *status, int flags), (pid, status, flags))
STAND_IN(sigaction, (int number, const struct sigaction *new, struct sigaction *old),
	(number, new, old))
STAND_IN(poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))

static bool used_low; /* a socket of the module was descriptor 0, 1 or 2 */

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t size)
{
	used_low = used_low || fd <= STDERR_FILENO;
	return is_due() ? -1 : REAL(connect)(fd, to, size);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return is_due() ? -1 : REAL(send)(fd, data, size, flags);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	return is_due() ? -1 : REAL(recv)(fd, data, size, flags);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return is_due() ? -1 : REAL(write)(fd, data, size);
}

int fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return is_due() ? -1 : REAL(fcntl)(fd, command, argument);
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	struct passwd **ret)
{
	if (!is_due())
		return REAL(getpwnam_r)(name, entry, buffer, size, ret);
	*ret = NULL;
	return fault_errno;
}

#ifndef SANITIZED /* the sanitizers have an allocator of their own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *pointer, size_t size);

void *malloc(size_t size)
{
	return is_due() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return is_due() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *pointer, size_t size)
{
	return is_due() ? NULL : __libc_realloc(pointer, size);
}
#endif

static const char *const *answers;

/* The user answers, whatever fails: only the module and libpam are tested. */
static int converse(int n, const struct pam_message **messages,
	struct pam_response **ret, void *data)
{
	int saved = armed;

	(void)n;
	(void)data;
	armed = 0;
	*ret = calloc(1, sizeof(**ret));
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON ||
		messages[0]->msg_style == PAM_PROMPT_ECHO_OFF)
		(*ret)->resp = strdup(*answers ? *answers++ : "000000");
	armed = saved;
	return PAM_SUCCESS;
}

static void no_delay(int status, unsigned usec, void *data)
{
	(void)status;
	(void)usec;
	(void)data;
}

static _Thread_local bool has_token; /* EMAILOTP_TOKEN was there at the end */

/* One call of PAM; the n-th call of libc fails, 0: none does. */
static int enter(
	int n, int with_errno, const char *const *typed, enum entry entry, int flags)
{
	const struct pam_conv conv = { converse, NULL };
	pam_handle_t *pamh = NULL;
	int r;

	answers = typed;
	n_hit = 0;
	fault_errno = with_errno;
	if (pam_start_confdir("otptest", "daemon", &conv, host_dir, &pamh) !=
		PAM_SUCCESS)
		return PAM_ABORT;
	pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)(uintptr_t)no_delay);
	armed = n;
	r = entry == CHANGE        ? pam_chauthtok(pamh, flags)
		: entry == ACCOUNT ? pam_acct_mgmt(pamh, flags)
				   : pam_authenticate(pamh, flags);
	armed = 0;
	has_token = pam_getenv(pamh, "EMAILOTP_TOKEN") != NULL;
	pam_end(pamh, r);
	return r;
}

static int login(int n, int with_errno, const char *const *typed)
{
	return enter(n, with_errno, typed, AUTH, 0);
}

static void write_stack(const char *args)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/otptest", host_dir);
	f = fopen(path, "w");
	fprintf(f,
		"auth required pam_rootok.so\nauth required %s socket=%s timeout=2 %s\n",
		host_module, host_socket, args);
	fclose(f);
}

static void note(bool good, const char *what)
{
	if (good)
		n_passed++;
	else
		n_failed++;
	if (!good)
		printf("FAILED: %s\n", what);
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/*
 * Fails every call once. Where otpd never says verified, nobody may get in; where it
 * does, a login whose call failed may still be let in by its second try (EINTR), but
 * only if otpd has said it.
 */
static void fail_each(int with_errno, bool verifies)
{
	static const char *const typed[] = { "111111", "r", "123456", NULL };
	const char *const script[] = { CHALLENGE, WRONG("4"), CHALLENGE,
		verifies ? VERIFIED : WRONG("3"), verifies ? VERIFIED : WRONG("2"),
		NULL };
	char name[100];
	int n, fds = count_fds();

	for (n = 1; n < 5000; n++) {
		struct fake_otpd *fake =
			fake_start(host_socket, FAKE_NORMAL, 0, script);
		int r = login(n, with_errno, typed);
		bool said = verifies && fake->n_calls >= 4;

		fake_stop(fake, host_socket);
		snprintf(name, sizeof(name),
			"call %d failed with %s, and the stack gave %d", n,
			strerrorname_np(with_errno), r);
		note((r != PAM_SUCCESS || said) && count_fds() == fds, name);
		if (!n_hit)
			break;
	}
	note(n > 25, "too few calls were failed");
	printf("%s, otpd %s: %d calls failed in turn\n", strerrorname_np(with_errno),
		verifies ? "verifies" : "refuses", n - 1);
}

static void run_faults(void)
{
	static const int errnos[] = { ENOMEM, EINTR, EAGAIN, EIO, EMFILE, ECONNRESET };

	write_stack("");
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		fail_each(errnos[i], false);
		if (i < 2)
			fail_each(errnos[i], true);
	}
}

/*
 * The ways through the module besides the plain one. Who succeeds must have had every
 * answer of the script, and where a token was asked for, the token; where the script
 * refuses, nobody may succeed whatever fails.
 */
static const struct way {
	const char *name;
	const char *args;
	const char *script[8];
	const char *typed[6];
	enum entry entry;
	int flags;
	bool succeeds;
} ways[] = {
	{ "account", "password=account token", { CHALLENGE, VERIFIED_WITH(TOKEN) },
		{ "right horse", "123456" }, AUTH, 0, true },
	{ "account, remembered", "password=account token", { VERIFIED_WITH(TOKEN) },
		{ "right horse" }, AUTH, 0, true },
	{ "account, wrong password", "password=account", { ERROR("WrongPassword") },
		{ "battery" }, AUTH, 0, false },
	{ "account, wrong code", "password=account prompts=1",
		{ CHALLENGE, WRONG("4") }, { "right horse", "111111" }, AUTH, 0,
		false },
	{ "account phase", "password=account", { VERIFIED }, { NULL }, ACCOUNT, 0,
		true },
	{ "account phase, disabled", "password=account", { ERROR("Disabled") },
		{ NULL }, ACCOUNT, 0, false },
	{ "append", "password=account append token",
		{ FOUND(SIX_DIGITS), CHALLENGE, VERIFIED_WITH(TOKEN) },
		{ "right horse123456" }, AUTH, 0, true },
	{ "append, wrong code", "password=account append",
		{ FOUND(SIX_DIGITS), CHALLENGE, WRONG("4") }, { "right horse123456" },
		AUTH, 0, false },
	{ "append, Find alone", "password=account append",
		{ REMEMBERED, ERROR("WrongPassword") }, { "right horse123456" }, AUTH,
		0, false },
	{ "gate", "", { CHALLENGE, VERIFIED }, { "123456" }, CHANGE, 0, true },
	{ "gate, wrong code", "prompts=1", { CHALLENGE, WRONG("4") }, { "111111" },
		CHANGE, 0, false },
	{ "change", "password=account",
		{ VERIFIED, CODE_FOR("change_password"), GRANT_FOR("change_password"),
			PASSWORD_IS_SET },
		{ "right horse", "123456", "staple staple", "staple staple" }, CHANGE,
		0, true },
	{ "change, refused", "password=account use_first_pass",
		{ VERIFIED, CODE_FOR("change_password"), WRONG("4"), WRONG("3"),
			WRONG("2") },
		{ "right horse", "111111", "111111", "111111" }, CHANGE, 0, false },
	{ "recovery", "token", { CHALLENGE, WRONG("4"), VERIFIED_WITH(TOKEN) },
		{ WRITTEN, WRITTEN }, AUTH, 0, true },
	{ "recovery, wrong", "prompts=1", { CHALLENGE, WRONG("4") }, { WRITTEN }, AUTH,
		0, false },
	{ "enrol", "token",
		{ STATE("enrol"), CHALLENGE_AS("enrol", "K7Q", "queued", "false"),
			VERIFIED_WITH(TOKEN) },
		{ "ada@example.org", "123456", "" }, AUTH, 0, true },
	{ "enrol, wrong code", "prompts=1",
		{ STATE("enrol"), CHALLENGE_AS("enrol", "K7Q", "queued", "false"),
			WRONG("4") },
		{ "ada@example.org", "111111" }, AUTH, 0, false },
	{ "enrol, wrong purpose", "",
		{ STATE("enrol"), CHALLENGE_AS("login", "K7Q", "queued", "false"),
			VERIFIED },
		{ "ada@example.org", "123456" }, AUTH, 0, false },
	{ "reset", "password=account",
		{ ERROR("MustReset"), CODE_FOR("reset"), RECOVERY("5"),
			GRANT_FOR("reset"), PASSWORD_IS_SET },
		{ "123456", "CDFG-HJKM", "staple staple", "staple staple" }, CHANGE,
		(int)PAM_CHANGE_EXPIRED_AUTHTOK, true },
};

static int script_length(const char *const *script)
{
	int n = 0;

	while (script[n])
		n++;
	return n;
}

static void write_way(const struct way *way)
{
	const char *group = way->entry == CHANGE ? "password"
		: way->entry == ACCOUNT          ? "account"
						 : "auth";
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/otptest", host_dir);
	f = fopen(path, "w");
	fprintf(f, "%s required pam_rootok.so\n", group);
	fprintf(f,
		"%s [success=ok ignore=ignore default=die] %s socket=%s timeout=2 %s\n",
		group, host_module, host_socket, way->args);
	fclose(f);
}

static bool way_holds(const struct way *way, int r, int n_calls)
{
	bool said = way->succeeds && n_calls >= script_length(way->script);

	/* libpam can still fail after the module has handed over the token. */
	if (r != PAM_SUCCESS)
		return said || !has_token;
	return said && has_token == (strstr(way->args, "token") != NULL);
}

static void fail_way(const struct way *way, int with_errno)
{
	char name[200];
	int n, fds = count_fds();

	write_way(way);
	for (n = 1; n < 5000; n++) {
		struct fake_otpd *fake =
			fake_start(host_socket, FAKE_NORMAL, 0, way->script);
		int r = enter(n, with_errno, way->typed, way->entry, way->flags);
		bool good = way_holds(way, r, fake->n_calls);

		fake_stop(fake, host_socket);
		snprintf(name, sizeof(name),
			"%s: call %d failed with %s, and the stack gave %d%s",
			way->name, n, strerrorname_np(with_errno), r,
			has_token ? " and a token" : "");
		note(good && count_fds() == fds, name);
		if (n_hit)
			continue;
		note((r == PAM_SUCCESS) == way->succeeds, name);
		break;
	}
	note(n > 5, "too few calls were failed");
	printf("%s, %s: %d calls failed in turn\n", way->name,
		strerrorname_np(with_errno), n - 1);
}

static void run_ways(void)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fail_way(&ways[i], ENOMEM);
		fail_way(&ways[i], EIO);
	}
}

/* A server of another uid that says verified: whatever fails, nobody believes it. */
static void run_foreign_faults(void)
{
	static const char *const none[] = { NULL };
	const char *const script[] = { VERIFIED, NULL };
	char name[100];
	int n;

	for (n = 1; n < 2000; n++) {
		struct fake_otpd *fake =
			fake_start(host_socket, FAKE_FOREIGN, 65534, script);
		int r = login(n, EIO, none);

		fake_stop(fake, host_socket);
		snprintf(
			name, sizeof(name), "foreign: call %d failed, result %d", n, r);
		note(r != PAM_SUCCESS, name);
		if (!n_hit)
			break;
	}
	printf("foreign server: %d calls failed in turn\n", n - 1);
}

/* With a wrong password: the calls around the helper fail in turn, otpd hears nothing.
 */
static void run_password_faults(void)
{
	static const char *const none[] = { NULL };
	const char *const script[] = { VERIFIED, NULL };
	char path[200], name[100];
	int n;

	snprintf(path, sizeof(path), "%s/otptest", host_dir);
	FILE *f = fopen(path, "w");
	fprintf(f, "auth required %s set=wrong\n", host_helper);
	fprintf(f, "auth required %s socket=%s password=system use_first_pass\n",
		host_module, host_socket);
	fclose(f);
	for (n = 1; n < 2000; n++) {
		struct fake_otpd *fake =
			fake_start(host_socket, FAKE_NORMAL, 0, script);
		int r = login(n, EIO, none);
		bool called = fake->n_calls > 0;

		fake_stop(fake, host_socket);
		snprintf(name, sizeof(name), "password: call %d failed, result %d%s", n,
			r, called ? ", and otpd was called" : "");
		note(r != PAM_SUCCESS && !called, name);
		if (!n_hit)
			break;
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	printf("password: %d calls failed in turn\n", n - 1);
}

static const char *const right[] = { "123456", NULL };
static const char *const good_script[] = { CHALLENGE, VERIFIED, NULL };

/* In a child, whose exit code is the result. */
static void run_in_child(const char *what, int (*body)(void))
{
	struct fake_otpd *fake = fake_start(host_socket, FAKE_NORMAL, 0, good_script);
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(body());
	waitpid(child, &status, 0);
	fake_stop(fake, host_socket);
	note(WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
}

static int without_stdio(void)
{
	close(0);
	close(1);
	close(2);
	/* Nothing of the module may have come to stand there. */
	return login(0, 0, right) != PAM_SUCCESS || used_low ||
		fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0 ||
		fcntl(2, F_GETFD) >= 0;
}

static int with_many_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 5000 ? limit.rlim_max : 5000;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 4096; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return limit.rlim_cur < 4200 ? 0 : 2;
	return login(0, 0, right) != PAM_SUCCESS;
}

static int without_descriptors(void)
{
	struct rlimit limit = { 64, 64 };

	if (login(0, 0, right) != PAM_SUCCESS) /* so that everything is loaded */
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	return login(0, 0, right) == PAM_SUCCESS;
}

static int with_a_hostile_environment(void)
{
	static const char *const names[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH",
		"HOME", "TMPDIR", "LANG", "LC_ALL", "http_proxy", "OTPD_SOCKET",
		"NOTIFY_SOCKET", "TZ", "CREDENTIALS_DIRECTORY", "MALLOC_TRACE",
		"NIS_PATH", "LOCALDOMAIN" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], "/nonexistent/%n%s\n", 1);
	return login(0, 0, right) != PAM_SUCCESS;
}

static int a_thousand_times(void)
{
	int fds = count_fds();

	for (int i = 0; i < 1000; i++)
		if (login(0, 0, right) == PAM_SUCCESS && i > 0)
			return 1; /* the script verified once */
	return count_fds() != fds;
}

#define N_THREADS 8

static void *log_in_often(void *data)
{
	static const char *const wrong[] = { NULL };
	intptr_t successes = 0;

	(void)data;
	for (int i = 0; i < 50; i++)
		successes += login(0, 0, wrong) == PAM_SUCCESS;
	return (void *)successes;
}

/* No otpd: each thread must be told so each time, and nothing else may happen. */
static void run_threads(void)
{
	pthread_t threads[N_THREADS];
	intptr_t successes = 0;

	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, log_in_often, NULL);
	for (int i = 0; i < N_THREADS; i++) {
		void *ret = NULL;

		pthread_join(threads[i], &ret);
		successes += (intptr_t)ret;
	}
	note(successes == 0, "threads got in");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (geteuid() != 0) {
		printf("not root: the module believes only root's otpd\n"
		       "0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	host_init(argv[1], argv[2]);
	/* glibc 2.36 does not survive ENOMEM while it reads nsswitch.conf for the first
	 * time. */
	getpwnam("daemon");
	run_faults();
	run_ways();
	write_stack("");
	run_foreign_faults();
	run_password_faults();
	write_stack("");
	run_in_child("without descriptors 0 to 2", without_stdio);
	run_in_child("with 4096 descriptors", with_many_descriptors);
	run_in_child("without a free descriptor", without_descriptors);
	run_in_child("with a hostile environment", with_a_hostile_environment);
	run_in_child("a thousand times in one process", a_thousand_times);
	run_threads();
	host_fini();
	printf("%d passed, %d failed, 0 skipped\n", n_passed, n_failed);
	return n_failed > 0;
}
