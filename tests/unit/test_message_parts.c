/* SPDX-License-Identifier: MIT */
/* The parts that mails are made with: stencils, lines, colours, times, encodings. */
#include <errno.h>
#include <sodium.h>
#include <time.h>

#include "otpd/mail/message/colour.h"
#include "otpd/mail/message/mime.h"
#include "otpd/mail/message/when.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/stencil.h"
#include "otpd/util/wrap.h"
#include "tests/unit/letters.h"
#include "tests/unit/unit.h"

#define CLEANUP_BUFFER CLEANUP(buffer_fini) struct buffer

static const struct stencil_name names[] = {
	{ "a", false },
	{ "b", false },
	{ "html", true },
	{ "secret", false },
	{ NULL, false },
};
static const char *const values[] = { "<{{b}}>&\"'", "", "<i>", "s" };
#define WITHOUT_SECRET UINT64_C(7)

static void filled(
	const char *template, enum template_escape escape, const char *expected)
{
	struct stencil *stencil = NULL;
	struct stencil_fault fault;
	CLEANUP_BUFFER out = { 0 };
	int r = stencil_new(template, names, WITHOUT_SECRET, &stencil, &fault);

	ck_assert_msg(r == 0, "%s:%d: %s", template, fault.line, fault.text);
	buffer_puts(&out, "");
	stencil_fill(stencil, &out, values, escape);
	ck_assert_str_eq(out.data, expected);
	stencil_free(stencil);
}

START_TEST(values_are_escaped_and_are_no_templates)
{
	filled("{{a}}", ESCAPE_NONE, "<{{b}}>&\"'");
	filled("{{a}}", ESCAPE_HTML, "&lt;{{b}}&gt;&amp;&quot;&#39;");
	filled("{{html}}", ESCAPE_HTML, "<i>");
	filled("x{{b}}y", ESCAPE_NONE, "xy");
	filled("", ESCAPE_NONE, "");
	filled("}} { {a}", ESCAPE_NONE, "}} { {a}");
}
END_TEST

START_TEST(sections_stand_where_there_is_a_value)
{
	filled("{{#a}}yes{{/a}}{{#b}}no{{/b}}.", ESCAPE_NONE, "yes.");
	filled("{{#a}}{{#b}}no{{/b}}in{{/a}}", ESCAPE_NONE, "in");
	filled("{{#b}}{{#a}}no{{/a}}no{{/b}}out", ESCAPE_NONE, "out");
	filled("{{#html}}{{/html}}", ESCAPE_NONE, "");
}
END_TEST

START_TEST(lines_of_marks_leave_no_trace)
{
	filled("1\n{{#a}}\n2\n{{/a}}\n3\n", ESCAPE_NONE, "1\n2\n3\n");
	filled("1\n{{#b}}\n2\n{{/b}}\n3\n", ESCAPE_NONE, "1\n3\n");
	filled("1\n\t {{#b}} \n2\n  {{/b}}\n3\n", ESCAPE_NONE, "1\n3\n");
	filled("{{! a\n comment }}\n1", ESCAPE_NONE, "1");
	filled("1 {{! c }} 2\n", ESCAPE_NONE, "1  2\n");
	filled("1{{#a}}\n2{{/a}}\n", ESCAPE_NONE, "1\n2\n");
	filled("{{b}}\n1", ESCAPE_NONE, "\n1");
}
END_TEST

static void faulty(const char *template, int line, const char *text)
{
	struct stencil *stencil = NULL;
	struct stencil_fault fault;

	ck_assert_int_eq(stencil_new(template, names, WITHOUT_SECRET, &stencil, &fault),
		-EINVAL);
	ck_assert_ptr_null(stencil);
	ck_assert_int_eq(fault.line, line);
	ck_assert_msg(strstr(fault.text, text), "%s: %s", template, fault.text);
}

START_TEST(faults_are_told_with_their_line)
{
	faulty("{{c}}", 1, "unknown variable {{c}}");
	faulty("\n\n{{aa}}", 3, "unknown variable {{aa}}");
	faulty("\n{{secret}}", 2, "variable {{secret}} may not stand here");
	faulty("{{#c}}{{/c}}", 1, "unknown variable {{c}}");
	faulty("x\n{{#a}}\n\n", 2, "section {{#a}} is not closed");
	faulty("{{#a}}\n{{#b}}\n{{/a}}", 3, "{{/a}} closes nothing");
	faulty("{{/a}}", 1, "{{/a}} closes nothing");
	faulty("\n{{a", 2, "{{ without }}");
	faulty("{{}}", 1, "unknown variable {{}}");
	faulty("{{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}", 1, "is shorter");
	faulty("{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}", 1,
		"more than 8 sections");
}
END_TEST

START_TEST(what_is_shown_is_known)
{
	struct stencil *stencil = NULL;
	struct stencil_fault fault;

	ck_assert_int_eq(stencil_new("{{#a}}{{b}}{{/a}}", names, WITHOUT_SECRET,
				 &stencil, &fault),
		0);
	ck_assert_uint_eq(stencil_shows(stencil), 2);
	stencil_free(stencil);
}
END_TEST

static void wrapped(const char *text, size_t width, const char *expected)
{
	CLEANUP_BUFFER out = { 0 };

	wrap_text(&out, text, width);
	ck_assert_str_eq(out.data, expected);
}

START_TEST(text_is_wrapped_at_blanks_with_its_indent)
{
	wrapped("one two three\n  four five six\nabcdefghijklmno p\n\nz", 10,
		"one two\nthree\n  four\n  five six\nabcdefghijklmno\np\n\nz\n");
	wrapped("1234567890 1", 10, "1234567890\n1\n");
	wrapped("123456789 01", 10, "123456789\n01\n");
	wrapped("123456789   ", 10, "123456789\n");
	wrapped("\u00e9\u00e9\u00e9\u00e9\u00e9 \u00e9\u00e9\u00e9\u00e9 \u00e9", 10,
		"\u00e9\u00e9\u00e9\u00e9\u00e9 \u00e9\u00e9\u00e9\u00e9\n\u00e9\n");
	wrapped("abc\u00a0def ghi", 8, "abc\u00a0def\nghi\n");
	wrapped("e\u0301e\u0301 e\u0301e\u0301", 5, "e\u0301e\u0301 e\u0301e\u0301\n");
	wrapped("\xff\xff\xff\xff \xff\xff", 5, "\xff\xff\xff\xff\n\xff\xff\n");
}
END_TEST

START_TEST(japanese_is_wrapped_without_blanks_and_by_its_width)
{
	wrapped("\u65e5\u672c\u8a9e\u306e\u6587", 4,
		"\u65e5\u672c\n\u8a9e\u306e\n\u6587\n");
	wrapped("\u65e5\u672c\u8a9e\u306e\u6587", 5,
		"\u65e5\u672c\n\u8a9e\u306e\n\u6587\n");
	/* No full stop, bracket or small kana begins a line, no bracket ends one. */
	wrapped("\u65e5\u672c\u3002\u8a9e", 4, "\u65e5\n\u672c\u3002\n\u8a9e\n");
	wrapped("\u65e5\uff08\u672c\uff09\u8a9e", 4,
		"\u65e5\n\uff08\u672c\uff09\n\u8a9e\n");
	wrapped("\u65e5\u672c\u3063\u3066", 4, "\u65e5\n\u672c\u3063\n\u3066\n");
	/* A word of Latin letters stays whole. */
	wrapped("\u65e5abcde\u672c", 6, "\u65e5\nabcde\n\u672c\n");
	wrapped("  \u65e5\u672c\u8a9e", 6, "  \u65e5\u672c\n  \u8a9e\n");
}
END_TEST

START_TEST(columns_are_those_of_a_terminal)
{
	ck_assert_uint_eq(wrap_columns("abc"), 3);
	ck_assert_uint_eq(wrap_columns("\u65e5\u672c"), 4);
	ck_assert_uint_eq(wrap_columns("\uff21\uff08"), 4);
	ck_assert_uint_eq(wrap_columns("e\u0301"), 1);
	ck_assert_uint_eq(wrap_columns("\U0001f511"), 2);
	ck_assert_uint_eq(wrap_columns("\u00e9\u00a0"), 2);
	ck_assert_uint_eq(wrap_columns("\xff"), 1);
}
END_TEST

START_TEST(contrast_is_that_of_wcag)
{
	struct colour black, white, grey, red;

	ck_assert(colour_parse("#000000", &black) && colour_parse("#FFFFFF", &white) &&
		colour_parse("#767676", &grey) && colour_parse("#ff0000", &red));
	ck_assert_double_eq_tol(colour_contrast(black, white), 21.0, 0.001);
	ck_assert_double_eq_tol(colour_contrast(white, black), 21.0, 0.001);
	ck_assert_double_eq_tol(colour_contrast(grey, white), 4.54, 0.01);
	ck_assert_double_eq_tol(colour_contrast(red, white), 4.00, 0.01);
	ck_assert_double_eq_tol(colour_contrast(red, red), 1.0, 0.001);
	ck_assert(!colour_parse("", &red) && !colour_parse("#12345", &red) &&
		!colour_parse("#1234567", &red) && !colour_parse("#12345g", &red) &&
		!colour_parse("123456#", &red) && !colour_parse("# 12345", &red));
}
END_TEST

/* Contrast of two texts. */
static double contrast(const char *a, const char *b)
{
	struct colour x, y;

	ck_assert(colour_parse(a, &x) && colour_parse(b, &y));
	return colour_contrast(x, y);
}

START_TEST(every_colour_of_a_tenant_can_be_read)
{
	for (unsigned rgb = 0; rgb <= 0xffffff; rgb += 0x010305) {
		char text[16];
		struct palette palette;

		snprintf(text, sizeof(text), "#%06x", rgb);
		palette_make(&palette, text);
		if (strcmp(palette.colour, text) != 0 ||
			contrast(palette.colour, palette.colour_text) < 4.5 ||
			contrast(palette.accent, PALETTE_BOX) < 4.5 ||
			contrast(palette.accent_dark, PALETTE_BOX_DARK) < 7.0)
			ck_abort_msg("%s: %s on %s, %s, %s", text, palette.colour_text,
				palette.colour, palette.accent, palette.accent_dark);
	}
}
END_TEST

START_TEST(a_readable_colour_stays_as_it_is)
{
	struct palette palette;

	palette_make(&palette, "#24478f");
	ck_assert_str_eq(palette.accent, "#24478f");
	ck_assert_str_eq(palette.colour_text, "#ffffff");
	palette_make(&palette, "");
	ck_assert_str_eq(palette.colour, "#24478f");
}
END_TEST

/* The words of a language, from the tree. */
static struct words *words_of(const char *language)
{
	char path[UNIT_PATH], error[512];
	struct words *words = NULL;
	const char *paths[1] = { path };
	char *text;

	snprintf(path, sizeof(path), "words.%s", language);
	text = read_text("templates", path);
	write_text(unit_directory, path, text);
	free(text);
	snprintf(path, sizeof(path), "%s/words.%s", unit_directory, language);
	ck_assert_msg(words_load(language, paths, 1, &words, error, sizeof(error)) == 0,
		"%s", error);
	return words;
}

static void zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

START_TEST(times_are_told_as_each_language_does)
{
	static const struct {
		const char *language;
		const char *in_utc;
		const char *in_berlin;
		const char *minutes;
	} rows[] = {
		{ "en", "Tue 14 Nov 2023, 22:13 UTC",
			"Tue 14 Nov 2023, 23:13 CET (22:13 UTC)", "10 minutes" },
		{ "de", "Di., 14. November 2023, 22:13 UTC",
			"Di., 14. November 2023, 23:13 CET (22:13 UTC)",
			"10\u00a0Minuten" },
		{ "fr", "mardi 14 novembre 2023, 22\u00a0h\u00a013 UTC",
			"mardi 14 novembre 2023, 23\u00a0h\u00a013 CET "
			"(22\u00a0h\u00a013 UTC)",
			"10\u00a0minutes" },
		{ "es", "martes, 14 de noviembre de 2023, 22:13 UTC",
			"martes, 14 de noviembre de 2023, 23:13 CET (22:13 UTC)",
			"10\u00a0minutos" },
		{ "pt", "ter\u00e7a-feira, 14 de novembro de 2023, 22:13 UTC",
			"ter\u00e7a-feira, 14 de novembro de 2023, 23:13 CET (22:13 UTC)",
			"10\u00a0minutos" },
		{ "ja", "2023\u5e7411\u670814\u65e5\uff08\u706b\uff0922:13\u00a0UTC",
			"2023\u5e7411\u670814\u65e5\uff08\u706b\uff0923:13\u00a0CET\uff0822:13"
			"\u00a0UTC\uff09",
			"10\u5206" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_BUFFER utc = { 0 }, berlin = { 0 }, span = { 0 };
		struct words *words = words_of(rows[i].language);

		zone("UTC0");
		when_full(&utc, words, 1700000000);
		ck_assert_str_eq(utc.data, rows[i].in_utc);
		zone("Europe/Berlin");
		when_full(&berlin, words, 1700000000);
		ck_assert_str_eq(berlin.data, rows[i].in_berlin);
		when_span(&span, words, 600);
		ck_assert_str_eq(span.data, rows[i].minutes);
		words_free(words);
	}
	zone("UTC0");
}
END_TEST

START_TEST(times_have_a_zone_and_spans_a_unit)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} spans[] = {
		{ -5, "0 seconds" },
		{ 0, "0 seconds" },
		{ 1, "1 second" },
		{ 59, "59 seconds" },
		{ 60, "1 minute" },
		{ 119, "1 minute" },
		{ 600, "10 minutes" },
		{ 3599, "59 minutes" },
		{ 3600, "1 hour" },
		{ 3660, "61 minutes" },
		{ 7200, "2 hours" },
		{ 86400, "24 hours" },
	};
	struct words *words = words_of("en");
	CLEANUP_BUFFER clock = { 0 };
	char header[WHEN_HEADER];

	when_clock(&clock, words, 1700000000);
	ck_assert_str_eq(clock.data, "22:13 UTC");
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		CLEANUP_BUFFER out = { 0 };

		when_span(&out, words, spans[i].seconds);
		ck_assert_str_eq(out.data, spans[i].text);
	}
	zone("Europe/Berlin");
	when_header(header, 1700000000);
	ck_assert_str_eq(header, "Tue, 14 Nov 2023 23:13:20 +0100");
	zone("UTC0");
	when_header(header, INT64_MAX);
	ck_assert_str_eq(header, "Thu, 01 Jan 1970 00:00:00 +0000");
	words_free(words);
}
END_TEST

START_TEST(labels_stand_in_a_column)
{
	struct words *words = words_of("ja");

	ck_assert_str_eq(
		words->padded[WORD_LABEL_SERVICE], words->label[WORD_LABEL_SERVICE]);
	for (int i = 1; i < VARIABLE_LABELS; i++)
		ck_assert_uint_eq(
			wrap_columns(words->padded[i]), wrap_columns(words->padded[0]));
	words_free(words);
}
END_TEST

START_TEST(base64_has_whole_lines_and_cr_lf)
{
	CLEANUP_BUFFER out = { 0 };
	char text[200], back[400];
	size_t n;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[56] = text[120] = '\n'; /* the CR ends a line of base64 */
	mime_base64(&out, text);
	for (char *line = out.data; *line; line = strstr(line, "\r\n") + 2)
		ck_assert_uint_le(strcspn(line, "\r"), 76);
	ck_assert_int_eq(
		sodium_base642bin((unsigned char *)back, sizeof(back), out.data,
			out.size, "\r\n", &n, NULL, sodium_base64_VARIANT_ORIGINAL),
		0);
	ck_assert_uint_eq(n, sizeof(text) - 1 + 2);
	ck_assert(memcmp(back + 56, "\r\na", 3) == 0);
	ck_assert(memcmp(back + 121, "\r\na", 3) == 0);
}
END_TEST

START_TEST(a_body_takes_the_shorter_encoding)
{
	CLEANUP_BUFFER latin = { 0 }, wide = { 0 };

	mime_body(&latin,
		"Gr\u00fc\u00dfe aus einem Satz, der meist aus ASCII besteht.\n");
	ck_assert_ptr_nonnull(
		strstr(latin.data, "Encoding: quoted-printable\r\n\r\nGr="));
	mime_body(&wide, "\u65e5\u672c\u8a9e\u306e\u6587\n");
	ck_assert_str_eq(wide.data,
		"Content-Transfer-Encoding: base64\r\n\r\n"
		"5pel5pys6Kqe44Gu5paHDQo=\r\n");
}
END_TEST

START_TEST(a_buffer_that_was_reserved_does_not_move)
{
	CLEANUP_BUFFER out = { 0 };
	const char *data;

	buffer_reserve(&out, 10000);
	data = out.data;
	for (int i = 0; i < 1000; i++)
		buffer_puts(&out, "0123456789");
	ck_assert_ptr_eq(out.data, data);
	ck_assert(!out.failed && out.size == 10000);
	buffer_reserve(&out, 1 << 30);
	ck_assert(out.failed);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		values_are_escaped_and_are_no_templates,
		sections_stand_where_there_is_a_value,
		lines_of_marks_leave_no_trace,
		faults_are_told_with_their_line,
		what_is_shown_is_known,
		text_is_wrapped_at_blanks_with_its_indent,
		japanese_is_wrapped_without_blanks_and_by_its_width,
		columns_are_those_of_a_terminal,
		contrast_is_that_of_wcag,
		every_colour_of_a_tenant_can_be_read,
		a_readable_colour_stays_as_it_is,
		times_are_told_as_each_language_does,
		times_have_a_zone_and_spans_a_unit,
		labels_stand_in_a_column,
		base64_has_whole_lines_and_cr_lf,
		a_body_takes_the_shorter_encoding,
		a_buffer_that_was_reserved_does_not_move,
	};

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	zone("UTC0");
	return unit_run("message_parts", tests, sizeof(tests) / sizeof(tests[0]));
}
