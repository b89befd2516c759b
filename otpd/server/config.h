/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_CONFIG_H
#define OTPD_SERVER_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "otpd/config/settings.h"
#include "otpd/core/policy.h"
#include "otpd/proto/limits.h"

#define CONFIG_FILE "/etc/otpd/otpd.conf"
#define CONFIG_NAME 64

/* A program that is not root and may begin challenges for its services. */
struct client_section {
	char title[SETTINGS_TITLE];
	char user[CONFIG_NAME + 1];
	struct string_list services;
	struct string_list users; /* whom it may speak for; empty: anybody but root */
	uid_t uid;                /* of user, looked up when the file was read */
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
	int64_t sends_per_rhost_hour;
	int64_t sends_per_host_hour;
	int64_t wrong_alert;
	int64_t wrong_longer;
	struct settings_array policies; /* struct policy */
	struct settings_array clients;  /* struct client_section */
	struct policy fallback;         /* of services without a section */
	uid_t mail_uid;   /* of mail_user; our own if there is no such user */
	gid_t socket_gid; /* -1: no such group */
};

extern const struct settings_schema config_schema;

/* Reads and checks the file. error says what is wrong, with file and line. */
int config_load(const char *path, struct config **ret, char *error, size_t error_size);
void config_free(struct config *config);

/* Hints about settings that are legal and unwise, one line each. Returns how many. */
int config_hints(const struct config *config, FILE *out);

/* The policy of a service; never NULL. */
const struct policy *config_policy(const struct config *config, const char *service);

/* The client section of this uid, or NULL. */
const struct client_section *config_client(const struct config *config, uid_t uid);

#endif
