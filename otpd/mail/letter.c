/* SPDX-License-Identifier: MIT */
/*
 * The plaintext of a sealed mail: the contract with otpd, held strictly. User names,
 * host names and terminals come from strangers, so this is where they become texts
 * that can stand in a header, on a line, and before a person's eyes.
 *
 * MUST NOT let a control character, a line end or a bidirectional override through.
 */
#include "otpd/mail/letter.h"

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
	[LETTER_LOCKED] = "locked",
	[LETTER_TEST] = "test",
};

const char *letter_kind_name(enum letter_kind kind)
{
	return kind_names[kind];
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
	bool needs_code = letter->kind == LETTER_LOGIN || letter->kind == LETTER_VERIFY;

	return needs_code == (letter->code[0] != '\0') && letter->at_s > 0 &&
		letter->expires_at_s >= 0;
}

int letter_parse(struct letter *letter, const char *json, size_t size)
{
	CLEANUP(json_decrefp) json_t *root = NULL;
	const char *to, *kind, *name = "", *user = "", *service = "", *host = "",
			       *rhost = "", *tty = "", *code = "", *reference = "",
			       *language = "";
	json_int_t at, expires_at = 0;

	*letter = (struct letter){ 0 };
	root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return -EINVAL;
	if (json_unpack_ex(root, NULL, JSON_STRICT,
		    "{s:s,s:s,s:I,s?s,s?s,s?s,s?s,s?s,s?s,s?I,s?s,s?s,s?s}", "to", &to,
		    "template", &kind, "at", &at, "name", &name, "user", &user,
		    "service", &service, "host", &host, "rhost", &rhost, "tty", &tty,
		    "expires_at", &expires_at, "code", &code, "reference", &reference,
		    "language", &language) < 0)
		return -EINVAL;
	if (parse_kind(kind, &letter->kind) < 0 || address_problem(to) ||
		!is_code(code, LIMIT_CODE) || !is_code(reference, LIMIT_REFERENCE))
		return -EINVAL;
	text_copy(letter->to, sizeof(letter->to), to);
	text_copy(letter->code, sizeof(letter->code), code);
	text_copy(letter->reference, sizeof(letter->reference), reference);
	letter_clean(letter->name, sizeof(letter->name), name);
	letter_clean(letter->user, sizeof(letter->user), user);
	letter_clean(letter->service, sizeof(letter->service), service);
	letter_clean(letter->host, sizeof(letter->host), host);
	letter_clean(letter->rhost, sizeof(letter->rhost), rhost);
	letter_clean(letter->tty, sizeof(letter->tty), tty);
	letter->at_s = at;
	letter->expires_at_s = expires_at;
	return makes_sense(letter) ? 0 : -EINVAL;
}
