/* SPDX-License-Identifier: MIT */
/* Numbers, durations and booleans from whole strings; "3x" is an error, not a 3. */
#include "otpd/util/parse.h"

#include <errno.h>
#include <stddef.h>

#include "otpd/util/text.h"

/* Digits up to the first other byte, where *end then points. */
static int parse_digits(const char *text, int base, const char **end, int64_t *ret)
{
	int64_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at < '0' + base; at++) {
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, *at - '0', &value))
			return -ERANGE;
	}
	if (at == text)
		return -EINVAL;
	*end = at;
	*ret = value;
	return 0;
}

int parse_int(const char *text, int64_t *ret)
{
	bool negative = text[0] == '-';
	const char *end;
	int64_t value;
	int r;

	r = parse_digits(text + negative, 10, &end, &value);
	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*ret = negative ? -value : value;
	return 0;
}

int parse_duration_s(const char *text, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	const char *end;
	int64_t value;
	int r;

	r = parse_digits(text, 10, &end, &value);
	if (r < 0)
		return r;
	if (*end == '\0') {
		*ret = value;
		return 0;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*end != units[i].unit || end[1])
			continue;
		if (__builtin_mul_overflow(value, units[i].seconds, &value))
			return -ERANGE;
		*ret = value;
		return 0;
	}
	return -EINVAL;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" },
		{ "false", "true" },
		{ "off", "on" },
		{ "0", "1" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (int value = 0; value < 2; value++) {
			if (!text_same_nocase(text, words[i][value]))
				continue;
			*ret = value;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_mode(const char *text, int64_t *ret)
{
	const char *end;
	int64_t value;
	int r;

	r = parse_digits(text, 8, &end, &value);
	if (r < 0)
		return r;
	if (*end || end - text < 3 || end - text > 4)
		return -EINVAL;
	*ret = value;
	return 0;
}
