/* SPDX-License-Identifier: MIT */
/*
 * What the table of options cannot say: which values go together, and the names that
 * become numbers when the file is read.
 */
#include "otpd/server/config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/core/address.h"
#include "otpd/core/language.h"
#include "otpd/core/network.h"
#include "otpd/server/options.h"
#include "otpd/util/text.h"

static int complain(char *error, size_t size, const char *path, const char *section,
	const char *what, const char *value)
{
	snprintf(error, size, "%s: %s: %s \"%s\"", path, section, what, value);
	return -EINVAL;
}

static int check_policy(
	const struct policy *policy, const char *path, char *error, size_t size)
{
	struct network ignored;

	for (size_t i = 0; i < policy->exempt_networks.n; i++) {
		const char *text = policy->exempt_networks.items[i];

		if (network_parse(text, &ignored) < 0)
			return complain(error, size, path, policy->title,
				"exempt_networks has no network of the form 192.0.2.0/24 or "
				"2001:db8::/32:",
				text);
	}
	if (!language_is_good(policy->language))
		return complain(error, size, path, policy->title,
			"language is no tag such as de or pt-BR:", policy->language);
	return 0;
}

/* Names become numbers once, here, and are looked up again on reload only. */
static int resolve(struct config *config, const char *path, char *error, size_t size)
{
	struct client_section *clients = config->clients.items;
	const struct passwd *user = getpwnam(config->mail_user);
	const struct group *group;

	config->mail_uid = user ? user->pw_uid : geteuid();
	group = config->socket_group[0] ? getgrnam(config->socket_group) : NULL;
	config->socket_gid = group ? group->gr_gid : (gid_t)-1;
	for (size_t i = 0; i < config->clients.n; i++) {
		user = getpwnam(clients[i].user);
		if (!user)
			return complain(error, size, path, clients[i].title,
				"there is no user", clients[i].user);
		clients[i].uid = user->pw_uid;
		for (size_t j = 0; j < i; j++)
			if (clients[j].uid == clients[i].uid)
				return complain(error, size, path, clients[i].title,
					"another client section has the user already:",
					clients[i].user);
	}
	return 0;
}

static unsigned purpose_of(const char *word)
{
	static const char *const words[] = { "register", "login", "reset", "change",
		"token" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return 1u << i;
	return 0;
}

static int check_client(
	struct client_section *client, const char *path, char *error, size_t size)
{
	if (client->services.n == 0 && !client->tenant[0])
		return complain(error, size, path, client->title,
			"services is missing for the user", client->user);
	if (client->purposes.n > 0 && !client->tenant[0])
		return complain(error, size, path, client->title,
			"purposes are about accounts, and there is no tenant:",
			client->purposes.items[0]);
	if (strlen(client->title) > LIMIT_SERVICE || text_has_control(client->title))
		return complain(error, size, path, client->title,
			"the title names a service, in at most 63 bytes:",
			client->title);
	client->allowed = client->purposes.n > 0 ? 0 : ~0u;
	for (size_t i = 0; i < client->purposes.n; i++) {
		unsigned purpose = purpose_of(client->purposes.items[i]);

		if (purpose == 0)
			return complain(error, size, path, client->title,
				"purposes are register, login, reset, change and token; there is no",
				client->purposes.items[i]);
		client->allowed |= purpose;
	}
	if (!client->audience[0])
		text_copy(client->audience, sizeof(client->audience), client->title);
	return 0;
}

static int check_accounts(
	const struct config *config, const char *path, char *error, size_t size)
{
	struct client_section *clients = config->clients.items;
	const struct tenant_section *tenants = config->tenants.items;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->clients.n; i++)
		r = check_client(&clients[i], path, error, size);
	for (size_t i = 0; r == 0 && i < config->tenants.n; i++)
		if (!language_is_good(tenants[i].language))
			r = complain(error, size, path, tenants[i].title,
				"language is no tag such as de or pt-BR:",
				tenants[i].language);
	return r;
}

static int check_domains(
	const struct config *config, const char *path, char *error, size_t size)
{
	char address[LIMIT_ADDRESS + 8];

	for (size_t i = 0; i < config->enrol_domains.n; i++) {
		const char *domain = config->enrol_domains.items[i];

		snprintf(address, sizeof(address), "a@%s", domain);
		if (strlen(domain) > LIMIT_ADDRESS - 2 || address_problem(address))
			return complain(error, size, path, "enrol_domains",
				"this is no domain of an address:", domain);
	}
	return 0;
}

static int check_administrators(
	const struct config *config, const char *path, char *error, size_t size)
{
	for (size_t i = 0; i < config->administrators.n; i++)
		if (address_problem(config->administrators.items[i]))
			return complain(error, size, path, "administrators",
				"this is no address that mail can be sent to:",
				config->administrators.items[i]);
	return 0;
}

static int check_all(struct config *config, const char *path, char *error, size_t size)
{
	const struct policy *policies = config->policies.items;
	int r;

	if (settings_preset(options_policy, &config->fallback) < 0 ||
		settings_preset(options_tenant, &config->plain) < 0)
		return -EINVAL;
	for (size_t i = 0; i < config->policies.n; i++) {
		r = check_policy(&policies[i], path, error, size);
		if (r < 0)
			return r;
	}
	r = check_domains(config, path, error, size);
	if (r == 0)
		r = check_administrators(config, path, error, size);
	if (r == 0)
		r = check_accounts(config, path, error, size);
	return r < 0 ? r : resolve(config, path, error, size);
}

int config_load(const char *path, struct config **ret, char *error, size_t error_size)
{
	void *loaded;
	struct config *config;
	int r;

	r = settings_load(&config_schema, path, &loaded, error, error_size);
	if (r < 0)
		return r;
	config = loaded;
	r = check_all(config, path, error, error_size);
	if (r < 0) {
		config_free(config);
		return r;
	}
	if (!config->host_name[0] &&
		gethostname(config->host_name, sizeof(config->host_name) - 1) < 0)
		text_copy(config->host_name, sizeof(config->host_name), "localhost");
	if (!config->issuer[0])
		text_copy(config->issuer, sizeof(config->issuer), config->host_name);
	*ret = config;
	return 0;
}

void config_free(struct config *config)
{
	settings_free(&config_schema, config);
}

const struct policy *config_policy(const struct config *config, const char *service)
{
	const struct policy *policy =
		policy_find(config->policies.items, config->policies.n, service);

	return policy ? policy : &config->fallback;
}

const struct client_section *config_client(const struct config *config, uid_t uid)
{
	const struct client_section *clients = config->clients.items;

	for (size_t i = 0; i < config->clients.n; i++)
		if (clients[i].uid == uid)
			return &clients[i];
	return NULL;
}

const struct tenant_section *config_tenant(
	const struct config *config, const char *tenant)
{
	const struct tenant_section *tenants = config->tenants.items;

	for (size_t i = 0; i < config->tenants.n; i++)
		if (strcmp(tenants[i].title, tenant) == 0)
			return &tenants[i];
	return &config->plain;
}
