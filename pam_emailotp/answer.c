/* SPDX-License-Identifier: MIT */
/*
 * Here an answer is believed or not: a field MUST be there, of the right type, within
 * its range and of its character set. Anything else is -EBADMSG, which lets nobody in.
 * Which states and purposes a method can have, the method's own function says.
 */
#include "pam_emailotp/answer.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/text.h"
#include "pam_emailotp/box.h"
#include "pam_emailotp/result.h"

#define DAY_S  86400
#define MORE   " ..."
#define LONG_S (400 * DAY_S) /* of a lock; a month is the longest budget */

struct word {
	const char *text;
	int value;
};

void answer_wipe(struct answer *answer)
{
	explicit_bzero(answer, sizeof(*answer));
}

void answer_wipe_codes(struct codes *codes)
{
	explicit_bzero(codes, sizeof(*codes));
}

/* A string that is one of the words; the list ends with NULL. */
static int get_word(const struct wire_reply *reply, const char *key,
	const struct word *words, int *ret)
{
	const char *text;

	if (wire_get_string(reply, key, LIMIT_FRAME, &text) < 0)
		return -EBADMSG;
	for (; words->text; words++) {
		if (strcmp(words->text, text) != 0)
			continue;
		*ret = words->value;
		return 0;
	}
	return -EBADMSG;
}

static int get_int(const struct wire_reply *reply, const char *key, int max, int *ret)
{
	int64_t number;

	if (wire_get_int(reply, key, max, &number) < 0)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

/* A string of exactly length characters of the set. */
static int get_name(const struct wire_reply *reply, const char *key, size_t length,
	const char *set, char *out)
{
	const char *text;

	if (wire_get_string(reply, key, length, &text) < 0)
		return -EBADMSG;
	if (strlen(text) != length || strspn(text, set) != length)
		return -EBADMSG;
	text_copy(out, length + 1, text);
	return 0;
}

static int get_delivery(const struct wire_reply *reply, enum delivery *ret)
{
	static const struct word words[] = {
		{ "queued", DELIVERY_QUEUED },
		{ "sent", DELIVERY_SENT },
		{ "deferred", DELIVERY_DEFERRED },
		{ "failed", DELIVERY_FAILED },
		{ "none", DELIVERY_NONE },
		{ NULL, 0 },
	};
	int value;

	if (get_word(reply, "delivery", words, &value) < 0)
		return -EBADMSG;
	*ret = (enum delivery)value;
	return 0;
}

int answer_form(const struct wire_reply *reply, struct form *ret)
{
	static const struct word alphabets[] = {
		{ "digits", false },
		{ "letters", true },
		{ NULL, 0 },
	};
	int letters;

	if (get_word(reply, "alphabet", alphabets, &letters) < 0 ||
		get_int(reply, "length", LIMIT_CODE, &ret->length) < 0)
		return -EBADMSG;
	ret->letters = letters;
	return ret->length >= LIMIT_CODE_MIN ? 0 : -EBADMSG;
}

int answer_challenge_id(const struct wire_reply *reply, char out[LIMIT_CHALLENGE + 1])
{
	return get_name(reply, "challenge", LIMIT_CHALLENGE, "0123456789abcdef", out);
}

static int get_purpose(
	const struct wire_reply *reply, unsigned purposes, enum purpose *ret)
{
	static const struct word words[] = {
		{ "login", PURPOSE_LOGIN },
		{ "verify_address", PURPOSE_VERIFY_ADDRESS },
		{ "reset", PURPOSE_RESET },
		{ "change_password", PURPOSE_CHANGE_PASSWORD },
		{ "enrol", PURPOSE_ENROL },
		{ NULL, 0 },
	};
	int value;

	if (get_word(reply, "purpose", words, &value) < 0 ||
		!((unsigned)value & purposes))
		return -EBADMSG;
	*ret = (enum purpose)value;
	return 0;
}

int answer_purpose(const struct wire_reply *reply, enum purpose purpose)
{
	enum purpose found;

	return get_purpose(reply, purpose, &found);
}

int answer_challenge(
	const struct wire_reply *reply, unsigned purposes, struct challenge *ret)
{
	struct challenge c = { 0 };

	if (answer_challenge_id(reply, c.id) < 0 ||
		get_name(reply, "reference", LIMIT_REFERENCE,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", c.reference) < 0 ||
		get_purpose(reply, purposes, &c.purpose) < 0 ||
		answer_form(reply, &c.form) < 0 ||
		get_delivery(reply, &c.delivery) < 0 ||
		get_int(reply, "expires_in", DAY_S, &c.expires_in_s) < 0 ||
		get_int(reply, "resend_in", DAY_S, &c.resend_in_s) < 0 ||
		get_int(reply, "tries_left", 1000, &c.tries_left) < 0 ||
		wire_get_bool(reply, "resumed", &c.resumed) < 0)
		return -EBADMSG;
	*ret = c;
	return 0;
}

int answer_lock(const struct wire_reply *reply, struct challenge *ret)
{
	if (wire_get_bool_if(reply, "locked", &ret->locked) < 0)
		return -EBADMSG;
	ret->locked_for_s = 0;
	if (!ret->locked || !wire_is_there(reply, "retry_after"))
		return 0;
	return get_int(reply, "retry_after", LONG_S, &ret->locked_for_s);
}

int answer_domains(const struct wire_reply *reply, char out[LIMIT_DETAIL + 1])
{
	const char *text = "";
	char *last;

	if (wire_is_there(reply, "domains") &&
		wire_get_string(reply, "domains", LIMIT_FRAME, &text) < 0)
		return -EBADMSG;
	text_copy_clean(out, LIMIT_DETAIL + 1, text);
	if (strlen(text) <= LIMIT_DETAIL)
		return 0;
	/* Half a domain is another one. */
	out[LIMIT_DETAIL - strlen(MORE)] = '\0';
	last = strrchr(out, ' ');
	memcpy(last ? last : out, MORE, sizeof(MORE));
	return 0;
}

/* One code of the list, which ends at a blank or at the end. Where the next begins. */
static const char *get_shown(const char *at, char out[ANSWER_SHOWN])
{
	char letters[BOX_RECOVERY + 1];
	size_t length = strcspn(at, " ");
	size_t n = 0;

	out[0] = '\0';
	if (length >= ANSWER_SHOWN)
		return NULL;
	memcpy(out, at, length);
	out[length] = '\0';
	if (!box_read_recovery(out, letters))
		return NULL;
	for (size_t i = 0; i < BOX_RECOVERY; i++) {
		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[i];
	}
	out[n] = '\0';
	explicit_bzero(letters, sizeof(letters));
	at += length;
	return at + (at[0] == ' ' && at[1]);
}

int answer_codes(const struct wire_reply *reply, struct codes *ret)
{
	const char *at;

	if (wire_get_string(reply, "codes", LIMIT_FRAME, &at) < 0)
		return -EBADMSG;
	for (int i = 0; i < ANSWER_CODES && at; i++)
		at = get_shown(at, ret->shown[i]);
	return at && !*at ? 0 : -EBADMSG;
}

int answer_state(const struct wire_reply *reply)
{
	static const struct word states[] = {
		{ "challenge", RESULT_CHALLENGE },
		{ "verified", RESULT_VERIFIED },
		{ "exempt", RESULT_EXEMPT },
		{ "not_enrolled", RESULT_NOT_ENROLLED },
		{ "address_verified", RESULT_ADDRESS_VERIFIED },
		{ "none", RESULT_NOT_FOUND },
		{ "enrol", RESULT_ENROL },
		{ NULL, 0 },
	};
	int state;

	return get_word(reply, "state", states, &state) < 0 ? -EBADMSG : state;
}

static int get_wrong_code(const struct wire_reply *reply, struct challenge *challenge)
{
	int resend_in_s;

	if (get_int(reply, "tries_left", 1000, &challenge->tries_left) < 0 ||
		get_int(reply, "resend_in", DAY_S, &resend_in_s) < 0 ||
		get_delivery(reply, &challenge->delivery) < 0)
		return -EBADMSG;
	return OUTCOME_WRONG_CODE;
}

static int get_reason(
	const struct wire_reply *reply, char out[LIMIT_DETAIL + 1], int outcome)
{
	const char *text;

	if (wire_get_string(reply, "reason", LIMIT_FRAME, &text) < 0)
		return -EBADMSG;
	text_copy_clean(out, LIMIT_DETAIL + 1, text);
	return outcome;
}

static int get_number(
	const struct wire_reply *reply, const char *key, int max, int *ret, int outcome)
{
	return get_int(reply, key, max, ret) < 0 ? -EBADMSG : outcome;
}

int answer_outcome(const struct wire_reply *reply, struct answer *answer)
{
	int outcome = outcome_from_error(reply->error);

	switch (outcome) {
	case OUTCOME_LOCKED:
	case OUTCOME_THROTTLED:
	case OUTCOME_BUSY:
		return get_number(
			reply, "retry_after", LONG_S, &answer->retry_after_s, outcome);
	case OUTCOME_RECOVERY_NEEDED:
		return get_number(
			reply, "tries_left", 1000, &answer->tries_left, outcome);
	case OUTCOME_WRONG_CODE:
		return get_wrong_code(reply, &answer->challenge);
	case OUTCOME_BAD_PASSWORD:
	case OUTCOME_BAD_ADDRESS:
		return get_reason(reply, answer->reason, outcome);
	default:
		break;
	}
	if (outcome >= 0)
		return outcome;
	text_copy_clean(answer->error, sizeof(answer->error), reply->error);
	return -EPROTO;
}

static bool is_of_tokens(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

int answer_token(
	const struct wire_reply *reply, const char *key, char out[LIMIT_TOKEN + 1])
{
	const char *text;

	out[0] = '\0';
	if (wire_get_string(reply, key, LIMIT_TOKEN, &text) < 0 || !*text)
		return -EBADMSG;
	for (const char *at = text; *at; at++)
		if (!is_of_tokens(*at))
			return -EBADMSG;
	text_copy(out, LIMIT_TOKEN + 1, text);
	return 0;
}

int answer_token_if(
	const struct wire_reply *reply, const char *key, char out[LIMIT_TOKEN + 1])
{
	out[0] = '\0';
	return wire_is_there(reply, key) ? answer_token(reply, key, out) : 0;
}
