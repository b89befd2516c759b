/* SPDX-License-Identifier: MIT */
/*
 * Landlock: files are written, made, removed, cut and run below the places only. What
 * may be read stays as it was: configuration, users and certificates of a host are
 * anywhere. Descriptors that are open keep what they could do.
 *
 * The kernel says which version it has, and each right is asked for only if it knows
 * it. The structures are written down here, since the headers of Debian 12 know less
 * than a kernel from its backports. There is no function in libc for these calls.
 */
#include "otpd/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"

/* The kernel takes a shorter one: each version has appended to it. */
struct ruleset {
	uint64_t files;
	uint64_t network; /* since 4 */
	uint64_t scoped;  /* since 6 */
};

enum {
	RIGHT_REFER = 1 << 13,     /* since 2 */
	RIGHT_TRUNCATE = 1 << 14,  /* since 3 */
	RIGHT_IOCTL_DEV = 1 << 15, /* since 5 */
	TCP = 1 << 0 | 1 << 1,     /* bind, connect */
	SCOPE_SIGNAL = 1 << 1,     /* none to who is not confined with us */
};

#define REMOVING (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)
/* Links and pipes are not made, which the filter sees to; but strangers leave some in
 * the Maildir of reports, and to file them away is to make them elsewhere. */
#define WRITING                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |        \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |   \
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
		REMOVING)
#define NEVER                                                        \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static int version(void)
{
	long r = syscall(
		SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	/* EPERM: the filter of a container that does not know of it. */
	if (r < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM
			? 0
			: -errno;
	return (int)r;
}

/* What is governed under a version: all that the kernel knows of. */
static struct ruleset governed(int abi, enum sandbox_program program)
{
	struct ruleset rules = { .files = WRITING | NEVER };

	if (abi >= 2)
		rules.files |= RIGHT_REFER;
	if (abi >= 3)
		rules.files |= RIGHT_TRUNCATE;
	if (abi >= 4 && program == SANDBOX_CORE)
		rules.network = TCP;
	if (abi >= 5)
		rules.files |= RIGHT_IOCTL_DEV;
	if (abi >= 6)
		rules.scoped = SCOPE_SIGNAL;
	return rules;
}

static size_t size_of(int abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset);
	return abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int add_place(
	int fd_rules, uint64_t governed_files, const struct sandbox_place *place)
{
	uint64_t rights = place->only_remove
		? (uint64_t)LANDLOCK_ACCESS_FS_REMOVE_FILE
		: (uint64_t)(WRITING | RIGHT_REFER | RIGHT_TRUNCATE);
	CLEANUP(closep) int fd = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = rights & governed_files,
		.parent_fd = fd,
	};

	if (fd < 0)
		return -errno;
	return syscall(SYS_landlock_add_rule, fd_rules, LANDLOCK_RULE_PATH_BENEATH,
		       &beneath, 0) < 0
		? -errno
		: 0;
}

int landlock_enter(const struct sandbox *sandbox, enum sandbox_program program)
{
	int abi = version();
	struct ruleset rules = governed(abi, program);
	CLEANUP(closep) int fd = -1;

	if (abi <= 0)
		return abi;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size_of(abi), 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sandbox->n; i++) {
		int r = add_place(fd, rules.files, &sandbox->places[i]);

		if (r < 0)
			return r;
	}
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : abi;
}
