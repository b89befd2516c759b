/* SPDX-License-Identifier: MIT */
/*
 * From a letter to the bytes of a mail: headers, a text part and an HTML part. Nothing
 * random and no clock in it: a mail that is sent again after a crash is the same to the
 * byte, and mail servers may recognise it by its Message-ID.
 *
 * MUST NOT put the code into a header, but for the subject where the configuration asks
 * for that. The identity of the host comes from otpd, so a letter needs no name service
 * here.
 */
#include "otpd/mail/message/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/mail/message/content.h"
#include "otpd/mail/message/mime.h"
#include "otpd/mail/message/templates.h"
#include "otpd/mail/message/when.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"
#include "otpd/util/wrap.h"

#define TEXT_WIDTH    72
#define ID_DOMAIN_MAX 42 /* " <", 32 digits, "@", ">": a line of 78 */
#define MAIL_DIGITS   32
#define ROOM_HTML     6144 /* what the parts have, rarely more */
#define ROOM_TEXT     2048
#define ROOM_HEADERS  1536

#define CLEANUP_BUFFER CLEANUP(buffer_fini) struct buffer

/* All that one mail is composed of. */
struct job {
	const struct letter *letter;
	const struct tenant_config *tenant;
	const struct templates *templates;
	const struct wording *wording;
	const char *mail;
	const char *from_name;
	struct content content;
};

static void job_free(struct job *job)
{
	content_fini(&job->content);
	secret_free(job);
}
DEFINE_CLEANUP(struct job *, job_free);

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

static void put_headers(struct buffer *out, const struct job *job, const char *subject)
{
	const struct tenant_config *tenant = job->tenant;
	char date[WHEN_HEADER], type[MIME_LINE + 8];

	when_header(date, job->letter->at_s);
	snprintf(type, sizeof(type), "multipart/alternative; boundary=\"=_%.*s\"",
		MAIL_DIGITS, job->mail);
	mime_header_mailbox(out, "From", job->from_name, tenant->from);
	if (tenant->reply_to[0])
		mime_header_mailbox(out, "Reply-To", "", tenant->reply_to);
	mime_header_mailbox(out, "To", job->letter->name, job->letter->to);
	mime_header_text(out, "Subject", subject);
	mime_header(out, "Date", date);
	put_id(out, job->mail, tenant->from);
	mime_header(out, "Content-Language", job->wording->words->language);
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
	mime_body(out, body);
}

static void put_subject(struct buffer *out, const struct job *job)
{
	const struct words *words = job->wording->words;

	stencil_fill(words->phrase[job->letter->kind][PHRASE_SUBJECT], out,
		job->content.values.of, ESCAPE_NONE);
	if (job->templates->code_in_subject && job->letter->code[0]) {
		buffer_puts(out, ": ");
		buffer_puts(out, job->letter->code);
	}
}

static void put_layout(struct buffer *out, struct job *job, enum layout_form form)
{
	const struct layout *layout = job->wording->layouts[job->letter->kind][form];

	content_set_labels(&job->content, job->wording->words, form != LAYOUT_HTML);
	stencil_fill(layout->stencil, out, job->content.values.of,
		form == LAYOUT_HTML ? ESCAPE_HTML : ESCAPE_NONE);
}

static int take(struct buffer *from, char **ret, size_t *ret_size)
{
	*ret = buffer_take(from, ret_size);
	return *ret ? 0 : -ENOMEM;
}

static int compose_mail(struct message *message, struct job *job)
{
	CLEANUP_BUFFER loose = { 0 }, text = { 0 }, html = { 0 }, out = { 0 },
		       subject = { 0 };
	int r;

	buffer_reserve(&html, ROOM_HTML);
	buffer_reserve(&loose, ROOM_TEXT);
	buffer_reserve(&text, ROOM_TEXT);
	put_subject(&subject, job);
	put_layout(&loose, job, LAYOUT_TEXT);
	put_layout(&html, job, LAYOUT_HTML);
	if (subject.failed || loose.failed || html.failed)
		return -ENOMEM;
	wrap_text(&text, loose.data ? loose.data : "", TEXT_WIDTH);
	if (text.failed || !text.data)
		return -ENOMEM;
	buffer_reserve(&out,
		ROOM_HEADERS + html.size + html.size / 4 + text.size + text.size / 2);
	put_headers(&out, job, subject.data ? subject.data : "");
	put_part(&out, job->mail, "text/plain; charset=utf-8", text.data);
	put_part(&out, job->mail, "text/html; charset=utf-8", html.data);
	put_boundary(&out, job->mail, "--");
	r = take(&out, &message->bytes, &message->size);
	if (r == 0)
		r = take(&text, &message->text, NULL);
	if (r == 0)
		r = take(&html, &message->html, NULL);
	return r < 0 ? r : take(&subject, &message->subject, NULL);
}

/* No-break blanks are not in the alphabet of short messages (GSM 03.38), blanks are. */
static void plain_blanks(char *text)
{
	const char *begin = text;
	char *to = text;

	while (*text) {
		size_t blank = strncmp(text, "\u00a0", 2) == 0 ? 2 : *text == '\n';

		*to++ = blank > 0 ? ' ' : *text;
		text += blank > 0 ? blank : 1;
	}
	while (to > begin && to[-1] == ' ')
		to--;
	*to = '\0';
}

static int compose_short(struct message *message, struct job *job)
{
	CLEANUP_BUFFER text = { 0 }, subject = { 0 };
	int r;

	put_subject(&subject, job);
	put_layout(&text, job, LAYOUT_SMS);
	if (text.failed || subject.failed || !text.data)
		return -ENOMEM;
	plain_blanks(text.data);
	r = take(&text, &message->text, NULL);
	return r < 0 ? r : take(&subject, &message->subject, NULL);
}

static const struct wording *choose_wording(const struct edition *edition,
	const struct letter *letter, const struct tenant_config *tenant)
{
	const struct wording *wording = NULL;

	if (letter->language[0])
		wording = edition_wording(edition, letter->language);
	if (!wording)
		wording = edition_wording(edition, tenant->language);
	return wording ? wording : &edition->wordings[0];
}

int message_compose(struct message *message, const struct letter *letter,
	const struct tenant_config *tenant, const struct templates *templates,
	const char *mail)
{
	CLEANUP(job_freep) struct job *job = secret_alloc(sizeof(*job));
	const struct edition *edition = templates_edition(templates, tenant->title);
	bool is_short = address_is_number(letter->to);
	int r;

	*message = (struct message){ 0 };
	if (!job)
		return -ENOMEM;
	*job = (struct job){
		.letter = letter,
		.tenant = tenant,
		.templates = templates,
		.wording = choose_wording(edition, letter, tenant),
		.mail = mail,
	};
	text_copy(message->from_name, sizeof(message->from_name),
		tenant->from_name[0] ? tenant->from_name
				     : job->wording->words->from_name);
	job->from_name = message->from_name;
	r = content_fill(&job->content, letter, tenant, edition, job->wording, mail);
	if (r == 0)
		r = is_short ? compose_short(message, job) : compose_mail(message, job);
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
