/* SPDX-License-Identifier: MIT */
/*
 * What must hold of transports that speak SMTP.
 *
 * MUST refuse tls = none unless the host is this machine.
 */
#include <arpa/inet.h>
#include <string.h>

#include "otpd/mail/config_check.h"

/* A host name, an IPv4 address, or an IPv6 address without brackets. */
static bool is_host(const char *host)
{
	struct in6_addr ignored;

	if (inet_pton(AF_INET6, host, &ignored) == 1)
		return true;
	return host[0] && host[0] != '.' && host[0] != '-' &&
		host[strspn(host,
			"abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] == '\0';
}

const char *config_smtp_problem(const struct transport_config *transport)
{
	if (!transport->host[0])
		return "host is missing";
	if (!is_host(transport->host))
		return "host is neither a host name nor an address";
	if (transport->tls == TLS_NONE && !config_is_this_machine(transport->host))
		return "tls = none is for this machine only (localhost, 127.0.0.1, ::1)";
	if (transport->user[0] && !transport->password_file[0])
		return "user is set, but password_file is not";
	if (!transport->user[0] && transport->password_file[0])
		return "password_file is set, but user is not";
	if (transport->ca_file[0] && transport->ca_file[0] != '/')
		return "ca_file is not an absolute path";
	return NULL;
}

void config_smtp_fill(struct transport_config *transport)
{
	static const int ports[] = {
		[TLS_STARTTLS] = 587,
		[TLS_IMPLICIT] = 465,
		[TLS_NONE] = 25,
	};

	if (transport->port == 0)
		transport->port = ports[transport->tls];
}
