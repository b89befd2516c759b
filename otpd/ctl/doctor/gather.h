/* SPDX-License-Identifier: MIT */
/* Fills the facts, each function its part. They judge nothing, and change nothing. */
#ifndef OTPD_CTL_DOCTOR_GATHER_H
#define OTPD_CTL_DOCTOR_GATHER_H

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/doctor/facts.h"
#include "otpd/ctl/session.h"

/* Each returns 0 or -ENOMEM; what cannot be read is a fact. In this order. */
int gather_pam(struct facts *facts);
int gather_sshd(struct facts *facts);
int gather_sudo(struct facts *facts);
int gather_settings(struct facts *facts);
int gather_paths(struct facts *facts);
int gather_host(struct facts *facts);
int gather_names(struct facts *facts);
int gather_daemons(struct facts *facts, struct session *session,
	const struct arguments *arguments);
int gather_dns(struct facts *facts);
/* Where user is asked for. */
int gather_user(struct facts *facts, struct session *session, const char *user);

void facts_fini(struct facts *facts);

/* Keeps a line about what was not looked at. */
void facts_skip(struct facts *facts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The service of that name, or NULL. */
const struct service_facts *facts_service(const struct facts *facts, const char *name);

#endif
