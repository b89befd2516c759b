/* SPDX-License-Identifier: MIT */
/*
 * What an HTTP answer means for a mail. Answers in, decisions out, no I/O.
 *
 * Only an answer that the rules call accepted is "sent"; only one that they call
 * refused is about the mail for good. All else may be different in a minute, or after
 * the administrator has acted. What may have been accepted, although no answer says so,
 * MUST NOT go to another transport, which would mail the code twice: the repeat goes to
 * the same service, with the same Idempotency-Key.
 */
#include "otpd/mail/transport/http_answer.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/transport/http_field.h"
#include "otpd/util/cleanup.h"

#define FIRST_WORDS 160

int64_t http_answer_pause(const char *retry_after, int64_t now_s)
{
	size_t digits = strspn(retry_after, "0123456789");
	int64_t seconds;
	time_t date;

	if (digits > 0 && retry_after[digits] == '\0') {
		seconds = digits > 9 ? HTTP_PAUSE_MAX_S : strtol(retry_after, NULL, 10);
	} else if (digits == 0 && retry_after[0] != '-' &&
		(date = curl_getdate(retry_after, NULL)) != -1) {
		seconds = (int64_t)date - now_s;
	} else {
		return 0;
	}
	if (seconds < 1)
		return 1;
	return seconds < HTTP_PAUSE_MAX_S ? seconds : HTTP_PAUSE_MAX_S;
}

/* The beginning of the body, runs of blanks and controls as one blank. */
static void first_words(
	const struct http_answer *answer, char out[static FIRST_WORDS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < answer->body_size && n < FIRST_WORDS; i++) {
		char c = answer->body[i];
		bool is_blank = c >= '\0' && c <= ' ';

		if (!is_blank)
			out[n++] = c;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static void describe(const struct http_answer *answer, struct http_verdict *ret)
{
	char words[FIRST_WORDS + 1];

	first_words(answer, words);
	snprintf(ret->detail, sizeof(ret->detail), "%d%s%s%s%s", answer->status,
		answer->reason[0] ? " " : "", answer->reason, words[0] ? ": " : "",
		words);
	snprintf(ret->why, sizeof(ret->why), "the service answers %d", answer->status);
}

/* Whether word (length bytes) is one of the words. */
static bool has_word(const char *words, const char *word, size_t length)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == length && memcmp(words, word, n) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

/* Whether the answer says that it is about the mail; true where there is no such rule.
 */
static bool is_about_mail(const struct http_answer *answer,
	const struct http_rules *rules, const json_t *json)
{
	char text[HTTP_FIELD_TEXT];

	if (!rules->refused_field)
		return true;
	/* "BadRequestException:http://internal.amazon.com/..." */
	if (strcmp(rules->refused_field, "header") == 0)
		return has_word(rules->refused_words, answer->error_type,
			strcspn(answer->error_type, ":"));
	return json &&
		http_field_get(json, rules->refused_field, strlen(rules->refused_field),
			text) &&
		has_word(rules->refused_words, text, strlen(text));
}

static void set(
	struct http_verdict *ret, enum send_result result, enum send_cause cause)
{
	ret->result = result;
	ret->cause = cause;
}

/* Services refuse requests for many reasons, most of them ours; 413 always is. */
static void refuse(const struct http_answer *answer, const struct http_rules *rules,
	struct http_verdict *ret)
{
	bool blames = rules->blames_recipient && answer->status != 413;

	set(ret, SEND_REFUSED, blames ? CAUSE_RECIPIENT : CAUSE_MAIL);
}

/* The status says that the mail is accepted; does the body? */
static void judge_accepted(const struct http_answer *answer,
	const struct http_rules *rules, const json_t *json, struct http_verdict *ret)
{
	if (!rules->accepted_field ||
		(json && http_field_holds(json, rules->accepted_field)))
		set(ret, SEND_SENT, CAUSE_RECIPIENT);
	else if (!json) /* it may have been */
		set(ret, SEND_DEFERRED, CAUSE_RECIPIENT);
	else if (rules->refused_field && is_about_mail(answer, rules, json))
		refuse(answer, rules, ret);
	else
		set(ret, SEND_DEFERRED, CAUSE_TRANSPORT);
}

static void judge_refused(const struct http_answer *answer,
	const struct http_rules *rules, const json_t *json, struct http_verdict *ret)
{
	if (is_about_mail(answer, rules, json)) {
		refuse(answer, rules, ret);
		return;
	}
	set(ret, SEND_DEFERRED, CAUSE_TRANSPORT);
	ret->is_our_fault = true;
}

/* A status that no rule speaks of. */
static void judge_other(
	const struct http_answer *answer, int64_t now_s, struct http_verdict *ret)
{
	int status = answer->status;

	set(ret, SEND_DEFERRED, CAUSE_TRANSPORT);
	if (status == 429 || status == 503)
		ret->pause_s = http_answer_pause(answer->retry_after, now_s);
	/*
	 * A 2xx that is not accepted, or a 409, with which services answer a key that
	 * they are still at work with: the mail may be on its way.
	 */
	if (status / 100 == 2 || status == 409)
		ret->cause = CAUSE_RECIPIENT;
	else if (status / 100 == 3)
		ret->is_our_fault = true;
	else if (status / 100 == 4)
		ret->is_our_fault = status != 408 && status != 425 && status != 429;
}

static void judge_status(const struct http_answer *answer,
	const struct http_rules *rules, int64_t now_s, struct http_verdict *ret)
{
	int accepted = http_codes_match(&rules->accepted, answer->status);
	int refused = http_codes_match(&rules->refused, answer->status);
	CLEANUP(json_decrefp) json_t *json = NULL;

	if (answer->is_whole && (rules->accepted_field || rules->refused_field))
		json = json_loadb(answer->body, answer->body_size, 0, NULL);
	describe(answer, ret);
	if (accepted > refused)
		judge_accepted(answer, rules, json, ret);
	else if (refused > 0)
		judge_refused(answer, rules, json, ret);
	else
		judge_other(answer, now_s, ret);
}

void http_answer_judge(const struct http_answer *answer, const struct http_rules *rules,
	int64_t now_s, struct http_verdict *ret)
{
	*ret = (struct http_verdict){ 0 };
	switch (answer->end) {
	case HTTP_ANSWERED:
		judge_status(answer, rules, now_s, ret);
		return;
	case HTTP_LOST:
		set(ret, SEND_DEFERRED, CAUSE_RECIPIENT);
		snprintf(ret->detail, sizeof(ret->detail),
			"sent, but no answer came: %s", answer->error);
		snprintf(ret->why, sizeof(ret->why), "%s", ret->detail);
		return;
	case HTTP_UNSENT:
		set(ret, SEND_DEFERRED, CAUSE_TRANSPORT);
		snprintf(ret->detail, sizeof(ret->detail), "%s", answer->error);
		snprintf(ret->why, sizeof(ret->why), "%s", ret->detail);
		return;
	}
}
