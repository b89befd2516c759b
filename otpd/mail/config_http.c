/* SPDX-License-Identifier: MIT */
/* What must hold of transports that speak HTTP. */
#include "otpd/mail/config_check.h"

const char *config_http_problem(const struct transport_config *transport)
{
	return transport->url[0] || transport->preset != PRESET_NONE ? NULL
								     : "url is missing";
}
