/* SPDX-License-Identifier: MIT */
/*
 * What a daemon can no longer do once it serves. Each try is made by a process of its
 * own that has entered the sandbox as the daemons do, and how it ends is the answer.
 *
 * With a sanitizer there is no filter, and with an old kernel no Landlock: those tests
 * say that they were skipped.
 */
#include "otpd/sandbox/sandbox.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otpd/sandbox/filter.h"
#include "otpd/util/log.h"
#include "tests/unit/unit.h"

static char home[UNIT_PATH], outside[UNIT_PATH], socket_home[UNIT_PATH];

static void make_directory(char out[UNIT_PATH], const char *name)
{
	(void)unit_path(out, name);
	ck_assert_int_eq(mkdir(out, 0700), 0);
}

/* A file below one of the directories. */
static const char *in(const char *directory, const char *name)
{
	static char paths[4][UNIT_PATH * 2];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void make_directories(void)
{
	make_directory(home, "home");
	make_directory(outside, "outside");
	make_directory(socket_home, "run");
	unit_write_text(in(outside, "file"), "0123456789");
	unit_write_text(in(home, "other"), "0123456789");
	unit_write_text(in(socket_home, "socket"), "0123456789");
	ck_assert_int_eq(mkdir(in(outside, "more"), 0700), 0);
}

static int landlock_of_child(enum sandbox_program program)
{
	struct sandbox sandbox = { 0 };

	log_set_level(LOG_ERR);
	if (sandbox_begin() < 0 || sandbox_keep(&sandbox, home) < 0 ||
		sandbox_keep_parent(&sandbox, in(socket_home, "socket"), true) < 0 ||
		sandbox_enter(&sandbox, program) < 0)
		_exit(99);
	return sandbox.landlock;
}

/* What wait(2) says of a process that did it inside; its exit status is what it
 * returned. */
static int status_of(enum sandbox_program program, int (*doing)(void))
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)landlock_of_child(program);
		_exit(doing());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

static int errno_of(long r)
{
	return r < 0 ? errno : 0;
}

#ifdef OTPD_SANITIZED
static void skip_without_filter(const char *what)
{
	printf("0 passed, 0 failed, 1 skipped\n"
	       "skipped: %s: no filter beside a sanitizer\n",
		what);
}
#endif

/* ---- what ends the process */

static int do_execve(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return execve("/bin/true", argv, NULL);
}

static int do_execveat(void)
{
	return (int)syscall(SYS_execveat, -1, "/bin/true", NULL, NULL, 0);
}

static int do_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return errno_of(child);
}

static int do_raw_clone(void)
{
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return errno_of(child);
}

static int do_ptrace(void)
{
	return errno_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int do_ptrace_parent(void)
{
	return errno_of(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static int do_read_parent(void)
{
	return errno_of(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int do_kill_parent(void)
{
	return errno_of(kill(getppid(), 0));
}

static int do_packet_socket(void)
{
	return errno_of(socket(AF_PACKET, SOCK_RAW, 0));
}

static int do_vsock(void)
{
	return errno_of(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int do_setuid(void)
{
	return errno_of(syscall(SYS_setuid, 0));
}

static int do_mount(void)
{
	return errno_of(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL));
}

static int do_unshare(void)
{
	return errno_of(syscall(SYS_unshare, 0x10000000));
}

static int do_bpf(void)
{
	return errno_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int do_keyctl(void)
{
	return errno_of(syscall(SYS_keyctl, 0, 0, 0));
}

static int do_personality(void)
{
	return errno_of(syscall(SYS_personality, 0));
}

static int do_dumpable(void)
{
	return errno_of(prctl(PR_SET_DUMPABLE, 1));
}

static int do_symlink(void)
{
	return errno_of(symlink("/etc", in(home, "link")));
}

static int do_chown(void)
{
	return errno_of(chown(home, 0, 0));
}

static int do_raise_limit(void)
{
	const uint64_t none[2] = { 0, 0 };

	return errno_of(syscall(SYS_prlimit64, 0, 4, none, NULL));
}

static int do_map_writable_code(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? errno : 0;
}

static int do_make_code(void)
{
	void *map = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return errno_of(mprotect(map, 4096, PROT_READ | PROT_EXEC));
}

static int do_unknown(void)
{
	return errno_of(syscall(1000));
}

static const struct {
	const char *name;
	int (*doing)(void);
} deadly[] = {
	{ "execve", do_execve },
	{ "execveat", do_execveat },
	{ "fork", do_fork },
	{ "clone", do_raw_clone },
	{ "ptrace", do_ptrace },
	{ "ptrace of another", do_ptrace_parent },
	{ "process_vm_readv", do_read_parent },
	{ "kill", do_kill_parent },
	{ "AF_PACKET", do_packet_socket },
	{ "AF_VSOCK", do_vsock },
	{ "setuid", do_setuid },
	{ "mount", do_mount },
	{ "unshare", do_unshare },
	{ "bpf", do_bpf },
	{ "keyctl", do_keyctl },
	{ "personality", do_personality },
	{ "PR_SET_DUMPABLE", do_dumpable },
	{ "symlink", do_symlink },
	{ "chown", do_chown },
	{ "setting a limit", do_raise_limit },
	{ "memory for writing and running", do_map_writable_code },
	{ "memory that becomes code", do_make_code },
	{ "a call that does not exist", do_unknown },
};

START_TEST(what_no_daemon_does_ends_it)
{
#ifdef OTPD_SANITIZED
	(void)deadly;
	skip_without_filter("what ends a daemon");
#else
	make_directories();
	for (int program = SANDBOX_CORE; program <= SANDBOX_MAILER; program++)
		for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
			int status = status_of(
				(enum sandbox_program)program, deadly[i].doing);

			ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
				"%s ended with %x", deadly[i].name, (unsigned)status);
		}
#endif
}
END_TEST

/* ---- what is refused, and goes on */

static int open_network(int family)
{
	return errno_of(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int do_inet(void)
{
	return open_network(AF_INET);
}

static int do_inet6(void)
{
	return open_network(AF_INET6);
}

static int do_netlink(void)
{
	return errno_of(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int do_io_uring(void)
{
	return errno_of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int do_clone3(void)
{
	return errno_of(syscall(SYS_clone3, NULL, 0));
}

static int do_fchown(void)
{
	return errno_of(fchown(0, 0, 0));
}

static const struct {
	enum sandbox_program program;
	int (*doing)(void);
	int error;
} refused[] = {
	{ SANDBOX_CORE, do_inet, EAFNOSUPPORT },
	{ SANDBOX_CORE, do_inet6, EAFNOSUPPORT },
	{ SANDBOX_CORE, do_netlink, EAFNOSUPPORT },
	{ SANDBOX_CORE, do_io_uring, ENOSYS },
	{ SANDBOX_CORE, do_clone3, ENOSYS },
	{ SANDBOX_CORE, do_fchown, EPERM },
	{ SANDBOX_MAILER, do_inet, 0 },
	{ SANDBOX_MAILER, do_inet6, 0 },
	{ SANDBOX_MAILER, do_netlink, 0 },
	{ SANDBOX_MAILER, do_io_uring, ENOSYS },
	{ SANDBOX_MAILER, do_clone3, ENOSYS },
	{ SANDBOX_MAILER, do_fchown, EPERM },
};

START_TEST(what_libraries_try_is_refused)
{
#ifndef OTPD_SANITIZED
	make_directories();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int status = status_of(refused[i].program, refused[i].doing);

		ck_assert_msg(
			WIFEXITED(status) && WEXITSTATUS(status) == refused[i].error,
			"row %zu ended with %x", i, (unsigned)status);
	}
#else
	(void)refused;
	skip_without_filter("what is refused");
#endif
}
END_TEST

static int try_before(void)
{
	if (sandbox_begin() < 0)
		return 99;
	return do_io_uring();
}

/* The loop of libuv would have made a ring before the doors close. */
START_TEST(io_uring_is_gone_from_the_beginning)
{
#ifndef OTPD_SANITIZED
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(try_before());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, ENOSYS << 8);
#else
	(void)try_before;
	skip_without_filter("io_uring from the beginning");
#endif
}
END_TEST

/* ---- what has to work */

static void *in_thread(void *argument)
{
	volatile char stack[8192];

	stack[0] = 1;
	stack[sizeof(stack) - 1] = 1;
	return stack[0] ? argument : NULL;
}

static int do_work(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	void *memory[64], *back = NULL;
	pthread_t thread;

	for (size_t i = 0; i < 64; i++)
		memory[i] = calloc(1, i << 14);
	for (size_t i = 0; i < 64; i++)
		free(memory[i]);
	if (pthread_create(&thread, NULL, in_thread, &address) != 0)
		return 1;
	if (pthread_join(thread, &back) != 0 || back != &address)
		return 2;
	if (!getpwuid(0) || fd < 0)
		return 3;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		errno != ENOENT)
		return 4;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
		return 5;
	return 0;
}

static int do_resolve(void)
{
	struct addrinfo *found = NULL, hints = { .ai_socktype = SOCK_STREAM };
	int r = getaddrinfo("localhost", "25", &hints, &found);

	if (r == 0)
		freeaddrinfo(found);
	/* No answer is an answer: here may be no resolver. */
	r = getaddrinfo("mail.invalid", "25", &hints, &found);
	return r == 0 ? 1 : 0;
}

START_TEST(threads_memory_names_and_sockets_work)
{
	make_directories();
	for (int program = SANDBOX_CORE; program <= SANDBOX_MAILER; program++) {
		int status = status_of((enum sandbox_program)program, do_work);

		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(status_of(SANDBOX_MAILER, do_resolve), 0);
}
END_TEST

static int do_abort(void)
{
	abort();
}

START_TEST(a_crash_is_the_crash_that_it_is)
{
	int status;

	make_directories();
	status = status_of(SANDBOX_CORE, do_abort);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* ---- files */

static int create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* How many of the tries succeeded: none may. */
static int do_outside(void)
{
	const char *file = in(outside, "file");
	int n = 0;

	n += create(in(outside, "new")) >= 0;
	n += open(file, O_WRONLY | O_CLOEXEC) >= 0;
	n += open(file, O_RDWR | O_CLOEXEC) >= 0;
	n += unlink(file) == 0;
	n += rename(file, in(outside, "renamed")) == 0;
	n += rename(file, in(home, "stolen")) == 0;
	n += rename(in(home, "other"), in(outside, "given")) == 0;
	n += link(file, in(home, "linked")) == 0;
	n += mkdir(in(outside, "directory"), 0700) == 0;
	n += rmdir(in(outside, "more")) == 0;
	n += create("/tmp/otpd-test-sandbox") >= 0;
	n += create("/dev/shm/otpd-test-sandbox") >= 0;
	n += create("/etc/otpd-test-sandbox") >= 0;
	/* The directory of a socket: its name can go, nothing can come. */
	n += create(in(socket_home, "new")) >= 0;
	n += open(in(socket_home, "socket"), O_WRONLY | O_CLOEXEC) >= 0;
	n += unlink(in(socket_home, "socket")) != 0;
	return n;
}

static int do_inside(void)
{
	const char *file = in(home, "file"), *other = in(home, "other");
	int fd = create(file), n = 0;

	n += fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) < 0 || fsync(fd) < 0;
	n += truncate(other, 3) != 0;
	n += link(other, in(home, "second")) != 0;
	n += rename(other, in(home, "third")) != 0;
	n += unlink(in(home, "second")) != 0;
	n += mkdir(in(home, "new"), 0700) != 0;
	n += rename(in(home, "third"), in(home, "new/third")) != 0;
	n += open(in(outside, "file"), O_RDONLY | O_CLOEXEC) < 0;
	return n;
}

/* Version 3 and later know of it. */
static int do_truncate(void)
{
	return truncate(in(outside, "file"), 0) == 0;
}

/* The version that this kernel has. */
static int landlock_here(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(landlock_of_child(SANDBOX_CORE));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 99);
	return WEXITSTATUS(status);
}

START_TEST(files_change_below_the_places_only)
{
	int landlock;

	make_directories();
	landlock = landlock_here();
	ck_assert_int_eq(status_of(SANDBOX_CORE, do_inside), 0);
	if (landlock >= 1)
		ck_assert_int_eq(status_of(SANDBOX_MAILER, do_outside), 0);
	else
		puts("0 passed, 0 failed, 1 skipped\n"
		     "skipped: writes outside: this kernel has no Landlock");
	if (landlock >= 3)
		ck_assert_int_eq(status_of(SANDBOX_CORE, do_truncate), 0);
}
END_TEST

START_TEST(a_new_place_needs_a_restart)
{
	char longer[UNIT_PATH];
	struct sandbox sandbox = { .landlock = 1 };

	make_directories();
	ck_assert_int_eq(sandbox_keep(&sandbox, home), 0);
	ck_assert_int_eq(sandbox_keep_parent(&sandbox, in(socket_home, "s"), true), 0);
	ck_assert_uint_eq(sandbox.n, 2);
	/* A place that is not there is left out, and that is logged. */
	log_set_level(LOG_ERR);
	ck_assert_int_eq(sandbox_keep(&sandbox, in(outside, "missing")), 0);
	ck_assert_uint_eq(sandbox.n, 2);

	ck_assert(sandbox_may_write(&sandbox, home));
	ck_assert(sandbox_may_write(&sandbox, in(home, "to-be-made")));
	ck_assert(sandbox_may_write(&sandbox, in(outside, "../home")));
	ck_assert(!sandbox_may_write(&sandbox, outside));
	ck_assert(!sandbox_may_write(&sandbox, socket_home));
	ck_assert(!sandbox_may_write(&sandbox, in(home, "../outside")));
	ck_assert(!sandbox_may_write(&sandbox, in(outside, "a/b/c")));
	/* As a text one begins with the other. */
	make_directory(longer, "home2");
	ck_assert(!sandbox_may_write(&sandbox, longer));
	sandbox.landlock = 0;
	ck_assert(sandbox_may_write(&sandbox, outside));
	sandbox_fini(&sandbox);
}
END_TEST

START_TEST(there_is_room_for_every_maildir)
{
	struct sandbox sandbox = { 0 };

	make_directories();
	for (int i = 0; i < SANDBOX_PLACES; i++)
		ck_assert_int_eq(sandbox_keep(&sandbox, home), 0);
	ck_assert_int_eq(sandbox_keep(&sandbox, home), -ENOSPC);
	sandbox_fini(&sandbox);
}
END_TEST

static void *wait_for_end(void *argument)
{
	for (;;)
		pause();
	return argument;
}

START_TEST(a_thread_before_the_sandbox_is_found)
{
	struct sandbox sandbox = { 0 };
	pthread_t thread;
	pid_t child = fork();
	int status;

	if (child == 0) {
		log_set_level(-1);
		if (pthread_create(&thread, NULL, wait_for_end, NULL) != 0)
			_exit(99);
		_exit(sandbox_enter(&sandbox, SANDBOX_CORE) == -EBUSY ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A name that libseccomp does not know would be no rule, in silence. */
START_TEST(every_name_in_the_lists_is_a_system_call)
{
	const char *name;
	size_t i = 0;

	for (; (name = filter_name(i)); i++)
		ck_assert_msg(seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR,
			"%s", name);
	ck_assert_uint_gt(i, 100);
}
END_TEST

UNIT_MAIN("sandbox", what_no_daemon_does_ends_it, what_libraries_try_is_refused,
	io_uring_is_gone_from_the_beginning, threads_memory_names_and_sockets_work,
	a_crash_is_the_crash_that_it_is, files_change_below_the_places_only,
	a_new_place_needs_a_restart, there_is_room_for_every_maildir,
	a_thread_before_the_sandbox_is_found, every_name_in_the_lists_is_a_system_call);
