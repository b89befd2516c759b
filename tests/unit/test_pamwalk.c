/* SPDX-License-Identifier: MIT */
/*
 * The walk through a stack against libpam itself: stacks are made at random and run
 * with pam_debug, which returns what its arguments say. Links pamwalk.o, pamstack.o,
 * pamline.o, and libpam.
 */
#include <security/pam_appl.h>

#include "otpd/host/pamwalk.h"
#include "tests/unit/unit.h"

#define STACKS 1500

/* LeakSanitizer asks for it: pam_start() of 1.5 keeps what it had read when it fails.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpam.so";
}

static uint64_t seed = 88172645463325252u;

static unsigned below(unsigned n)
{
	return unit_random(&seed) % n;
}

/* ---- what a stack is made of */

static const int returned[] = { PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_AUTH_ERR,
	PAM_AUTH_ERR, PAM_IGNORE, PAM_NEW_AUTHTOK_REQD, PAM_USER_UNKNOWN, PAM_ABORT,
	PAM_AUTHINFO_UNAVAIL };

static const char *const words[] = { "required", "requisite", "sufficient", "optional",
	"Required", "[success=ok default=die]", "[success=1 default=ignore]",
	"[success=done new_authtok_reqd=done default=ignore]", "[default=reset]",
	"[success=2 auth_err=1 default=bad]", "[ success = ok ignore=3 default=die ]",
	"[success=ok auth_err=reset default=1]", "[success=40 default=ignore]",
	"[default=done]", "[success=reset default=die]", "[success=oops]",
	"[default=ignore]", "[default=ok]", "[success]", "odd", "[user_unknown=bad]",
	"[success=ok\\] default=die]" };

#define PICK(list) list[below(sizeof(list) / sizeof(list[0]))]

static void add_module(FILE *file)
{
	static const char *const types[] = { "auth", "auth", "auth", "auth", "-auth",
		"AUTH", "account", "account" };
	static const char *const ends[] = { "\n", "\n", "\n", " # a comment\n", "\n\n",
		" \\\n  unknown=x\n", " [a b]\n", "\n# a line\n" };

	fprintf(file, "%s\t%s ", PICK(types), PICK(words));
	if (below(12) == 0)
		fputs("\\\n\t", file);
	fprintf(file, "pam_debug.so auth=%s acct=%s%s", pamline_value(PICK(returned)),
		pamline_value(PICK(returned)), PICK(ends));
}

/* Lines that libpam cannot use, each in its own way. */
static void add_odd(FILE *file)
{
	static const char *const lines[] = { "auth\n", "auth required\n",
		"autz required pam_permit.so\n", "auth include nothing\n",
		"auth substack nothing\n", "auth required pam_missing.so\n", "   \t\n",
		"#\n", "account required\n", "auth substack /dev/null/x\n",
		"autz include x\n", "auth [success=ok\n",
		"- required pam_permit.so\n" };

	fputs(PICK(lines), file);
}

/* A file may include those behind it only, so that there is no circle. */
static void make_file(const char *name, int depth, unsigned max)
{
	char path[UNIT_PATH];
	FILE *file = fopen(unit_path(path, name), "we");
	unsigned n = 1 + below(max);

	ck_assert_ptr_nonnull(file);
	while (n-- > 0) {
		unsigned what = below(20);
		int other = depth + 1 + (int)below(2);

		if (what == 0)
			add_odd(file);
		/* Elsewhere libpam takes what it finds in memory for actions. */
		else if (depth == 0 && below(40) == 0)
			fputs("@include nothing\n", file);
		else if (what == 1 && other <= 4)
			fprintf(file, "@include %s/inc%d\n", unit_directory, other);
		else if (what <= 3 && other <= 4)
			fprintf(file, "auth include %s/inc%d\n", unit_directory, other);
		else if (what <= 6 && other <= 4)
			fprintf(file, "%s substack %s/inc%d\n",
				below(5) ? "auth" : "account", unit_directory, other);
		else
			add_module(file);
	}
	ck_assert_int_eq(fclose(file), 0);
}

/* Files are named whole: Debian's libpam looks for others in /etc/pam.d only. */
static void make_stack(unsigned max)
{
	make_file("svc", 0, max);
	make_file("inc1", 1, max);
	make_file("inc2", 2, max);
	make_file("inc3", 3, max);
	make_file("inc4", 4, max);
}

static void read_stack(struct pamstack *stack)
{
	const char *const directories[] = { unit_directory, NULL };

	ck_assert_int_eq(pamstack_read(directories, "svc", stack), 0);
}

/* ---- what libpam says */

static int talk(int n, const struct pam_message **messages, struct pam_response **ret,
	void *context)
{
	(void)messages;
	(void)context;
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int ask_libpam(enum pam_type type)
{
	const struct pam_conv conversation = { talk, NULL };
	pam_handle_t *handle = NULL;
	int r = pam_start_confdir("svc", "ada", &conversation, unit_directory, &handle);

	if (r != PAM_SUCCESS)
		return r;
	r = type == PAM_TYPE_AUTH ? pam_authenticate(handle, 0)
				  : pam_acct_mgmt(handle, 0);
	pam_end(handle, r);
	return r;
}

/* What the module of an entry does: pam_debug by its arguments, others not at all. */
static int ask_entry(void *context, size_t i)
{
	const struct pamstack *stack = context;
	const struct pam_entry *entry = &stack->entries[i];
	const char *name = entry->type == PAM_TYPE_AUTH ? "auth=" : "acct=";

	if (strcmp(entry->module, "pam_missing.so") == 0)
		return PAM_MODULE_UNKNOWN;
	ck_assert_str_eq(entry->module, "pam_debug.so");
	for (size_t j = 0; j < entry->n_arguments; j++)
		for (int value = 0; value < PAM_VALUES; value++)
			if (strncmp(entry->arguments[j], name, 5) == 0 &&
				strcmp(entry->arguments[j] + 5, pamline_value(value)) ==
					0)
				return value;
	ck_abort_msg("an entry without a value");
	return -1;
}

/* A stack that is judged differently, to be looked at. */
static void show(const struct pamstack *stack)
{
	fprintf(stderr, "%s\n", stack->problem);
	for (size_t i = 0; i < stack->n; i++) {
		const struct pam_entry *entry = &stack->entries[i];

		fprintf(stderr, "%s:%u %d%s%s <%s> %s %s @%d\n", entry->file,
			entry->line, (int)entry->type,
			entry->is_substack ? " mark" : "",
			entry->must_fail ? " fails" : "", entry->control, entry->module,
			entry->n_arguments ? entry->arguments[entry->type] : "",
			entry->level);
	}
}

static void compare(struct pamstack *stack, enum pam_type type)
{
	int libpam = ask_libpam(type);
	int ours = pamwalk_run(stack, type, ask_entry, stack);

	if (!stack->is_refused && (ours < 0 ? PAM_PERM_DENIED : ours) != libpam)
		show(stack);
	if (stack->is_refused)
		ck_assert_int_ne(libpam, PAM_SUCCESS);
	else
		ck_assert_int_eq(ours < 0 ? PAM_PERM_DENIED : ours, libpam);
}

START_TEST(libpam_comes_to_the_same)
{
	unsigned succeeded = 0;

	for (unsigned i = 0; i < STACKS; i++) {
		struct pamstack stack;

		make_stack(2 + i % 9);
		read_stack(&stack);
		compare(&stack, PAM_TYPE_AUTH);
		compare(&stack, PAM_TYPE_ACCOUNT);
		succeeded += ask_libpam(PAM_TYPE_AUTH) == PAM_SUCCESS;
		pamstack_fini(&stack);
	}
	/* The stacks are worth something only if they end in both ways. */
	ck_assert_uint_ge(succeeded, STACKS / 20);
	ck_assert_uint_le(succeeded, STACKS - STACKS / 20);
}
END_TEST

/* ---- the search against all ways, one by one */

struct trial {
	const struct pamstack *stack;
	uint32_t values; /* two bits for each entry */
	bool clean;
};

static const int tried[] = { PAM_SUCCESS, PAM_AUTH_ERR, PAM_IGNORE,
	PAM_NEW_AUTHTOK_REQD };

static int try_entry(void *context, size_t i)
{
	const struct trial *trial = context;

	return tried[trial->values >> (2 * i) & 3];
}

static bool any_succeeds(const struct pamstack *stack)
{
	struct trial trial = { .stack = stack };

	for (; trial.values < 1u << (2 * stack->n); trial.values++)
		if (pamwalk_run(stack, PAM_TYPE_AUTH, try_entry, &trial) == PAM_SUCCESS)
			return true;
	return false;
}

/* A way that was told must lead there. */
struct replay {
	const struct pamwalk_way *way;
	const struct pamstack *stack;
	size_t at;
};

static int replay_entry(void *context, size_t i)
{
	struct replay *replay = context;

	while (replay->stack->entries[replay->way->steps[replay->at].entry].must_fail)
		replay->at++;
	ck_assert_uint_lt(replay->at, replay->way->n);
	ck_assert_uint_eq(replay->way->steps[replay->at].entry, i);
	return replay->way->steps[replay->at++].value;
}

static void check_search(const struct pamstack *stack, unsigned *yes)
{
	uint32_t may[16];
	struct pamwalk_way way;
	struct replay replay = { &way, stack, 0 };
	enum pamwalk_answer answer;

	for (size_t i = 0; i < stack->n; i++)
		may[i] = 1u << tried[0] | 1u << tried[1] | 1u << tried[2] |
			1u << tried[3];
	answer = pamwalk_can_succeed(stack, PAM_TYPE_AUTH, may, &way);
	ck_assert_int_eq(answer, any_succeeds(stack) ? PAMWALK_YES : PAMWALK_NO);
	if (answer == PAMWALK_YES) {
		(*yes)++;
		ck_assert_int_eq(
			pamwalk_run(stack, PAM_TYPE_AUTH, replay_entry, &replay),
			PAM_SUCCESS);
	}
}

START_TEST(a_search_finds_what_all_ways_together_come_to)
{
	unsigned looked = 0, yes = 0;

	for (unsigned i = 0; i < STACKS; i++) {
		struct pamstack stack;

		make_stack(4);
		read_stack(&stack);
		if (!stack.is_refused && stack.n <= 8) {
			looked++;
			check_search(&stack, &yes);
		}
		pamstack_fini(&stack);
	}
	ck_assert_uint_ge(looked, STACKS / 3);
	ck_assert_uint_ge(yes, looked / 10);
	ck_assert_uint_lt(yes, looked);
}
END_TEST

static struct pamstack stack_of(const char *text)
{
	struct pamstack stack;
	char path[UNIT_PATH];

	unit_write_text(unit_path(path, "svc"), text);
	read_stack(&stack);
	return stack;
}

START_TEST(an_entry_is_reached_clean_or_after_a_failure)
{
	static const struct {
		const char *text;
		enum pamwalk_answer clean, failed;
	} table[] = {
		{ "auth required a\nauth required b\n", PAMWALK_YES, PAMWALK_YES },
		{ "auth requisite a\nauth required b\n", PAMWALK_YES, PAMWALK_NO },
		{ "auth [default=1] a\nauth required b\n", PAMWALK_NO, PAMWALK_NO },
		{ "auth [success=ok default=done] a\nauth required b\n", PAMWALK_YES,
			PAMWALK_NO },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct pamstack stack = stack_of(table[i].text);
		const uint32_t may[] = { PAMWALK_ANY, PAMWALK_ANY };

		ck_assert_int_eq(
			pamwalk_can_reach(&stack, PAM_TYPE_AUTH, may, 1, false, NULL),
			table[i].clean);
		ck_assert_int_eq(
			pamwalk_can_reach(&stack, PAM_TYPE_AUTH, may, 1, true, NULL),
			table[i].failed);
		pamstack_fini(&stack);
	}
}
END_TEST

START_TEST(an_entry_that_may_return_nothing_ends_the_way)
{
	struct pamstack stack = stack_of("auth required a\nauth sufficient b\n");
	uint32_t may[] = { PAMWALK_ANY, PAMWALK_ANY };

	ck_assert_int_eq(
		pamwalk_can_succeed(&stack, PAM_TYPE_AUTH, may, NULL), PAMWALK_YES);
	may[0] = 0;
	ck_assert_int_eq(
		pamwalk_can_succeed(&stack, PAM_TYPE_AUTH, may, NULL), PAMWALK_NO);
	ck_assert_int_eq(
		pamwalk_can_succeed(&stack, PAM_TYPE_SESSION, may, NULL), PAMWALK_NO);
	pamstack_fini(&stack);
}
END_TEST

UNIT_MAIN("pamwalk", libpam_comes_to_the_same,
	a_search_finds_what_all_ways_together_come_to,
	an_entry_is_reached_clean_or_after_a_failure,
	an_entry_that_may_return_nothing_ends_the_way);
