/* SPDX-License-Identifier: MIT */
/* Programs that are run for what they say, and those that do not end. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "otpd/host/run.h"
#include "otpd/util/clock.h"
#include "tests/unit/unit.h"

#define LONG_MS 20000

static int run_shell(const char *script, int timeout_ms, struct run_output *ret)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return run_program(argv, timeout_ms, ret);
}

START_TEST(the_two_streams_and_the_status_come_apart)
{
	struct run_output output;

	ck_assert_int_eq(
		run_shell("echo good; echo bad >&2; exit 7", LONG_MS, &output), 7);
	ck_assert_str_eq(output.out, "good\n");
	ck_assert_str_eq(output.err, "bad\n");
	ck_assert(!output.truncated);
	run_output_fini(&output);
	ck_assert_int_eq(run_shell("kill -9 $$", LONG_MS, &output), 128 + SIGKILL);
	ck_assert_str_eq(output.out, "");
	run_output_fini(&output);
}
END_TEST

START_TEST(nothing_of_our_environment_and_descriptors_goes_along)
{
	const char *const argv[] = { "env", NULL };
	struct run_output output;
	int fds[2];

	ck_assert_int_eq(setenv("LD_PRELOAD", "", 1), 0);
	ck_assert_int_eq(setenv("SECRET", "1", 1), 0);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(run_program(argv, LONG_MS, &output), 0);
	ck_assert_str_eq(output.out,
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C.UTF-8\nHOME=/\n");
	run_output_fini(&output);
	ck_assert_int_eq(
		run_shell("ls /proc/self/fd | tr '\\n' ' '", LONG_MS, &output), 0);
	ck_assert_str_eq(output.out, "0 1 2 3 "); /* 3: the directory itself */
	run_output_fini(&output);
}
END_TEST

START_TEST(input_arrives_whole_and_there_is_none_without)
{
	const char *const argv[] = { "cat", NULL };
	struct run_output output;
	char *much = malloc(300001);

	memset(much, 'x', 300000);
	much[300000] = '\0';
	ck_assert_int_eq(run_with_input(argv, much, LONG_MS, &output), 0);
	ck_assert_str_eq(output.out, much);
	run_output_fini(&output);
	ck_assert_int_eq(run_program(argv, LONG_MS, &output), 0);
	ck_assert_str_eq(output.out, "");
	run_output_fini(&output);
	free(much);
}
END_TEST

START_TEST(too_much_output_is_cut_and_said)
{
	struct run_output output;

	ck_assert_int_eq(
		run_shell("head -c 1000000 /dev/zero | tr '\\0' x", LONG_MS, &output),
		0);
	ck_assert_uint_eq(output.out_size, RUN_OUTPUT_MAX);
	ck_assert(output.truncated);
	run_output_fini(&output);
}
END_TEST

START_TEST(what_takes_too_long_is_killed_with_its_children)
{
	struct run_output output;
	char *end;
	long pid;

	ck_assert_int_eq(
		run_shell("sleep 1000 & echo $!; wait", 300, &output), -ETIMEDOUT);
	pid = strtol(output.out, &end, 10);
	ck_assert(pid > 1 && *end == '\n');
	/* It is gone, or about to be: its parent, init, collects it. */
	for (int64_t until = clock_mono_ms() + LONG_MS; kill((pid_t)pid, 0) == 0;) {
		char path[64], state = '?';
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
		file = fopen(path, "r");
		if (file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1 &&
			state == 'Z')
			until = INT64_MAX;
		if (file)
			fclose(file);
		if (until == INT64_MAX)
			break;
		ck_assert(clock_mono_ms() < until);
	}
	run_output_fini(&output);
}
END_TEST

START_TEST(a_daemon_that_keeps_the_pipes_is_not_waited_for)
{
	struct run_output output;
	int64_t begin = clock_mono_ms();
	char *end;
	long pid;

	ck_assert_int_eq(run_shell("setsid sleep 1000 & echo $!", LONG_MS, &output), 0);
	ck_assert_int_lt(clock_mono_ms() - begin, LONG_MS);
	pid = strtol(output.out, &end, 10);
	ck_assert(pid > 1);
	ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
	run_output_fini(&output);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_said)
{
	const char *const by_name[] = { "no-such-program", NULL };
	const char *const by_path[] = { "/nonexistent/program", NULL };
	const char *const no_program[] = { "/etc/passwd", NULL };
	struct run_output output;
	char path[UNIT_PATH];
	const char *const broken[] = { path, NULL };

	ck_assert_int_eq(run_program(by_name, LONG_MS, &output), -ENOENT);
	ck_assert_str_eq(output.out, "");
	run_output_fini(&output);
	ck_assert_int_eq(run_program(by_path, LONG_MS, &output), -ENOENT);
	run_output_fini(&output);
	ck_assert_int_eq(run_program(no_program, LONG_MS, &output), -EACCES);
	run_output_fini(&output);
	unit_path(path, "broken");
	unit_write(path,
		"\x7f"
		"ELF",
		4, 0755);
	ck_assert_int_eq(run_program(broken, LONG_MS, &output), -ENOEXEC);
	run_output_fini(&output);
}
END_TEST

UNIT_MAIN("run", the_two_streams_and_the_status_come_apart,
	nothing_of_our_environment_and_descriptors_goes_along,
	input_arrives_whole_and_there_is_none_without, too_much_output_is_cut_and_said,
	what_takes_too_long_is_killed_with_its_children,
	a_daemon_that_keeps_the_pipes_is_not_waited_for,
	a_program_that_is_not_there_is_said);
