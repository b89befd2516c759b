/* SPDX-License-Identifier: MIT */
/* Where mails go: how it is written on a command line, and in mail.conf. */
#include "otpd/ctl/setup/relay.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/setup/paths.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"

#define HOST_LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_"

int64_t relay_default_port(enum relay_tls tls)
{
	static const int64_t ports[] = {
		[RELAY_STARTTLS] = 587, [RELAY_IMPLICIT] = 465, [RELAY_PLAIN] = 25
	};

	return ports[tls];
}

const char *relay_check_host(const char *host)
{
	if (!host[0])
		return "there is no name of a host";
	if (strlen(host) >= RELAY_TEXT)
		return "a name of a host is shorter";
	if (host[strspn(host, HOST_LETTERS)])
		return "a name of a host has letters, digits, dots and hyphens only, as "
		       "smtp.example.org";
	if (strcmp(host, "smtp.example.org") == 0)
		return "smtp.example.org is the example of the manual; name your own "
		       "server";
	return NULL;
}

/* What cannot stand between double quotes in mail.conf. */
static bool is_quotable(const char *text)
{
	return !strpbrk(text, "\"\\") && !strstr(text, "${") &&
		!text_has_control(text) && text_is_utf8(text);
}

const char *relay_check_user(const char *user)
{
	if (strlen(user) >= RELAY_TEXT)
		return "it is too long for a user";
	return is_quotable(user) ? NULL : "it has a character that no user has";
}

const char *relay_check_path(const char *path)
{
	if (path[0] != '/' || strlen(path) >= RELAY_TEXT)
		return "the path must begin with a slash, as /var/lib/otpd-mail/drop";
	return is_quotable(path) ? NULL
				 : "it has a character that mail.conf cannot have";
}

/* host, host:port, [address], [address]:port. */
static const char *read_host(struct relay *relay, const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	const char *port = NULL;
	size_t n;

	if (text[0] == '[') {
		if (!end)
			return "the bracket is not closed";
		text++;
		n = (size_t)(end - text);
		if (end[1] == ':')
			port = end + 2;
		else if (end[1])
			return "behind the bracket stands a colon and a port, or nothing";
	} else {
		n = end ? (size_t)(end - text) : strlen(text);
		port = end ? end + 1 : NULL;
	}
	if (n >= sizeof(relay->host))
		return "a name of a host is shorter";
	memcpy(relay->host, text, n);
	relay->host[n] = '\0';
	relay->port = relay_default_port(relay->tls);
	if (port &&
		(parse_int(port, &relay->port) < 0 || relay->port < 1 ||
			relay->port > 65535))
		return "a port is a number from 1 to 65535";
	return relay_check_host(relay->host);
}

const char *relay_read(struct relay *relay, const char *text)
{
	static const struct {
		const char *front;
		enum relay_tls tls;
	} schemes[] = { { "smtp://", RELAY_STARTTLS }, { "smtps://", RELAY_IMPLICIT },
		{ "smtp+plain://", RELAY_PLAIN } };
	static const struct {
		const char *word;
		enum relay_type type;
	} words[] = { { "sendmail", RELAY_SENDMAIL }, { "console", RELAY_CONSOLE },
		{ "configured", RELAY_CONFIGURED } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i].front);

		if (strncmp(text, schemes[i].front, n) != 0)
			continue;
		relay->type = RELAY_SMTP;
		relay->tls = schemes[i].tls;
		return read_host(relay, text + n);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i].word) == 0) {
			relay->type = words[i].type;
			return NULL;
		}
	if (strncmp(text, "maildir:", 8) != 0)
		return "write smtp://HOST:PORT, smtps://HOST:PORT, smtp+plain://HOST:PORT, "
		       "sendmail, maildir:/PATH, console, or configured";
	relay->type = RELAY_MAILDIR;
	if (relay_check_path(text + 8))
		return relay_check_path(text + 8);
	snprintf(relay->path, sizeof(relay->path), "%s", text + 8);
	return NULL;
}

static void add_option(struct buffer *out, const char *name, const char *value)
{
	buffer_puts(out, "\t");
	buffer_puts(out, name);
	buffer_puts(out, " = \"");
	buffer_puts(out, value);
	buffer_puts(out, "\"\n");
}

static void write_smtp(const struct relay *relay, struct buffer *out)
{
	static const char *const modes[] = { [RELAY_STARTTLS] = "starttls",
		[RELAY_IMPLICIT] = "implicit",
		[RELAY_PLAIN] = "none" };
	char line[64];

	buffer_puts(out, "\ttype = smtp\n");
	add_option(out, "host", relay->host);
	snprintf(line, sizeof(line), "\tport = %lld\n\ttls = %s\n",
		(long long)relay->port, modes[relay->tls]);
	buffer_puts(out, line);
	if (!relay->user[0])
		return;
	add_option(out, "user", relay->user);
	add_option(out, "password_file", PATH_PASSWORD);
}

void relay_write(const struct relay *relay, struct buffer *out)
{
	if (relay->type == RELAY_CONFIGURED || relay->type == RELAY_UNSAID)
		return;
	buffer_puts(out, "transport setup {\n");
	if (relay->type == RELAY_SMTP)
		write_smtp(relay, out);
	if (relay->type == RELAY_SENDMAIL)
		buffer_puts(out, "\ttype = sendmail\n");
	if (relay->type == RELAY_CONSOLE)
		buffer_puts(out, "\ttype = console\n");
	if (relay->type == RELAY_MAILDIR) {
		buffer_puts(out, "\ttype = maildir\n");
		add_option(out, "path", relay->path);
	}
	buffer_puts(out, "}\n");
}
