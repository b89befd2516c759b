/* SPDX-License-Identifier: MIT */
/* The one table of answers, from the X-macro in outcome.h. */
#include "otpd/proto/outcome.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	const char *error;
	const char *text;
} outcomes[] = {
#define X(id, name, text) [OUTCOME_##id] = { name, OUTCOME_INTERFACE "." name, text },
	OUTCOMES(X)
#undef X
};

static int is_outcome(int outcome)
{
	return outcome > OUTCOME_OK && outcome < OUTCOME_MAX;
}

const char *outcome_name(int outcome)
{
	return is_outcome(outcome) ? outcomes[outcome].name : NULL;
}

const char *outcome_error(int outcome)
{
	return is_outcome(outcome) ? outcomes[outcome].error : NULL;
}

const char *outcome_text(int outcome)
{
	return is_outcome(outcome) ? outcomes[outcome].text : "done";
}

int outcome_from_error(const char *error)
{
	for (int i = OUTCOME_OK + 1; i < OUTCOME_MAX; i++)
		if (strcmp(outcomes[i].error, error) == 0)
			return i;
	return -ENOENT;
}
