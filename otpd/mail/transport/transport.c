/* SPDX-License-Identifier: MIT */
/* What depends on which kind of transport a configuration asks for. */
#include "otpd/mail/transport/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/transport/http.h"
#include "otpd/mail/transport/maildir_check.h"
#include "otpd/mail/transport/smtp_account.h"
#include "otpd/util/text.h"

int transport_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	int r = -EINVAL;

	switch ((enum transport_type)config->type) {
	case TRANSPORT_SMTP:
	case TRANSPORT_SENDMAIL:
		r = smtp_new(config, loop, ret, error, error_size);
		break;
	case TRANSPORT_HTTP:
	case TRANSPORT_SMS:
		r = http_new(config, loop, ret, error, error_size);
		break;
	case TRANSPORT_MAILDIR:
		r = maildir_new(config, ret, error, error_size);
		break;
	case TRANSPORT_CONSOLE:
		r = console_new(ret);
		break;
	}
	if (r < 0)
		return r;
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", config->title);
	(*ret)->takes_addresses = config->type != TRANSPORT_SMS;
	(*ret)->takes_numbers =
		config->type == TRANSPORT_SMS || config->type == TRANSPORT_CONSOLE;
	return 0;
}

static int check_maildir(const struct transport_config *config, char *said, size_t size)
{
	char name[SETTINGS_TITLE + 32];

	snprintf(name, sizeof(name), "transport %s: path", config->title);
	return maildir_check_drop(name, config->path, said, size);
}

int transport_check(const struct transport_config *config, char *said, size_t size)
{
	said[0] = '\0';
	switch ((enum transport_type)config->type) {
	case TRANSPORT_SMTP:
	case TRANSPORT_SENDMAIL:
		return smtp_check_files(config, said, size);
	case TRANSPORT_HTTP:
	case TRANSPORT_SMS:
		return http_check_files(config, said, size);
	case TRANSPORT_MAILDIR:
		return check_maildir(config, said, size);
	case TRANSPORT_CONSOLE:
		break;
	}
	return 0;
}

const char *transport_type_name(enum transport_type type)
{
	static const char *const names[] = {
		[TRANSPORT_SMTP] = "smtp",
		[TRANSPORT_SENDMAIL] = "sendmail",
		[TRANSPORT_HTTP] = "http",
		[TRANSPORT_SMS] = "sms",
		[TRANSPORT_MAILDIR] = "maildir",
		[TRANSPORT_CONSOLE] = "console",
	};

	return names[type];
}

void transport_free(struct transport *transport)
{
	if (transport)
		transport->free(transport);
}

void parcel_end(struct parcel *parcel, enum send_result result, enum send_cause cause,
	const char *detail)
{
	const struct verdict verdict = { result, cause, 0, detail };

	parcel->done(parcel, &verdict);
}
