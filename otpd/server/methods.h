/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_METHODS_H
#define OTPD_SERVER_METHODS_H

#include "otpd/varlink/service.h"

extern const struct interface auth_interface;
extern const struct interface self_interface;
extern const struct interface admin_interface;

/* The interfaces of otpd, ended by NULL. */
extern const struct interface *const otpd_interfaces[];

/* The authorisation of every call, from the flags of its method: default deny. */
int methods_authorise(struct call *call);

/* The administrators' methods, one table for each group of them. */
extern const struct method users_methods[];
extern const struct method show_methods[];
extern const struct method import_methods[];
extern const struct method watch_methods[];

#endif
