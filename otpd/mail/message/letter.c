/* SPDX-License-Identifier: MIT */
/*
 * The plaintext of a sealed mail: the contract with otpd, held strictly. User names,
 * host names and terminals come from strangers, so this is where they become texts
 * that can stand in a header, on a line, and before a person's eyes.
 *
 * MUST NOT let a control character, a line end or a bidirectional override through.
 */
#include "otpd/mail/message/letter.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define ELLIPSIS "..."

static const char *const kind_names[LETTER_KINDS] = {
	[LETTER_LOGIN] = "login",
	[LETTER_VERIFY] = "verify",
	[LETTER_REGISTER] = "register",
	[LETTER_REGISTERED] = "registered",
	[LETTER_WELCOME] = "welcome",
	[LETTER_RESET] = "reset",
	[LETTER_PASSWORD_CHANGED] = "password-changed",
	[LETTER_ADDRESS_CHANGED] = "address-changed",
	[LETTER_LOCKED] = "locked",
	[LETTER_RECOVERY] = "recovery",
	[LETTER_RESET_LOCKED] = "reset-locked",
	[LETTER_RECOVERY_CODES] = "recovery-codes",
	[LETTER_RECOVERY_USED] = "recovery-used",
	[LETTER_BREAK_GLASS] = "break-glass",
	[LETTER_BREAK_GLASS_MADE] = "break-glass-made",
	[LETTER_TEST] = "test",
};

const char *letter_kind_name(enum letter_kind kind)
{
	return kind_names[kind];
}

bool letter_kind_has_code(enum letter_kind kind)
{
	return kind == LETTER_LOGIN || kind == LETTER_VERIFY ||
		kind == LETTER_REGISTER || kind == LETTER_RESET ||
		kind == LETTER_RECOVERY;
}

/*
 * U+200B..200F, U+2028..202E, U+2060..206F, U+FEFF: invisible, yet they end lines or
 * turn text around. length is that of the character at text.
 */
static bool is_invisible(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;

	if (length != 3)
		return false;
	if (s[0] == 0xef)
		return s[1] == 0xbb && s[2] == 0xbf;
	if (s[0] != 0xe2)
		return false;
	if (s[1] == 0x80)
		return (s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae);
	return s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf;
}

/* The next character as it may be shown, and how many bytes of text it stood for. */
static size_t clean_next(const char *text, const char **ret_shown, size_t *ret_shown_n)
{
	size_t length = text_utf8_length(text);
	unsigned char c = (unsigned char)*text;
	bool bad = length == 0 || c < 0x20 || c == 0x7f ||
		(c == 0xc2 && (unsigned char)text[1] < 0xa0) ||
		is_invisible(text, length);

	*ret_shown = bad ? "?" : text;
	*ret_shown_n = bad ? 1 : length;
	return length > 0 ? length : 1;
}

void letter_clean(char *out, size_t size, const char *text)
{
	size_t n = 0, fits = 0; /* fits: up to where an ellipsis still has room */

	while (*text == ' ')
		text++;
	while (*text) {
		const char *shown;
		size_t shown_n, used = clean_next(text, &shown, &shown_n);

		if (n + shown_n >= size) {
			n = fits;
			for (const char *c = ELLIPSIS; *c && n + 1 < size; c++)
				out[n++] = *c;
			break;
		}
		memcpy(out + n, shown, shown_n);
		n += shown_n;
		if (n + strlen(ELLIPSIS) < size)
			fits = n;
		text += used;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static int parse_kind(const char *name, enum letter_kind *ret)
{
	for (int i = 0; i < LETTER_KINDS; i++) {
		if (strcmp(kind_names[i], name) != 0)
			continue;
		*ret = (enum letter_kind)i;
		return 0;
	}
	return -EINVAL;
}

/* Capital letters and digits only, at most max of them. */
static bool is_code(const char *text, size_t max)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return text[length] == '\0' && length <= max;
}

/* Whether it has a code exactly where its kind needs one. */
static bool makes_sense(const struct letter *letter)
{
	return letter_kind_has_code(letter->kind) == (letter->code[0] != '\0') &&
		!address_route_problem(letter->to) &&
		(!letter->second[0] || !address_route_problem(letter->second)) &&
		letter->left[strspn(letter->left, "0123456789")] == '\0' &&
		letter->at_s > 0 && letter->expires_at_s >= 0;
}

/* The members that are texts, and where they go. */
struct text_member {
	const char *name;
	char *out;
	size_t size;
	bool is_exact; /* not for showing: it must fit, and is copied as it is */
};

/* -EINVAL if it is of another type or does not fit. A text that is left out is empty.
 */
static int take_text(json_t *root, const struct text_member *member)
{
	json_t *value = json_object_get(root, member->name);
	const char *text = json_string_value(value);

	if (!value)
		return 0;
	if (!text)
		return -EINVAL;
	if (!member->is_exact)
		letter_clean(member->out, member->size, text);
	else if (!text_copy(member->out, member->size, text))
		return -EINVAL;
	json_object_del(root, member->name);
	return 0;
}

/* -EINVAL if it is of another type. */
static int take_time(json_t *root, const char *name, int64_t *ret)
{
	json_t *value = json_object_get(root, name);

	if (!value)
		return 0;
	if (!json_is_integer(value))
		return -EINVAL;
	*ret = json_integer_value(value);
	json_object_del(root, name);
	return 0;
}

static int take_texts(json_t *root, struct letter *letter)
{
	const struct text_member members[] = {
		{ "to", letter->to, sizeof(letter->to), true },
		{ "second", letter->second, sizeof(letter->second), true },
		{ "left", letter->left, sizeof(letter->left), true },
		{ "code", letter->code, sizeof(letter->code), true },
		{ "reference", letter->reference, sizeof(letter->reference), true },
		{ "page", letter->page, sizeof(letter->page), true },
		{ "language", letter->language, sizeof(letter->language), true },
		{ "tenant", letter->tenant, sizeof(letter->tenant), false },
		{ "name", letter->name, sizeof(letter->name), false },
		{ "user", letter->user, sizeof(letter->user), false },
		{ "service", letter->service, sizeof(letter->service), false },
		{ "host", letter->host, sizeof(letter->host), false },
		{ "rhost", letter->rhost, sizeof(letter->rhost), false },
		{ "tty", letter->tty, sizeof(letter->tty), false },
		{ "command", letter->command, sizeof(letter->command), false },
		{ "address", letter->address, sizeof(letter->address), false },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(members) / sizeof(members[0]); i++)
		r = take_text(root, &members[i]);
	return r;
}

int letter_parse(struct letter *letter, const char *json, size_t size)
{
	CLEANUP(json_decrefp) json_t *root = NULL;
	const char *kind;
	int r;

	*letter = (struct letter){ 0 };
	root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	kind = json_string_value(json_object_get(root, "template"));
	if (!kind || parse_kind(kind, &letter->kind) < 0)
		return -EINVAL;
	json_object_del(root, "template");
	r = take_texts(root, letter);
	if (r == 0)
		r = take_time(root, "at", &letter->at_s);
	if (r == 0)
		r = take_time(root, "expires_at", &letter->expires_at_s);
	if (r < 0)
		return r;
	/* What is left is not known. */
	if (json_object_size(root) > 0 || !is_code(letter->code, LIMIT_CODE) ||
		!is_code(letter->reference, LIMIT_REFERENCE))
		return -EINVAL;
	return makes_sense(letter) ? 0 : -EINVAL;
}
