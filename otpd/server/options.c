/* SPDX-License-Identifier: MIT */
/*
 * The options of otpd: one table, from which come the parser, the defaults, --check and
 * the test that holds otpd.conf(5) against it. Limits of a value that come from a
 * standard name it in the manual page. What no table can say is in config.c.
 */
#include "otpd/server/options.h"

#include "otpd/server/break_glass.h"
#include "otpd/server/config.h"

#define AT(member)        offsetof(struct config, member)
#define IN_POLICY(member) offsetof(struct policy, member)
#define IN_CLIENT(member) offsetof(struct client_section, member)
#define IN_TENANT(member) offsetof(struct tenant_section, member)

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
	{ "administrators", SETTING_LIST, AT(administrators), 0, BREAK_GLASS_MAILED, NULL, NULL,
	  "addresses that are mailed when a break-glass code is made", false },
	{ "sends_per_rhost_hour", SETTING_INT, AT(sends_per_rhost_hour), 1, 400, NULL, "20",
	  "codes that logins from one remote host may cause in an hour", false },
	{ "sends_per_host_hour", SETTING_INT, AT(sends_per_host_hour), 10, 100000000, NULL, "1000",
	  "codes in an hour for all users; the last tenth is for root", false },
	{ "wrong_alert", SETTING_INT, AT(wrong_alert), 1, 1000000, NULL, "50",
	  "wrong codes in an hour, of all users, that raise an alert in the log", false },
	{ "wrong_longer", SETTING_INT, AT(wrong_longer), 1, 1000000, NULL, "500",
	  "wrong codes in an hour, of all users, that make new codes three longer", false },
	{ "issuer", SETTING_STRING, AT(issuer), 0, LIMIT_AUDIENCE, NULL, "",
	  "iss of tokens; empty: host_name", false },
	{ "token_key_life", SETTING_DURATION, AT(token_key_s), 86400, 365 * 86400, NULL, "30d",
	  "how long a key signs tokens until the next one does", false },
	{ 0 },
};

const struct setting options_policy[] = {
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
	{ "unenrolled", SETTING_CHOICE, IN_POLICY(unenrolled), 0, 0, "refuse|enrol", "refuse",
	  "whether a user who is not enrolled can enrol at the prompt", false },
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
	{ "tenant", SETTING_STRING, IN_CLIENT(tenant), 0, LIMIT_TENANT, NULL, "",
	  "the tenant whose accounts it may use; empty: none", false },
	{ "purposes", SETTING_LIST, IN_CLIENT(purposes), 0, 10, NULL, NULL,
	  "what it may do with accounts: register, login, reset, change, token; empty: all", false },
	{ "audience", SETTING_STRING, IN_CLIENT(audience), 0, LIMIT_AUDIENCE, NULL, "",
	  "aud of its tokens; empty: the title of the section", false },
	{ "connections", SETTING_INT, IN_CLIENT(connections), LIMIT_UID_CONNS, 4096, NULL, "64",
	  "connections that it may have at once", false },
	{ 0 },
};

const struct setting options_tenant[] = {
	{ "registration", SETTING_BOOL, IN_TENANT(registration), 0, 0, NULL, "yes",
	  "whether people may open accounts", false },
	{ "pending", SETTING_DURATION, IN_TENANT(pending_s), 600, 86400, NULL, "30m",
	  "how long a registration waits for its code", false },
	{ "reset", SETTING_CHOICE, IN_TENANT(reset), 0, 0, "mail|recovery|admin", "mail",
	  "what resets a forgotten password: the mailed code, a recovery code too, or an administrator", false },
	{ "tokens", SETTING_CHOICE, IN_TENANT(tokens), 0, 0, "refresh|single", "refresh",
	  "a short access token and one to refresh it, or a single long one", false },
	{ "access_life", SETTING_DURATION, IN_TENANT(access_s), 60, 3600, NULL, "15m",
	  "how long an access token is good", false },
	{ "refresh_life", SETTING_DURATION, IN_TENANT(refresh_s), 7 * 86400, 30 * 86400, NULL, "14d",
	  "how long a refresh token is good", false },
	{ "single_life", SETTING_DURATION, IN_TENANT(single_s), 3600, 7 * 86400, NULL, "7d",
	  "how long a single token is good", false },
	{ "sessions_max", SETTING_INT, IN_TENANT(sessions_max), 1, 100, NULL, "20",
	  "sessions of an account; the oldest ends", false },
	{ "wrong_passwords_per_hour", SETTING_INT, IN_TENANT(passwords_per_hour), 3, 100, NULL, "10",
	  "wrong passwords for one login in an hour", false },
	{ "wrong_passwords_per_day", SETTING_INT, IN_TENANT(passwords_per_day), 3, 100, NULL, "30",
	  "wrong passwords for one login in a day", false },
	{ "language", SETTING_STRING, IN_TENANT(language), 0, LIMIT_LANGUAGE, NULL, "",
	  "the language of mails to accounts that have none of their own", false },
	{ 0 },
};

static const struct settings_section sections[] = {
	{ "policy", options_policy, sizeof(struct policy), AT(policies) },
	{ "client", client_settings, sizeof(struct client_section), AT(clients) },
	{ "tenant", options_tenant, sizeof(struct tenant_section), AT(tenants) },
	{ 0 },
};
/* clang-format on */

const struct settings_schema config_schema = {
	.size = sizeof(struct config),
	.settings = globals,
	.sections = sections,
	.origins_offset = offsetof(struct config, origins),
};
