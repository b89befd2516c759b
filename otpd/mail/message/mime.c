/* SPDX-License-Identifier: MIT */
/*
 * Exact bytes: ASCII, CR LF, at most 78 bytes to a line. Servers are strict about bare
 * line ends since SMTP smuggling (CVE-2023-51764), and libcurl passes on what it is
 * given, so nothing after this file changes a byte.
 *
 * Quoted-printable hides what has a meaning on a line of its own: a dot (SMTP), "--"
 * (the boundary), "From " (mbox). Then no text that a stranger chose can end a part or
 * a message, and nobody on the way has to stuff or quote.
 */
#include "otpd/mail/message/mime.h"

#include <sodium.h>
#include <string.h>

#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define CRLF "\r\n"
#define WORD_MAX \
	60 /* a longer word of a header is encoded, since it cannot be folded */
#define FOLD_AT       76 /* RFC 2047 2: lines with encoded words */
#define QP_LINE       75 /* and "=" */
#define BASE64_BYTES  57 /* a line of 76 */
#define ENCODED_OPEN  "=?UTF-8?B?"
#define ENCODED_CLOSE "?="
#define ENCODED_FRAME (sizeof(ENCODED_OPEN ENCODED_CLOSE) - 1)
#define ENCODED_BYTES 45 /* RFC 2047 2: 75 characters with the frame */

void mime_header(struct buffer *out, const char *name, const char *value)
{
	buffer_puts(out, name);
	buffer_puts(out, ": ");
	buffer_puts(out, value);
	buffer_puts(out, CRLF);
}

/* RFC 5322 3.2.3 */
static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Whether it can stand as it is; in a phrase only atoms can. */
static bool is_plain(const char *text, bool phrase)
{
	size_t word = 0;

	if (strstr(text, "=?"))
		return false;
	for (; *text; text++) {
		word = *text == ' ' ? 0 : word + 1;
		if (*text < ' ' || *text > '~' || word > WORD_MAX)
			return false;
		if (phrase && *text != ' ' && !is_atext(*text))
			return false;
	}
	return true;
}

static void fold(struct buffer *out, size_t *column)
{
	buffer_puts(out, CRLF);
	*column = 0;
}

static void put_words(struct buffer *out, size_t *column, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, " ");

		if (length > 0) {
			if (*column + 1 + length > FOLD_AT)
				fold(out, column);
			buffer_puts(out, " ");
			buffer_add(out, text, length);
			*column += 1 + length;
		}
		text += length;
		text += strspn(text, " ");
	}
}

/* Bytes of whole characters at text, at most max. */
static size_t whole_characters(const char *text, size_t max)
{
	size_t n = 0;

	while (text[n]) {
		size_t length = text_utf8_length(text + n);

		if (length == 0)
			length = 1;
		if (n + length > max)
			break;
		n += length;
	}
	return n;
}

static void put_encoded(struct buffer *out, size_t *column, const char *text)
{
	char encoded[sodium_base64_ENCODED_LEN(
		ENCODED_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	while (*text) {
		size_t used = *column + 1 + ENCODED_FRAME;
		size_t room = used < FOLD_AT ? (FOLD_AT - used) / 4 * 3 : 0;
		size_t n = whole_characters(
			text, room < ENCODED_BYTES ? room : ENCODED_BYTES);

		if (n == 0) {
			fold(out, column);
			continue;
		}
		sodium_bin2base64(encoded, sizeof(encoded), (const unsigned char *)text,
			n, sodium_base64_VARIANT_ORIGINAL);
		buffer_puts(out, " " ENCODED_OPEN);
		buffer_puts(out, encoded);
		buffer_puts(out, ENCODED_CLOSE);
		*column = used + strlen(encoded);
		text += n;
	}
}

static void put_text(struct buffer *out, size_t *column, const char *text, bool phrase)
{
	if (is_plain(text, phrase))
		put_words(out, column, text);
	else
		put_encoded(out, column, text);
}

void mime_header_words(struct buffer *out, const char *name, const char *value)
{
	size_t column = strlen(name) + 1;

	buffer_puts(out, name);
	buffer_puts(out, ":");
	put_words(out, &column, value);
	buffer_puts(out, CRLF);
}

void mime_header_text(struct buffer *out, const char *name, const char *text)
{
	size_t column = strlen(name) + 1;

	buffer_puts(out, name);
	buffer_puts(out, ":");
	put_text(out, &column, text, false);
	buffer_puts(out, CRLF);
}

void mime_header_mailbox(
	struct buffer *out, const char *name, const char *display, const char *address)
{
	size_t column = strlen(name) + 1;
	size_t length = strlen(address) + strlen(" <>");

	buffer_puts(out, name);
	buffer_puts(out, ":");
	if (length > MIME_LINE) {
		buffer_puts(out, " undisclosed-recipients:;" CRLF);
		return;
	}
	put_text(out, &column, display, true);
	if (column + length > MIME_LINE)
		fold(out, &column);
	buffer_puts(out, " <");
	buffer_puts(out, address);
	buffer_puts(out, ">" CRLF);
}

/*
 * Whether the byte at at must be encoded, since it is not printable or has a meaning
 * where it stands.
 */
static bool qp_must_encode(const char *at, bool at_start)
{
	if (*at == ' ' || *at == '\t')
		return at[1] == '\n' || at[1] == '\0';
	if (*at < '!' || *at > '~' || *at == '=')
		return true;
	return at_start &&
		(*at == '.' || strncmp(at, "--", 2) == 0 ||
			strncmp(at, "From ", 5) == 0);
}

/*
 * How many bytes at at, at most max, stand for themselves; only the first can be at the
 * start of a line.
 */
static size_t qp_run(const char *at, bool at_start, size_t max)
{
	size_t n = 1;

	if (max == 0 || qp_must_encode(at, at_start))
		return 0;
	while (n < max && at[n] >= ' ' && at[n] <= '~' && at[n] != '=')
		n++;
	/* A blank at the end of the line is none. */
	while (n > 0 && qp_must_encode(at + n - 1, at_start && n == 1))
		n--;
	return n;
}

void mime_quoted_printable(struct buffer *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t column = 0;

	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t n = qp_run(text, column == 0, QP_LINE - column);
		char token[3] = { '=', hex[c >> 4], hex[c & 15] };

		if (n > 0) {
			buffer_add(out, text, n);
			text += n;
			column += n;
		} else if (c == '\n') {
			buffer_puts(out, CRLF);
			text++;
			column = 0;
		} else if (column + sizeof(token) > QP_LINE) {
			buffer_puts(out, "=" CRLF);
			column = 0;
		} else {
			buffer_add(out, token, sizeof(token));
			text++;
			column += sizeof(token);
		}
	}
	if (column > 0)
		buffer_puts(out, CRLF);
}

/* libsodium's is in constant time, and a tenth as fast; a mail is no key. */
static void put_base64(struct buffer *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[BASE64_BYTES / 3 * 4];
	SECRET_SCOPE(line);
	size_t size = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned second = i + 1 < n ? bytes[i + 1] : 0;
		unsigned third = i + 2 < n ? bytes[i + 2] : 0;
		unsigned three = (unsigned)bytes[i] << 16 | second << 8 | third;

		line[size++] = digits[three >> 18];
		line[size++] = digits[three >> 12 & 63];
		line[size++] = i + 1 < n ? digits[three >> 6 & 63] : '=';
		line[size++] = i + 2 < n ? digits[three & 63] : '=';
	}
	buffer_add(out, line, size);
	buffer_puts(out, CRLF);
}

void mime_base64(struct buffer *out, const char *text)
{
	unsigned char bytes[BASE64_BYTES];
	SECRET_SCOPE(bytes);
	size_t n = 0;
	bool has_cr = false;

	while (*text) {
		bool needs_cr = *text == '\n' && !has_cr;

		bytes[n++] = needs_cr ? '\r' : (unsigned char)*text++;
		has_cr = needs_cr;
		if (n < sizeof(bytes))
			continue;
		put_base64(out, bytes, n);
		n = 0;
	}
	if (n > 0)
		put_base64(out, bytes, n);
}

void mime_body(struct buffer *out, const char *text)
{
	size_t size = strlen(text), tripled = 0;
	bool is_base64;

	for (size_t i = 0; i < size; i++)
		tripled += (unsigned char)text[i] >> 7;
	is_base64 = 2 * tripled > size * 37 / 100;
	mime_header(out, "Content-Transfer-Encoding",
		is_base64 ? "base64" : "quoted-printable");
	buffer_puts(out, CRLF);
	if (is_base64)
		mime_base64(out, text);
	else
		mime_quoted_printable(out, text);
}
