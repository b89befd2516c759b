/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_METHODS_H
#define OTPD_SERVER_METHODS_H

#include "otpd/varlink/service.h"

extern const struct interface auth_interface;
extern const struct interface account_interface;
extern const struct interface self_interface;
extern const struct interface admin_interface;

/* The interfaces of otpd, ended by NULL. */
extern const struct interface *const otpd_interfaces[];

/* The authorisation of every call, from the flags of its method: default deny. */
int methods_authorise(struct call *call);

/* OUTCOME_THROTTLED if this caller, who is nobody special, has called too often. */
int methods_check_allowance(struct call *call);

/* Auth.Find; those about recovery codes, of Auth and of Self. */
extern const struct method find_methods[];
extern const struct method recover_methods[];
extern const struct method self_codes_methods[];

/* The administrators' methods, one table for each group of them. */
extern const struct method users_methods[];
extern const struct method show_methods[];
extern const struct method import_methods[];
extern const struct method codes_methods[];
extern const struct method watch_methods[];
extern const struct method audit_methods[];
extern const struct method metrics_methods[];
extern const struct method backup_methods[];

/* Those of accounts. */
extern const struct method register_methods[];
extern const struct method login_methods[];
extern const struct method change_methods[];
extern const struct method token_methods[];

/* Those of accounts, for administrators. */
extern const struct method accounts_methods[];
extern const struct method accounts_show_methods[];
extern const struct method sessions_methods[];

#endif
