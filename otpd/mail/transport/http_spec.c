/* SPDX-License-Identifier: MIT */
/*
 * Puts together what an HTTP transport needs before its first mail: what stands in
 * mail.conf goes before what its preset says. Whatever could be wrong with a template
 * or a file is found here.
 *
 * MUST NOT keep a secret in memory that is not wiped, and MUST NOT let one into an
 * error.
 */
#include "otpd/mail/transport/http_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/transport/http_files.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define CUT_MIN 4 /* characters of a secret that are too many */

void http_spec_free(struct http_spec *spec)
{
	if (!spec)
		return;
	for (size_t i = 0; i < spec->n_headers; i++) {
		secret_free(spec->headers[i].name);
		secret_free(spec->headers[i].value);
	}
	secret_free(spec->body);
	secret_free(spec->password);
	secret_free(spec->key);
	secret_free(spec->signing_key);
	for (size_t i = 0; i < HTTP_SECRETS; i++)
		secret_free(spec->secrets[i]);
	secret_free(spec);
}
DEFINE_CLEANUP(struct http_spec *, http_spec_free);

static char *copy(const char *text, size_t length)
{
	char *out = secret_alloc(length + 1);

	if (!out)
		return NULL;
	memcpy(out, text, length);
	out[length] = '\0';
	return out;
}

/* The URL of a preset, with what its service calls a customer's place. */
static void put_url(struct http_spec *spec, const struct transport_config *config,
	const struct preset *preset)
{
	const struct template_var vars[] = {
		{ "region", config->region, false },
		{ "domain", config->domain, false },
		{ 0 },
	};
	CLEANUP(buffer_fini) struct buffer url = { 0 };

	if (config->url[0]) {
		text_copy(spec->url, sizeof(spec->url), config->url);
		return;
	}
	if (preset->url && template_render(&url, preset->url, vars, ESCAPE_URL) == 0)
		text_copy(spec->url, sizeof(spec->url), url.data);
}

static bool has_header(const struct http_spec *spec, const char *line)
{
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, ":"), line);
	for (size_t i = 0; i < spec->n_headers; i++)
		if (text_same_nocase(spec->headers[i].name, name))
			return true;
	return false;
}

/* "Name: value", with a value that is a good template. */
static int add_header(
	struct http_spec *spec, const char *line, char *error, size_t error_size)
{
	struct http_header *header = &spec->headers[spec->n_headers];
	size_t name = strcspn(line, ":");
	const char *value = line + name + (line[name] == ':');
	char why[160];
	unsigned at;
	int r;

	value += strspn(value, " ");
	r = http_template_check(value, HTTP_HEADER, &at, why, sizeof(why));
	if (r < 0) {
		snprintf(error, error_size, "transport %s: headers: %.*s: %s",
			spec->title, (int)name, line, why);
		return r;
	}
	header->name = copy(line, name);
	header->value = copy(value, strlen(value));
	spec->n_headers++;
	return header->name && header->value ? 0 : -ENOMEM;
}

static int put_headers(struct http_spec *spec, const struct transport_config *config,
	const struct preset *preset, char *error, size_t error_size)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->headers.n; i++)
		r = add_header(spec, config->headers.items[i], error, error_size);
	for (size_t i = 0; r == 0 && i < PRESET_HEADERS && preset->headers[i]; i++)
		if (!has_header(spec, preset->headers[i]))
			r = add_header(spec, preset->headers[i], error, error_size);
	return r;
}

/* The template itself: of body_file, or of the preset. *ret stays NULL if none. */
static int read_body(const struct transport_config *config, const struct preset *preset,
	char **ret, char *error, size_t error_size)
{
	char why[FILE_WHY];
	size_t size = 0;
	int r;

	if (!config->body_file[0]) {
		if (preset->body)
			*ret = copy(preset->body, strlen(preset->body));
		return !preset->body || *ret ? 0 : -ENOMEM;
	}
	r = file_read_safe(config->body_file, FILE_CONFIG, HTTP_TEMPLATE, ret, &size);
	if (r == 0 && (strlen(*ret) != size || !text_is_utf8(*ret)))
		r = -EILSEQ;
	if (r < 0)
		snprintf(error, error_size, "transport %s: body_file %s: %s",
			config->title, config->body_file,
			r == -EILSEQ
				? "is not UTF-8"
				: file_explain(why, config->body_file, r, FILE_CONFIG));
	return r;
}

static int put_body(struct http_spec *spec, const struct transport_config *config,
	const struct preset *preset, char *error, size_t error_size)
{
	bool is_preset = preset->content_type && !config->body_file[0];
	const char *type = is_preset ? preset->content_type : config->content_type;
	enum http_template kind =
		strncmp(type, "application/json", 16) == 0 ? HTTP_JSON : HTTP_FORM;
	char why[200];
	unsigned line = 0;
	int r;

	text_copy(spec->content_type, sizeof(spec->content_type), type);
	spec->escape = http_template_escape(kind);
	r = read_body(config, preset, &spec->body, error, error_size);
	if (r < 0 || !spec->body)
		return r;
	r = http_template_check(spec->body, kind, &line, why, sizeof(why));
	if (r == -EINVAL)
		snprintf(error, error_size, "transport %s: body_file %s:%u: %s",
			config->title, config->body_file, line, why);
	if (r == 0 && kind == HTTP_FORM)
		http_template_join(spec->body);
	return r;
}

/* The words of a row, blanks between them. */
static void add_codes(struct http_codes *codes, const char *words)
{
	while (words && *words) {
		size_t n = strcspn(words, " ");
		char word[8];

		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		(void)http_codes_add(codes, word);
		words += n + (words[n] == ' ');
	}
}

static void put_rules(struct http_spec *spec, const struct transport_config *config,
	const struct preset *preset)
{
	struct http_rules *rules = &spec->rules;

	if (config->accepted.n > 0)
		(void)http_codes_read(&rules->accepted, &config->accepted);
	else
		add_codes(&rules->accepted, preset->accepted);
	if (config->refused.n > 0) {
		(void)http_codes_read(&rules->refused, &config->refused);
	} else {
		add_codes(&rules->refused, preset->refused);
		rules->refused_field = preset->refused_field;
		rules->refused_words = preset->refused_words;
	}
	rules->blames_recipient = config->refused.n > 0 || rules->refused_words ||
		config->preset == PRESET_WEBHOOK;
	text_copy(spec->accepted_field, sizeof(spec->accepted_field),
		config->accepted_field);
	rules->accepted_field = config->accepted_field[0] ? spec->accepted_field
							  : preset->accepted_field;
}

/* user and password, as this service has them. */
static void put_account(struct http_spec *spec, const struct transport_config *config,
	const struct preset *preset)
{
	spec->auth = preset->auth;
	text_copy(spec->region, sizeof(spec->region), config->region);
	text_copy(spec->user, sizeof(spec->user),
		preset->auth == PRESET_AUTH_API ? "api" : config->user);
}

/* Where a request names a variable, as "{{key}}" with the braces. */
static bool header_names(const struct http_spec *spec, const char *tag)
{
	for (size_t i = 0; i < spec->n_headers; i++)
		if (strstr(spec->headers[i].value, tag))
			return true;
	return false;
}

static bool body_names(const struct http_spec *spec, const char *tag)
{
	return spec->body && strstr(spec->body, tag);
}

static bool names(const struct http_spec *spec, const char *tag)
{
	return header_names(spec, tag) || body_names(spec, tag);
}

/* Where the key is wanted in any case: "{{#key}}" makes it a matter of choice. */
static const char *needs_key(const struct http_spec *spec)
{
	for (size_t i = 0; i < spec->n_headers; i++)
		if (strstr(spec->headers[i].value, "{{key}}") &&
			!strstr(spec->headers[i].value, "{{#key}}"))
			return "a header";
	if (body_names(spec, "{{key}}") && !body_names(spec, "{{#key}}"))
		return "the body";
	return NULL;
}

static int check_key(const struct http_spec *spec,
	const struct transport_config *config, char *error, size_t error_size)
{
	const char *needs = needs_key(spec);

	if (config->api_key_file[0] && spec->auth != PRESET_AUTH_API &&
		!names(spec, "{{key}}")) {
		snprintf(error, error_size,
			"transport %s: api_key_file is set, but no header and no body "
			"has {{key}}",
			config->title);
		return -EINVAL;
	}
	if (!config->api_key_file[0] && needs) {
		snprintf(error, error_size,
			"transport %s: %s uses {{key}}, but api_key_file is not set",
			config->title, needs);
		return -EINVAL;
	}
	return 0;
}

/* A service that is not told to whom, or what, would take it and send nothing. */
static int check_contents(const struct http_spec *spec, char *error, size_t error_size)
{
	bool has_raw = !spec->is_sms && body_names(spec, "{{raw}}");
	bool has_text = has_raw || body_names(spec, "{{text}}") ||
		body_names(spec, "{{code}}") ||
		(!spec->is_sms && body_names(spec, "{{html}}"));

	if (!has_raw && !names(spec, "{{to}}")) {
		snprintf(error, error_size,
			"transport %s: neither the body nor a header has {{to}}, the "
			"recipient",
			spec->title);
		return -EINVAL;
	}
	if (!has_text) {
		snprintf(error, error_size,
			"transport %s: the body has no text: it needs one of %s",
			spec->title,
			spec->is_sms ? "{{text}} and {{code}}"
				     : "{{text}}, {{html}}, {{code}} and {{raw}}");
		return -EINVAL;
	}
	return 0;
}

static int load(struct http_spec *spec, const struct transport_config *config,
	char *error, size_t error_size)
{
	const struct preset *preset = preset_get((enum transport_preset)config->preset);
	int r;

	text_copy(spec->title, sizeof(spec->title), config->title);
	spec->is_sms = config->type == TRANSPORT_SMS;
	spec->is_put = config->method == 1;
	spec->connections = config->connections;
	spec->timeout_s = config->timeout_s;
	put_url(spec, config, preset);
	put_rules(spec, config, preset);
	put_account(spec, config, preset);
	r = put_headers(spec, config, preset, error, error_size);
	if (r == 0)
		r = put_body(spec, config, preset, error, error_size);
	if (r == 0)
		r = check_key(spec, config, error, error_size);
	return r < 0 ? r : check_contents(spec, error, error_size);
}

int http_spec_load(const struct transport_config *config, bool forgiving,
	struct http_spec **ret, const char **ret_unseen, char *error, size_t error_size)
{
	CLEANUP(http_spec_freep) struct http_spec *spec = secret_alloc(sizeof(*spec));
	int r;

	error[0] = '\0';
	if (!spec)
		return -ENOMEM;
	memset(spec, 0, sizeof(*spec));
	r = load(spec, config, error, error_size);
	if (r == 0)
		r = http_files_read(
			spec, config, forgiving, ret_unseen, error, error_size);
	if (r < 0) {
		if (!error[0])
			snprintf(error, error_size, "transport %s: %s", config->title,
				strerror(-r));
		return r;
	}
	*ret = TAKE_PTR(spec);
	return 0;
}

/* The begin of a secret at the end of a text, which was cut. */
static void mask_cut(const char *secret, size_t length, char *text, size_t size)
{
	size_t n = length < size ? length : size;

	for (; n >= CUT_MIN; n--)
		if (memcmp(text + size - n, secret, n) == 0)
			memset(text + size - n, '*', n);
}

void http_spec_mask(const struct http_spec *spec, char *text, size_t size)
{
	for (size_t i = 0; i < HTTP_SECRETS; i++) {
		const char *secret = spec->secrets[i];
		size_t length = secret && size > 0 ? strlen(secret) : 0;
		char *at = text;

		while (length > 0 &&
			(at = memmem(at, size - (size_t)(at - text), secret, length)))
			memset(at, '*', length);
		if (length > 0)
			mask_cut(secret, length, text, size);
	}
}
