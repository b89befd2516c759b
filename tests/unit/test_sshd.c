/* SPDX-License-Identifier: MIT */
/* sshd's files and what sshd -T says. Links sshd.o, sshd_files.o, run.o and text.o. */
#include <errno.h>

#include "otpd/host/sshd.h"
#include "tests/unit/unit.h"

static struct sshd_files files;

static void read_text(const char *text)
{
	char path[UNIT_PATH];

	unit_write_text(unit_path(path, "c"), text);
	ck_assert_int_eq(sshd_files_read(path, &files), 0);
}

static void expect(const char *name, size_t match, unsigned line, const char *value)
{
	const struct sshd_line *found = sshd_where(&files, name, match);

	if (!value) {
		ck_assert_ptr_null(found);
		return;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->line, line);
	ck_assert_str_eq(found->value, value);
}

START_TEST(the_first_line_counts)
{
	read_text("# UsePAM no\n\n  usepam yes\nUsePAM no\nPort=22 # this\n"
		  "Banner \"/etc/a b\"\nChallengeResponseAuthentication no\n");
	expect("usepam", 0, 3, "yes");
	expect("port", 0, 5, "22");
	expect("banner", 0, 6, "/etc/a b");
	expect("kbdinteractiveauthentication", 0, 7, "no");
	expect("nothing", 0, 0, NULL);
	ck_assert_str_eq(sshd_where(&files, "kbdinteractiveauthentication", 0)->typed,
		"ChallengeResponseAuthentication");
	sshd_files_fini(&files);
}
END_TEST

START_TEST(blocks_are_kept_apart)
{
	read_text("UsePAM yes\nMatch User ada\n X11Forwarding no\nmatch all\nPort 1\n"
		  "Match Address 10.0.0.0/8 User bob\n UsePAM no\n");
	ck_assert_uint_eq(files.n_matches, 2);
	ck_assert_str_eq(files.matches[1].criteria, "Address 10.0.0.0/8 User bob");
	ck_assert_uint_eq(files.matches[1].line, 6);
	expect("usepam", 0, 1, "yes");
	expect("x11forwarding", 1, 3, "no");
	expect("port", 0, 5, "1");
	expect("usepam", 2, 7, "no");
	sshd_files_fini(&files);
}
END_TEST

START_TEST(included_files_count_where_they_stand)
{
	char path[UNIT_PATH], text[2 * UNIT_PATH];

	unit_write_text(unit_path(path, "b1"), "UsePAM no\nMatch User x\n Port 3\n");
	unit_write_text(unit_path(path, "b2"), "Port 4\n");
	snprintf(text, sizeof(text),
		"Include %s/b* /nonexistent\nUsePAM yes\nInclude %s/c\n",
		unit_directory, unit_directory);
	read_text(text);
	expect("usepam", 0, 1, "no");
	expect("port", 1, 3, "3");
	expect("port", 0, 1, "4");
	sshd_files_fini(&files);
	ck_assert_int_eq(sshd_files_read("/nonexistent", &files), -ENOENT);
}
END_TEST

static const struct {
	const char *criteria, *member, *context;
} contexts[] = {
	{ "User ada", NULL,
		"user=ada,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=22" },
	{ "User !bob,a*", NULL,
		"user=ax,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=22" },
	{ "Group adm", "eve",
		"user=eve,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=22" },
	{ "Group adm", NULL, NULL },
	{ "address 10.0.0.0/8,::1 localport 2222", NULL,
		"user=nobody,host=client.invalid,addr=10.0.0.0,laddr=192.0.2.2,lport=2222" },
	{ "Host *.example.org", NULL,
		"user=nobody,host=x.example.org,addr=192.0.2.1,laddr=192.0.2.2,lport=22" },
	{ "Final", NULL, NULL },
	{ "User", NULL, NULL },
	{ "User !bob", NULL, NULL },
	{ "RDomain x", NULL, NULL },
};

START_TEST(a_connection_is_thought_of_that_fits)
{
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		char out[SSHD_CONTEXT];
		bool any = sshd_context(contexts[i].criteria, contexts[i].member, out);

		ck_assert_msg(any == (contexts[i].context != NULL), "%s",
			contexts[i].criteria);
		if (any)
			ck_assert_str_eq(out, contexts[i].context);
	}
}
END_TEST

START_TEST(the_group_of_criteria_is_found)
{
	char name[32];

	ck_assert(sshd_criteria_group("User x Group adm,dev", name, sizeof(name)));
	ck_assert_str_eq(name, "adm");
	ck_assert(!sshd_criteria_group("User group", name, sizeof(name)));
	ck_assert(!sshd_criteria_group("", name, sizeof(name)));
}
END_TEST

START_TEST(settings_have_a_name_and_a_value)
{
	struct sshd_settings settings;

	ck_assert_int_eq(sshd_settings_parse(
				 "port 22\nusepam yes\n\nempty\nport 23\n", &settings),
		0);
	ck_assert_str_eq(sshd_get(&settings, "port"), "22");
	ck_assert(sshd_is(&settings, "usepam", "yes"));
	ck_assert_str_eq(sshd_get(&settings, "empty"), "");
	ck_assert_str_eq(sshd_get(&settings, "nothing"), "");
	ck_assert_uint_eq(settings.n, 4);
	sshd_settings_fini(&settings);
}
END_TEST

UNIT_MAIN("sshd", the_first_line_counts, blocks_are_kept_apart,
	included_files_count_where_they_stand, a_connection_is_thought_of_that_fits,
	the_group_of_criteria_is_found, settings_have_a_name_and_a_value);
