/* SPDX-License-Identifier: MIT */
/* Which kind of transport a configuration asks for. */
#include "otpd/mail/transport.h"

#include <errno.h>
#include <stdio.h>

#include "otpd/mail/smtp.h"

int transport_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	int r = -EINVAL;

	switch ((enum transport_type)config->type) {
	case TRANSPORT_SMTP:
		r = smtp_new(config, loop, ret, error, error_size);
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
