/* SPDX-License-Identifier: MIT */
/*
 * From a letter to the values that templates are filled in with. The words of a kind
 * are templates themselves: they are filled in first, and are values of the layouts.
 */
#include "otpd/mail/message/content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/message/when.h"
#include "otpd/proto/limits.h"

/* Groups of three, or of four where that comes out even; none is a single digit. */
static size_t group_size(size_t length, size_t at)
{
	size_t group = length % 3 != 0 && length % 4 == 0 ? 4 : 3;
	size_t rest = length - at;

	return rest <= group + 1 ? rest : group;
}

/* The code with its groups set apart by margins, which do not copy. */
static void show_code(char *out, size_t size, const char *code)
{
	size_t length = strlen(code), n = 0;

	out[0] = '\0';
	for (size_t at = 0; at < length && n < size;) {
		size_t group = group_size(length, at);

		n += (size_t)snprintf(out + n, size - n, "%s%.*s%s",
			at > 0 ? "<span style=\"margin-left:14px\">" : "", (int)group,
			code + at, at > 0 ? "</span>" : "");
		at += group;
	}
}

/* So large that it still fits on a telephone of 360 pixels. */
static const char *code_size(const char *code)
{
	size_t length = strlen(code);

	if (length <= 8)
		return "36px";
	return length <= 10 ? "28px" : "18px";
}

/* What follows in the text is the value of this variable. */
static struct buffer *begin(struct content_made *made, enum variable variable)
{
	made->starts[made->n].variable = variable;
	made->starts[made->n++].at = made->text.size;
	return &made->text;
}

static void end(struct content_made *made)
{
	buffer_add(&made->text, "", 1);
}

/*
 * Makes them values. Not before the last one is made: a value MUST NOT be filled into
 * the text that it stands in, since that moves when it grows.
 */
static void settle(struct content *content, const struct content_made *made)
{
	for (size_t i = 0; !made->text.failed && i < made->n; i++)
		content->values.of[made->starts[i].variable] =
			made->text.data + made->starts[i].at;
}

/*
 * Three letters of a mail's identifier (FNV-1a), for mails that otpd has given none:
 * two mails must not have the same subject, or mail programs show them as one
 * conversation.
 */
static void derive_reference(char out[LIMIT_REFERENCE + 1], const char *mail)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *mail; mail++)
		hash = (hash ^ (unsigned char)*mail) * UINT64_C(0x100000001b3);
	for (int i = 0; i < LIMIT_REFERENCE; i++) {
		out[i] = CODE_LETTERS[hash % strlen(CODE_LETTERS)];
		hash /= strlen(CODE_LETTERS);
	}
	out[LIMIT_REFERENCE] = '\0';
}

/* Cuts a value, and takes what short messages cannot have. */
static const char *cut(char out[CONTENT_SHORT + 1], const char *text, bool is_short)
{
	if (!is_short)
		return text;
	letter_clean(out, CONTENT_SHORT + 1, text);
	return out;
}

static void set_letter(struct content *content, const struct letter *letter,
	const struct tenant_config *tenant, const struct words *words, bool is_short)
{
	const char **of = content->values.of;
	const char *host = letter->host[0] ? letter->host : words->system;
	/* Whom that is about is not whom it is for. */
	bool is_user = letter->kind != LETTER_BREAK_GLASS_MADE;
	const char *user = is_user ? letter->user : "";
	const char *person = letter->name[0] ? letter->name : user;
	const char *brand = tenant->organisation[0] ? tenant->organisation : host;

	of[VAR_HOST] = cut(content->cut[0], host, is_short);
	of[VAR_BRAND] = cut(content->cut[1], brand, is_short);
	of[VAR_PERSON] = cut(content->cut[2], person, is_short);
	of[VAR_USER] = cut(content->cut[3], letter->user, is_short);
	of[VAR_SERVICE] = letter->service;
	of[VAR_RHOST] = letter->rhost;
	of[VAR_TTY] = letter->tty;
	of[VAR_COMMAND] = letter->command;
	of[VAR_ADDRESS] = letter->address;
	of[VAR_LEFT] = letter->left;
	of[VAR_REFERENCE] =
		letter->reference[0] ? letter->reference : content->reference;
	of[VAR_CODE] = letter->code;
}

static void set_looks(struct content *content, const struct letter *letter,
	const struct edition *edition, const struct words *words)
{
	const char **of = content->values.of;

	show_code(content->code_html, sizeof(content->code_html), letter->code);
	of[VAR_CODE_HTML] = content->code_html;
	of[VAR_CODE_SIZE] = code_size(letter->code);
	of[VAR_COLOUR] = edition->palette.colour;
	of[VAR_COLOUR_TEXT] = edition->palette.colour_text;
	of[VAR_ACCENT] = edition->palette.accent;
	of[VAR_ACCENT_DARK] = edition->palette.accent_dark;
	of[VAR_LANG] = words->language;
}

/* Values that are empty where nothing expires. */
static void make_times(
	struct content *content, const struct letter *letter, const struct words *words)
{
	struct content_made *made = &content->times;

	when_clock(begin(made, VAR_CLOCK), words, letter->at_s);
	end(made);
	when_full(begin(made, VAR_TIME), words, letter->at_s);
	end(made);
	if (letter->expires_at_s > 0) {
		when_clock(begin(made, VAR_EXPIRES), words, letter->expires_at_s);
		end(made);
		when_full(begin(made, VAR_ENDS), words, letter->expires_at_s);
		end(made);
		when_span(begin(made, VAR_MINUTES), words,
			letter->expires_at_s - letter->at_s);
		end(made);
	}
	settle(content, made);
}

static void make(
	struct content *content, enum variable variable, const struct stencil *stencil)
{
	struct content_made *made = &content->phrases;

	stencil_fill(stencil, begin(made, variable), content->values.of, ESCAPE_NONE);
	end(made);
}

static void make_phrases(struct content *content, const struct letter *letter,
	const struct words *words, bool has_reply, bool is_short)
{
	enum word footer = has_reply ? WORD_FOOTER_REPLY : WORD_FOOTER;
	struct stencil *const *phrase = words->phrase[letter->kind];

	if (is_short) {
		make(content, VAR_SMS, phrase[PHRASE_SMS]);
	} else {
		make(content, VAR_GREETING, words->word[WORD_GREETING]);
		make(content, VAR_PREHEADER, phrase[PHRASE_PREHEADER]);
		make(content, VAR_FOOTER, words->word[footer]);
	}
	make(content, VAR_HEADING, phrase[PHRASE_HEADING]);
	make(content, VAR_INTRO, phrase[PHRASE_INTRO]);
	make(content, VAR_ADVICE, phrase[PHRASE_ADVICE]);
	if (letter->expires_at_s > 0)
		make(content, VAR_EXPIRY, phrase[PHRASE_EXPIRY]);
	/* One that was made here stands before nobody's prompt. */
	if (letter->reference[0] && letter->code[0])
		make(content, VAR_PROMPT,
			words->word[letter->page[0] ? WORD_PAGE : WORD_PROMPT]);
	settle(content, &content->phrases);
}

int content_fill(struct content *content, const struct letter *letter,
	const struct tenant_config *tenant, const struct edition *edition,
	const struct wording *wording, const char *mail)
{
	bool is_short = address_is_number(letter->to);

	for (int i = 0; i < VARIABLES; i++)
		content->values.of[i] = "";
	content->times.n = content->phrases.n = 0;
	derive_reference(content->reference, mail);
	set_letter(content, letter, tenant, wording->words, is_short);
	set_looks(content, letter, edition, wording->words);
	make_times(content, letter, wording->words);
	make_phrases(
		content, letter, wording->words, tenant->reply_to[0] != '\0', is_short);
	return content->times.text.failed || content->phrases.text.failed ? -ENOMEM : 0;
}

void content_set_labels(struct content *content, const struct words *words, bool padded)
{
	for (int i = 0; i < VARIABLE_LABELS; i++)
		content->values.of[VAR_LABEL_SERVICE + i] =
			padded ? words->padded[i] : words->label[i];
}

void content_fini(struct content *content)
{
	buffer_fini(&content->times.text);
	buffer_fini(&content->phrases.text);
}
