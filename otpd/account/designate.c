/* SPDX-License-Identifier: MIT */
/*
 * Which tenant and which account an administrator means. Whoever has one tenant never
 * has to name it.
 *
 * An identifier comes before a user name: owners choose their user names, and one who
 * took somebody's identifier for his MUST NOT be disabled or spared in that one's
 * place.
 */
#include "otpd/account/designate.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/hex.h"

/* The i-th place of otpd.conf that can name a tenant of accounts: its name, "" if it
 * does not, NULL behind the last. */
static const char *place(const struct config *config, size_t i)
{
	const struct tenant_section *tenants = config->tenants.items;
	const struct client_section *clients = config->clients.items;

	if (i < config->tenants.n)
		return tenants[i].title;
	i -= config->tenants.n;
	return i < config->clients.n ? clients[i].tenant : NULL;
}

/* The same of policies. */
static const char *policy_place(const struct config *config, size_t i)
{
	const struct policy *policies = config->policies.items;

	return i < config->policies.n ? policies[i].tenant : NULL;
}

typedef const char *place_of(const struct config *config, size_t i);

static bool names(
	const struct config *config, place_of *of, const char *name, const char **ret)
{
	for (size_t i = 0; (*ret = of(config, i)); i++)
		if (strcmp(*ret, name) == 0)
			return true;
	return false;
}

/* How many different ones there are; *ret is one of them. */
static size_t count(const struct config *config, place_of *of, const char **ret)
{
	const char *name;
	size_t n = 0;

	for (size_t i = 0; (name = of(config, i)); i++) {
		if (!name[0] || (n > 0 && strcmp(name, *ret) == 0))
			continue;
		*ret = name;
		n++;
	}
	return n;
}

static place_of *places(const struct config *config)
{
	const char *ignored = "";

	return count(config, place, &ignored) > 0 ? place : policy_place;
}

static bool has(const json_t *array, const char *name)
{
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value)
		if (strcmp(json_string_value(value), name) == 0)
			return true;
	return false;
}

json_t *designate_tenants(const struct config *config)
{
	json_t *array = json_array();
	place_of *of = places(config);
	const char *name;

	for (size_t i = 0; array && (name = of(config, i)); i++) {
		if (!name[0] || has(array, name))
			continue;
		if (json_array_append_new(array, json_string(name)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

int designate_tenant(const struct config *config, const char *name, const char **ret)
{
	if (!name[0]) {
		*ret = "";
		return count(config, places(config), ret) == 1 ? 0 : OUTCOME_BAD_NAME;
	}
	if (names(config, place, name, ret) || names(config, policy_place, name, ret))
		return 0;
	return OUTCOME_BAD_NAME;
}

static bool is_identifier(const char *text, uint8_t ret[ACCOUNT_ID])
{
	return principal_is_account(text, ret) ||
		hex_decode(ret, ACCOUNT_ID, text) == 0;
}

int designate_account(struct daemon *daemon, struct store *store, const char *tenant,
	const char *login, struct account *ret)
{
	uint8_t id[ACCOUNT_ID];
	const char *known;
	int r = is_identifier(login, id) ? accounts_get(store, id, ret) : -ENOENT;

	if (r == 0 && (!tenant[0] || strcmp(ret->tenant, tenant) == 0))
		return 0;
	if (r < 0 && r != -ENOENT)
		return r;
	r = designate_tenant(daemon->moment.config, tenant, &known);
	if (r != 0)
		return r;
	r = accounts_find(store, known, login, ret);
	return r == -ENOENT ? OUTCOME_NO_USER : r;
}
