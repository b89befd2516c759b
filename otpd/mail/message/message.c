/* SPDX-License-Identifier: MIT */
/*
 * From a letter to the bytes of a mail: headers, a text part and an HTML part. Nothing
 * random and no clock in it: a mail that is sent again after a crash is the same to the
 * byte, and mail servers may recognise it by its Message-ID.
 *
 * MUST NOT put the code into a header. The identity of the host comes from otpd, so a
 * letter needs no name service here.
 */
#include "otpd/mail/message/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/mail/message/catalogue.h"
#include "otpd/mail/message/mime.h"
#include "otpd/mail/message/when.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/template.h"

#define TEXT_WIDTH    72
#define ID_DOMAIN_MAX 42 /* " <", 32 digits, "@", ">": a line of 78 */
#define MAIL_DIGITS   32
#define WORDS_MAX     1024
#define CODE_HTML_MAX 512

#define CLEANUP_BUFFER CLEANUP(buffer_fini) struct buffer

/* The variables of the templates, where they are not the letter's own. */
struct words {
	char clock[WHEN_MAX];
	char time[WHEN_MAX];
	char expires[WHEN_MAX];
	char minutes[WHEN_MAX];
	char prompt[64];
	char code_html[CODE_HTML_MAX];
	char subject[WORDS_MAX];
	char preheader[WORDS_MAX];
	char heading[WORDS_MAX];
	char intro[WORDS_MAX];
	char expiry[WORDS_MAX];
	char advice[WORDS_MAX];
};

static void words_free(struct words *words)
{
	secret_free(words);
}
DEFINE_CLEANUP(struct words *, words_free);

/* Groups of three, or of four where that comes out even; none is a single digit. */
static size_t group_size(size_t length, size_t at)
{
	size_t group = length % 3 != 0 && length % 4 == 0 ? 4 : 3;
	size_t rest = length - at;

	return rest <= group + 1 ? rest : group;
}

/* The code with its groups set apart by margins, which do not copy. */
static void show_code(char *out, size_t size, const char *code)
{
	size_t length = strlen(code), n = 0;

	for (size_t at = 0; at < length && n < size;) {
		size_t group = group_size(length, at);

		n += (size_t)snprintf(out + n, size - n, "%s%.*s%s",
			at > 0 ? "<span style=\"margin-left:14px\">" : "", (int)group,
			code + at, at > 0 ? "</span>" : "");
		at += group;
	}
}

/* So large that it still fits on a telephone of 360 pixels. */
static const char *code_size(const char *code)
{
	size_t length = strlen(code);

	if (length <= 8)
		return "36px";
	return length <= 10 ? "28px" : "18px";
}

static int render_into(
	char *out, size_t size, const char *template, const struct template_var *vars)
{
	CLEANUP_BUFFER text = { 0 };
	int r = template_render(&text, template, vars, ESCAPE_NONE);

	out[0] = '\0';
	if (r < 0 || !text.data)
		return r;
	letter_clean(out, size, text.data);
	return 0;
}

static void show_letter(struct words *words, const struct letter *letter)
{
	when_clock(words->clock, letter->at_s);
	when_full(words->time, letter->at_s);
	when_clock(words->expires, letter->expires_at_s);
	when_span(words->minutes, letter->expires_at_s - letter->at_s);
	show_code(words->code_html, sizeof(words->code_html), letter->code);
	if (letter->reference[0] && letter->code[0])
		snprintf(words->prompt, sizeof(words->prompt),
			"Your prompt must show the same reference, %s.",
			letter->reference);
}

/* Renders what the catalogue has for this kind; those are variables of the layouts. */
static int show_entry(struct words *words, const struct letter *letter,
	const struct template_var *vars)
{
	const struct catalogue_entry *entry = &catalogue[letter->kind];
	const char *expiry = letter->expires_at_s > 0 ? entry->expiry : "";
	const struct {
		char *out;
		const char *template;
	} all[] = {
		{ words->subject, entry->subject },
		{ words->preheader, entry->preheader },
		{ words->heading, entry->heading },
		{ words->intro, entry->intro },
		{ words->expiry, expiry },
		{ words->advice, entry->advice },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		r = render_into(all[i].out, WORDS_MAX, all[i].template, vars);
	return r;
}

/* Labels are dropped from the left until the identifier fits on its line. */
static const char *id_domain(const char *address)
{
	const char *domain = address_domain(address);

	while (strlen(domain) > ID_DOMAIN_MAX) {
		const char *dot = strchr(domain, '.');

		if (!dot || !strchr(dot + 1, '.'))
			return "otpd.invalid";
		domain = dot + 1;
	}
	return domain;
}

static void put_id(struct buffer *out, const char *mail, const char *from)
{
	char id[MIME_LINE + 8];
	const char *domain = id_domain(from);
	bool fits =
		strlen("Message-ID: <@>") + MAIL_DIGITS + strlen(domain) <= MIME_LINE;

	snprintf(id, sizeof(id), "%s<%.*s@%s>", fits ? "" : "\r\n ", MAIL_DIGITS, mail,
		domain);
	mime_header(out, "Message-ID", id);
}

static void put_headers(struct buffer *out, const struct letter *letter,
	const struct tenant_config *tenant, const char *mail, const char *subject)
{
	char date[WHEN_MAX], type[MIME_LINE + 8];

	when_header(date, letter->at_s);
	snprintf(type, sizeof(type), "multipart/alternative; boundary=\"=_%.*s\"",
		MAIL_DIGITS, mail);
	mime_header_mailbox(out, "From", tenant->from_name, tenant->from);
	mime_header_mailbox(out, "To", letter->name, letter->to);
	mime_header_text(out, "Subject", subject);
	mime_header(out, "Date", date);
	put_id(out, mail, tenant->from);
	mime_header(out, "Auto-Submitted", "auto-generated");
	mime_header(out, "X-Auto-Response-Suppress", "All");
	mime_header(out, "MIME-Version", "1.0");
	mime_header_words(out, "Content-Type", type);
}

static void put_boundary(struct buffer *out, const char *mail, const char *end)
{
	buffer_puts(out, "\r\n--=_");
	buffer_puts(out, mail);
	buffer_puts(out, end);
	buffer_puts(out, "\r\n");
}

static void put_part(
	struct buffer *out, const char *mail, const char *type, const char *body)
{
	put_boundary(out, mail, "");
	mime_header(out, "Content-Type", type);
	mime_header(out, "Content-Transfer-Encoding", "quoted-printable");
	buffer_puts(out, "\r\n");
	mime_quoted_printable(out, body);
}

static int put_mail(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant, const char *mail, const struct words *words,
	const struct template_var *vars)
{
	CLEANUP_BUFFER loose = { 0 }, text = { 0 }, html = { 0 }, out = { 0 },
		       subject = { 0 };

	if (template_render(&loose, catalogue_text, vars, ESCAPE_NONE) < 0 ||
		template_render(&html, catalogue_html, vars, ESCAPE_HTML) < 0)
		return loose.failed || html.failed ? -ENOMEM : -EINVAL;
	template_wrap(&text, loose.data, TEXT_WIDTH);
	if (text.failed)
		return -ENOMEM;
	buffer_puts(&subject, words->subject);
	put_headers(&out, letter, tenant, mail, words->subject);
	put_part(&out, mail, "text/plain; charset=utf-8", text.data);
	put_part(&out, mail, "text/html; charset=utf-8", html.data);
	put_boundary(&out, mail, "--");
	message->bytes = buffer_take(&out, &message->size);
	message->text = buffer_take(&text, NULL);
	message->html = buffer_take(&html, NULL);
	message->subject = buffer_take(&subject, NULL);
	return message->bytes && message->text && message->html && message->subject
		? 0
		: -ENOMEM;
}

int message_compose(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant, const char *mail)
{
	CLEANUP(words_freep) struct words *words = secret_alloc(sizeof(*words));
	const char *host = letter->host[0] ? letter->host : "this system";
	const char *greeting = letter->name[0] ? letter->name : letter->user;
	const char *brand = tenant->organisation[0] ? tenant->organisation : host;
	int r;

	if (!words)
		return -ENOMEM;
	memset(words, 0, sizeof(*words));
	show_letter(words, letter);

	const struct template_var vars[] = {
		{ "host", host, false },
		{ "brand", brand, false },
		{ "greeting", greeting, false },
		{ "user", letter->user, false },
		{ "service", letter->service, false },
		{ "rhost", letter->rhost, false },
		{ "tty", letter->tty, false },
		{ "reference", letter->reference, false },
		{ "code", letter->code, false },
		{ "code_html", words->code_html, true },
		{ "code_size", code_size(letter->code), false },
		{ "clock", words->clock, false },
		{ "time", words->time, false },
		{ "minutes", words->minutes, false },
		{ "expires", words->expires, false },
		{ "prompt", words->prompt, false },
		{ "preheader", words->preheader, false },
		{ "heading", words->heading, false },
		{ "intro", words->intro, false },
		{ "expiry", words->expiry, false },
		{ "advice", words->advice, false },
		{ 0 },
	};

	r = show_entry(words, letter, vars);
	if (r == 0)
		r = put_mail(message, letter, tenant, mail, words, vars);
	if (r < 0)
		message_fini(message);
	return r;
}

void message_fini(struct message *message)
{
	secret_free(message->bytes);
	secret_free(message->subject);
	secret_free(message->text);
	secret_free(message->html);
	*message = (struct message){ 0 };
}
