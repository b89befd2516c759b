/* SPDX-License-Identifier: MIT */
/* Files that are replaced whole or not at all, and how a change is shown. */
#include <errno.h>

#include "otpd/host/edit.h"
#include "tests/unit/unit.h"

START_TEST(a_file_keeps_owner_and_mode_and_gets_the_text)
{
	struct edit_file file;
	char path[UNIT_PATH], *text;
	struct stat st;

	unit_path(path, "file");
	unit_write(path, "old\n", 4, 0640);
	ck_assert_int_eq(edit_read(path, &file), 0);
	ck_assert(file.exists);
	ck_assert_str_eq(file.text, "old\n");
	ck_assert_uint_eq(file.mode, 0640);
	ck_assert_int_eq(edit_file_set(&file, "new\n", 4, 0640), 0);
	file.uid = geteuid();
	file.gid = getegid();
	ck_assert_int_eq(edit_replace(path, &file), 0);
	text = unit_read(path, NULL);
	ck_assert_str_eq(text, "new\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	free(text);
	edit_file_fini(&file);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_made_with_its_directory_and_removed)
{
	struct edit_file file = { 0 }, none;
	char path[UNIT_PATH];

	unit_path(path, "conf.d/file");
	ck_assert_int_eq(edit_read(path, &none), 0);
	ck_assert(!none.exists);
	ck_assert_str_eq(none.text, "");
	ck_assert_int_eq(edit_file_set(&file, "x", 1, 0644), 0);
	file.uid = geteuid();
	file.gid = getegid();
	ck_assert_int_eq(edit_replace(path, &file), 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(edit_replace(path, &none), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(edit_replace(path, &none), 0);
	edit_file_fini(&file);
	edit_file_fini(&none);
}
END_TEST

START_TEST(links_and_directories_and_giants_are_refused)
{
	struct edit_file file;
	char path[UNIT_PATH], link[UNIT_PATH];

	unit_path(path, "file");
	unit_path(link, "link");
	unit_write_text(path, "x");
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_int_eq(edit_read(link, &file), -ELOOP);
	ck_assert_int_eq(edit_read(unit_directory, &file), -ENOTSUP);
	ck_assert_int_eq(truncate(path, (off_t)EDIT_MAX + 1), 0);
	ck_assert_int_eq(edit_read(path, &file), -EFBIG);
}
END_TEST

START_TEST(what_a_killed_run_has_left_is_in_nobodys_way)
{
	struct edit_file file = { 0 };
	char path[UNIT_PATH], draft[UNIT_PATH];

	unit_path(path, "file");
	unit_path(draft, ".file.otpctl-new");
	unit_write_text(draft, "half");
	ck_assert_int_eq(edit_file_set(&file, "whole", 5, 0600), 0);
	file.uid = geteuid();
	file.gid = getegid();
	ck_assert_int_eq(edit_replace(path, &file), 0);
	ck_assert_int_eq(access(draft, F_OK), -1);
	unit_write_text(draft, "half");
	edit_sweep(path);
	ck_assert_int_eq(access(draft, F_OK), -1);
	edit_file_fini(&file);
}
END_TEST

START_TEST(a_diff_shows_what_changes)
{
	struct edit_file before = { 0 }, after = { 0 }, none = { 0 };
	char *diff;

	ck_assert_int_eq(edit_file_set(&before, "a\nb\n", 4, 0644), 0);
	ck_assert_int_eq(edit_file_set(&after, "a\nc\n", 4, 0644), 0);
	ck_assert_int_eq(edit_file_set(&none, "", 0, 0), 0);
	none.exists = false;
	ck_assert_int_eq(edit_diff("/etc/x", &before, &after, &diff), 0);
	ck_assert_str_eq(diff, "--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
	free(diff);
	ck_assert_int_eq(edit_diff("/etc/x", &none, &after, &diff), 0);
	ck_assert_str_eq(diff, "--- /dev/null\n+++ /etc/x\n@@ -0,0 +1,2 @@\n+a\n+c\n");
	free(diff);
	ck_assert_int_eq(edit_diff("/etc/x", &before, &before, &diff), 0);
	ck_assert_str_eq(diff, "");
	free(diff);
	edit_file_fini(&before);
	edit_file_fini(&after);
	edit_file_fini(&none);
}
END_TEST

UNIT_MAIN("edit", a_file_keeps_owner_and_mode_and_gets_the_text,
	a_file_that_is_not_there_is_made_with_its_directory_and_removed,
	links_and_directories_and_giants_are_refused,
	what_a_killed_run_has_left_is_in_nobodys_way, a_diff_shows_what_changes);
