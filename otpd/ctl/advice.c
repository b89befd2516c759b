/* SPDX-License-Identifier: MIT */
/*
 * Advice from the words of servers, in one table. The first row that fits is taken, so
 * rows of one provider or library stand before those that only know a code.
 *
 * A row MUST NOT promise what it cannot know: a code says what a server claims, and the
 * advice is where to look first. It changes nothing and asks nobody.
 *
 * Sources: RFC 5321 4.2.2, RFC 3463, RFC 4954 6, RFC 7372 (SPF, DKIM), RFC 7505 (null
 * MX), RFC 6749 5.2; support.google.com/a/answer/3726730; Microsoft's "NDR error codes
 * in Exchange Online" and "SMTP AUTH client submission"; "SMTP response codes returned
 * by Amazon SES"; lib/strerror.c and lib/vtls of libcurl.
 */
#include "otpd/ctl/advice.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "otpd/ctl/advices.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether text begins with three digits of which the first is one of classes. */
static bool is_code(const char *text, const char *classes)
{
	return text[0] && strchr(classes, text[0]) && is_digit(text[1]) &&
		is_digit(text[2]) && !is_digit(text[3]);
}

static void keep_code(char out[static 4], const char *text)
{
	memcpy(out, text, 3);
	out[3] = '\0';
}

/* "HTTP 401", "HTTP/1.1 401", "HTTP status 401"; not "https://..." in a server's words.
 */
static const char *status_behind(const char *text)
{
	if (text[0] == '/')
		text += strspn(text, "/0123456789.");
	if (text[0] != ' ')
		return NULL;
	text += strspn(text, " ");
	if (strncasecmp(text, "status", 6) == 0)
		text += 6;
	if (strncasecmp(text, " code", 5) == 0)
		text += 5;
	text += strspn(text, ": ");
	return is_code(text, "12345") ? text : NULL;
}

static bool begins_as(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/*
 * Whether words begin as an HTTP transport says it: "401 Unauthorized: {...}", or with
 * HTTP/2 "503: {...}". A refusal by SMTP never is 2xx, 3xx, 40x, 41x or 42x, save 421.
 */
static bool is_status_line(const char *words)
{
	static const char *const reasons[] = { "Internal Server Error",
		"Not Implemented", "Bad Gateway", "Service Unavailable",
		"Gateway Time" };

	if (!is_code(words, "2345"))
		return false;
	if (words[3] == ':' || words[0] < '4' ||
		(words[0] == '4' && words[1] < '3' && strncmp(words, "421", 3) != 0))
		return true;
	return words[3] == ' ' && words[0] == '5' && words[1] == '0' &&
		begins_as(words + 4, reasons, sizeof(reasons) / sizeof(reasons[0]));
}

static void read_http(struct advice_codes *codes, const char *words)
{
	static const char *const marks[] = { "http", "returned error:", "answered",
		"the service answers" };

	if (is_status_line(words)) {
		keep_code(codes->http, words);
		return;
	}
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = words;

		while ((at = strcasestr(at, marks[i])) != NULL) {
			const char *status;

			at += strlen(marks[i]);
			status = status_behind(at);
			if (!status)
				continue;
			keep_code(codes->http, status);
			return;
		}
	}
}

/* The end of "5.7.26" at text; NULL if no enhanced code stands there. */
static const char *enhanced_end(const char *text)
{
	const char *at = text + 1;

	if (!strchr("245", text[0]))
		return NULL;
	for (int part = 0; part < 2; part++) {
		size_t n = at[0] == '.' ? strspn(at + 1, "0123456789") : 0;

		if (n < 1 || n > 3)
			return NULL;
		at += 1 + n;
	}
	/* An IP address has one part more. */
	return *at == '.' && is_digit(at[1]) ? NULL : at;
}

/* Whether a word may begin at text: "550-5.1.1" has two, "x550" and "1.550" none. */
static bool is_begin(const char *words, const char *text)
{
	return text == words ||
		(!isalnum((unsigned char)text[-1]) && text[-1] != '.' &&
			text[-1] != '_' && text[-1] != '@');
}

/* "port 587" and "after 512 ms" are no reply codes. */
static bool is_reply(const char *words, const char *text)
{
	return is_code(text, "45") && strchr(" -:,;)", text[3]) &&
		strncmp(text + 3, " ms", 3) != 0 &&
		!(text - words >= 5 && strncasecmp(text - 5, "port ", 5) == 0);
}

void advice_read(struct advice_codes *codes, const char *words)
{
	*codes = (struct advice_codes){ 0 };
	read_http(codes, words);
	for (const char *at = words; *at; at++) {
		const char *end;

		if (!is_digit(*at) || !is_begin(words, at))
			continue;
		end = enhanced_end(at);
		if (end && !codes->enhanced[0] &&
			end - at < (int)sizeof(codes->enhanced))
			memcpy(codes->enhanced, at, (size_t)(end - at));
		if (!codes->http[0] && !codes->reply[0] && is_reply(words, at))
			keep_code(codes->reply, at);
	}
}

/* One code of a row: "535", "5.7.8", "http 401", or the begin of it: "5.7.", "http 5".
 */
static bool code_fits(const struct advice_codes *codes, const char *code, size_t n)
{
	bool is_http = n > 5 && strncmp(code, "http ", 5) == 0;
	const char *ours = is_http     ? codes->http
		: memchr(code, '.', n) ? codes->enhanced
				       : codes->reply;
	bool is_whole;

	code += is_http ? 5 : 0;
	n -= is_http ? 5 : 0;
	is_whole = code[n - 1] != '.' && (ours == codes->enhanced || n == 3);
	return strncmp(ours, code, n) == 0 && (!is_whole || ours[n] == '\0');
}

/* Whether one of the alternatives, parted by '|', fits. Those of words are texts. */
static bool any_fits(
	const struct advice_codes *codes, const char *words, const char *alternatives)
{
	for (;;) {
		size_t n = strcspn(alternatives, "|");
		char text[64];

		if (codes && code_fits(codes, alternatives, n))
			return true;
		if (!codes && n < sizeof(text)) {
			memcpy(text, alternatives, n);
			text[n] = '\0';
			if (strcasestr(words, text))
				return true;
		}
		if (!alternatives[n])
			return false;
		alternatives += n + 1;
	}
}

const char *advice_for(const char *words)
{
	struct advice_codes codes;
	size_t i = 0;

	advice_read(&codes, words);
	/* The last row has no conditions. */
	for (; advices[i].codes || advices[i].words; i++) {
		if (advices[i].codes && !any_fits(&codes, NULL, advices[i].codes))
			continue;
		if (!advices[i].words || any_fits(NULL, words, advices[i].words))
			break;
	}
	return advices[i].advice;
}
