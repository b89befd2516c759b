/* SPDX-License-Identifier: MIT */
/* What the unit tests share: one main, one directory that disappears, one generator. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_PATH 512

static char unit_base[64], unit_directory[80];

static inline int unit_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Each test has a directory of its own. */
static inline void unit_set_up(void)
{
	snprintf(unit_directory, sizeof(unit_directory), "%s/XXXXXX", unit_base);
	ck_assert_ptr_nonnull(mkdtemp(unit_directory));
}

/* Runs the tests, each in a process of its own unless CK_FORK=no. The exit status. */
static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	/* In memory where there is such a place: thousands of COMMITs are synced. */
	snprintf(unit_base, sizeof(unit_base), "%s/unit-%.30s-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
	if (!mkdtemp(unit_base))
		return 1;
	tcase_add_checked_fixture(tcase, unit_set_up, NULL);
	tcase_set_timeout(tcase, 120);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(unit_base, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed > 0;
}

#define UNIT_MAIN(name, ...)                                                    \
	int main(void)                                                          \
	{                                                                       \
		const TTest *const tests[] = { __VA_ARGS__ };                   \
                                                                                \
		return unit_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
	}                                                                       \
	extern int unit_semicolon_

/* A path inside the directory of this test. */
static inline const char *unit_path(char out[UNIT_PATH], const char *name)
{
	snprintf(out, UNIT_PATH, "%s/%s", unit_directory, name);
	return out;
}

static inline void unit_write(
	const char *path, const void *data, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static inline void unit_write_text(const char *path, const char *text)
{
	unit_write(path, text, strlen(text), 0600);
}

/* The whole file with a NUL behind it; the caller frees. */
static inline char *unit_read(const char *path, size_t *ret_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(read(fd, data, (size_t)st.st_size), st.st_size);
	data[st.st_size] = '\0';
	close(fd);
	if (ret_size)
		*ret_size = (size_t)st.st_size;
	return data;
}

/* xorshift64*: the same numbers in every run. */
static inline uint32_t unit_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 32);
}

#endif
