/* SPDX-License-Identifier: MIT */
/* The daemon's state, and how a configuration becomes part of it: whole or not at all.
 */
#include "otpd/mail/mailer.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "otpd/util/log.h"

static void resolve_otpd(struct mailer *mailer)
{
	const struct passwd *account = getpwnam(mailer->config->otpd_user);

	mailer->knows_otpd = account != NULL;
	if (account)
		mailer->otpd_uid = account->pw_uid;
	else
		log_msg(LOG_WARNING,
			"otpd_user %s does not exist here, so only root may send",
			mailer->config->otpd_user);
}

int mailer_configure(struct mailer *mailer, struct mail_config *config, char *error,
	size_t error_size)
{
	struct transport *transport = NULL;
	int r;

	error[0] = '\0';
	r = transport_new(config_transport(config, 0), mailer->loop, &transport, error,
		error_size);
	if (r < 0) {
		if (!error[0])
			snprintf(error, error_size, "%s", strerror(-r));
		return r;
	}
	transport_free(mailer->transport);
	config_free(mailer->config);
	mailer->transport = transport;
	mailer->config = config;
	log_set_level(config_log_level(config));
	resolve_otpd(mailer);
	return 0;
}

void mailer_fini(struct mailer *mailer)
{
	transport_free(mailer->transport);
	mailer->transport = NULL;
	config_free(mailer->config);
	mailer->config = NULL;
	opener_wipe(&mailer->opener);
	key_wipe(&mailer->key);
}
