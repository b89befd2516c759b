/* SPDX-License-Identifier: MIT */
/* Tables only. */
#include "otpd/mail/message/variable.h"

/* clang-format off */
const struct stencil_name variable_names[VARIABLES + 1] = {
	[VAR_BRAND] = { "brand", false },
	[VAR_PERSON] = { "person", false },
	[VAR_USER] = { "user", false },
	[VAR_SERVICE] = { "service", false },
	[VAR_HOST] = { "host", false },
	[VAR_RHOST] = { "rhost", false },
	[VAR_TTY] = { "tty", false },
	[VAR_COMMAND] = { "command", false },
	[VAR_ADDRESS] = { "address", false },
	[VAR_LEFT] = { "left", false },
	[VAR_REFERENCE] = { "reference", false },
	[VAR_CODE] = { "code", false },
	[VAR_CLOCK] = { "clock", false },
	[VAR_TIME] = { "time", false },
	[VAR_EXPIRES] = { "expires", false },
	[VAR_ENDS] = { "ends", false },
	[VAR_MINUTES] = { "minutes", false },
	[VAR_N] = { "n", false },
	[VAR_HOUR] = { "hour", false },
	[VAR_MINUTE] = { "minute", false },
	[VAR_ZONE] = { "zone", false },
	[VAR_UTC] = { "utc", false },
	[VAR_WEEKDAY] = { "weekday", false },
	[VAR_DAY] = { "day", false },
	[VAR_MONTH] = { "month", false },
	[VAR_YEAR] = { "year", false },
	[VAR_LANG] = { "lang", false },
	[VAR_GREETING] = { "greeting", false },
	[VAR_PREHEADER] = { "preheader", false },
	[VAR_HEADING] = { "heading", false },
	[VAR_INTRO] = { "intro", false },
	[VAR_EXPIRY] = { "expiry", false },
	[VAR_PROMPT] = { "prompt", false },
	[VAR_ADVICE] = { "advice", false },
	[VAR_FOOTER] = { "footer", false },
	[VAR_SMS] = { "sms", false },
	[VAR_LABEL_SERVICE] = { "label_service", false },
	[VAR_LABEL_USER] = { "label_user", false },
	[VAR_LABEL_HOST] = { "label_host", false },
	[VAR_LABEL_FROM] = { "label_from", false },
	[VAR_LABEL_TERMINAL] = { "label_terminal", false },
	[VAR_LABEL_COMMAND] = { "label_command", false },
	[VAR_LABEL_TIME] = { "label_time", false },
	[VAR_LABEL_REFERENCE] = { "label_reference", false },
	[VAR_CODE_HTML] = { "code_html", true },
	[VAR_CODE_SIZE] = { "code_size", true },
	[VAR_COLOUR] = { "colour", true },
	[VAR_COLOUR_TEXT] = { "colour_text", true },
	[VAR_ACCENT] = { "accent", true },
	[VAR_ACCENT_DARK] = { "accent_dark", true },
	[VARIABLES] = { NULL, false },
};

#define FROM_TO(first, last) \
	((VARIABLE(last) | (VARIABLE(last) - 1)) & ~(VARIABLE(first) - 1))
#define OF_LETTER FROM_TO(BRAND, MINUTES)

const uint64_t variables_clock =
	VARIABLE(HOUR) | VARIABLE(MINUTE) | VARIABLE(ZONE) | VARIABLE(UTC);
const uint64_t variables_date = FROM_TO(WEEKDAY, YEAR) | VARIABLE(CLOCK);
const uint64_t variables_layout = OF_LETTER | FROM_TO(LANG, LABEL_REFERENCE);
const uint64_t variables_html =
	OF_LETTER | FROM_TO(LANG, LABEL_REFERENCE) | FROM_TO(CODE_HTML, ACCENT_DARK);
const uint64_t variables_made = FROM_TO(CODE_SIZE, ACCENT_DARK);
/* clang-format on */

_Static_assert(VARIABLES <= STENCIL_NAMES, "a set of variables is one uint64_t");

uint64_t variables_words(enum letter_kind kind)
{
	uint64_t allowed = OF_LETTER;

	if (!letter_kind_has_code(kind))
		allowed &= ~VARIABLE(CODE);
	if (!letter_kind_has_code(kind) && kind != LETTER_LOCKED &&
		kind != LETTER_BREAK_GLASS_MADE)
		allowed &= ~(VARIABLE(EXPIRES) | VARIABLE(ENDS) | VARIABLE(MINUTES));
	if (kind != LETTER_ADDRESS_CHANGED)
		allowed &= ~VARIABLE(ADDRESS);
	if (kind != LETTER_RECOVERY_USED)
		allowed &= ~VARIABLE(LEFT);
	return allowed;
}
