/* SPDX-License-Identifier: MIT */
/*
 * How an account comes to be: by the code of its address, and never before.
 *
 * Things may have changed while the code was on its way. If the address has got an
 * account meanwhile, there is nothing left to confirm, and the form is deleted. If only
 * the user name has, the answer is Exists, and code and form stay: the form is sent
 * again, with the challenge as previous and another user name, and the same code makes
 * the account. An account without the user name that was asked for would be a surprise.
 *
 * The welcome is a courtesy: it changes nothing if it cannot be sent.
 */
#include "otpd/account/founding.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/account/confirm.h"
#include "otpd/account/registration.h"
#include "otpd/account/session.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/registrations.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define AMR "pwd otp" /* he chose the password, and proved the address */

int founding_is_free(struct store *store, const char *tenant, const char *address)
{
	struct account other;
	int r = accounts_find(store, tenant, address, &other);

	return r == -ENOENT ? 1 : r < 0 ? r : 0;
}

static void fill(struct account *account, const struct account_caller *caller,
	const struct founding *from, int64_t now_s)
{
	*account = (struct account){
		.state = ACCOUNT_ACTIVE,
		.verified_at = now_s,
		.created_at = now_s,
		.login_at = now_s,
		.password_at = now_s,
	};
	randombytes_buf(account->id, sizeof(account->id));
	text_copy(account->tenant, sizeof(account->tenant), caller->tenant);
	text_copy(account->address, sizeof(account->address), from->address);
	text_copy(account->login, sizeof(account->login), from->login);
	text_copy(account->password, sizeof(account->password), from->password);
	text_copy(account->profile, sizeof(account->profile), from->profile);
	text_copy(account->language, sizeof(account->language), from->language);
}

static int welcome(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *rhost, struct outgoing **ret)
{
	struct account_issue to;
	int r;

	account_issue(&to, caller, account, rhost, call->peer.uid, CODE_NOTICE);
	r = issue_notice(call_daemon(call), store, &to.issue, ISSUE_WELCOME, 0, ret);
	return issue_courtesy(r);
}

static int note(struct call *call, struct store *store,
	const struct account_caller *caller, const struct account *account,
	const char *rhost, struct record *record)
{
	char principal[PRINCIPAL_SIZE];

	principal_of_account(principal, account->id);
	record_about(record, principal, caller->service, rhost, call->peer.uid);
	return record_store(record, store, call_daemon(call)->moment.now_s,
		"account_created", "account created", LOG_NOTICE);
}

int founding_open(struct call *call, struct store *store,
	const struct account_caller *caller, const struct founding *founding,
	const char *rhost, struct founded *ret)
{
	struct account account;
	int r;

	fill(&account, caller, founding, call_daemon(call)->moment.now_s);
	r = accounts_insert(store, &account);
	if (r == 0)
		r = registrations_delete_address(
			store, caller->tenant, account.address);
	if (r == 0)
		r = welcome(call, store, caller, &account, rhost, &ret->welcome);
	if (r == 0)
		r = note(call, store, caller, &account, rhost, &ret->record);
	if (r == 0)
		r = session_open(call, store, caller, &account, AMR, &ret->session);
	secret_wipe(account.password, sizeof(account.password));
	return r;
}

/* The rest of the form comes later. */
static int grant(struct call *call, struct store *store,
	const struct account_caller *caller, const struct registration *form)
{
	struct confirm_work *work = call->work;
	struct grant grant = { .purpose = GRANT_REGISTER };
	int r;

	text_copy(grant.tenant, sizeof(grant.tenant), caller->tenant);
	text_copy(grant.client, sizeof(grant.client), caller->client);
	text_copy(grant.address, sizeof(grant.address), form->address);
	r = registrations_delete(store, form->challenge);
	if (r == 0)
		r = session_grant(call, store, &grant);
	return r < 0 ? r
		     : record_store(&work->attempt.record, store,
			       call_daemon(call)->moment.now_s, "reg_proven",
			       "address proven, the rest of the form is awaited",
			       LOG_NOTICE);
}

static int open_account(struct call *call, struct store *store,
	const struct account_caller *caller, const struct registration *form)
{
	struct confirm_work *work = call->work;
	struct founding founding = { form->address, form->login, form->password,
		form->profile, form->language };
	struct founded founded = { .welcome = NULL };
	int r = founding_open(call, store, caller, &founding,
		work->attempt.challenge.rhost, &founded);

	work->letter = founded.welcome;
	work->record = founded.record;
	work->session = founded.session;
	record_refer(&work->record, work->attempt.challenge.reference);
	return r;
}

int founding_confirm(
	struct call *call, struct store *store, const struct account_caller *caller)
{
	struct attempt *attempt = &((struct confirm_work *)call->work)->attempt;
	struct registration form;
	int r = registrations_get(
		store, attempt->challenge.id, call_daemon(call)->moment.now_s, &form);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_CHALLENGE : r;
	if (strcmp(form.tenant, caller->tenant) != 0 ||
		strcmp(form.client, caller->client) != 0)
		return OUTCOME_NO_CHALLENGE;
	r = founding_is_free(store, caller->tenant, form.address);
	if (r == 0) {
		r = registrations_delete(store, form.challenge);
		if (r == 0)
			r = attempt_pass(store, attempt);
		return r < 0 ? r : OUTCOME_NO_CHALLENGE;
	}
	if (r > 0)
		r = registration_login_is_free(store, caller->tenant, form.login);
	if (r == 0)
		r = attempt_pass(store, attempt);
	if (r == 0)
		r = form.password[0] ? open_account(call, store, caller, &form)
				     : grant(call, store, caller, &form);
	secret_wipe(form.password, sizeof(form.password));
	return r;
}
