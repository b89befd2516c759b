/* SPDX-License-Identifier: MIT */
/*
 * Reads mail.conf. Its table is in options.c, what a table cannot check in
 * config_check.c and beside it, what is likely a mistake in config_warning.c.
 */
#include "otpd/mail/config.h"

#include "otpd/mail/config_check.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "otpd/core/address.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

void config_free(struct mail_config *config)
{
	settings_free(&mail_schema, config);
}
DEFINE_CLEANUP(struct mail_config *, config_free);

const struct transport_config *config_transport(
	const struct mail_config *config, size_t i)
{
	return (const struct transport_config *)config->transports.items + i;
}

const struct tenant_config *config_tenant(
	const struct mail_config *config, const char *name)
{
	const struct tenant_config *tenants = config->tenants.items;

	for (size_t i = 0; i < config->tenants.n; i++)
		if (strcmp(tenants[i].title, name) == 0)
			return &tenants[i];
	return &config->common;
}

int config_log_level(const struct mail_config *config)
{
	return LOG_ERR + (int)config->log_level;
}

void config_print(const struct mail_config *config, FILE *out)
{
	settings_print(&mail_schema, config, out);
}

int config_load(
	const char *path, struct mail_config **ret, char *error, size_t error_size)
{
	CLEANUP(config_freep) struct mail_config *config = NULL;
	void *root = NULL;
	int r;

	r = settings_load(&mail_schema, path, &root, error, error_size);
	if (r == -ENOENT)
		snprintf(error, error_size,
			"%s: %s; write it as mail.conf(5) shows, or name another file with "
			"--config",
			path, strerror(ENOENT));
	if (r < 0)
		return r;
	config = root;
	r = config_check(path, config, error, error_size);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(config);
	return 0;
}
