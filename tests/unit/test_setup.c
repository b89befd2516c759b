/* SPDX-License-Identifier: MIT */
/* What otpctl setup makes of texts: PAM files, relays, and files that others changed.
 */
#include <errno.h>

#include "otpd/ctl/setup/changes.h"
#include "otpd/ctl/setup/manifest.h"
#include "otpd/ctl/setup/pam_edit.h"
#include "otpd/ctl/setup/relay.h"
#include "otpd/ctl/setup/sections.h"
#include "otpd/ctl/setup/trial_log.h"
#include "otpd/util/secret.h"
#include "tests/unit/unit.h"

#define OURS    "auth [success=ok default=die] pam_emailotp.so\n"
#define LENIENT "auth [success=ok ignore=ignore default=die] pam_emailotp.so\n"

static struct edit_file file_of(const char *text)
{
	struct edit_file file = { 0 };

	ck_assert_int_eq(
		edit_file_set(&file, text ? text : "", text ? strlen(text) : 0, 0644),
		0);
	file.exists = text != NULL;
	return file;
}

static const struct {
	bool key_first;
	bool exempts;
	const char *before;
	const char *after; /* NULL: refused */
	enum pam_edit_problem problem;
	unsigned line;
} pam[] = {
	{ false, false, "@include common-auth\n", "@include common-auth\n" OURS, 0, 0 },
	{ false, false, "#\n\n @include\tcommon-auth # x\naccount a\n",
		"#\n\n @include\tcommon-auth # x\n" OURS "account a\n", 0, 0 },
	{ false, false, "auth  include  common-auth",
		"auth  include  common-auth\n" OURS, 0, 0 },
	{ false, false, "#\nauth substack common-auth\n", NULL, PAM_EDIT_SUBSTACK, 2 },
	{ false, false, "auth substack common-auth\n" OURS, NULL, PAM_EDIT_SUBSTACK,
		1 },
	{ true, false, "auth substack common-auth\n",
		"#auth substack common-auth\n" OURS, 0, 0 },
	{ false, true, "@include common-auth\nx\n",
		"@include common-auth\n" LENIENT "x\n", 0, 0 },
	{ true, false, "@include common-auth\nx\n",
		"#@include common-auth\n" OURS "x\n", 0, 0 },
	{ true, true, "@include common-auth\n",
		"#@include common-auth\n" LENIENT "auth required pam_permit.so\n", 0,
		0 },
	{ false, false, "@include common-auth\n" OURS, "@include common-auth\n" OURS, 0,
		0 },
	{ false, false, "@include common-auth\n# pam_emailotp.so\n",
		"@include common-auth\n" OURS "# pam_emailotp.so\n", 0, 0 },
	{ false, false, "", NULL, PAM_EDIT_NO_PLACE, 0 },
	{ false, false, "#@include common-auth\n", NULL, PAM_EDIT_NO_PLACE, 0 },
	{ false, false, "@include common-account\n", NULL, PAM_EDIT_NO_PLACE, 0 },
	{ false, false, "@include common-auth\n@include common-auth\n", NULL,
		PAM_EDIT_TWO, 2 },
	{ false, false, OURS "@include common-auth\n", NULL, PAM_EDIT_BY_HAND, 1 },
	{ false, false, OURS, NULL, PAM_EDIT_BY_HAND, 1 },
	{ true, false, "@include common-auth\n" OURS, NULL, PAM_EDIT_BY_HAND, 2 },
	{ false, false, "@include common-auth\nauth sufficient pam_emailotp.so\n", NULL,
		PAM_EDIT_BY_HAND, 2 },
};

START_TEST(the_line_comes_behind_the_password_or_not_at_all)
{
	for (size_t i = 0; i < sizeof(pam) / sizeof(pam[0]); i++) {
		const struct pam_edit edit = { pam[i].key_first, pam[i].exempts };
		struct edit_file before = file_of(pam[i].before), after = { 0 };
		enum pam_edit_problem problem;
		unsigned line;

		ck_assert_int_eq(
			pam_edit_insert(&edit, &before, &after, &problem, &line), 0);
		ck_assert_msg(
			problem == pam[i].problem, "row %zu: %d", i, (int)problem);
		if (pam[i].after)
			ck_assert_str_eq(after.text, pam[i].after);
		else
			ck_assert_uint_eq(line, pam[i].line);
		edit_file_fini(&before);
		edit_file_fini(&after);
	}
}
END_TEST

START_TEST(a_file_with_a_nul_is_left_alone)
{
	const struct pam_edit edit = { false, false };
	struct edit_file before = file_of("@include common-auth\n#x\n"), after = { 0 };
	enum pam_edit_problem problem;
	unsigned line;

	before.text[22] = '\0';
	ck_assert_int_eq(pam_edit_insert(&edit, &before, &after, &problem, &line), 0);
	ck_assert_int_eq(problem, PAM_EDIT_NO_PLACE);
	edit_file_fini(&before);
}
END_TEST

static const struct {
	const char *before;
	const char *after;
	const char *now;
	const char *rest; /* NULL: the file goes */
	int found;
	const char *path;
} taken[] = {
	{ "a\nb\n", "a\nX\nb\n", "a\nX\nb\nc\n", "a\nb\nc\n", 1 },
	{ "a\nb\n", "a\nX\nb\n", "new\na\nX\nb\n", "new\na\nb\n", 1 },
	{ "a\nb\n", "a\nX\nb\n", "X\n", "", 1 },
	{ "a\nb\n", "a\nX\nb\n", "a\nb\nc\n", "a\nb\nc\n", 0 },
	{ "a\nb\n", "a\n#b\nX\n", "a\n#b\nX\nc\n", "a\nb\nc\n", 1 },
	{ NULL, "X\nY\n", "X\nY\nmine\n", "mine\n", 1 },
	{ NULL, "X\nY\n", "X\n\nY\n\n", NULL, 1 },
	{ NULL, "p {\n}\nq {\n}\n", "p {\n}\nq {\n}\nr {\n}\n", "r {\n}\n", 1 },
	/* A line of ours that is gone hides none behind it. */
	{ "a\n", "a\n#b\nX\nY\n", "a\nX\nnew\nY\n", "a\nnew\n", 1 },
	{ NULL, "# by us\nX 1\nY 2\n", "X 1\nY 3\n", "Y 3\n", 1 },
	{ NULL, "p {\n}\n", "r {\n}\np {\n}\n", "r {\n}\n", 1 },
	{ NULL, "p {\n}\n", "r {\n}\n", "r {\n}\n", 0 },
	/* Nothing of PAM's goes on asking for a code. */
	{ "a\nb\n", "a\n" OURS "b\n",
		"a\nauth required pam_emailotp.so debug\n#pam_emailotp.so\nb\n",
		"a\n#pam_emailotp.so\nb\n", 1, "/etc/pam.d/x" },
	{ "a\n", "#a\n" LENIENT "P\n", "auth required pam_emailotp.so debug\nP\n",
		"a\n", 1, "/etc/pam.d/x" },
	/* As removing the module has left it. */
	{ "a\n", "#a\n" LENIENT "P\n",
		"#a\nauth [x=y] pam_unix.so try_first_pass # was pam_emailotp.so\nP\n",
		"a\n", 1, "/etc/pam.d/x" },
	{ "a\n", "a\n" OURS,
		"a\n" OURS "auth required pam_unix.so # was pam_emailotp.so\n",
		"a\nauth required pam_unix.so # was pam_emailotp.so\n", 1,
		"/etc/pam.d/x" },
	{ "a\n", "a\n" OURS, "a\nauth required pam_emailotp.so debug\n",
		"a\nauth required pam_emailotp.so debug\n", 0 },
};

START_TEST(what_others_have_written_stays)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		char path[32];
		struct change change = { path, false, file_of(taken[i].before),
			file_of(taken[i].after) };
		struct edit_file now = file_of(taken[i].now), rest;

		snprintf(path, sizeof(path), "%s",
			taken[i].path ? taken[i].path : "/etc/x");
		ck_assert_int_eq(change_take_out(&change, &now, &rest), taken[i].found);
		ck_assert_msg(rest.exists == (taken[i].rest != NULL), "row %zu", i);
		if (taken[i].rest)
			ck_assert_str_eq(rest.text, taken[i].rest);
		edit_file_fini(&change.before);
		edit_file_fini(&change.after);
		edit_file_fini(&now);
		edit_file_fini(&rest);
	}
}
END_TEST

static const struct {
	const char *text;
	enum relay_type type; /* RELAY_UNSAID: refused */
	const char *written;
} relays[] = {
	{ "smtp://mail.example.net", RELAY_SMTP,
		"\thost = \"mail.example.net\"\n\tport = 587\n\ttls = starttls\n" },
	{ "smtps://mail.example.net", RELAY_SMTP, "\tport = 465\n\ttls = implicit\n" },
	{ "smtps://mail.example.net:1465", RELAY_SMTP, "\tport = 1465\n" },
	{ "smtp+plain://[::1]:25", RELAY_SMTP,
		"\thost = \"::1\"\n\tport = 25\n\ttls = none\n" },
	{ "smtp://[2001:db8::1]", RELAY_SMTP,
		"\thost = \"2001:db8::1\"\n\tport = 587\n" },
	{ "sendmail", RELAY_SENDMAIL, "\ttype = sendmail\n" },
	{ "console", RELAY_CONSOLE, "\ttype = console\n" },
	{ "maildir:/a b", RELAY_MAILDIR, "\tpath = \"/a b\"\n" },
	{ "configured", RELAY_CONFIGURED, "" },
	{ "", RELAY_UNSAID, NULL },
	{ "mail.example.net", RELAY_UNSAID, NULL },
	{ "smtp://", RELAY_UNSAID, NULL },
	{ "smtp://a b", RELAY_UNSAID, NULL },
	{ "smtp://a\"}", RELAY_UNSAID, NULL },
	{ "smtp://a:0", RELAY_UNSAID, NULL },
	{ "smtp://a:65536", RELAY_UNSAID, NULL },
	{ "smtp://a:x", RELAY_UNSAID, NULL },
	{ "smtp://[::1", RELAY_UNSAID, NULL },
	{ "smtp://[::1]x", RELAY_UNSAID, NULL },
	{ "smtp://smtp.example.org", RELAY_UNSAID, NULL },
	{ "maildir:relative", RELAY_UNSAID, NULL },
	{ "maildir:/a\"b", RELAY_UNSAID, NULL },
	{ "maildir:/a${HOME}", RELAY_UNSAID, NULL },
};

START_TEST(a_relay_is_read_and_written_as_the_table_says)
{
	for (size_t i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
		struct relay relay = { 0 };
		struct buffer text = { 0 };
		const char *problem = relay_read(&relay, relays[i].text);

		ck_assert_msg((problem == NULL) == (relays[i].written != NULL),
			"row %zu: %s", i, problem ? problem : "taken");
		if (problem)
			continue;
		ck_assert_int_eq(relay.type, relays[i].type);
		buffer_puts(&text, "");
		relay_write(&relay, &text);
		ck_assert_ptr_nonnull(strstr(text.data, relays[i].written));
		buffer_fini(&text);
	}
}
END_TEST

START_TEST(an_account_comes_with_its_password_file)
{
	struct relay relay = { 0 };
	struct buffer text = { 0 };

	ck_assert_ptr_null(relay_read(&relay, "smtp://mail.example.net"));
	snprintf(relay.user, sizeof(relay.user), "otpd");
	relay_write(&relay, &text);
	ck_assert_ptr_nonnull(strstr(text.data,
		"\tuser = \"otpd\"\n\tpassword_file = \"/etc/otpd/smtp-password\"\n"));
	buffer_fini(&text);
	ck_assert_ptr_nonnull(relay_check_user("a\"b"));
	ck_assert_ptr_nonnull(relay_check_user("a\nb"));
	ck_assert_ptr_nonnull(relay_check_user("${x}"));
}
END_TEST

START_TEST(a_manifest_comes_back_byte_for_byte_and_is_merged)
{
	struct manifest first = { 0 }, again, second = { 0 };
	struct edit_file before = file_of("a\xff\n"), after = file_of("b\n");
	struct edit_file none = file_of(NULL), text = file_of("x");
	char path[UNIT_PATH];

	secret_use_for_json();
	unit_path(path, "manifest.json");
	ck_assert_int_eq(manifest_read(path, &again), -ENOENT);
	ck_assert_int_eq(manifest_name(&first), 0);
	ck_assert_int_eq(
		changes_add(&first.changes, "/etc/a", true, &before, &after), 0);
	ck_assert_int_eq(changes_add(&first.changes, "/etc/b", false, &none, &text), 0);
	ck_assert_int_eq(manifest_write(path, &first), 0);
	ck_assert_int_eq(manifest_read(path, &again), 0);
	ck_assert_str_eq(again.run, first.run);
	ck_assert_uint_eq(again.changes.n, 2);
	ck_assert_str_eq(again.changes.items[0].before.text, "a\xff\n");
	ck_assert(again.changes.items[0].makes_directory);
	ck_assert(!again.changes.items[1].before.exists);
	/* A later run changes what it became, not what it was. */
	before = file_of("b\n");
	after = file_of("c\n");
	ck_assert_int_eq(manifest_name(&second), 0);
	ck_assert_int_eq(
		changes_add(&second.changes, "/etc/a", false, &before, &after), 0);
	ck_assert_int_eq(manifest_merge(&again, &second), 0);
	ck_assert_str_eq(again.changes.items[0].before.text, "a\xff\n");
	ck_assert_str_eq(again.changes.items[0].after.text, "c\n");
	ck_assert_str_eq(again.run, second.run);
	manifest_fini(&first);
	manifest_fini(&again);
	manifest_fini(&second);
	unit_write_text(path, "{\"version\": 1, \"run\": \"x\", \"files\": []}");
	ck_assert_int_eq(manifest_read(path, &again), -EBADMSG);
	unit_write_text(path, "{");
	ck_assert_int_eq(manifest_read(path, &again), -EBADMSG);
}
END_TEST

START_TEST(sections_of_others_are_found_with_their_line)
{
	char path[UNIT_PATH], directory[UNIT_PATH], drop_in[UNIT_PATH];
	char where[SECTIONS_WHERE], wanted[UNIT_PATH + 16];

	unit_path(path, "otpd.conf");
	unit_path(directory, "otpd.conf.d");
	unit_path(drop_in, "otpd.conf.d/setup.conf");
	unit_write_text(path, "#policy sshd {\npolicy = x\n  policy \"sudo\" {\n}\n");
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	unit_write_text(drop_in, "policy sshd {\n}\n");
	ck_assert(!sections_find(path, "policy", "sshd", where));
	ck_assert(sections_find(path, "policy", "sudo", where));
	snprintf(wanted, sizeof(wanted), "%s:3", path);
	ck_assert_str_eq(where, wanted);
	ck_assert(sections_find(path, "policy", NULL, where));
	ck_assert(!sections_find(path, "policy", "sud", where));
	unit_path(drop_in, "otpd.conf.d/90-own.conf");
	unit_write_text(drop_in, "policy sshd{\n}\n");
	ck_assert(sections_find(path, "policy", "sshd", where));
}
END_TEST

START_TEST(a_printed_section_is_taken_apart)
{
	static const char printed[] =
		"a = 1\npolicy \"sshd\" {\n\trequired_users = {}\n"
		"\texempt_users = {\"x\"}\n}\npolicy \"sudo\" {\n"
		"\trequired_users = {\"y\"}\n}\n";
	const char *inside;
	int size;

	inside = sections_inside(printed, "policy", "sshd", &size);
	ck_assert_ptr_nonnull(inside);
	ck_assert(strncmp(inside, "\trequired_users = {}\n\texempt_users = {\"x\"}\n",
			  (size_t)size) == 0);
	ck_assert(!sections_has_list(inside, size, "required_users"));
	ck_assert(sections_has_list(inside, size, "exempt_users"));
	ck_assert_ptr_null(sections_inside(printed, "policy", "default", &size));
}
END_TEST

START_TEST(a_session_is_known_by_how_the_line_begins)
{
	ck_assert(trial_log_is_session(
		"Starting session: shell on pts/0 for ada from 192.0.2.1 port 5 id 0",
		"ada"));
	ck_assert(!trial_log_is_session(
		"Starting session: shell on pts/0 for bob from 192.0.2.1 port 5 id 0",
		"ada"));
	ck_assert(!trial_log_is_session(
		"Invalid user Starting session: shell for ada from 192.0.2.1 port 5",
		"ada"));
	ck_assert(!trial_log_is_step_up("address_verified"));
	ck_assert(trial_log_is_step_up("verified"));
	ck_assert(trial_log_is_step_up("recovery_used"));
	ck_assert_ptr_null(trial_log_line("something else"));
	ck_assert_ptr_nonnull(
		trial_log_line("Accepted keyboard-interactive/pam for ada"));
}
END_TEST

UNIT_MAIN("setup", the_line_comes_behind_the_password_or_not_at_all,
	a_file_with_a_nul_is_left_alone, what_others_have_written_stays,
	a_relay_is_read_and_written_as_the_table_says,
	an_account_comes_with_its_password_file,
	a_manifest_comes_back_byte_for_byte_and_is_merged,
	sections_of_others_are_found_with_their_line, a_printed_section_is_taken_apart,
	a_session_is_known_by_how_the_line_begins);
