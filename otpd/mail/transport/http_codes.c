/* SPDX-License-Identifier: MIT */
/* Lists of HTTP status codes, as an administrator writes them. */
#include "otpd/mail/transport/http_codes.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool http_codes_add(struct http_codes *codes, const char *text)
{
	bool is_class = strlen(text) == 3 && strcmp(text + 1, "xx") == 0;

	if (codes->n == HTTP_CODES || strlen(text) != 3 || text[0] < '2' ||
		text[0] > '5')
		return false;
	if (!is_class && (!is_digit(text[1]) || !is_digit(text[2])))
		return false;
	codes->is_class[codes->n] = is_class;
	codes->from[codes->n] = (text[0] - '0') * 100;
	if (!is_class)
		codes->from[codes->n] += (text[1] - '0') * 10 + (text[2] - '0');
	codes->n++;
	return true;
}

bool http_codes_read(struct http_codes *codes, const struct string_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!http_codes_add(codes, list->items[i]))
			return false;
	return true;
}

int http_codes_match(const struct http_codes *codes, int status)
{
	int best = 0;

	for (int i = 0; i < codes->n; i++) {
		if (!codes->is_class[i] && codes->from[i] == status)
			return 2;
		if (codes->is_class[i] && codes->from[i] / 100 == status / 100)
			best = 1;
	}
	return best;
}
