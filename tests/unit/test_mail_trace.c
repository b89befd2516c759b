/* SPDX-License-Identifier: MIT */
/* What is kept of test mails, and what is not. */
#include "otpd/mail/trace.h"

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/letter.h"
#include "otpd/util/clock.h"
#include "tests/unit/unit.h"

static int64_t now_ms = 5000;

int64_t clock_mono_ms(void)
{
	return now_ms;
}

int64_t clock_wall_s(void)
{
	return now_ms / 1000;
}

static const struct letter letter = { .kind = LETTER_TEST,
	.to = "jane@example.net",
	.second = "+4930123456",
	.code = "424242" };

static const char *name(unsigned i)
{
	static char out[33];

	snprintf(out, sizeof(out), "%032x", i);
	return out;
}

START_TEST(steps_are_kept_in_order_with_their_times)
{
	struct traces *traces = traces_new();
	struct trace *trace = trace_begin(traces, name(1), &letter);
	const struct trace_entry *steps;
	size_t n;

	now_ms += 3;
	trace_step(trace, "connect", "[192.0.2.1]:25");
	now_ms += 4;
	trace_step(trace, "body", NULL);
	steps = trace_steps(traces, name(1), &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(steps[0].step, "connect");
	ck_assert_str_eq(steps[0].said, "[192.0.2.1]:25");
	ck_assert_int_eq(steps[0].ms, 3);
	ck_assert_str_eq(steps[1].step, "body");
	ck_assert_str_eq(steps[1].said, "");
	ck_assert_int_eq(steps[1].ms, 7);
	ck_assert_ptr_null(trace_steps(traces, name(2), &n));
	ck_assert_uint_eq(n, 0);
	traces_free(traces);
	trace_step(NULL, "connect", "nobody asks");
	trace_end(NULL);
}
END_TEST

START_TEST(what_was_said_has_no_address_no_code_and_no_control)
{
	struct traces *traces = traces_new();
	struct trace *trace = trace_begin(traces, name(1), &letter);
	const struct trace_entry *steps;
	char text[600];
	size_t n;

	trace_step(trace, "rcpt", "550 <JANE@example.net> and +4930123456\x1b\r\n");
	trace_step(trace, "answer", "to 4930123456: code 424242 \xc3\xa4");
	/* The end of a text that is cut is masked, too. */
	snprintf(text, sizeof(text), "%0195d jane@example.net", 0);
	trace_step(trace, "body", text);
	steps = trace_steps(traces, name(1), &n);
	ck_assert_str_eq(steps[0].said, "550 <j***@example.net> and +***56");
	ck_assert_str_eq(steps[1].said, "to +***56: code ******");
	ck_assert_uint_eq(strlen(steps[2].said), LIMIT_DETAIL);
	ck_assert_ptr_nonnull(strstr(steps[2].said, " j***"));
	traces_free(traces);
}
END_TEST

static void clean_is(const char *code, const char *said, const char *expected)
{
	char out[LIMIT_DETAIL + 1];

	detail_clean(out, sizeof(out), said, "jane@example.net", code);
	ck_assert_str_eq(out, expected);
}

START_TEST(a_code_in_groups_is_masked)
{
	clean_is("42424343", "a 4242<span style=\"margin-left:14px\">4343</span> b",
		"a ******</span> b");
	clean_is("42424343", "a 4242<span style=3D\"margin-left:14px\"> 4343 b",
		"a ****** b");
	clean_is("42424343", "4242\\u003cspan style=\\\"x\\\"\\u003e4343", "******");
	clean_is("42424343", "4242%3Cspan%20style%3E4343.", "******.");
	clean_is("42424343", "4242&lt;span style=&quot;x&quot;&gt;4343.", "******.");
	clean_is("42424343", "4242&nbsp;4343, 4242=204343, 4242\\n4343",
		"******, ******, ******");
	clean_is("42424343", "4242 4343 4242-4343", "****** ******");
	clean_is("abcdefghijk", "ABC</b>DEF</b>GHI</b>jk.", "******.");
	clean_is("424343", "424<span x>343.", "******.");
	/* What is not the code stays. */
	clean_is("42424343", "4242<span>4344 42424 4242x4343",
		"4242<span>4344 42424 4242x4343");
	clean_is("550511", "550 5.1.1 no", "550 5.1.1 no");
	clean_is("", "550 5.1.1 no", "550 5.1.1 no");
}
END_TEST

START_TEST(a_code_that_is_cut_is_masked)
{
	char text[600];

	clean_is("42424343", "code 4242434", "code ******");
	clean_is("42424343", "code 424", "code ******");
	clean_is("42424343", "code 4242<span sty", "code ******");
	clean_is("42424343", "code 4242<span>4", "code ******");
	clean_is("42424343", "code 42", "code 42");
	/* By us: no digit is left at the end of the room. */
	for (size_t n = LIMIT_DETAIL - 20; n <= LIMIT_DETAIL; n++) {
		char out[LIMIT_DETAIL + 1];

		memset(text, '.', sizeof(text));
		snprintf(text + n, sizeof(text) - n, "4242<span>4343");
		detail_clean(out, sizeof(out), text, "jane@example.net", "42424343");
		ck_assert_ptr_null(strpbrk(out, "234"));
	}
}
END_TEST

START_TEST(numbers_are_masked_like_addresses)
{
	static const struct {
		const char *to, *masked;
	} rows[] = { { "+4930123456", "+***56" }, { "+1234567", "+***67" },
		{ "jane@example.net", "j***@example.net" } };
	char out[LIMIT_ADDRESS + 4];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		address_mask(out, sizeof(out), rows[i].to);
		ck_assert_str_eq(out, rows[i].masked);
	}
}
END_TEST

START_TEST(a_mail_that_comes_again_goes_on_with_its_trace)
{
	struct traces *traces = traces_new();
	struct trace *trace = trace_begin(traces, name(1), &letter);
	const struct trace_entry *steps;
	size_t n;

	trace_step(trace, "connect", "refused");
	trace_end(trace);
	trace_step(trace, "late", "nobody hears it");
	now_ms += 5000;
	ck_assert_ptr_eq(trace_begin(traces, name(1), &letter), trace);
	trace_step(trace, "connect", "jane@example.net");
	steps = trace_steps(traces, name(1), &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(steps[1].ms, 5000);
	ck_assert_str_eq(steps[1].said, "j***@example.net");
	traces_free(traces);
}
END_TEST

START_TEST(there_are_at_most_64_steps_and_the_last_one_is_there)
{
	struct traces *traces = traces_new();
	struct trace *trace = trace_begin(traces, name(1), &letter);
	const struct trace_entry *steps;
	char said[16];
	size_t n;

	for (int i = 1; i <= 1000; i++) {
		snprintf(said, sizeof(said), "%d", i);
		trace_step(trace, "a-step-with-a-long-name", said);
	}
	steps = trace_steps(traces, name(1), &n);
	ck_assert_uint_eq(n, TRACE_STEPS);
	ck_assert_str_eq(steps[62].said, "63");
	ck_assert_str_eq(steps[63].said, "1000");
	ck_assert_str_eq(steps[0].step, "a-step-with-a-l");
	traces_free(traces);
}
END_TEST

START_TEST(the_last_16_are_kept_but_never_at_the_cost_of_an_open_one)
{
	struct traces *traces = traces_new();
	struct trace *first = trace_begin(traces, name(0), &letter);
	size_t n;

	for (unsigned i = 1; i < 100; i++) {
		struct trace *trace = trace_begin(traces, name(i), &letter);

		ck_assert_ptr_nonnull(trace);
		trace_step(trace, "connect", "");
		trace_end(trace);
	}
	trace_step(first, "connect", "still here");
	trace_steps(traces, name(0), &n);
	ck_assert_uint_eq(n, 1);
	for (unsigned i = 1; i < 100; i++) {
		trace_steps(traces, name(i), &n);
		ck_assert_uint_eq(n, i >= 85);
	}
	trace_end(first);
	trace_begin(traces, name(100), &letter);
	ck_assert_ptr_null(trace_steps(traces, name(0), &n));
	traces_free(traces);
}
END_TEST

START_TEST(more_than_16_at_once_have_none)
{
	struct traces *traces = traces_new();
	struct trace *last = NULL;

	for (unsigned i = 0; i < TRACE_MAILS; i++) {
		last = trace_begin(traces, name(i), &letter);
		ck_assert_ptr_nonnull(last);
	}
	ck_assert_ptr_null(trace_begin(traces, name(99), &letter));
	trace_end(last);
	ck_assert_ptr_nonnull(trace_begin(traces, name(99), &letter));
	traces_free(traces);
}
END_TEST

UNIT_MAIN("mail_trace", steps_are_kept_in_order_with_their_times,
	what_was_said_has_no_address_no_code_and_no_control, a_code_in_groups_is_masked,
	a_code_that_is_cut_is_masked, numbers_are_masked_like_addresses,
	a_mail_that_comes_again_goes_on_with_its_trace,
	there_are_at_most_64_steps_and_the_last_one_is_there,
	the_last_16_are_kept_but_never_at_the_cost_of_an_open_one,
	more_than_16_at_once_have_none);
