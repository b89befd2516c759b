/* SPDX-License-Identifier: MIT */
/* Log lines: nothing hostile gets through, one call is one line, floods are counted. */
#include "otpd/util/log.h"

#include <errno.h>

#include "otpd/util/clock.h"
#include "otpd/util/text.h"
#include "tests/unit/unit.h"

/* Sends standard error into a file; what was written comes back from heard(). */
static char heard_path[UNIT_PATH];

static void listen_in(void)
{
	int fd;

	unit_path(heard_path, "stderr");
	fd = open(heard_path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static char *heard(void)
{
	return unit_read(heard_path, NULL);
}

START_TEST(quoted_text_is_plain_where_it_can_be)
{
	char out[TEXT_QUOTED];

	ck_assert_str_eq(text_quote(out, sizeof(out), "alice"), "\"alice\"");
	ck_assert_str_eq(text_quote(out, sizeof(out), ""), "\"\"");
	ck_assert_str_eq(text_quote(out, sizeof(out), NULL), "-");
	ck_assert_str_eq(text_quote(out, sizeof(out), "Zo\xc3\xab"), "\"Zo\xc3\xab\"");
	ck_assert_ptr_eq(text_quote(out, sizeof(out), "x"), out);
}
END_TEST

START_TEST(whatever_could_fool_a_reader_is_escaped)
{
	char out[TEXT_QUOTED];

	ck_assert_str_eq(text_quote(out, sizeof(out), "a\nb\r\t\x1b[31m\x7f"),
		"\"a\\x0ab\\x0d\\x09\\x1b[31m\\x7f\"");
	ck_assert_str_eq(text_quote(out, sizeof(out), "a\" user=\"root"),
		"\"a\\x22 user=\\x22root\"");
	ck_assert_str_eq(text_quote(out, sizeof(out), "\\x0a"), "\"\\x5cx0a\"");
	ck_assert_str_eq(
		text_quote(out, sizeof(out), "\xff\xc2\x9b"), "\"\\xff\\xc2\\x9b\"");
}
END_TEST

START_TEST(random_bytes_never_break_out_of_the_quotes_or_the_buffer)
{
	uint64_t state = 3;

	for (int i = 0; i < 20000; i++) {
		char in[64], out[64];
		size_t n = unit_random(&state) % 60,
		       size = 16 + unit_random(&state) % 40;
		size_t length;

		for (size_t j = 0; j < n; j++)
			in[j] = (char)(1 + unit_random(&state) % 255);
		in[n] = '\0';
		memset(out, 7, sizeof(out));
		length = strlen(text_quote(out, size, in));
		ck_assert_uint_lt(length, size);
		ck_assert_int_eq(out[size], 7);
		ck_assert_int_eq(out[0], '"');
		ck_assert_int_eq(out[length - 1], '"');
		ck_assert(text_is_utf8(out) && !text_has_control(out));
		ck_assert_ptr_eq(strchr(out + 1, '"'), out + length - 1);
	}
}
END_TEST

START_TEST(text_that_is_too_long_is_cut_and_says_so)
{
	char in[600], out[TEXT_QUOTED];

	memset(in, 'a', sizeof(in) - 1);
	in[sizeof(in) - 1] = '\0';
	text_quote(out, sizeof(out), in);
	ck_assert_str_eq(out + strlen(out) - 5, "a...\"");
	memset(in, '\x01', 255);
	in[255] = '\0';
	text_quote(out, sizeof(out), in);
	ck_assert_uint_lt(strlen(out), sizeof(out));
	ck_assert_str_eq(out + strlen(out) - 8, "\\x01...\"");
}
END_TEST

START_TEST(a_name_of_full_length_is_not_cut)
{
	char in[256], out[TEXT_QUOTED];

	memset(in, 'n', 255);
	in[255] = '\0';
	text_quote(out, sizeof(out), in);
	ck_assert_uint_eq(strlen(out), 257);
}
END_TEST

START_TEST(one_call_is_one_line_with_the_program_and_the_error)
{
	char *text;

	listen_in();
	unsetenv("JOURNAL_STREAM");
	log_init("otpd");
	errno = E2BIG;
	log_msg(LOG_ERR, "first %d", 1);
	ck_assert_int_eq(log_errno(LOG_ERR, -ENOENT, "second"), -ENOENT);
	ck_assert_int_eq(errno, E2BIG);
	text = heard();
	ck_assert_str_eq(
		text, "otpd: first 1\notpd: second: No such file or directory\n");
	free(text);
}
END_TEST

START_TEST(the_journal_gets_levels)
{
	char *text;

	listen_in();
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("otpd");
	log_msg(LOG_WARNING, "w");
	log_msg(LOG_ERR, "e");
	text = heard();
	ck_assert_str_eq(text, "<4>w\n<3>e\n");
	free(text);
}
END_TEST

START_TEST(lines_below_the_level_are_dropped)
{
	char *text;

	listen_in();
	unsetenv("JOURNAL_STREAM");
	log_init("p");
	log_msg(LOG_DEBUG, "not by default");
	log_set_level(LOG_ERR);
	ck_assert_int_eq(log_level(), LOG_ERR);
	log_msg(LOG_WARNING, "no");
	ck_assert_int_eq(log_errno(LOG_WARNING, -EIO, "no"), -EIO);
	log_msg(LOG_ERR, "yes");
	text = heard();
	ck_assert_str_eq(text, "p: yes\n");
	free(text);
}
END_TEST

START_TEST(a_line_that_is_too_long_still_ends)
{
	char large[4096], *text;

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	listen_in();
	log_init("otpd");
	log_msg(LOG_ERR, "%s", large);
	log_errno(LOG_ERR, -EIO, "%s", large);
	text = heard();
	ck_assert_uint_le(strlen(text), 2048);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	ck_assert_ptr_ne(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}
END_TEST

START_TEST(the_limiter_passes_a_burst_and_counts_the_rest)
{
	struct log_limit limit = { .interval_s = 3600, .burst = 3 };
	char *text;
	int passed = 0;

	listen_in();
	unsetenv("JOURNAL_STREAM");
	log_init("otpd");
	limit.since_s = clock_mono_ms() / 1000;
	for (int i = 0; i < 10; i++)
		passed += log_limit_pass(&limit);
	ck_assert_int_eq(passed, 3);
	ck_assert_uint_eq(limit.dropped, 7);
	/* The next interval has come. */
	limit.since_s -= 3600;
	ck_assert_int_eq(log_limit_pass(&limit), 1);
	ck_assert_uint_eq(limit.dropped, 0);
	ck_assert_uint_eq(limit.count, 1);
	text = heard();
	ck_assert_str_eq(text, "otpd: 7 lines like the next were dropped\n");
	free(text);
}
END_TEST

UNIT_MAIN("log", quoted_text_is_plain_where_it_can_be,
	whatever_could_fool_a_reader_is_escaped,
	random_bytes_never_break_out_of_the_quotes_or_the_buffer,
	text_that_is_too_long_is_cut_and_says_so, a_name_of_full_length_is_not_cut,
	one_call_is_one_line_with_the_program_and_the_error, the_journal_gets_levels,
	lines_below_the_level_are_dropped, a_line_that_is_too_long_still_ends,
	the_limiter_passes_a_burst_and_counts_the_rest);
