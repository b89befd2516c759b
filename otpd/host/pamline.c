/* SPDX-License-Identifier: MIT */
/*
 * The words of a PAM file as libpam reads them, oddities included: whatever libpam
 * takes MUST be taken here in the same way, since the doctor draws conclusions about
 * logins from it. tests/unit/test_pamstack.c compares the two.
 */
#include "otpd/host/pamline.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const values[PAM_VALUES] = { "success", "open_err", "symbol_err",
	"service_err", "system_err", "buf_err", "perm_denied", "auth_err",
	"cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
	"new_authtok_reqd", "acct_expired", "session_err", "cred_unavail",
	"cred_expired", "cred_err", "no_module_data", "conv_err", "authtok_err",
	"authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging",
	"try_again", "ignore", "abort", "authtok_expired", "module_unknown", "bad_item",
	"conv_again", "incomplete" };

/* In the order of enum pam_action, downwards. */
static const char *const actions_named[] = { "ignore", "ok", "done", "bad", "die",
	"reset" };

#define N_ACTIONS (sizeof(actions_named) / sizeof(actions_named[0]))
#define UNSET     (-100)
#define MAX_JUMP  100000

static const char blanks[] = " \t\n";

const char *pamline_value(int value)
{
	return value >= 0 && value < PAM_VALUES ? values[value] : "?";
}

/*
 * Appends one line of the file at out, without blanks around it and without comment.
 * Returns its length; *ret_goes_on says whether the next line belongs to it.
 */
static size_t trim(char *out, bool *ret_goes_on)
{
	size_t skip = strspn(out, blanks), n = strcspn(out + skip, "#");
	bool commented = out[skip + n] == '#';

	*ret_goes_on = false;
	memmove(out, out + skip, n);
	if (!commented) {
		while (n > 0 && strchr(blanks, out[n - 1]))
			n--;
		*ret_goes_on = n > 0 && out[n - 1] == '\\';
		if (*ret_goes_on)
			out[n - 1] = ' ';
	}
	out[n] = '\0';
	return n;
}

int pamline_next(FILE *file, char buffer[static PAMLINE_MAX], unsigned *line,
	unsigned *ret_first)
{
	bool goes_on = true;
	size_t used = 0;

	while (goes_on) {
		char *at = buffer + used;
		size_t n;

		if (PAMLINE_MAX - used < 2)
			return -EBADMSG;
		if (!fgets(at, (int)(PAMLINE_MAX - used), file))
			return used ? -EBADMSG : 0;
		n = strlen(at);
		if (n == PAMLINE_MAX - used - 1 && at[n - 1] != '\n')
			return -EBADMSG;
		(*line)++;
		n = trim(at, &goes_on);
		if (n == 0)
			goes_on = true;
		else if (!used)
			*ret_first = *line;
		used += n;
	}
	return 1;
}

/* The end of a word in brackets that began before text; "\]" becomes "]". */
static char *close_bracket(char *text)
{
	char *to = text;

	while (*text && *text != ']') {
		if (text[0] == '\\' && text[1] == ']')
			text++;
		*to++ = *text++;
	}
	if (*text)
		text++;
	*to = '\0';
	return text;
}

char *pamline_word(char **rest)
{
	char *word, *end;

	if (!*rest)
		return NULL;
	word = *rest + strspn(*rest, blanks);
	if (!*word) {
		*rest = NULL;
		return NULL;
	}
	if (*word == '[') {
		end = close_bracket(++word);
	} else {
		end = word + strcspn(word, blanks);
		if (*end)
			*end++ = '\0';
	}
	*rest = *end ? end : NULL;
	return word;
}

static void fill(int actions[static PAM_VALUES], int from, int to)
{
	for (int i = 0; i < PAM_VALUES; i++)
		if (actions[i] == from)
			actions[i] = to;
}

/* The index of the name that text begins with, and *text behind it; n if it is none. */
static size_t begins_with(const char **text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(*text, names[i], length) == 0) {
			*text += length;
			return i;
		}
	}
	return n;
}

static void skip_blanks(const char **text)
{
	while (isspace((unsigned char)**text))
		(*text)++;
}

/* ok, bad, 3, ... */
static bool read_action(const char **text, int *ret)
{
	size_t i = begins_with(text, actions_named, N_ACTIONS);

	if (i < N_ACTIONS) {
		*ret = -(int)i;
		return true;
	}
	*ret = 0;
	while (isdigit((unsigned char)**text)) {
		if (*ret < MAX_JUMP)
			*ret = *ret * 10 + (**text - '0');
		(*text)++;
	}
	return *ret > 0;
}

/* One VALUE=ACTION. */
static bool read_pair(const char **text, int actions[static PAM_VALUES])
{
	static const char *const others[] = { "default" };
	size_t value = begins_with(text, values, PAM_VALUES);
	int action;

	if (value == PAM_VALUES && begins_with(text, others, 1) != 0)
		return false;
	skip_blanks(text);
	if (**text != '=')
		return false;
	(*text)++;
	skip_blanks(text);
	if (!read_action(text, &action))
		return false;
	if (value < PAM_VALUES)
		actions[value] = action;
	else
		fill(actions, UNSET, action);
	return true;
}

static bool read_pairs(const char *text, int actions[static PAM_VALUES])
{
	for (skip_blanks(&text); *text; skip_blanks(&text))
		if (!read_pair(&text, actions))
			return false;
	return true;
}

bool pamline_control(const char *control, int actions[static PAM_VALUES])
{
	static const struct {
		const char *word;
		int success, ignore, other;
	} words[] = {
		{ "required", PAM_DO_OK, PAM_DO_IGNORE, PAM_DO_BAD },
		{ "requisite", PAM_DO_OK, PAM_DO_IGNORE, PAM_DO_DIE },
		{ "optional", PAM_DO_OK, PAM_DO_IGNORE, PAM_DO_IGNORE },
		{ "sufficient", PAM_DO_DONE, PAM_DO_IGNORE, PAM_DO_IGNORE },
	};

	for (int i = 0; i < PAM_VALUES; i++)
		actions[i] = UNSET;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(control, words[i].word) != 0)
			continue;
		fill(actions, UNSET, words[i].other);
		actions[PAM_VALUE_SUCCESS] = words[i].success;
		actions[PAM_VALUE_NEW_AUTHTOK_REQD] = words[i].success;
		actions[PAM_VALUE_IGNORE] = words[i].ignore;
		return true;
	}
	if (read_pairs(control, actions)) {
		fill(actions, UNSET, PAM_DO_BAD);
		return true;
	}
	for (int i = 0; i < PAM_VALUES; i++)
		actions[i] = PAM_DO_BAD;
	return false;
}
