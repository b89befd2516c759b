/* SPDX-License-Identifier: MIT */
/*
 * What works but is likely a mistake. Said by --check, and by otpctl send-test, before
 * the first mail does not arrive.
 */
#include "otpd/core/address.h"
#include "otpd/mail/config.h"
#include "otpd/util/text.h"

/* Many relays take only mails from the account that has logged in, or rewrite them. */
static bool from_fits_account(
	const struct mail_config *config, const struct transport_config *transport)
{
	const char *domain = address_domain(transport->user);

	return !domain[0] ||
		text_same_nocase(domain, address_domain(config->common.from));
}

const char *config_warning(const struct mail_config *config, unsigned i)
{
	const struct transport_config *transport = config_transport(config, 0);
	const char *domain = address_domain(config->common.from);
	const char *found[4];
	unsigned n = 0;

	if (!from_fits_account(config, transport))
		found[n++] =
			"from is of another domain than user: the relay may refuse it, "
			"and SPF and DMARC of from's domain must allow the relay";
	if (text_same_nocase(domain, "example.org") ||
		text_same_nocase(domain, "example.com"))
		found[n++] = "from is still the address of the example";
	if (transport->type == TRANSPORT_CONSOLE)
		found[n++] = "type = console writes codes to standard error and mails "
			     "nothing; for development only";
	if (transport->type == TRANSPORT_SMTP && transport->tls == TLS_NONE &&
		transport->user[0])
		found[n++] = "the password goes over this machine's loopback in clear";
	return i < n ? found[i] : NULL;
}
