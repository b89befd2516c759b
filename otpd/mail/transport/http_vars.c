/* SPDX-License-Identifier: MIT */
/*
 * The variables of request templates. One table of names, in the order in which
 * values are filled in.
 *
 * MUST NOT offer to headers what strangers chose the words of, or what has line ends:
 * a person's name is for bodies, where it is escaped.
 */
#include "otpd/mail/transport/http_vars.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/secret.h"

#define SAMPLE_DIGITS "1700000000"

enum {
	IN_HEADER = 1u << 0,
	IS_DIGITS = 1u << 1, /* or "" */
	IS_ALWAYS = 1u << 2, /* and never "" */
};

enum var {
	VAR_KEY,
	VAR_MAIL,
	VAR_MESSAGE_ID,
	VAR_KIND,
	VAR_LANGUAGE,
	VAR_TENANT,
	VAR_TO,
	VAR_FROM,
	VAR_REPLY_TO,
	VAR_REFERENCE,
	VAR_EXPIRES_AT,
	VAR_EXPIRES_ISO,
	VAR_AT,
	VAR_TO_NAME,
	VAR_FROM_NAME,
	VAR_FROM_MAILBOX,
	VAR_SENDER_NAME,
	VAR_ORGANISATION,
	VAR_SUBJECT,
	VAR_TEXT,
	VAR_HTML,
	VAR_RAW,
	VAR_CODE,
	VAR_USER,
	VAR_SERVICE,
	VAR_HOST,
	VAR_RHOST,
	VAR_TTY,
	VAR_COMMAND,
	VAR_ADDRESS,
	VARS,
};
_Static_assert(VARS <= HTTP_VARS, "they have to fit");

static const struct {
	const char *name;
	unsigned flags;
} names[VARS] = {
	[VAR_KEY] = { "key", IN_HEADER },
	[VAR_MAIL] = { "mail", IN_HEADER },
	[VAR_MESSAGE_ID] = { "message_id", IN_HEADER },
	[VAR_KIND] = { "kind", IN_HEADER },
	[VAR_LANGUAGE] = { "language", IN_HEADER },
	[VAR_TENANT] = { "tenant", IN_HEADER },
	[VAR_TO] = { "to", IN_HEADER },
	[VAR_FROM] = { "from", IN_HEADER },
	[VAR_REPLY_TO] = { "reply_to", IN_HEADER },
	[VAR_REFERENCE] = { "reference", IN_HEADER },
	[VAR_EXPIRES_AT] = { "expires_at", IN_HEADER | IS_DIGITS },
	[VAR_EXPIRES_ISO] = { "expires_iso", IN_HEADER },
	[VAR_AT] = { "at", IN_HEADER | IS_DIGITS | IS_ALWAYS },
	[VAR_TO_NAME] = { "to_name", 0 },
	[VAR_FROM_NAME] = { "from_name", 0 },
	[VAR_FROM_MAILBOX] = { "from_mailbox", 0 },
	[VAR_SENDER_NAME] = { "sender_name", 0 },
	[VAR_ORGANISATION] = { "organisation", 0 },
	[VAR_SUBJECT] = { "subject", 0 },
	[VAR_TEXT] = { "text", 0 },
	[VAR_HTML] = { "html", 0 },
	[VAR_RAW] = { "raw", 0 },
	[VAR_CODE] = { "code", 0 },
	[VAR_USER] = { "user", 0 },
	[VAR_SERVICE] = { "service", 0 },
	[VAR_HOST] = { "host", 0 },
	[VAR_RHOST] = { "rhost", 0 },
	[VAR_TTY] = { "tty", 0 },
	[VAR_COMMAND] = { "command", 0 },
	[VAR_ADDRESS] = { "address", 0 },
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* What stands between the angle brackets of the mail's own Message-ID, and they. */
static char *find_message_id(const struct message *message)
{
	static const char header[] = "\r\nMessage-ID:";
	const char *end = message->bytes ? strstr(message->bytes, "\r\n\r\n") : NULL;
	const char *at = end ? strstr(message->bytes, header) : NULL;
	size_t n;
	char *id;

	at = at && at < end ? strchr(at, '<') : NULL;
	n = at && at < end ? strcspn(at, ">\r\n") : 0;
	id = secret_alloc(n + 2);
	if (!id)
		return NULL;
	id[0] = '\0';
	if (n > 0 && at[n] == '>')
		snprintf(id, n + 2, "%.*s", (int)n + 1, at);
	return id;
}

/* "Name" <address>, the name as a quoted-string (RFC 5322 3.2.4). */
static char *make_mailbox(const char *name, const char *address)
{
	struct buffer out = { 0 };

	if (name[0]) {
		buffer_puts(&out, "\"");
		for (; *name; name++) {
			if (*name == '"' || *name == '\\')
				buffer_puts(&out, "\\");
			buffer_add(&out, name, 1);
		}
		buffer_puts(&out, "\" ");
	}
	buffer_puts(&out, "<");
	buffer_puts(&out, address);
	buffer_puts(&out, ">");
	return buffer_take(&out, NULL);
}

static char *encode_raw(const struct message *message)
{
	size_t size = message->bytes ? message->size : 0;
	size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
	char *out = secret_alloc(room);

	if (out)
		sodium_bin2base64(out, room,
			(const unsigned char *)or_empty(message->bytes), size,
			sodium_base64_VARIANT_ORIGINAL);
	return out;
}

static void show_times(struct http_vars *vars, const struct letter *letter)
{
	time_t expires_at = (time_t)letter->expires_at_s;
	struct tm tm;

	snprintf(vars->at, sizeof(vars->at), "%" PRId64, letter->at_s);
	vars->expires_at[0] = vars->expires_iso[0] = '\0';
	if (letter->expires_at_s <= 0)
		return;
	snprintf(vars->expires_at, sizeof(vars->expires_at), "%" PRId64,
		letter->expires_at_s);
	if (!gmtime_r(&expires_at, &tm) ||
		strftime(vars->expires_iso, sizeof(vars->expires_iso),
			"%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		vars->expires_iso[0] = '\0';
}

static void set(struct http_vars *vars, enum var var, const char *value)
{
	vars->all[var] = (struct template_var){ names[var].name, value, false };
}

static void set_letter(struct http_vars *vars, const struct letter *letter)
{
	set(vars, VAR_KIND, letter_kind_name(letter->kind));
	set(vars, VAR_TENANT, letter->tenant);
	set(vars, VAR_TO_NAME, letter->name);
	set(vars, VAR_CODE, letter->code);
	set(vars, VAR_REFERENCE, letter->reference);
	set(vars, VAR_USER, letter->user);
	set(vars, VAR_SERVICE, letter->service);
	set(vars, VAR_HOST, letter->host);
	set(vars, VAR_RHOST, letter->rhost);
	set(vars, VAR_TTY, letter->tty);
	set(vars, VAR_COMMAND, letter->command);
	set(vars, VAR_ADDRESS, letter->address);
	set(vars, VAR_EXPIRES_AT, vars->expires_at);
	set(vars, VAR_EXPIRES_ISO, vars->expires_iso);
	set(vars, VAR_AT, vars->at);
}

static void set_tenant(struct http_vars *vars, const struct tenant_config *tenant,
	const struct letter *letter, const char *from_name)
{
	set(vars, VAR_FROM_NAME, from_name);
	set(vars, VAR_REPLY_TO, tenant->reply_to);
	set(vars, VAR_ORGANISATION, tenant->organisation);
	set(vars, VAR_SENDER_NAME,
		tenant->organisation[0] ? tenant->organisation : from_name);
	set(vars, VAR_LANGUAGE,
		letter->language[0] ? letter->language : tenant->language);
}

int http_vars_init(struct http_vars *vars, const struct parcel *parcel, const char *key)
{
	const struct message *message = parcel->message;

	*vars = (struct http_vars){
		.message_id = find_message_id(message),
		.from_mailbox = make_mailbox(message->from_name, parcel->from),
		.raw = encode_raw(message),
	};
	if (!vars->message_id || !vars->from_mailbox || !vars->raw)
		return -ENOMEM;
	show_times(vars, parcel->letter);
	set_letter(vars, parcel->letter);
	set_tenant(vars, parcel->tenant, parcel->letter, message->from_name);
	set(vars, VAR_KEY, or_empty(key));
	set(vars, VAR_MAIL, parcel->mail);
	set(vars, VAR_TO, parcel->to);
	set(vars, VAR_FROM, parcel->from);
	set(vars, VAR_MESSAGE_ID, vars->message_id);
	set(vars, VAR_FROM_MAILBOX, vars->from_mailbox);
	set(vars, VAR_RAW, vars->raw);
	/* A short message is its text and nothing else. */
	set(vars, VAR_SUBJECT,
		address_is_number(parcel->to) ? "" : or_empty(message->subject));
	set(vars, VAR_TEXT, or_empty(message->text));
	set(vars, VAR_HTML, or_empty(message->html));
	return 0;
}

void http_vars_fini(struct http_vars *vars)
{
	secret_free(vars->message_id);
	secret_free(vars->from_mailbox);
	secret_free(vars->raw);
	secret_wipe(vars, sizeof(*vars));
}

void http_vars_sample(struct template_var vars[HTTP_VARS + 1], const char *text)
{
	for (int i = 0; i < VARS; i++) {
		bool is_digits = (names[i].flags & IS_DIGITS) &&
			(text[0] || (names[i].flags & IS_ALWAYS));

		vars[i] = (struct template_var){ names[i].name,
			is_digits ? SAMPLE_DIGITS : text, false };
	}
	vars[VARS] = (struct template_var){ 0 };
}

bool http_vars_has(const char *name, size_t length, bool in_header)
{
	for (int i = 0; i < VARS; i++)
		if (strlen(names[i].name) == length &&
			memcmp(names[i].name, name, length) == 0)
			return !in_header || (names[i].flags & IN_HEADER);
	return false;
}
