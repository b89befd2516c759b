/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_ISSUE_H
#define OTPD_SERVER_ISSUE_H

#include "otpd/core/challenge.h"
#include "otpd/server/outbox.h"
#include "otpd/store/spending.h"
#include "otpd/store/users.h"

struct daemon;

/* Stands in the letter of a decoy, which is about as long as a real one. */
#define ISSUE_NOBODY "somebody@example.org"

/* Whom a code is for and why. All strings are borrowed. */
struct issue {
	const struct policy *policy;
	const char *user;
	const char *service;
	const char *rhost;
	const char *tty;
	int64_t peer;
	int64_t purpose;
	const char *address; /* where it goes; "" for a decoy */
	const char *person;
	const char *second;   /* the user's second route, if proven; or NULL */
	const char *language; /* NULL or "": the policy's */
	const char *tenant;   /* NULL: the policy's */
	int64_t used_at;      /* when this user's last code was used */
	bool own;             /* address is the one that the user has */
	bool decoy;
	bool taken;   /* to register: the address has an account, whose owner is told so
		       * in place of a code, and the hash is of random bytes */
	bool unknown; /* a decoy, since the system does not know the user */
	const char *new_address; /* of ISSUE_ADDRESS_CHANGED; or NULL */
	const char *left;        /* of ISSUE_RECOVERY_USED: how many codes; or NULL */
};

/* Fills in what an enrolled user brings along. The user must outlive the issue. */
void issue_to_user(struct issue *issue, const struct user *user);

/*
 * How long this code must wait for the budgets of the user (that of failed mails is one
 * of them), the remote host and the host, in seconds; 0: it may go now. ret_cool_down
 * is what the next one after it will wait.
 */
int issue_wait_s(struct daemon *daemon, struct store *store, const struct issue *issue,
	int64_t *ret_wait_s, int64_t *ret_next_s);

/* What the budget besides the user's is about: where it comes from, or where it goes.
 */
void issue_find_origin(const struct daemon *daemon, const struct issue *issue,
	char out[LIMIT_RHOST + 1]);

/*
 * Makes a challenge with a new code and puts the mail into the outbox. Decoys do the
 * same work, with a mail that is never sent.
 */
int issue_new(struct daemon *daemon, struct store *store, const struct issue *issue,
	struct challenge *ret, struct outgoing **ret_mail);

/*
 * Makes a challenge that has no code yet and no mail, for whoever can do without: a
 * recovery code opens it, and issue_again() gives it a code.
 */
int issue_without_mail(struct daemon *daemon, struct store *store,
	const struct issue *issue, struct challenge *ret);

/* A new code for a live challenge; the old code and its unsent mail are dead. */
int issue_again(struct daemon *daemon, struct store *store, const struct issue *issue,
	struct challenge *challenge, struct outgoing **ret_mail);

/* Mails that have no code. */
enum issue_notice {
	ISSUE_LOCKED, /* until until_s; 0: until an administrator acts */
	ISSUE_TEST,
	ISSUE_WELCOME,
	ISSUE_PASSWORD_CHANGED,
	ISSUE_ADDRESS_CHANGED, /* to the old one; it shows new_address masked */
	ISSUE_RECOVERY_CODES,
	ISSUE_RECOVERY_USED,
	ISSUE_BREAK_GLASS,      /* it was used */
	ISSUE_BREAK_GLASS_MADE, /* to an administrator; good until until_s */
	ISSUE_RESET_LOCKED,
};
int issue_notice(struct daemon *daemon, struct store *store, const struct issue *issue,
	enum issue_notice notice, int64_t until_s, struct outgoing **ret_mail);

/*
 * What issue_notice() returned, for a mail that may fail: what it tells of must hold
 * whatever becomes of it. An error of the store stays one.
 */
int issue_courtesy(int r);

#endif
