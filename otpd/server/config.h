/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_CONFIG_H
#define OTPD_SERVER_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "otpd/config/origins.h"
#include "otpd/config/settings.h"
#include "otpd/core/policy.h"
#include "otpd/proto/limits.h"

#define CONFIG_FILE "/etc/otpd/otpd.conf"
#define CONFIG_NAME 64

/* A program that is not root, and what it may do. */
struct client_section {
	char title[SETTINGS_TITLE];
	char user[CONFIG_NAME + 1];
	struct string_list services; /* that it may begin challenges for */
	struct string_list users; /* whom it may speak for; empty: anybody but root */
	char tenant[LIMIT_TENANT + 1]; /* whose accounts it may use; "": none */
	struct string_list purposes;   /* words of config_purpose(); empty: all */
	char audience[LIMIT_AUDIENCE +
		1];          /* of its tokens; the title if none is given */
	int64_t connections; /* at once */
	uid_t uid;           /* of user, looked up when the file was read */
	unsigned allowed;    /* the purposes as bits */
};

enum tenant_reset {
	TENANT_RESET_MAIL,     /* whoever has the mailbox */
	TENANT_RESET_RECOVERY, /* and a recovery code */
	TENANT_RESET_ADMIN,    /* whoever an administrator has allowed it */
};

enum tenant_tokens {
	TENANT_TOKENS_REFRESH,
	TENANT_TOKENS_SINGLE, /* one that lives long, and no other */
};

/* The rules of the accounts of a tenant. */
struct tenant_section {
	char title[SETTINGS_TITLE];
	bool registration;
	int64_t pending_s;
	int64_t reset;
	int64_t tokens;
	int64_t access_s;
	int64_t refresh_s;
	int64_t single_s;
	int64_t sessions_max;
	int64_t passwords_per_hour; /* wrong ones */
	int64_t passwords_per_day;
	char language[LIMIT_LANGUAGE + 1];
};

/* otpd.conf, as otpd.conf(5) describes it. */
struct config {
	char socket[108];
	int64_t socket_mode;
	char socket_group[CONFIG_NAME + 1];
	char database[PATH_MAX];
	char key_file[PATH_MAX];
	char mail_socket[108];
	char mail_user[CONFIG_NAME + 1];
	char host_name[LIMIT_RHOST + 1];
	int64_t log_level;
	int64_t max_connections;
	int64_t audit_keep_s;
	int64_t audit_max;
	bool self_enrol;
	struct string_list enrol_domains;
	struct string_list administrators; /* addresses */
	int64_t sends_per_rhost_hour;
	int64_t sends_per_host_hour;
	int64_t wrong_alert;
	int64_t wrong_longer;
	struct settings_array policies;  /* struct policy */
	struct settings_array clients;   /* struct client_section */
	struct settings_array tenants;   /* struct tenant_section */
	struct policy fallback;          /* of services without a section */
	struct tenant_section plain;     /* of tenants without a section */
	char issuer[LIMIT_AUDIENCE + 1]; /* of tokens */
	int64_t token_key_s;             /* how long a key signs */
	uid_t mail_uid;   /* of mail_user; our own if there is no such user */
	gid_t socket_gid; /* -1: no such group */
	struct origins origins;
};

extern const struct settings_schema config_schema;

/* Reads and checks the file. error says what is wrong, with file and line. */
int config_load(const char *path, struct config **ret, char *error, size_t error_size);
void config_free(struct config *config);

/* Hints about settings that are legal and unwise, one line each. Returns how many. */
int config_hints(const struct config *config, FILE *out);

/* The policy of a service; never NULL. */
const struct policy *config_policy(const struct config *config, const char *service);

/* The rules of a tenant; never NULL. */
const struct tenant_section *config_tenant(
	const struct config *config, const char *tenant);

/* The client section of this uid, or NULL. */
const struct client_section *config_client(const struct config *config, uid_t uid);

#endif
