/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_METHODS_H
#define OTPD_MAIL_METHODS_H

#include "otpd/varlink/service.h"

/* org.emailotp.Mail. The service's context is the struct mailer. */
extern const struct interface mail_interface;

/* The parts of it that have files of their own. */
extern const struct method watch_methods[];
extern const struct method bounces_methods[];

/* What otpd-mail offers, ended by NULL, and who may call it. */
extern const struct interface *const mail_interfaces[];
int mail_authorise(struct call *call);

#endif
