/* SPDX-License-Identifier: MIT */
/* Who may have written a file that decides who gets in. Needs root for other owners. */
#include "otpd/util/file.h"

#include <errno.h>

#include "otpd/util/secret.h"
#include "tests/unit/unit.h"

static char path[UNIT_PATH];

static int open_as(enum file_rule rule, mode_t mode)
{
	int fd;

	unit_write(unit_path(path, "file"), "x", 1, mode);
	fd = file_open_safe(path, rule);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

START_TEST(every_mode_is_judged_by_its_rule)
{
	for (mode_t mode = 0; mode < 01000; mode++) {
		bool config = !(mode & 022), secret = !(mode & 027);

		if (geteuid() != 0 && !(mode & 0400))
			continue;
		ck_assert_msg(open_as(FILE_CONFIG, mode) == (config ? 0 : -EPERM), "%o",
			mode);
		ck_assert_msg(open_as(FILE_SECRET, mode) == (secret ? 0 : -EPERM), "%o",
			mode);
	}
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
	if (geteuid() != 0)
		return;
	unit_write(unit_path(path, "other"), "x", 1, 0600);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_int_eq(file_open_safe(path, FILE_CONFIG), -EPERM);
	ck_assert_int_eq(file_open_safe(path, FILE_SECRET), -EPERM);
}
END_TEST

START_TEST(root_and_the_own_uid_are_the_owners_that_count)
{
	int fd;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(unit_base, 0755), 0);
	ck_assert_int_eq(chmod(unit_directory, 0755), 0);
	unit_write(unit_path(path, "mine"), "x", 1, 0600);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	unit_write(unit_path(path, "roots"), "x", 1, 0644);
	ck_assert_int_eq(seteuid(65534), 0);
	fd = file_open_safe(unit_path(path, "mine"), FILE_SECRET);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = file_open_safe(unit_path(path, "roots"), FILE_CONFIG);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(links_fifos_directories_and_devices_are_no_files)
{
	char link_path[UNIT_PATH];

	unit_write(unit_path(path, "target"), "x", 1, 0600);
	ck_assert_int_eq(symlink(path, unit_path(link_path, "link")), 0);
	ck_assert_int_eq(file_open_safe(link_path, FILE_CONFIG), -ELOOP);
	/* Nobody writes to it: an open that waits would hang here. */
	ck_assert_int_eq(mkfifo(unit_path(path, "fifo"), 0600), 0);
	ck_assert_int_eq(file_open_safe(path, FILE_CONFIG), -ENOTSUP);
	ck_assert_int_eq(mkdir(unit_path(path, "directory"), 0700), 0);
	ck_assert_int_eq(file_open_safe(path, FILE_CONFIG), -ENOTSUP);
	ck_assert_int_eq(file_open_safe("/dev/null", FILE_CONFIG), -ENOTSUP);
	ck_assert_int_eq(file_open_safe(unit_path(path, "none"), FILE_CONFIG), -ENOENT);
}
END_TEST

START_TEST(the_descriptor_does_not_survive_exec)
{
	int fd;

	unit_write(unit_path(path, "cloexec"), "x", 1, 0600);
	fd = file_open_safe(path, FILE_SECRET);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}
END_TEST

START_TEST(a_file_is_read_whole_or_not_at_all)
{
	char data[65] = { 0 }, *read = NULL;
	size_t size = 99;

	memset(data, 'k', 64);
	data[10] = '\0';
	unit_write(unit_path(path, "whole"), data, 64, 0600);
	ck_assert_int_eq(file_read_safe(path, FILE_SECRET, 64, &read, &size), 0);
	ck_assert_uint_eq(size, 64);
	ck_assert_mem_eq(read, data, 65);
	secret_free(read);
	read = NULL;
	ck_assert_int_eq(file_read_safe(path, FILE_SECRET, 63, &read, &size), -EFBIG);
	ck_assert_ptr_null(read);
	ck_assert_int_eq(file_read_safe(path, FILE_SECRET, 100, &read, NULL), 0);
	secret_free(read);
	unit_write(unit_path(path, "empty"), "", 0, 0600);
	ck_assert_int_eq(file_read_safe(path, FILE_SECRET, 0, &read, &size), 0);
	ck_assert_uint_eq(size, 0);
	ck_assert_str_eq(read, "");
	secret_free(read);
}
END_TEST

START_TEST(a_new_secret_is_private_and_never_replaces_one)
{
	struct stat st;
	char *data;
	size_t size;

	umask(0);
	unit_path(path, "key");
	ck_assert_int_eq(file_create_secret(path, "first", 5), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(file_create_secret(path, "second", 6), -EEXIST);
	data = unit_read(path, &size);
	ck_assert_str_eq(data, "first");
	free(data);
	/* The draft of a crash is in nobody's way and leaves no trace. */
	unit_write_text(unit_path(path, "late.new"), "half");
	ck_assert_int_eq(file_create_secret(unit_path(path, "late"), "whole", 5), 0);
	ck_assert_int_eq(access(unit_path(path, "late.new"), F_OK), -1);
	data = unit_read(unit_path(path, "late"), &size);
	ck_assert_str_eq(data, "whole");
	free(data);
	ck_assert_int_eq(
		file_create_secret(unit_path(path, "no/such"), "x", 1), -ENOENT);
}
END_TEST

START_TEST(a_planted_draft_link_is_not_written_through)
{
	char victim[UNIT_PATH], draft[UNIT_PATH], *data;

	unit_write_text(unit_path(victim, "victim"), "intact");
	ck_assert_int_eq(symlink(victim, unit_path(draft, "planted.new")), 0);
	ck_assert_int_eq(file_create_secret(unit_path(path, "planted"), "key", 3), 0);
	data = unit_read(victim, NULL);
	ck_assert_str_eq(data, "intact");
	free(data);
}
END_TEST

START_TEST(a_full_disk_leaves_no_half_of_a_secret)
{
	char large[8192] = { 1 };

	if (access("/dev/full", W_OK) == 0) {
		int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

		ck_assert_int_eq(file_write_all(fd, large, sizeof(large)), -ENOSPC);
		close(fd);
	}
	ck_assert_int_eq(file_write_all(-1, "x", 1), -EBADF);
}
END_TEST

START_TEST(every_refusal_has_words)
{
	ck_assert_ptr_nonnull(strstr(file_error(-EPERM, FILE_SECRET), "0600"));
	ck_assert_ptr_nonnull(strstr(file_error(-EPERM, FILE_CONFIG), "writable"));
	ck_assert_ptr_nonnull(strstr(file_error(-ENOTSUP, FILE_CONFIG), "regular"));
	ck_assert_ptr_nonnull(strstr(file_error(-ELOOP, FILE_CONFIG), "link"));
	ck_assert_ptr_nonnull(strstr(file_error(-EFBIG, FILE_CONFIG), "larger"));
	ck_assert_str_eq(file_error(-ENOENT, FILE_CONFIG), strerror(ENOENT));
}
END_TEST

START_TEST(a_wrong_mode_is_told_with_the_command)
{
	char why[FILE_WHY], end[UNIT_PATH + 64];

	unit_write(unit_path(path, "open"), "x", 1, 0666);
	file_explain(why, path, -EPERM, FILE_SECRET);
	snprintf(end, sizeof(end), "has mode 0666: chmod g-w,o= %s", path);
	ck_assert_ptr_nonnull(strstr(why, "mode 0600 or 0640; it belongs to user "));
	ck_assert_msg(strstr(why, end), "%s", why);
	file_explain(why, path, -EPERM, FILE_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, ": chmod go-w "));
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
		file_explain(why, path, -EPERM, FILE_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, "to user 12345 and"));
		snprintf(end, sizeof(end), "chown root %s && chmod", path);
		ck_assert_ptr_nonnull(strstr(why, end));
	}
	ck_assert_str_eq(
		file_explain(why, path, -ENOENT, FILE_CONFIG), strerror(ENOENT));
	ck_assert_str_eq(file_explain(why, "/nonexistent", -EPERM, FILE_SECRET),
		file_error(-EPERM, FILE_SECRET));
}
END_TEST

UNIT_MAIN("file", a_wrong_mode_is_told_with_the_command,
	every_mode_is_judged_by_its_rule, a_file_of_somebody_else_is_refused,
	root_and_the_own_uid_are_the_owners_that_count,
	links_fifos_directories_and_devices_are_no_files,
	the_descriptor_does_not_survive_exec, a_file_is_read_whole_or_not_at_all,
	a_new_secret_is_private_and_never_replaces_one,
	a_planted_draft_link_is_not_written_through,
	a_full_disk_leaves_no_half_of_a_secret, every_refusal_has_words);
