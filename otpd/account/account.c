/* SPDX-License-Identifier: MIT */
/*
 * On whose behalf a method of org.emailotp.Account is called, and whom its codes are
 * for.
 *
 * A client MUST see its own tenant only, and the tenant comes from otpd.conf, never
 * from the call. Root, in whose processes PAM asks, has the tenant of the service's
 * policy.
 */
#include "otpd/account/account.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"

static bool may_use(const struct client_section *client, const char *service)
{
	return strcmp(client->title, service) == 0 ||
		string_list_has(&client->services, service);
}

static int of_client(const struct config *config, const struct client_section *client,
	const char *service, enum account_purpose purpose, struct account_caller *ret)
{
	*ret = (struct account_caller){
		.client = client->title,
		.tenant = client->tenant,
		.service = *service ? service : client->title,
		.audience = client->audience,
		.rules = config_tenant(config, client->tenant),
	};
	ret->policy = config_policy(config, ret->service);
	if (!client->tenant[0] || !(client->allowed & purpose))
		return OUTCOME_DENIED;
	return may_use(client, ret->service) ? 0 : OUTCOME_DENIED;
}

static int of_root(
	const struct config *config, const char *service, struct account_caller *ret)
{
	const struct policy *policy = config_policy(config, service);

	*ret = (struct account_caller){
		.client = "",
		.tenant = policy->tenant,
		.service = service,
		.audience = service,
		.rules = config_tenant(config, policy->tenant),
		.policy = policy,
	};
	return *service && policy->tenant[0] ? 0 : OUTCOME_DENIED;
}

int account_caller(const struct config *config, uid_t uid, const char *service,
	enum account_purpose purpose, struct account_caller *ret)
{
	const struct client_section *client = config_client(config, uid);

	if (client)
		return of_client(config, client, service, purpose, ret);
	return uid == 0 ? of_root(config, service, ret) : OUTCOME_DENIED;
}

int account_of(struct store *store, const struct account_caller *caller,
	const uint8_t id[ACCOUNT_ID], int none, struct account *ret)
{
	int r = accounts_get(store, id, ret);

	if (r == -ENOENT || (r == 0 && strcmp(ret->tenant, caller->tenant) != 0))
		return none;
	return r;
}

const char *account_state_name(int64_t state)
{
	static const char *const names[] = {
		[ACCOUNT_ACTIVE] = "active",
		[ACCOUNT_DISABLED] = "disabled",
		[ACCOUNT_MUST_RESET] = "must_reset",
		[ACCOUNT_LOCKED] = "locked",
	};

	return state >= 0 && state <= ACCOUNT_LOCKED ? names[state] : "disabled";
}

void account_dress(struct issue *issue, const struct config *config, int64_t peer)
{
	const struct client_section *client = config_client(config, (uid_t)peer);
	const char *tenant = client ? client->tenant : issue->policy->tenant;
	const struct tenant_section *rules = config_tenant(config, tenant);

	if (!principal_is_reserved(issue->user))
		return;
	issue->tenant = tenant;
	if (!issue->language || !*issue->language)
		issue->language = rules->language;
}

void account_issue(struct account_issue *out, const struct account_caller *caller,
	const struct account *account, const char *rhost, int64_t peer, int64_t purpose)
{
	const char *language =
		account->language[0] ? account->language : caller->rules->language;

	principal_of_account(out->principal, account->id);
	out->issue = (struct issue){
		.policy = caller->policy,
		.user = out->principal,
		.service = caller->service,
		.rhost = rhost,
		.tty = "",
		.peer = peer,
		.purpose = purpose,
		.address = account->address,
		.person = account->login,
		.language = language,
		.tenant = caller->tenant,
		.used_at = account->login_at,
		.own = true,
	};
}
