/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SESSION_H
#define OTPD_SERVER_SESSION_H

#include "otpd/account/account.h"
#include "otpd/core/token.h"
#include "otpd/server/record.h"
#include "otpd/store/grants.h"
#include "otpd/store/sessions.h"

struct daemon;

/* Since the sign-in; however often it is refreshed, a session ends then. */
#define SESSION_LIFE_MAX (30 * 24 * 3600)

/*
 * Opens a session and adds account, access_token, expires_in, refresh_token and
 * refresh_expires_in to the answer. amr: "pwd otp", or "otp". record is for the log
 * line after the COMMIT.
 */
int session_open(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *amr, struct record *record);

/*
 * Opens one for the sign-in of a receipt, which is used up. OUTCOME_BAD_TOKEN; or, and
 * then it stays good, OUTCOME_DISABLED or OUTCOME_MUST_RESET.
 */
int session_exchange(struct call *call, struct store *store,
	const struct account_caller *caller, const char *receipt,
	struct record *record);

/*
 * Adds the next pair of tokens to the answer. Any refresh token of a session but the
 * newest ends it, which the record says, and is OUTCOME_BAD_TOKEN as one is that
 * belongs to nobody. OUTCOME_DISABLED or OUTCOME_MUST_RESET leave it good.
 */
int session_refresh(struct call *call, struct store *store,
	const struct account_caller *caller, const char *token, struct record *record);

/*
 * Ends the session of a token, of either kind and however old. OUTCOME_BAD_TOKEN if it
 * never was one of this client. record says so if there was a session.
 */
int session_revoke(struct call *call, struct store *store,
	const struct account_caller *caller, const char *token, struct record *record);

/* Ends all sessions and grants of an account, and forgets where it has stepped up. */
int session_end_all(
	struct store *store, const uint8_t account[ACCOUNT_ID], int64_t *ret_n);

/*
 * Adds token, the receipt of a step-up, to the answer: for the account of a challenge
 * or a sign-in, or (account and caller NULL) for the Unix user.
 */
int session_receipt(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *user, const char *service, const char *amr);

/*
 * Adds grant and grant_expires_in to the answer, and writes the row; purpose, tenant,
 * client, account and address of the grant are set.
 */
int session_grant(struct call *call, struct store *store, struct grant *grant);

/*
 * The row of a grant that this client brings; grants_delete() uses it up.
 * OUTCOME_BAD_TOKEN.
 */
int session_take_grant(struct daemon *daemon, struct store *store, const char *token,
	enum grant_purpose purpose, const struct account_caller *caller,
	struct grant *ret);

/*
 * The account and the claims of a good access token of this client's audience and
 * tenant whose session lives, and whose account may sign in. OUTCOME_BAD_TOKEN.
 */
int session_access(struct daemon *daemon, struct store *store, const char *token,
	const struct account_caller *caller, struct account *ret_account,
	struct token_claims *ret_claims);

#endif
