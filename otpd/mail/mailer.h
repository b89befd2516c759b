/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MAILER_H
#define OTPD_MAIL_MAILER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/mail/config.h"
#include "otpd/mail/key.h"
#include "otpd/mail/message/templates.h"
#include "otpd/mail/opener.h"
#include "otpd/proto/limits.h"
#include "otpd/util/list.h"

struct route;
struct stats;
struct traces;

/* What the daemon knows and has; one of it, owned by main. */
struct mailer {
	uv_loop_t *loop;
	struct mail_config *config;
	struct mail_key key;
	struct opener opener;
	struct templates *templates;
	struct route *route;
	struct stats *stats;
	struct traces *traces;
	bool knows_otpd; /* the account exists */
	uid_t otpd_uid;
	struct list deliveries;                 /* the mails on their way */
	void (*emptied)(struct mailer *mailer); /* none is left; may be NULL */

	int64_t started_at_s;
	int64_t n_sent;
	int64_t n_deferred;
	int64_t n_refused;
	char last_error[LIMIT_DETAIL + 1];
};

/* Begins with a zeroed one; mailer_fini() afterwards, whatever it returned. -ENOMEM. */
int mailer_init(struct mailer *mailer, uv_loop_t *loop);

/*
 * Takes over a configuration that has been loaded: makes its transports, and only if
 * all of that works lets go of the old ones. -errno, and what is wrong in error; then
 * config still belongs to the caller.
 */
int mailer_configure(struct mailer *mailer, struct mail_config *config, char *error,
	size_t error_size);
void mailer_fini(struct mailer *mailer);

#endif
