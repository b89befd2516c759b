/* SPDX-License-Identifier: MIT */
/*
 * The words of a language, from its files. Each text is that of the last file that has
 * it; what no file says is found at the end.
 */
#include "otpd/mail/message/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/message/words_file.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "otpd/util/wrap.h"

DEFINE_CLEANUP(struct words *, words_free);
DEFINE_CLEANUP(struct words_file *, words_file_free);

static void take_text(char **to, char *from)
{
	if (words_said(from))
		*to = from;
}

/* What the files say together: each text is that of the last one that has it. */
struct merged {
	char *word[WORDS];
	char *phrase[LETTER_KINDS][PHRASES];
};

static int merge(struct merged *merged, struct words_file *file, const char *path,
	char *error, size_t error_size)
{
	struct words_kind *kinds = file->kinds.items;

	for (int i = 0; i < WORDS; i++)
		take_text(&merged->word[i], file->word[i]);
	for (size_t i = 0; i < file->kinds.n; i++) {
		enum letter_kind kind;

		if (!words_find_kind(kinds[i].title, &kind)) {
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
	if (!word_is_text(word))
		return compile(text, word_variables(word), &words->word[word]);
	if (word < VARIABLE_LABELS)
		text_copy(words->label[word], WORDS_LABEL, text);
	else if (word == WORD_SYSTEM)
		text_copy(words->system, WORDS_LABEL, text);
	else if (word == WORD_FROM_NAME)
		text_copy(words->from_name, WORDS_LABEL, text);
	for (size_t i = 0; word == WORD_WEEKDAYS && i < WORDS_DAYS; i++)
		words_take_name(text, i, words->weekdays[i]);
	for (size_t i = 0; word == WORD_MONTHS && i < WORDS_YEAR; i++)
		words_take_name(text, i, words->months[i]);
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

static int fill(struct words *words, struct merged *merged, const char *path,
	char *error, size_t error_size)
{
	int r = 0;

	for (int i = 0; r == 0 && i < WORDS; i++) {
		/* Languages of before it came have none. */
		if (i == WORD_PAGE && !merged->word[i])
			merged->word[i] = merged->word[WORD_PROMPT];
		if (!merged->word[i]) {
			snprintf(error, error_size, "%s: %s is missing", path,
				word_name((enum word)i));
			return -EINVAL;
		}
		r = fill_word(words, (enum word)i, merged->word[i]);
	}
	for (int i = 0; r == 0 && i < (int)LETTER_KINDS * (int)PHRASES; i++) {
		enum letter_kind kind = (enum letter_kind)(i / PHRASES);
		enum phrase phrase = (enum phrase)(i % PHRASES);
		const char *text = merged->phrase[kind][phrase];

		if (!text) {
			snprintf(error, error_size, "%s: kind %s: %s is missing", path,
				letter_kind_name(kind), phrase_name(phrase));
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
	CLEANUP(words_file_freep) struct words_file *file = NULL;
	int r;

	if (i == n)
		return fill(words, merged, paths[0], error, error_size);
	r = words_file_load(paths[i], &file, error, error_size);
	if (r == 0)
		r = merge(merged, file, paths[i], error, error_size);
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
