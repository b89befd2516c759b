/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VARLINK_SERVICE_H
#define OTPD_VARLINK_SERVICE_H

#include <stddef.h>

#include "otpd/varlink/call.h"
#include "otpd/varlink/method.h"

/* What a daemon offers and decides; the same for all of its connections. */
struct service {
	const char *product;
	const struct interface *const *interfaces; /* ended by NULL */
	/* 0, or OUTCOME_DENIED. Has the fields; must not block. */
	int (*authorise)(struct call *call);
	/* Takes a call that has an apply and ends it later. NULL if no method has one.
	 */
	void (*submit)(struct call *call);
	/* Is told of each answer of a method, with 0 or its outcome. NULL: nobody is.
	 */
	void (*answered)(const struct call *call, int outcome);
	void *context;
};

/*
 * The method of a full name; NULL if its interface has no such one. *ret_interface is
 * NULL if there is no such interface.
 */
const struct method *service_find(const struct service *service, const char *name,
	const struct interface **ret_interface);

/* org.varlink.service: GetInfo and GetInterfaceDescription. Part of every service. */
extern const struct interface introspection_interface;

#endif
