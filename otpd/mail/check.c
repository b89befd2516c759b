/* SPDX-License-Identifier: MIT */
/*
 * otpd-mail --check: the configuration as it is understood on standard output, what is
 * likely a mistake and what is one on standard error, for all transports at once.
 *
 * MUST NOT print what is in a file that holds a secret.
 */
#include "otpd/mail/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "otpd/mail/config.h"
#include "otpd/mail/message/overrides.h"
#include "otpd/mail/message/templates.h"
#include "otpd/mail/transport/maildir_check.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/log.h"

#define ERROR_MAX 512

/* What a check has said, if anything; 1 if it was an error. */
static int tell(int r, const char *said)
{
	if (said[0])
		fprintf(stderr, "%s: %s\n", r < 0 ? "otpd-mail" : "warning", said);
	return r < 0;
}

/* The files of every transport. How many transports cannot work. */
static int check_transports(const struct mail_config *config)
{
	int n_bad = 0;

	for (size_t i = 0; i < config->transports.n; i++) {
		char said[2 * ERROR_MAX];
		int r = transport_check(
			config_transport(config, i), said, sizeof(said));

		n_bad += tell(r, said);
	}
	return n_bad;
}

static int check_bounces(const struct mail_config *config)
{
	char said[2 * ERROR_MAX] = "";
	int r = 0;

	if (config->bounce_maildir[0])
		r = maildir_check_bounces(
			"bounce_maildir", config->bounce_maildir, said, sizeof(said));
	return tell(r, said);
}

/* How many of them cannot be used: 0 or 1. */
static int check_templates(const struct mail_config *config)
{
	struct templates *templates = NULL;
	char error[ERROR_MAX];
	int r = templates_load(config, &templates, error, sizeof(error));

	if (r < 0)
		fprintf(stderr, "otpd-mail: %s\n", error);
	templates_free(templates);
	return r < 0;
}

int check_config(const char *config_path)
{
	struct mail_config *config = NULL;
	char error[ERROR_MAX];
	char warning[MAIL_WARNING_MAX];
	int r, n_bad;

	log_init("otpd-mail");
	r = config_load(config_path, &config, error, sizeof(error));
	if (r < 0) {
		fprintf(stderr, "otpd-mail: %s\n", error);
		return EXIT_FAILURE;
	}
	config_print(config, stdout);
	for (unsigned i = 0; config_warning(config, i, warning, sizeof(warning)); i++)
		fprintf(stderr, "warning: %s\n", warning);
	for (unsigned i = 0; overrides_warning(config, i, warning, sizeof(warning));
		i++)
		fprintf(stderr, "warning: %s\n", warning);
	n_bad = check_transports(config) + check_bounces(config) +
		check_templates(config);
	config_free(config);
	return n_bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
