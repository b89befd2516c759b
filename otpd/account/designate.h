/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_DESIGNATE_H
#define OTPD_SERVER_DESIGNATE_H

#include <jansson.h>

#include "otpd/server/config.h"
#include "otpd/store/accounts.h"

struct daemon;

/*
 * The tenants of accounts, each once: those of sections "tenant" and "client", and only
 * if there are none those of policies, which may be about the look of mails alone. A
 * new array of strings; NULL without memory.
 */
json_t *designate_tenants(const struct config *config);

/*
 * The tenant that is meant, as the configuration spells it: the one that is named, or
 * with "" the only one there is. OUTCOME_BAD_NAME if no section names it, and with ""
 * if there is none or more than one.
 */
int designate_tenant(const struct config *config, const char *name, const char **ret);

/*
 * The account that is meant by an identifier ("acct:" before it does not matter), an
 * address or a user name. OUTCOME_BAD_NAME as above, OUTCOME_NO_USER.
 */
int designate_account(struct daemon *daemon, struct store *store, const char *tenant,
	const char *login, struct account *ret);

#endif
