/* SPDX-License-Identifier: MIT */
/* Mails over HTTP. */
#include <errno.h>
#include <stdio.h>

#include "otpd/mail/transport/transport.h"

int http_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	(void)loop;
	(void)ret;
	snprintf(error, error_size, "transport %s: not there yet", config->title);
	return -ENOSYS;
}
