/* SPDX-License-Identifier: MIT */
/*
 * words.LANG: settings whose values are templates. Each value is tried while its file
 * is read, so that a mistake is told with its line; what no file says is found
 * afterwards.
 *
 * A phrase that a code could leak through, the subject and the preheader, MUST NOT have
 * it: lock screens show them.
 */
#include "otpd/mail/message/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/config/settings.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "otpd/util/wrap.h"

#define TEXT_MAX 1023
/* What a file does not say. No file can say it: it is a control character. */
#define UNSAID "\x01"

#define LABEL_VARIABLES (UINT64_C(0))
#define NUMBER          VARIABLE(N)

/* A file, as it stands. */
struct source {
	char word[WORDS][TEXT_MAX + 1];
	struct settings_array kinds; /* of struct kind_source */
};

struct kind_source {
	char title[SETTINGS_TITLE];
	char phrase[PHRASES][TEXT_MAX + 1];
};

#define WORD(id, name, help)                                                         \
	[WORD_##id] = { name, SETTING_STRING,                                        \
		offsetof(struct source, word[WORD_##id]), 0, TEXT_MAX, NULL, UNSAID, \
		help, false }
#define PHRASE(id, name, help)                                                        \
	[PHRASE_##id] = { name, SETTING_STRING,                                       \
		offsetof(struct kind_source, phrase[PHRASE_##id]), 0, TEXT_MAX, NULL, \
		UNSAID, help, false }

/* clang-format off */
static const struct setting word_settings[WORDS + 1] = {
	WORD(LABEL_SERVICE, "service", "label"),
	WORD(LABEL_USER, "user", "label"),
	WORD(LABEL_HOST, "host", "label"),
	WORD(LABEL_FROM, "from", "label: where the request came from"),
	WORD(LABEL_TERMINAL, "terminal", "label"),
	WORD(LABEL_COMMAND, "command", "label"),
	WORD(LABEL_TIME, "time", "label"),
	WORD(LABEL_REFERENCE, "reference", "label"),
	WORD(SYSTEM, "system", "stands for a host that is not known"),
	WORD(WEEKDAYS, "weekdays", "seven names, Sunday first"),
	WORD(MONTHS, "months", "twelve names"),
	WORD(CLOCK, "clock", "a time of the day"),
	WORD(CLOCK_ZONE, "clock_zone", "the same where the zone is not UTC"),
	WORD(DATE, "date", "a day and a time"),
	WORD(SECOND, "second", "a span"),
	WORD(SECONDS, "seconds", "a span"),
	WORD(MINUTE, "minute", "a span"),
	WORD(MINUTES, "minutes", "a span"),
	WORD(HOUR, "hour", "a span"),
	WORD(HOURS, "hours", "a span"),
	WORD(GREETING, "greeting", "the first line"),
	WORD(PROMPT, "prompt", "that the reference must be the same"),
	WORD(FOOTER, "footer", "the last line"),
};

static const struct setting phrase_settings[PHRASES + 1] = {
	PHRASE(SUBJECT, "subject", "no code"),
	PHRASE(PREHEADER, "preheader", "what a list of mails shows beside it; no code"),
	PHRASE(HEADING, "heading", "the title inside"),
	PHRASE(INTRO, "intro", "what it is about"),
	PHRASE(EXPIRY, "expiry", "until when that holds"),
	PHRASE(ADVICE, "advice", "what to do, in two sentences"),
	PHRASE(SMS, "sms", "the whole of it in a short message"),
};
/* clang-format on */

static int check_value(const char *title, const struct setting *setting,
	const char *text, char *why, size_t why_size);

static const struct settings_section kind_section[] = {
	{ "kind", phrase_settings, sizeof(struct kind_source),
		offsetof(struct source, kinds) },
	{ 0 },
};

static const struct settings_schema words_schema = {
	.size = sizeof(struct source),
	.settings = word_settings,
	.sections = kind_section,
	.check = check_value,
};

DEFINE_CLEANUP(struct words *, words_free);

static void source_free(struct source *source)
{
	settings_free(&words_schema, source);
}
DEFINE_CLEANUP(struct source *, source_free);

static bool find_kind(const char *name, enum letter_kind *ret)
{
	for (int i = 0; i < LETTER_KINDS; i++) {
		if (strcmp(letter_kind_name((enum letter_kind)i), name) != 0)
			continue;
		*ret = (enum letter_kind)i;
		return true;
	}
	return false;
}

/* Whether it is a plain text, which goes nowhere through a template. */
static bool is_name(enum word word)
{
	return word <= WORD_MONTHS;
}

static uint64_t word_variables(enum word word)
{
	if (is_name(word))
		return LABEL_VARIABLES;
	if (word == WORD_CLOCK || word == WORD_CLOCK_ZONE)
		return variables_clock;
	if (word == WORD_DATE)
		return variables_date;
	if (word >= WORD_SECOND && word <= WORD_HOURS)
		return NUMBER;
	return VARIABLE(BRAND) | VARIABLE(PERSON) | VARIABLE(USER) | VARIABLE(HOST) |
		VARIABLE(REFERENCE);
}

static uint64_t phrase_variables(enum letter_kind kind, enum phrase phrase)
{
	uint64_t allowed = variables_words(kind);

	if (phrase == PHRASE_SUBJECT || phrase == PHRASE_PREHEADER ||
		phrase == PHRASE_HEADING)
		allowed &= ~VARIABLE(CODE);
	return allowed;
}

/* Copies the i-th of the words that blanks part; false if there is none that fits. */
static bool take_name(const char *text, size_t i, char out[WORDS_LABEL])
{
	size_t n;

	for (text += strspn(text, " "); i > 0; i--) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	n = strcspn(text, " ");
	if (n == 0 || n >= WORDS_LABEL)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static bool has_names(const char *text, size_t n)
{
	char ignored[WORDS_LABEL];

	return take_name(text, n - 1, ignored) && !take_name(text, n, ignored);
}

/* What is wrong with a plain text; NULL if nothing. */
static const char *name_problem(enum word word, const char *text)
{
	if (word == WORD_WEEKDAYS)
		return has_names(text, WORDS_DAYS) ? NULL : "not seven names";
	if (word == WORD_MONTHS)
		return has_names(text, WORDS_YEAR) ? NULL : "not twelve names";
	return strlen(text) < WORDS_LABEL ? NULL : "longer than 63 bytes";
}

static int try_template(
	const char *text, uint64_t allowed, uint64_t needed, char *why, size_t why_size)
{
	struct stencil *stencil = NULL;
	struct stencil_fault fault;
	int r = stencil_new(text, variable_names, allowed, &stencil, &fault);

	if (r < 0) {
		snprintf(why, why_size, "%s", r == -EINVAL ? fault.text : strerror(-r));
		return -EINVAL;
	}
	if ((stencil_shows(stencil) & needed) != needed) {
		snprintf(why, why_size, "{{code}} is missing");
		r = -EINVAL;
	}
	stencil_free(stencil);
	return r;
}

static int check_word(enum word word, const char *text, char *why, size_t why_size)
{
	const char *problem = is_name(word) ? name_problem(word, text) : NULL;

	if (!problem)
		return try_template(text, word_variables(word), 0, why, why_size);
	snprintf(why, why_size, "%s", problem);
	return -EINVAL;
}

static int check_value(const char *title, const struct setting *setting,
	const char *text, char *why, size_t why_size)
{
	enum letter_kind kind;
	enum phrase phrase;

	if (!title[0])
		return check_word(
			(enum word)(setting - word_settings), text, why, why_size);
	if (!find_kind(title, &kind)) {
		snprintf(why, why_size, "there is no such kind of mail");
		return -EINVAL;
	}
	phrase = (enum phrase)(setting - phrase_settings);
	return try_template(text, phrase_variables(kind, phrase),
		phrase == PHRASE_SMS && letter_kind_has_code(kind) ? VARIABLE(CODE) : 0,
		why, why_size);
}

static bool is_said(const char *text)
{
	return strcmp(text, UNSAID) != 0;
}

static void take_text(char **to, char *from)
{
	if (is_said(from))
		*to = from;
}

/* What the files say together: each text is that of the last one that has it. */
struct merged {
	char *word[WORDS];
	char *phrase[LETTER_KINDS][PHRASES];
};

static int merge(struct merged *merged, struct source *source, const char *path,
	char *error, size_t error_size)
{
	struct kind_source *kinds = source->kinds.items;

	for (int i = 0; i < WORDS; i++)
		take_text(&merged->word[i], source->word[i]);
	for (size_t i = 0; i < source->kinds.n; i++) {
		enum letter_kind kind;

		if (!find_kind(kinds[i].title, &kind)) {
			snprintf(error, error_size,
				"%s: kind %s: there is no such kind of mail", path,
				kinds[i].title);
			return -EINVAL;
		}
		for (int j = 0; j < PHRASES; j++)
			take_text(&merged->phrase[kind][j], kinds[i].phrase[j]);
	}
	return 0;
}

/* The texts have been tried one by one, so only memory can be missing. */
static int compile(const char *text, uint64_t allowed, struct stencil **ret)
{
	struct stencil_fault fault;

	return stencil_new(text, variable_names, allowed, ret, &fault);
}

static int fill_word(struct words *words, enum word word, const char *text)
{
	if (!is_name(word))
		return compile(text, word_variables(word), &words->word[word]);
	if (word < VARIABLE_LABELS)
		text_copy(words->label[word], WORDS_LABEL, text);
	else if (word == WORD_SYSTEM)
		text_copy(words->system, WORDS_LABEL, text);
	for (size_t i = 0; word == WORD_WEEKDAYS && i < WORDS_DAYS; i++)
		take_name(text, i, words->weekdays[i]);
	for (size_t i = 0; word == WORD_MONTHS && i < WORDS_YEAR; i++)
		take_name(text, i, words->months[i]);
	return 0;
}

static void pad_labels(struct words *words)
{
	size_t widest = 0;

	for (int i = 0; i < VARIABLE_LABELS; i++) {
		size_t columns = wrap_columns(words->label[i]);

		widest = columns > widest ? columns : widest;
	}
	for (int i = 0; i < VARIABLE_LABELS; i++)
		snprintf(words->padded[i], sizeof(words->padded[i]), "%s%*s",
			words->label[i], (int)(widest - wrap_columns(words->label[i])),
			"");
}

static int fill(struct words *words, const struct merged *merged, const char *path,
	char *error, size_t error_size)
{
	int r = 0;

	for (int i = 0; r == 0 && i < WORDS; i++) {
		if (!merged->word[i]) {
			snprintf(error, error_size, "%s: %s is missing", path,
				word_settings[i].name);
			return -EINVAL;
		}
		r = fill_word(words, (enum word)i, merged->word[i]);
	}
	for (int i = 0; r == 0 && i < LETTER_KINDS * PHRASES; i++) {
		enum letter_kind kind = (enum letter_kind)(i / PHRASES);
		enum phrase phrase = (enum phrase)(i % PHRASES);
		const char *text = merged->phrase[kind][phrase];

		if (!text) {
			snprintf(error, error_size, "%s: kind %s: %s is missing", path,
				letter_kind_name(kind), phrase_settings[phrase].name);
			return -EINVAL;
		}
		r = compile(text, phrase_variables(kind, phrase),
			&words->phrase[kind][phrase]);
	}
	pad_labels(words);
	return r;
}

/* Reads the files from the i-th on; each is kept until the last one is merged. */
static int load_from(struct words *words, struct merged *merged,
	const char *const *paths, size_t i, size_t n, char *error, size_t error_size)
{
	CLEANUP(source_freep) struct source *source = NULL;
	void *root = NULL;
	int r;

	if (i == n)
		return fill(words, merged, paths[0], error, error_size);
	r = settings_load(&words_schema, paths[i], &root, error, error_size);
	source = root;
	if (r == 0)
		r = merge(merged, source, paths[i], error, error_size);
	return r < 0 ? r : load_from(words, merged, paths, i + 1, n, error, error_size);
}

int words_load(const char *language, const char *const *paths, size_t n,
	struct words **ret, char *error, size_t error_size)
{
	CLEANUP(words_freep) struct words *words = calloc(1, sizeof(*words));
	struct merged merged = { 0 };
	int r;

	if (!words)
		return -ENOMEM;
	text_copy(words->language, sizeof(words->language), language);
	r = load_from(words, &merged, paths, 0, n, error, error_size);
	if (r == 0)
		*ret = TAKE_PTR(words);
	return r;
}

void words_free(struct words *words)
{
	if (!words)
		return;
	for (int i = 0; i < WORDS; i++)
		stencil_free(words->word[i]);
	for (int i = 0; i < LETTER_KINDS; i++)
		for (int j = 0; j < PHRASES; j++)
			stencil_free(words->phrase[i][j]);
	free(words);
}
