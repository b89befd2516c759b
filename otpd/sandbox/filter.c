/* SPDX-License-Identifier: MIT */
/*
 * The system calls of a daemon that serves. What is not in these lists ends the whole
 * process with SIGSYS, and the kernel logs the number: see otpd(8), SANDBOX.
 *
 * The lists are wider than what otpd itself calls: modules of NSS (sss, systemd, ldap
 * through nslcd, winbind) run in this process, and a login must not end because one of
 * them asks for the time in another way. They hold nothing that starts a program, looks
 * into another process, changes who we are, mounts, or loads anything into the kernel.
 *
 * Four things are refused with an error instead, because libraries try them and go on
 * without: clone3, whose flags cannot be seen (glibc takes clone then); io_uring, which
 * would do what the filter forbids; fchown, which SQLite tries where it runs as root;
 * and in the core sockets of the network, which an
 * NSS module of an unusual host may want: the same error as from the unit's
 * RestrictAddressFamilies=. Killing otpd for that would end the logins of everybody.
 *
 * A name that the running machine does not have is no rule. The unit's SystemCallFilter
 * MUST allow all of these: tests/units compares.
 */
#include "otpd/sandbox/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* clang-format off */
static const char *const common[] = {
	/* descriptors */
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64",
	"pwritev", "pwritev2", "lseek", "_llseek", "close", "close_range", "dup", "dup2",
	"dup3", "fcntl", "fcntl64", "pipe", "pipe2", "sendfile", "sendfile64",
	/* waiting */
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
	"pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4",
	"timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
	"timerfd_gettime64", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* files; where, is for Landlock, the unit and the modes to say */
	"open", "openat", "openat2", "stat", "stat64", "lstat", "lstat64", "fstat",
	"fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64", "fstatfs",
	"fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents", "getdents64", "getcwd", "name_to_handle_at", "flock", "truncate",
	"truncate64", "ftruncate", "ftruncate64", "fallocate", "fadvise64",
	"fadvise64_64", "arm_fadvise64_64", "readahead", "fsync", "fdatasync",
	"sync_file_range", "sync_file_range2", "copy_file_range", "rename", "renameat",
	"renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat",
	"rmdir", "umask", "chmod", "fchmod", "fchmodat", "utimensat",
	"utimensat_time64", "memfd_create",
	/* memory; mmap and mprotect have rules of their own */
	"brk", "munmap", "mremap", "madvise", "msync", "mlock", "mlock2",
	"munlock", "membarrier",
	/* threads; clone has a rule of its own */
	"exit", "exit_group", "futex", "futex_time64", "futex_waitv", "set_robust_list",
	"get_robust_list", "set_tid_address", "rseq", "gettid", "sched_yield",
	"sched_getaffinity", "sched_getscheduler", "sched_getparam",
	"sched_get_priority_max", "sched_get_priority_min", "getcpu",
	/* signals; kill and tgkill have rules of their own */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigpending",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_sigsuspend", "sigaltstack",
	"restart_syscall", "pause",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
	"clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday",
	"time", "times",
	/* sockets; which ones, is asked at socket() */
	"connect", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
	"setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom",
	"recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown", "bind",
	/* who and where we are */
	"getpid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "getuid32",
	"geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32",
	"getresuid", "getresuid32", "getresgid", "getresgid32", "getgroups",
	"getgroups32", "getrlimit", "ugetrlimit", "getrusage", "getpriority", "uname",
	"sysinfo", "getrandom", "capget",
	NULL,
};

static const char *const io_uring[] = {
	"io_uring_setup", "io_uring_enter", "io_uring_register", NULL,
};
static const char *const unseen[] = { "clone3", NULL };
static const char *const giving[] = { "fchown", "fchown32", NULL };
/* clang-format on */

#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

struct filter {
	scmp_filter_ctx context;
	int r; /* the first error */
};

/* A rule for one call, with n conditions on its arguments. */
static void rule(struct filter *filter, uint32_t action, const char *name, unsigned n,
	const struct scmp_arg_cmp *conditions)
{
	int number = seccomp_syscall_resolve_name(name);

	if (filter->r == 0 && number != __NR_SCMP_ERROR)
		filter->r = seccomp_rule_add_array(
			filter->context, action, number, n, conditions);
}

static void allow_all(struct filter *filter, const char *const names[])
{
	for (; *names; names++)
		rule(filter, SCMP_ACT_ALLOW, *names, 0, NULL);
}

static void refuse_all(struct filter *filter, const char *const names[], int error)
{
	for (; *names; names++)
		rule(filter, SCMP_ACT_ERRNO((uint16_t)error), *names, 0, NULL);
}

static void allow_if_equal(
	struct filter *filter, const char *name, unsigned argument, uint64_t value)
{
	struct scmp_arg_cmp is = { argument, SCMP_CMP_EQ, value, 0 };

	rule(filter, SCMP_ACT_ALLOW, name, 1, &is);
}

static void allow_if_bits(struct filter *filter, const char *name, unsigned argument,
	uint64_t mask, uint64_t value)
{
	struct scmp_arg_cmp are = { argument, SCMP_CMP_MASKED_EQ, mask, value };

	rule(filter, SCMP_ACT_ALLOW, name, 1, &are);
}

/* Memory that is written is never run: the loader maps code, nobody makes any. */
static void add_memory(struct filter *filter)
{
	static const char *const maps[] = { "mmap", "mmap2" };

	for (int i = 0; i < 2; i++) {
		allow_if_bits(filter, maps[i], 2, PROT_WRITE, 0);
		allow_if_bits(filter, maps[i], 2, PROT_EXEC, 0);
	}
	allow_if_bits(filter, "mprotect", 2, PROT_EXEC, 0);
}

/* Threads, not processes; signals to ourselves, as abort(3) sends. */
static void add_process(struct filter *filter)
{
	uint64_t self = (uint64_t)getpid();

	allow_if_bits(filter, "clone", CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD);
	refuse_all(filter, unseen, ENOSYS);
	allow_if_equal(filter, "kill", 0, self);
	allow_if_equal(filter, "tgkill", 0, self);
	allow_if_equal(filter, "prctl", 0, PR_SET_NAME);
	allow_if_equal(filter, "prctl", 0, PR_GET_NAME);
	allow_if_equal(filter, "prctl", 0, PR_GET_DUMPABLE);
	allow_if_equal(filter, "prctl", 0, PR_GET_NO_NEW_PRIVS);
#ifdef PR_SET_VMA
	allow_if_equal(filter, "prctl", 0, PR_SET_VMA);
#endif
	/* Limits may be read. */
	allow_if_equal(filter, "prlimit64", 2, 0);
}

static void add_ioctl(struct filter *filter, enum sandbox_program program)
{
	static const unsigned long any[] = { FIONBIO, FIONREAD, FIOCLEX, FIONCLEX,
		TCGETS, TIOCGWINSZ };
	/* Names, numbers, flags and addresses of interfaces. */
	static const unsigned long network[] = { SIOCGIFNAME, SIOCGIFINDEX,
		SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFCONF };

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		allow_if_equal(filter, "ioctl", 1, any[i]);
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if (program == SANDBOX_MAILER)
			allow_if_equal(filter, "ioctl", 1, network[i]);
}

static void add_sockets(struct filter *filter, enum sandbox_program program)
{
	static const uint64_t network[] = { AF_INET, AF_INET6, AF_NETLINK };
	uint32_t action = program == SANDBOX_MAILER ? SCMP_ACT_ALLOW
						    : SCMP_ACT_ERRNO(EAFNOSUPPORT);

	allow_if_equal(filter, "socket", 0, AF_UNIX);
	allow_if_equal(filter, "socketpair", 0, AF_UNIX);
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
		struct scmp_arg_cmp is = { 0, SCMP_CMP_EQ, network[i], 0 };

		rule(filter, action, "socket", 1, &is);
	}
}

/* TSYNC: for threads too that are already there. */
static void load(struct filter *filter)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} settings[] = {
		{ SCMP_FLTATR_CTL_NNP, 1 },
		{ SCMP_FLTATR_CTL_TSYNC, 1 },
		{ SCMP_FLTATR_CTL_OPTIMIZE, 2 },
		{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (filter->r == 0)
			filter->r = seccomp_attr_set(filter->context,
				settings[i].attribute, settings[i].value);
	if (filter->r == 0)
		filter->r = seccomp_load(filter->context);
	seccomp_release(filter->context);
}

int filter_begin(void)
{
	struct filter filter = { .context = seccomp_init(SCMP_ACT_ALLOW) };

	if (!filter.context)
		return -ENOMEM;
	refuse_all(&filter, io_uring, ENOSYS);
	load(&filter);
	return filter.r;
}

int filter_enter(enum sandbox_program program)
{
	struct filter filter = { .context = seccomp_init(SCMP_ACT_KILL_PROCESS) };

	if (!filter.context)
		return -ENOMEM;
	allow_all(&filter, common);
	refuse_all(&filter, io_uring, ENOSYS);
	refuse_all(&filter, giving, EPERM);
	add_memory(&filter);
	add_process(&filter);
	add_ioctl(&filter, program);
	add_sockets(&filter, program);
	load(&filter);
	return filter.r;
}

const char *filter_name(size_t i)
{
	return i < sizeof(common) / sizeof(common[0]) ? common[i] : NULL;
}
