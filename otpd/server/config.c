/* SPDX-License-Identifier: MIT */
/*
 * The options of otpd: one table, from which come the parser, the defaults, --check and
 * the test that holds otpd.conf(5) against it. Limits of a value that come from a
 * standard name it in the manual page.
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
#include "otpd/util/text.h"

#define AT(member)        offsetof(struct config, member)
#define IN_POLICY(member) offsetof(struct policy, member)
#define IN_CLIENT(member) offsetof(struct client_section, member)

/* clang-format off */
static const struct setting globals[] = {
	{ "socket", SETTING_STRING, AT(socket), 0, 107, NULL, OTPD_SOCKET,
	  "where otpd listens, unless systemd hands over a socket", false },
	{ "socket_mode", SETTING_MODE, AT(socket_mode), 0, 0, NULL, "0660",
	  "mode of that socket", false },
	{ "socket_group", SETTING_STRING, AT(socket_group), 0, CONFIG_NAME, NULL, "otpd-clients",
	  "group of that socket, if it exists", false },
	{ "database", SETTING_STRING, AT(database), 0, PATH_MAX - 1, NULL, "/var/lib/otpd/otpd.db",
	  "the store", false },
	{ "key_file", SETTING_STRING, AT(key_file), 0, PATH_MAX - 1, NULL, "/var/lib/otpd/otpd.key",
	  "the key behind the hashes of codes; made if missing", false },
	{ "mail_socket", SETTING_STRING, AT(mail_socket), 0, 107, NULL, OTPD_MAIL_SOCKET,
	  "where otpd-mail listens", false },
	{ "mail_user", SETTING_STRING, AT(mail_user), 0, CONFIG_NAME, NULL, "otpd-mail",
	  "the user that otpd-mail runs as", false },
	{ "host_name", SETTING_STRING, AT(host_name), 0, LIMIT_RHOST, NULL, "",
	  "what mails call this host; empty: its own name", false },
	{ "log_level", SETTING_CHOICE, AT(log_level), 0, 0, "err|warning|notice|info|debug", "info",
	  "the least important lines that are logged", false },
	{ "max_connections", SETTING_INT, AT(max_connections), 64, 16384, NULL, "512",
	  "connections in all; 32 of them are for root only", false },
	{ "audit_keep", SETTING_DURATION, AT(audit_keep_s), 86400, 3650LL * 86400, NULL, "90d",
	  "how long events are kept", false },
	{ "audit_max", SETTING_INT, AT(audit_max), 1000, 100000000, NULL, "1000000",
	  "how many events are kept", false },
	{ "self_enrol", SETTING_BOOL, AT(self_enrol), 0, 0, NULL, "no",
	  "whether users may enrol themselves", false },
	{ "enrol_domains", SETTING_LIST, AT(enrol_domains), 0, 1000, NULL, NULL,
	  "the domains of addresses that users may bring; empty: any", false },
	{ "sends_per_rhost_hour", SETTING_INT, AT(sends_per_rhost_hour), 1, 400, NULL, "20",
	  "codes that logins from one remote host may cause in an hour", false },
	{ "sends_per_host_hour", SETTING_INT, AT(sends_per_host_hour), 10, 100000000, NULL, "1000",
	  "codes in an hour for all users; the last tenth is for root", false },
	{ "wrong_alert", SETTING_INT, AT(wrong_alert), 1, 1000000, NULL, "50",
	  "wrong codes in an hour, of all users, that raise an alert in the log", false },
	{ "wrong_longer", SETTING_INT, AT(wrong_longer), 1, 1000000, NULL, "500",
	  "wrong codes in an hour, of all users, that make new codes three longer", false },
	{ 0 },
};

static const struct setting policy_settings[] = {
	{ "required_users", SETTING_LIST, IN_POLICY(required_users), 0, 1000, NULL, NULL,
	  "if given (or required_groups), only these need a code", false },
	{ "required_groups", SETTING_LIST, IN_POLICY(required_groups), 0, 1000, NULL, NULL,
	  "if given (or required_users), only members need a code", false },
	{ "exempt_users", SETTING_LIST, IN_POLICY(exempt_users), 0, 1000, NULL, NULL,
	  "users who need no code", false },
	{ "exempt_groups", SETTING_LIST, IN_POLICY(exempt_groups), 0, 1000, NULL, NULL,
	  "members of these groups need no code", false },
	{ "exempt_networks", SETTING_LIST, IN_POLICY(exempt_networks), 0, 1000, NULL, NULL,
	  "logins from these networks need no code", false },
	{ "grace", SETTING_DURATION, IN_POLICY(grace_s), 0, 30 * 86400, NULL, "0",
	  "how long a step-up is remembered for user, service, remote host and terminal", false },
	{ "code_length", SETTING_INT, IN_POLICY(code_length), LIMIT_CODE_MIN, 10, NULL, "6",
	  "characters of a code", false },
	{ "code_alphabet", SETTING_CHOICE, IN_POLICY(code_alphabet), 0, 0, "digits|letters", "digits",
	  "what a code is made of", false },
	{ "life", SETTING_DURATION, IN_POLICY(life_s), 60, 600, NULL, "10m",
	  "how long a code is good", false },
	{ "tries", SETTING_INT, IN_POLICY(tries), 1, 5, NULL, "5",
	  "wrong codes that a challenge bears", false },
	{ "cool_down", SETTING_DURATION, IN_POLICY(cool_down_s), 0, 600, NULL, "60s",
	  "wait after a code that was not used; doubles with each further one", false },
	{ "sends_per_hour", SETTING_INT, IN_POLICY(sends_per_hour), 1, 100, NULL, "5",
	  "codes for one user in an hour", false },
	{ "sends_per_day", SETTING_INT, IN_POLICY(sends_per_day), 1, 400, NULL, "20",
	  "codes for one user in a day", false },
	{ "wrong_per_hour", SETTING_INT, IN_POLICY(wrong_per_hour), 1, 100, NULL, "10",
	  "wrong codes of one user in an hour, over all services", false },
	{ "wrong_per_day", SETTING_INT, IN_POLICY(wrong_per_day), 1, 100, NULL, "20",
	  "wrong codes of one user in a day", false },
	{ "wrong_per_month", SETTING_INT, IN_POLICY(wrong_per_month), 1, 100, NULL, "60",
	  "wrong codes of one user in 30 days; then the second step is disabled", false },
	{ "conceal", SETTING_BOOL, IN_POLICY(conceal), 0, 0, NULL, "yes",
	  "whether users who are locked or disabled see the same prompt as all others", false },
	{ "unverified", SETTING_CHOICE, IN_POLICY(unverified), 0, 0, "verify|refuse", "verify",
	  "whether an address that was never proven can be proven at the prompt", false },
	{ "second_route", SETTING_CHOICE, IN_POLICY(second_route), 0, 0, "no|refused", "no",
	  "when a code goes to the user's second address or telephone number", false },
	{ "tenant", SETTING_STRING, IN_POLICY(tenant), 0, LIMIT_TENANT, NULL, "",
	  "the tenant section of mail.conf that gives mails their name and look", false },
	{ "language", SETTING_STRING, IN_POLICY(language), 0, LIMIT_LANGUAGE, NULL, "",
	  "the language of mails to users who have none of their own", false },
	{ 0 },
};

static const struct setting client_settings[] = {
	{ "user", SETTING_STRING, IN_CLIENT(user), 0, CONFIG_NAME, NULL, NULL,
	  "the user that the program runs as", true },
	{ "services", SETTING_LIST, IN_CLIENT(services), 0, 100, NULL, NULL,
	  "the services that it may begin challenges for", false },
	{ "users", SETTING_LIST, IN_CLIENT(users), 0, 1000, NULL, NULL,
	  "the users whom it may begin challenges for; empty: all but root", false },
	{ 0 },
};

static const struct settings_section sections[] = {
	{ "policy", policy_settings, sizeof(struct policy), AT(policies) },
	{ "client", client_settings, sizeof(struct client_section), AT(clients) },
	{ 0 },
};
/* clang-format on */

const struct settings_schema config_schema = { sizeof(struct config), globals,
	sections };

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
		if (clients[i].services.n == 0)
			return complain(error, size, path, clients[i].title,
				"services is missing for the user", clients[i].user);
		clients[i].uid = user->pw_uid;
	}
	return 0;
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

static int check_all(struct config *config, const char *path, char *error, size_t size)
{
	const struct policy *policies = config->policies.items;
	int r;

	if (settings_preset(policy_settings, &config->fallback) < 0)
		return -EINVAL;
	for (size_t i = 0; i < config->policies.n; i++) {
		r = check_policy(&policies[i], path, error, size);
		if (r < 0)
			return r;
	}
	r = check_domains(config, path, error, size);
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
	*ret = config;
	return 0;
}

void config_free(struct config *config)
{
	settings_free(&config_schema, config);
}

int config_hints(const struct config *config, FILE *out)
{
	const struct policy *policies = config->policies.items;
	int n = 0;

	if (config->self_enrol && !(config->socket_mode & 06))
		n += fprintf(out,
			     "hint: self_enrol: only members of the group %s reach the "
			     "socket; add users to it, or set socket_mode = 0666\n",
			     config->socket_group) > 0;
	for (size_t i = 0; i < config->policies.n; i++) {
		const struct policy *p = &policies[i];

		if (p->code_length < 8 && p->code_alphabet == 0 &&
			p->wrong_per_month > 60)
			n += fprintf(out,
				     "hint: policy %s: %d digits with more than 60 wrong tries a "
				     "month; use 8 digits\n",
				     p->title, (int)p->code_length) > 0;
		if (p->required_groups.n > 0)
			n += fprintf(out,
				     "hint: policy %s: required_groups asks nobody for a code "
				     "while the directory that holds the groups is down; "
				     "exempt_groups asks everybody then\n",
				     p->title) > 0;
		if (p->cool_down_s < 30)
			n += fprintf(out,
				     "hint: policy %s: a cool_down below 30s lets a thief of a "
				     "password flood a mailbox\n",
				     p->title) > 0;
		if (p->grace_s > 86400)
			n += fprintf(out,
				     "hint: policy %s: a grace of more than a day asks for "
				     "hardly any code\n",
				     p->title) > 0;
	}
	return n;
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
