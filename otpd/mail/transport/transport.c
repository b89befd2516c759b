/* SPDX-License-Identifier: MIT */
/* Which kind of transport a configuration asks for. */
#include "otpd/mail/transport/transport.h"

#include <errno.h>
#include <stdio.h>

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
	if (r == 0)
		snprintf((*ret)->name, sizeof((*ret)->name), "%s", config->title);
	return r;
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
