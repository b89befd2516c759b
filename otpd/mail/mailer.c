/* SPDX-License-Identifier: MIT */
/* The daemon's state, and how a configuration becomes part of it: whole or not at all.
 */
#include "otpd/mail/mailer.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "otpd/mail/route.h"
#include "otpd/mail/stats.h"
#include "otpd/mail/trace.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"

DEFINE_CLEANUP(struct templates *, templates_free);

int mailer_init(struct mailer *mailer, uv_loop_t *loop)
{
	mailer->loop = loop;
	list_init(&mailer->deliveries);
	mailer->stats = stats_new();
	mailer->traces = traces_new();
	return mailer->stats && mailer->traces ? 0 : -ENOMEM;
}

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
	CLEANUP(templates_freep) struct templates *templates = NULL;
	struct route *route = NULL;
	int r;

	error[0] = '\0';
	r = templates_load(config, &templates, error, error_size);
	if (r == 0)
		r = route_new(
			config, mailer->loop, mailer->stats, &route, error, error_size);
	if (r < 0) {
		if (!error[0])
			snprintf(error, error_size, "%s", strerror(-r));
		return r;
	}
	templates_free(mailer->templates);
	route_free(mailer->route);
	config_free(mailer->config);
	mailer->templates = TAKE_PTR(templates);
	mailer->route = route;
	mailer->config = config;
	stats_configure(mailer->stats, config);
	log_set_level(config_log_level(config));
	resolve_otpd(mailer);
	return 0;
}

void mailer_fini(struct mailer *mailer)
{
	route_free(mailer->route);
	mailer->route = NULL;
	config_free(mailer->config);
	mailer->config = NULL;
	templates_free(mailer->templates);
	mailer->templates = NULL;
	opener_wipe(&mailer->opener);
	key_wipe(&mailer->key);
	stats_free(mailer->stats);
	traces_free(mailer->traces);
	mailer->stats = NULL;
	mailer->traces = NULL;
}
