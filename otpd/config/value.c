/* SPDX-License-Identifier: MIT */
/* One value of one setting: checked, stored, printed, by its type. */
#include "otpd/config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/parse.h"
#include "otpd/util/text.h"

/* The index of word in "a|b|c", or -EINVAL. */
static int64_t find_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);
	int64_t index = 0;

	for (const char *at = choices; at; index++) {
		const char *bar = strchr(at, '|');
		size_t n = bar ? (size_t)(bar - at) : strlen(at);

		if (n == length && memcmp(at, word, n) == 0)
			return index;
		at = bar ? bar + 1 : NULL;
	}
	return -EINVAL;
}

static int parse_number(const struct setting *setting, const char *text, int64_t *ret)
{
	switch (setting->type) {
	case SETTING_INT:
		return parse_int(text, ret);
	case SETTING_DURATION:
		return parse_duration_s(text, ret);
	case SETTING_MODE:
		return parse_mode(text, ret);
	case SETTING_CHOICE:
		*ret = find_choice(setting->choices, text);
		return *ret < 0 ? -EINVAL : 0;
	case SETTING_BOOL:
	case SETTING_STRING:
	case SETTING_LIST:
		break;
	}
	return -EINVAL;
}

static int check_number(
	const struct setting *setting, const char *text, char *why, size_t why_size)
{
	const char *unit = setting->type == SETTING_DURATION ? " s" : "";
	int64_t value;
	int r = parse_number(setting, text, &value);

	if (setting->type == SETTING_CHOICE) {
		if (r < 0)
			snprintf(why, why_size, "\"%s\" is not one of %s", text,
				setting->choices);
		return r;
	}
	if (r == 0 &&
		(setting->type == SETTING_MODE ||
			(value >= setting->min && value <= setting->max)))
		return 0;
	if (setting->type == SETTING_MODE)
		snprintf(why, why_size, "\"%s\" is not a mode such as 0660", text);
	else if (setting->type == SETTING_DURATION)
		snprintf(why, why_size,
			"\"%s\" is not a time of %" PRId64 "%s to %" PRId64
			"%s (90, 90s, 10m, 8h, 30d)",
			text, setting->min, unit, setting->max, unit);
	else
		snprintf(why, why_size,
			"\"%s\" is not a number from %" PRId64 " to %" PRId64, text,
			setting->min, setting->max);
	return -EINVAL;
}

int value_check(const struct setting *setting, const char *text, size_t n, char *why,
	size_t why_size)
{
	bool ignored;

	switch (setting->type) {
	case SETTING_BOOL:
		if (parse_bool(text, &ignored) == 0)
			return 0;
		snprintf(why, why_size, "\"%s\" is neither yes nor no", text);
		return -EINVAL;
	case SETTING_LIST:
		if (n > (size_t)setting->max) {
			snprintf(why, why_size, "more than %" PRId64 " entries",
				setting->max);
			return -EINVAL;
		}
		return 0;
	case SETTING_STRING:
		if (strlen(text) <= (size_t)setting->max && text_is_utf8(text) &&
			!text_has_control(text))
			return 0;
		snprintf(why, why_size,
			"not a text of at most %" PRId64
			" bytes without control characters",
			setting->max);
		return -EINVAL;
	case SETTING_INT:
	case SETTING_DURATION:
	case SETTING_MODE:
	case SETTING_CHOICE:
		return check_number(setting, text, why, why_size);
	}
	return -EINVAL;
}

int value_set(const struct setting *setting, void *at, const char *text)
{
	char *to = (char *)at + setting->offset;

	if (setting->type == SETTING_BOOL)
		return parse_bool(text, (bool *)to);
	if (setting->type == SETTING_STRING)
		return text_copy(to, (size_t)setting->max + 1, text) ? 0 : -EINVAL;
	return parse_number(setting, text, (int64_t *)(void *)to);
}

int value_append(const struct setting *setting, void *at, const char *text)
{
	struct string_list *list = (void *)((char *)at + setting->offset);
	char **items = realloc(list->items, (list->n + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->n] = strdup(text);
	if (!items[list->n])
		return -ENOMEM;
	list->n++;
	return 0;
}

void value_clear(const struct setting *setting, void *at)
{
	struct string_list *list = (void *)((char *)at + setting->offset);

	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){ 0 };
}

static void print_choice(const char *choices, int64_t index, FILE *out)
{
	for (; index > 0; index--)
		choices = strchr(choices, '|') + 1;
	fprintf(out, "%.*s", (int)strcspn(choices, "|"), choices);
}

void value_print_text(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_list(const struct string_list *list, FILE *out)
{
	fputc('{', out);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? ", " : "", out);
		value_print_text(list->items[i], out);
	}
	fputc('}', out);
}

void value_print(
	const struct setting *setting, const void *at, const char *indent, FILE *out)
{
	const char *from = (const char *)at + setting->offset;
	int64_t number = 0;

	if (setting->type != SETTING_STRING && setting->type != SETTING_LIST &&
		setting->type != SETTING_BOOL)
		memcpy(&number, from, sizeof(number));
	fprintf(out, "%s%s = ", indent, setting->name);
	switch (setting->type) {
	case SETTING_INT:
		fprintf(out, "%" PRId64, number);
		break;
	case SETTING_DURATION:
		fprintf(out, "%" PRId64 "s", number);
		break;
	case SETTING_MODE:
		fprintf(out, "%04" PRIo64, (uint64_t)number);
		break;
	case SETTING_BOOL:
		fputs(*(const bool *)from ? "yes" : "no", out);
		break;
	case SETTING_CHOICE:
		print_choice(setting->choices, number, out);
		break;
	case SETTING_STRING:
		value_print_text(from, out);
		break;
	case SETTING_LIST:
		print_list((const void *)from, out);
		break;
	}
	fputc('\n', out);
}
