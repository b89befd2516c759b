/* SPDX-License-Identifier: MIT */
/* Log lines: nothing hostile gets through, one call is one line, floods are counted. */
#include "otpd/util/log.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

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
	/* U+2028, which some take for the end of a line, and U+202E. */
	ck_assert_str_eq(text_quote(out, sizeof(out), "\u2028\u202e\u2066-\u2060"),
		"\"\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6-\u2060\"");
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

/* A journal: the stream that standard error is, and the socket for entries. */
struct fake_journal {
	int stream;
	int entries;
};

static struct sockaddr_un journal_address = { .sun_family = AF_UNIX };

static struct fake_journal journal_begin(void)
{
	struct fake_journal journal;
	char stream[64], path[UNIT_PATH];
	struct stat stat;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	journal.stream = ends[0];
	journal.entries = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert(text_copy(journal_address.sun_path, sizeof(journal_address.sun_path),
		unit_path(path, "journal")));
	ck_assert_int_eq(
		bind(journal.entries, (const struct sockaddr *)&journal_address,
			sizeof(journal_address)),
		0);
	ck_assert_int_eq(fstat(STDERR_FILENO, &stat), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)stat.st_dev,
		(unsigned long long)stat.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_set_socket(journal_address.sun_path);
	log_init("otpd");
	return journal;
}

/* What came next, as text; "" if there is nothing. */
static const char *next(int fd)
{
	static char text[65536];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(the_journal_gets_levels_of_lines_and_fields_of_events)
{
	const struct journal_field fields[] = {
		{ "OTPD_EVENT", "wrong" },
		{ "OTPD_DETAIL", "" },
		{ "OTPD_RHOST", "::1" },
		{ "MESSAGE_ID", NULL },
	};
	struct fake_journal journal = journal_begin();

	log_msg(LOG_WARNING, "w");
	log_msg(LOG_ERR, "e");
	ck_assert_str_eq(next(journal.stream), "<4>w\n<3>e\n");
	ck_assert_str_eq(next(journal.entries), "");
	errno = E2BIG;
	log_fields(LOG_NOTICE, fields, 4, "wrong code result=%s", "wrong");
	ck_assert_int_eq(errno, E2BIG);
	ck_assert_str_eq(next(journal.entries),
		"MESSAGE=wrong code result=wrong\nPRIORITY=5\n"
		"SYSLOG_IDENTIFIER=otpd\nOTPD_EVENT=wrong\nOTPD_RHOST=::1\n");
	ck_assert_str_eq(next(journal.stream), "");
}
END_TEST

START_TEST(a_value_makes_no_field_of_its_own)
{
	const struct journal_field fields[] = { { "OTPD_USER",
		"a\nOTPD_EVENT=verified" } };
	const char wanted[] = "OTPD_USER\n\x15\0\0\0\0\0\0\0a\nOTPD_EVENT=verified\n";
	struct fake_journal journal = journal_begin();
	char got[256];
	ssize_t n;

	log_fields(LOG_NOTICE, fields, 1, "x");
	n = recv(journal.entries, got, sizeof(got), MSG_DONTWAIT);
	ck_assert_int_gt(n, (ssize_t)sizeof(wanted) - 1);
	n -= (ssize_t)sizeof(wanted) - 1;
	ck_assert_int_eq(memcmp(got + n, wanted, sizeof(wanted) - 1), 0);
}
END_TEST

START_TEST(a_stream_that_is_not_the_journals_gets_plain_lines)
{
	const struct journal_field fields[] = { { "OTPD_USER", "a" } };
	char *text;

	listen_in();
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("otpd");
	log_msg(LOG_WARNING, "w");
	log_fields(LOG_WARNING, fields, 1, "f");
	text = heard();
	ck_assert_str_eq(text, "otpd: w\notpd: f\n");
	free(text);
}
END_TEST

START_TEST(an_entry_that_the_journal_does_not_take_is_a_line)
{
	const struct journal_field fields[] = { { "OTPD_USER", "a" } };
	struct fake_journal journal = journal_begin();

	unlink(journal_address.sun_path);
	log_fields(LOG_NOTICE, fields, 1, "f");
	ck_assert_str_eq(next(journal.stream), "<5>f\n");
	ck_assert_int_eq(log_count_lost(), 0);
}
END_TEST

#define STUCK 20000

START_TEST(a_journal_that_has_stopped_stops_nobody_and_what_is_lost_is_counted)
{
	const struct journal_field fields[] = { { "OTPD_USER", "a" } };
	struct fake_journal journal = journal_begin();
	int64_t began = clock_mono_ms(), took, seconds;
	char wanted[64], *last;
	static char all[1 << 20];
	size_t size = 0;
	ssize_t n;

	for (int i = 0; i < STUCK; i++)
		log_fields(LOG_NOTICE, fields, 1, "line %d of those", i);
	took = clock_mono_ms() - began;
	/* Both sockets may be waited for 20 ms once in each second, and no more. */
	seconds = took / 1000 + 1;
	ck_assert_msg(took < 40 * seconds + STUCK / 4, "%lld ms", (long long)took);
	ck_assert_int_gt(log_count_lost(), 0);
	ck_assert_int_lt(log_count_lost(), STUCK);
	while (next(journal.entries)[0] || next(journal.stream)[0])
		;
	snprintf(wanted, sizeof(wanted), "<4>%lld lines were lost, nobody took them\n",
		(long long)log_count_lost());
	log_msg(LOG_NOTICE, "it is back");
	while ((n = recv(journal.stream, all + size, sizeof(all) - 1 - size,
			MSG_DONTWAIT)) > 0)
		size += (size_t)n;
	all[size] = '\0';
	last = strstr(all, "<5>it is back\n");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(last + strlen("<5>it is back\n"), wanted);
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
	ck_assert_uint_le(strlen(text), 2560);
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
	one_call_is_one_line_with_the_program_and_the_error,
	the_journal_gets_levels_of_lines_and_fields_of_events,
	a_value_makes_no_field_of_its_own,
	a_stream_that_is_not_the_journals_gets_plain_lines,
	an_entry_that_the_journal_does_not_take_is_a_line,
	a_journal_that_has_stopped_stops_nobody_and_what_is_lost_is_counted,
	lines_below_the_level_are_dropped, a_line_that_is_too_long_still_ends,
	the_limiter_passes_a_burst_and_counts_the_rest);
