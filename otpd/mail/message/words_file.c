/* SPDX-License-Identifier: MIT */
/*
 * words.LANG as it stands: settings whose values are templates. Each value is tried
 * while its file is read, so that a mistake is told with its line.
 *
 * A phrase that a code could leak through, the subject and the preheader, MUST NOT have
 * it: lock screens show them.
 */
#include "otpd/mail/message/words_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/stencil.h"

#define FILE_MAX 262144
DEFINE_CLEANUP(char *, secret_free);

/* What a file does not say. No file can say it: it is a control character. */
#define UNSAID "\x01"

#define LABEL_VARIABLES (UINT64_C(0))
#define NUMBER          VARIABLE(N)

#define WORD(id, name, help)                                                       \
	[WORD_##id] = { name, SETTING_STRING,                                      \
		offsetof(struct words_file, word[WORD_##id]), 0, WORDS_TEXT, NULL, \
		UNSAID, help, false }
#define PHRASE(id, name, help)                                                         \
	[PHRASE_##id] = { name, SETTING_STRING,                                        \
		offsetof(struct words_kind, phrase[PHRASE_##id]), 0, WORDS_TEXT, NULL, \
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
	WORD(FROM_NAME, "from_name", "stands before the sender's address"),
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
	WORD(PAGE, "page", "the same of a web page; as prompt if it is left out"),
	WORD(FOOTER, "footer", "the last line"),
	WORD(FOOTER_REPLY, "footer_reply", "the same, where there is a reply_to"),
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
	{ "kind", phrase_settings, sizeof(struct words_kind),
		offsetof(struct words_file, kinds) },
	{ 0 },
};

static const struct settings_schema words_schema = {
	.size = sizeof(struct words_file),
	.settings = word_settings,
	.sections = kind_section,
	.check = check_value,
};

bool words_find_kind(const char *name, enum letter_kind *ret)
{
	for (int i = 0; i < LETTER_KINDS; i++) {
		if (strcmp(letter_kind_name((enum letter_kind)i), name) != 0)
			continue;
		*ret = (enum letter_kind)i;
		return true;
	}
	return false;
}

bool word_is_text(enum word word)
{
	return word <= WORD_MONTHS;
}

uint64_t word_variables(enum word word)
{
	if (word_is_text(word))
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

uint64_t phrase_variables(enum letter_kind kind, enum phrase phrase)
{
	uint64_t allowed = variables_words(kind);

	if (phrase == PHRASE_SUBJECT || phrase == PHRASE_PREHEADER ||
		phrase == PHRASE_HEADING)
		allowed &= ~VARIABLE(CODE);
	return allowed;
}

bool words_take_name(const char *text, size_t i, char out[WORDS_LABEL])
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

	return words_take_name(text, n - 1, ignored) &&
		!words_take_name(text, n, ignored);
}

/* What is wrong with a plain text; NULL if nothing. */
static const char *name_problem(enum word word, const char *text)
{
	if (word == WORD_WEEKDAYS)
		return has_names(text, WORDS_DAYS) ? NULL : "not seven names";
	if (word == WORD_MONTHS)
		return has_names(text, WORDS_YEAR) ? NULL : "not twelve names";
	if (!text[strspn(text, " ")])
		return "it is empty";
	return strlen(text) < WORDS_LABEL ? NULL : "longer than 63 bytes";
}

/* Whether it shows nothing, even where each variable has a value. */
static bool is_empty(const struct stencil *stencil)
{
	CLEANUP(buffer_fini) struct buffer shown = { 0 };
	const char *values[VARIABLES];

	for (int i = 0; i < VARIABLES; i++)
		values[i] = "x";
	stencil_fill(stencil, &shown, values, ESCAPE_NONE);
	return !shown.failed && strspn(shown.data ? shown.data : "", " ") == shown.size;
}

/* needed: the variables that it must show. */
static int try_template(const char *text, uint64_t allowed, uint64_t needed,
	bool may_be_empty, char *why, size_t why_size)
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
	} else if (!may_be_empty && is_empty(stencil)) {
		snprintf(why, why_size, "it is empty");
		r = -EINVAL;
	}
	stencil_free(stencil);
	return r;
}

static int check_word(enum word word, const char *text, char *why, size_t why_size)
{
	const char *problem = word_is_text(word) ? name_problem(word, text) : NULL;

	if (!problem)
		return try_template(text, word_variables(word), 0,
			word >= WORD_GREETING, why, why_size);
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
	if (!words_find_kind(title, &kind)) {
		snprintf(why, why_size, "there is no such kind of mail");
		return -EINVAL;
	}
	phrase = (enum phrase)(setting - phrase_settings);
	return try_template(text, phrase_variables(kind, phrase),
		phrase == PHRASE_SMS && letter_kind_has_code(kind) ? VARIABLE(CODE) : 0,
		phrase == PHRASE_PREHEADER || phrase == PHRASE_EXPIRY ||
			phrase == PHRASE_ADVICE,
		why, why_size);
}

bool words_said(const char *text)
{
	return strcmp(text, UNSAID) != 0;
}

const char *word_name(enum word word)
{
	return word_settings[word].name;
}

const char *phrase_name(enum phrase phrase)
{
	return phrase_settings[phrase].name;
}

/* The line of the first CR, which nobody sees and values would keep; 0 if none. */
static int find_return(const char *text)
{
	const char *at = strchr(text, '\r');
	int line = 1;

	for (; at && text < at; text++)
		line += *text == '\n';
	return at ? line : 0;
}

static int check_returns(const char *path, char *error, size_t error_size)
{
	CLEANUP(secret_freep) char *text = NULL;
	int line, r = file_read_safe(path, FILE_CONFIG, FILE_MAX, &text, NULL);

	if (r < 0) {
		snprintf(error, error_size, "%s: %s", path, file_error(r, FILE_CONFIG));
		return r;
	}
	line = find_return(text);
	if (line == 0)
		return 0;
	snprintf(error, error_size, "%s:%d: a CR; lines must end in LF only", path,
		line);
	return -EINVAL;
}

int words_file_load(
	const char *path, struct words_file **ret, char *error, size_t error_size)
{
	void *root = NULL;
	int r = check_returns(path, error, error_size);

	if (r == 0)
		r = settings_load(&words_schema, path, &root, error, error_size);
	*ret = root;
	return r;
}

void words_file_free(struct words_file *file)
{
	settings_free(&words_schema, file);
}
