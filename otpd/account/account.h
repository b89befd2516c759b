/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ACCOUNT_H
#define OTPD_SERVER_ACCOUNT_H

#include "otpd/server/config.h"
#include "otpd/server/issue.h"
#include "otpd/store/accounts.h"
#include "otpd/varlink/call.h"

/* What methods of org.emailotp.Account are for; a client's purposes allow some of them.
 */
enum account_purpose {
	ACCOUNT_REGISTER = 1 << 0,
	ACCOUNT_LOGIN = 1 << 1,
	ACCOUNT_RESET = 1 << 2,
	ACCOUNT_CHANGE = 1 << 3,
	ACCOUNT_TOKEN = 1 << 4,
};

/*
 * On whose behalf a call is. All is borrowed from the configuration: look it up anew in
 * each phase of a call, by account_caller().
 */
struct account_caller {
	const char *client; /* title of the section; "" for root */
	const char *tenant; /* never "" */
	const char *service;
	const char *audience;
	const struct tenant_section *rules; /* never NULL */
	const struct policy *policy;        /* of the service */
};

/*
 * Who calls, for a method of that purpose, in the name of service ("": the client's
 * title). OUTCOME_DENIED if the client may not, has no tenant or not this service, or
 * if it is root and the policy of the service has no tenant, or there is no service.
 */
int account_caller(const struct config *config, uid_t uid, const char *service,
	enum account_purpose purpose, struct account_caller *ret);

/*
 * An account of the caller's tenant by its identifier. If there is none the answer is
 * none, an outcome: what is another tenant's looks like what never was.
 */
int account_of(struct store *store, const struct account_caller *caller,
	const uint8_t id[ACCOUNT_ID], int none, struct account *ret);

/* The word of the interface for a state of enum account_state. */
const char *account_state_name(int64_t state);

/*
 * Gives an issue that was filled from principals_get() what the tenant of an account
 * adds: its brand, and its language where there is no other. Not for a Unix user's.
 * peer is who began the challenge.
 */
void account_dress(struct issue *issue, const struct config *config, int64_t peer);

/* An issue of a code for this account, for issue.h; account must outlive it. */
struct account_issue {
	char principal[PRINCIPAL_SIZE];
	struct issue issue;
};
void account_issue(struct account_issue *out, const struct account_caller *caller,
	const struct account *account, const char *rhost, int64_t peer,
	int64_t purpose);

#endif
