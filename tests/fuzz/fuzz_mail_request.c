/* SPDX-License-Identifier: MIT */
/*
 * Requests over HTTP: a template that has passed makes well-formed requests of one
 * structure from any values; and whatever a service answers, a mail is sent only if it
 * said so in every way that was asked for. Three texts, a NUL between them: template,
 * value, answer. The first byte says what the template is for, the last two the status.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/mail/transport/http_answer.h"
#include "otpd/mail/transport/http_template.h"
#include "otpd/mail/transport/http_vars.h"
#include "otpd/util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static unsigned count(const char *text, const char *characters)
{
	unsigned n = 0;

	for (; *text; text++)
		n += strchr(characters, *text) != NULL;
	return n;
}

static void render(struct buffer *out, const char *template, const char *value,
	enum template_escape escape)
{
	struct template_var vars[HTTP_VARS + 1];

	http_vars_sample(vars, value);
	must(template_render(out, template, vars, escape) == 0, "not rendered",
		template);
}

static void try_template(char *template, enum http_template kind, const char *value)
{
	struct buffer out = { 0 }, plain = { 0 };
	enum template_escape escape = http_template_escape(kind);
	char error[200];
	unsigned line = 0;

	if (http_template_check(template, kind, &line, error, sizeof(error)) < 0) {
		must(error[0] && line > 0, "no reason", template);
		return;
	}
	if (kind == HTTP_FORM)
		http_template_join(template);
	render(&out, template, value, escape);
	render(&plain, template, value[0] ? "x" : "", escape);
	if (kind == HTTP_JSON) {
		json_t *json =
			json_loadb(out.data, out.size, JSON_REJECT_DUPLICATES, NULL);

		must(json != NULL, "no JSON", out.data);
		json_decref(json);
	}
	if (kind == HTTP_FORM && out.data)
		must(count(out.data, "&=") == count(plain.data, "&=") &&
				count(out.data, "\r\n \t") == 0,
			"another form", out.data);
	buffer_fini(&out);
	buffer_fini(&plain);
}

static void try_answer(const char *body, size_t size, int status)
{
	struct http_answer answer = { .end = HTTP_ANSWERED,
		.status = status,
		.error = "",
		.body = body,
		.body_size = size,
		.is_whole = true };
	struct http_rules rules = { .accepted_field = "a.0.b=0",
		.refused_field = "a.0.b",
		.refused_words = "300 406" };
	struct http_verdict verdict;

	text_copy_clean(answer.retry_after, sizeof(answer.retry_after), body);
	(void)http_codes_add(&rules.accepted, "2xx");
	(void)http_codes_add(&rules.refused, "4xx");
	http_answer_judge(&answer, &rules, 1700000000, &verdict);
	must(verdict.result != SEND_SENT ||
			(status / 100 == 2 && memmem(body, size, "0", 1)),
		"sent", body);
	must(verdict.result != SEND_REFUSED ||
			((status / 100 == 2 || status / 100 == 4) &&
				(memmem(body, size, "3", 1) ||
					memmem(body, size, "4", 1))),
		"refused", body);
	must(verdict.pause_s >= 0 && verdict.pause_s <= HTTP_PAUSE_MAX_S, "pause",
		body);
	for (const char *c = verdict.detail; *c; c++)
		must((unsigned char)*c >= ' ', "a control", verdict.detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *value, *body;

	if (size < 3 || size > 8192)
		return 0;
	text = calloc(1, size + 3);
	if (!text)
		abort();
	memcpy(text, data, size - 2);
	value = text + strlen(text) + 1;
	body = value < text + size ? value + strlen(value) + 1 : value;
	if (value < text + size)
		try_template(text + 1, (enum http_template)(text[0] & 3) % 3, value);
	if (body < text + size - 2)
		try_answer(body, (size_t)(text + size - 2 - body),
			(data[size - 2] << 8 | data[size - 1]) % 1000);
	free(text);
	return 0;
}
