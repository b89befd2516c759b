/* SPDX-License-Identifier: MIT */
/*
 * otpd-mail --check: the configuration as it is understood on standard output, what is
 * likely a mistake and what is one on standard error, for all transports at once.
 *
 * An error in mail.conf itself is the only one that is said: what is behind it could
 * mean anything.
 *
 * MUST NOT print what is in a file that holds a secret.
 */
#include "otpd/mail/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Whether a transport or the top names a file: what is an absolute path. */
static bool names_files(const struct mail_config *config)
{
	const struct settings_section *section = &mail_schema.sections[0];

	for (size_t i = 0; i < config->transports.n; i++)
		for (const struct setting *s = section->settings; s->name; s++)
			if (s->type == SETTING_STRING &&
				((const char *)config_transport(
					config, i))[s->offset] == '/')
				return true;
	return config->bounce_maildir[0];
}

/* Root can read and write what the service cannot. A comment, as all around it is. */
static void print_note(const struct mail_config *config, const char *config_path)
{
	bool is_default = strcmp(config_path, MAIL_CONFIG) == 0;

	if (geteuid() != 0 || !names_files(config))
		return;
	printf("# checked as root; as the service: runuser -u otpd-mail -- otpd-mail%s%s "
	       "--check\n",
		is_default ? "" : " --config ", is_default ? "" : config_path);
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
	print_note(config, config_path);
	config_free(config);
	return n_bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
