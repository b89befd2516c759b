/* SPDX-License-Identifier: MIT */
/* Stacks of PAM services, read from files. Links pamstack.o and pamline.o. */
#include <errno.h>

#include "otpd/host/pamstack.h"
#include "tests/unit/unit.h"

static void put(const char *name, const char *text)
{
	char path[UNIT_PATH];

	unit_write_text(unit_path(path, name), text);
}

static void describe(const struct pam_entry *entry, FILE *out)
{
	const char *slash = strrchr(entry->file, '/');

	fprintf(out, "%s:%u:%u %d%s%s %s %s", slash + 1, entry->line, entry->top_line,
		(int)entry->type, entry->is_substack ? " substack" : "",
		entry->must_fail ? " fails" : "", entry->control, entry->module);
	for (size_t i = 0; i < entry->n_arguments; i++)
		fprintf(out, " <%s>", entry->arguments[i]);
	ck_assert_ptr_null(entry->arguments[entry->n_arguments]);
	fprintf(out, " @%d\n", entry->level);
}

/* The stack of the service "svc", written down. The caller frees. */
static char *read_all(struct pamstack *stack)
{
	const char *const directories[] = { "/nonexistent", unit_directory, NULL };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(pamstack_read(directories, "svc", stack), 0);
	for (size_t i = 0; i < stack->n; i++)
		describe(&stack->entries[i], out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void expect(const char *text, const char *expected)
{
	struct pamstack stack;
	char *seen;

	put("svc", text);
	seen = read_all(&stack);
	ck_assert_str_eq(seen, expected);
	free(seen);
	pamstack_fini(&stack);
}

static void expect_problem(const char *text, const char *expected)
{
	struct pamstack stack;

	put("svc", text);
	free(read_all(&stack));
	ck_assert_msg(strstr(stack.problem, expected) != NULL, "%s: %s", expected,
		stack.problem);
	pamstack_fini(&stack);
}

START_TEST(lines_have_type_control_module_and_arguments)
{
	expect("", "");
	expect("# a comment\n\n  \t\n", "");
	expect("auth required pam_unix.so nullok try_first_pass\n",
		"svc:1:1 0 required pam_unix.so <nullok> <try_first_pass> @0\n");
	expect("\n AUTH\t[success=1 default=ignore]  pam_unix.so\n-session optional x.so",
		"svc:2:2 0 success=1 default=ignore pam_unix.so @0\n"
		"svc:3:3 3 optional x.so @0\n");
	expect("account required /lib/security/pam_x.so [a b] [c\\]d]e # [f]\n",
		"svc:1:1 1 required /lib/security/pam_x.so <a b> <c]d> <e> @0\n");
}
END_TEST

START_TEST(a_backslash_continues_a_line)
{
	expect("auth required \\\n\n# not this\n  pam_unix.so \\  \n x\nauth required y\n",
		"svc:1:1 0 required pam_unix.so <x> @0\nsvc:6:6 0 required y @0\n");
	expect("auth required x.so # \\\nauth required y.so\n",
		"svc:1:1 0 required x.so @0\nsvc:2:2 0 required y.so @0\n");
}
END_TEST

START_TEST(includes_are_read_where_they_stand)
{
	put("all", "auth required a.so\naccount required b.so\n");
	put("deep", "auth substack all\nauth required c.so\n");
	expect("auth required z.so\n@include all\n",
		"svc:1:1 0 required z.so @0\nall:1:2 0 required a.so @0\n"
		"all:2:2 1 required b.so @0\n");
	expect("account include all\n", "all:2:1 1 required b.so @0\n");
	expect("\nauth include deep\n",
		"deep:1:2 0 substack substack all @0\nall:1:2 0 required a.so @1\n"
		"deep:2:2 0 required c.so @0\n");
}
END_TEST

START_TEST(what_libpam_cannot_use_fails)
{
	expect("auth\n", "svc:1:1 0 fails   @0\n");
	expect("auth required\n", "svc:1:1 0 fails required  @0\n");
	expect("aut required x.so\n", "svc:1:1 0 fails required x.so @0\n");
	expect("auth include nothing\n", "svc:1:1 0 fails  nothing @0\n");
	expect("auth include svc\n", "svc:1:1 0 fails  svc @0\n");
	put("bad", "auth required x.so\n@include nothing\n");
	expect("auth include bad\nauth required y.so\n",
		"bad:1:1 0 required x.so @0\nbad:2:1 0 fails  nothing @0\n"
		"svc:2:2 0 required y.so @0\n");
	expect_problem("auth\n", "svc:1: the line has no control");
	expect_problem("auth required\n", "svc:1: the line names no module");
	expect_problem("\naut required x.so\n", "svc:2: \"aut\" is no type");
	expect_problem(
		"auth [success=maybe] x.so\n", "svc:1: the control [success=maybe]");
	expect_problem("auth include nothing\n", "no file nothing");
	expect_problem("auth include svc\n", "includes are too deep");
	expect_problem("auth required x.so \\\n", "svc:1: the file ends within a line");
}
END_TEST

START_TEST(a_file_that_libpam_refuses_counts_for_nothing)
{
	struct pamstack stack;

	static const char *const files[] = { "auth required x.so\nauth required \\\n",
		"auth required x.so\n@include nothing\n", "@include\n",
		"auth include\n", "@include svc\n" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put("svc", files[i]);
		free(read_all(&stack));
		ck_assert(stack.is_refused);
		ck_assert_str_ne(stack.problem, "");
		pamstack_fini(&stack);
	}
}
END_TEST

START_TEST(a_service_without_a_file_is_empty)
{
	const char *const directories[] = { unit_directory, NULL };
	struct pamstack stack;

	ck_assert_int_eq(pamstack_read(directories, "none", &stack), 0);
	ck_assert_ptr_null(stack.path);
	ck_assert_uint_eq(stack.n, 0);
	ck_assert(!pamstack_has(&stack, PAM_TYPE_AUTH));
	pamstack_fini(&stack);
	ck_assert_int_eq(pamstack_read(directories, "../svc", &stack), 0);
	ck_assert_ptr_null(stack.path);
	pamstack_fini(&stack);
}
END_TEST

START_TEST(only_regular_files_are_read)
{
	char path[UNIT_PATH];
	struct pamstack stack;

	ck_assert_int_eq(mkfifo(unit_path(path, "svc"), 0600), 0);
	free(read_all(&stack));
	ck_assert(stack.is_refused);
	pamstack_fini(&stack);
}
END_TEST

START_TEST(too_many_entries_are_refused)
{
	const char *const directories[] = { unit_directory, NULL };
	struct pamstack stack;

	put("svc", "@include a\n@include a\n@include a\n@include a\n");
	put("a", "@include b\n@include b\n@include b\n@include b\n@include b\n");
	put("b", "@include c\n@include c\n@include c\n@include c\n@include c\n");
	put("c",
		"auth a b\nauth a b\nauth a b\nauth a b\nauth a b\nauth a b\nauth a b\n"
		"auth a b\nauth a b\nauth a b\nauth a b\n");
	ck_assert_int_eq(pamstack_read(directories, "svc", &stack), -E2BIG);
}
END_TEST

START_TEST(entries_are_found_by_the_name_of_the_module)
{
	struct pamstack stack;

	put("svc",
		"auth required /x/pam_y.so\naccount required pam_y.so\n"
		"auth required pam_yy.so\nauth required pam_y.so\n");
	free(read_all(&stack));
	ck_assert_uint_eq(pamstack_find(&stack, PAM_TYPE_AUTH, "pam_y.so", 0), 0);
	ck_assert_uint_eq(pamstack_find(&stack, PAM_TYPE_AUTH, "pam_y.so", 1), 3);
	ck_assert_uint_eq(pamstack_find(&stack, PAM_TYPE_AUTH, "pam_y.so", 4), 4);
	ck_assert_uint_eq(pamstack_find(&stack, PAM_TYPE_SESSION, "pam_y.so", 0), 4);
	ck_assert(pamstack_has(&stack, PAM_TYPE_ACCOUNT));
	pamstack_fini(&stack);
}
END_TEST

static const struct {
	const char *control;
	bool good;
	int success, auth_err, ignore;
} controls[] = {
	{ "required", true, PAM_DO_OK, PAM_DO_BAD, PAM_DO_IGNORE },
	{ "Requisite", true, PAM_DO_OK, PAM_DO_DIE, PAM_DO_IGNORE },
	{ "optional", true, PAM_DO_OK, PAM_DO_IGNORE, PAM_DO_IGNORE },
	{ "sufficient", true, PAM_DO_DONE, PAM_DO_IGNORE, PAM_DO_IGNORE },
	{ "success=ok default=die", true, PAM_DO_OK, PAM_DO_DIE, PAM_DO_DIE },
	{ "default=die success=ok", true, PAM_DO_OK, PAM_DO_DIE, PAM_DO_DIE },
	{ "success = 2", true, 2, PAM_DO_BAD, PAM_DO_BAD },
	{ "success=oksuccess=done", true, PAM_DO_DONE, PAM_DO_BAD, PAM_DO_BAD },
	{ "", true, PAM_DO_BAD, PAM_DO_BAD, PAM_DO_BAD },
	{ "success=0", false, PAM_DO_BAD, PAM_DO_BAD, PAM_DO_BAD },
	{ "success", false, PAM_DO_BAD, PAM_DO_BAD, PAM_DO_BAD },
	{ "success=", false, PAM_DO_BAD, PAM_DO_BAD, PAM_DO_BAD },
	{ "succeed=ok", false, PAM_DO_BAD, PAM_DO_BAD, PAM_DO_BAD },
	{ "auth_err=ignore ignore=reset", true, PAM_DO_BAD, PAM_DO_IGNORE,
		PAM_DO_RESET },
	{ "default=99999999999999999999", true, 999999, 999999, 999999 },
};

START_TEST(controls_say_what_follows_from_a_value)
{
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		int actions[PAM_VALUES];

		ck_assert_int_eq(pamline_control(controls[i].control, actions),
			controls[i].good);
		ck_assert_int_eq(actions[PAM_VALUE_SUCCESS], controls[i].success);
		ck_assert_int_eq(actions[PAM_VALUE_AUTH_ERR], controls[i].auth_err);
		ck_assert_int_eq(actions[PAM_VALUE_IGNORE], controls[i].ignore);
	}
}
END_TEST

UNIT_MAIN("pamstack", lines_have_type_control_module_and_arguments,
	a_backslash_continues_a_line, includes_are_read_where_they_stand,
	what_libpam_cannot_use_fails, a_file_that_libpam_refuses_counts_for_nothing,
	a_service_without_a_file_is_empty, only_regular_files_are_read,
	too_many_entries_are_refused, entries_are_found_by_the_name_of_the_module,
	controls_say_what_follows_from_a_value);
