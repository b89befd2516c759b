/* SPDX-License-Identifier: MIT */
/*
 * What otpd-mail may still change once it serves: the directory of its key, where
 * tokens are kept, and the Maildirs of the configuration that it was started with. A
 * reload that names another Maildir MUST be refused, not taken over and fail at each
 * mail.
 */
#include "otpd/mail/confine.h"

#include <errno.h>
#include <stdio.h>

/* Where mails are put instead of being sent; i counts those of the configuration, from
 * 0. NULL behind the last, "" for one that has none. */
static const char *maildir_of(const struct mail_config *config, size_t i)
{
	const struct transport_config *transport;

	if (i == config->transports.n)
		return config->bounce_maildir;
	if (i > config->transports.n)
		return NULL;
	transport = config_transport(config, i);
	return transport->type == TRANSPORT_MAILDIR ? transport->path : "";
}

/* The sandbox was closed at the start: what lies outside of it needs another. */
int confine_check(const struct sandbox *sandbox, const struct mail_config *config,
	char *error, size_t error_size)
{
	const char *path;

	for (size_t i = 0; (path = maildir_of(config, i)); i++) {
		if (!path[0] || sandbox_may_write(sandbox, path))
			continue;
		snprintf(error, error_size,
			"%s is outside of what otpd-mail may change since its start: "
			"systemctl restart otpd-mail",
			path);
		return -EACCES;
	}
	return 0;
}

int confine(struct sandbox *sandbox, const struct mail_config *config)
{
	int r = sandbox_keep_parent(sandbox, config->key_file, false);
	const char *path;

	for (size_t i = 0; r == 0 && (path = maildir_of(config, i)); i++)
		if (path[0])
			r = sandbox_keep(sandbox, path);
	return r < 0 ? r : sandbox_enter(sandbox, SANDBOX_MAILER);
}
