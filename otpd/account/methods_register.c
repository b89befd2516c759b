/* SPDX-License-Identifier: MIT */
/*
 * org.emailotp.Account: Register and CompleteRegistration. Clients only: root has no
 * users who sign up.
 *
 * A password is hashed before the transaction, whether or not the address has an
 * account: it is too long for a transaction, and its time would tell.
 */
#include <errno.h>
#include <string.h>

#include "otpd/account/founding.h"
#include "otpd/account/hashed.h"
#include "otpd/account/registration.h"
#include "otpd/account/session.h"
#include "otpd/account/sign_up.h"
#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/speaker.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* from comes first, for speaker_clean(): only the remote host is used. */
struct register_in {
	struct begin_in from;
	char address[2 * LIMIT_ADDRESS + 1]; /* longer ones are told why not */
	char previous[LIMIT_CHALLENGE + 1];
	struct sign_up_in form;
};

/* begin comes first, for begin_committed(). */
struct register_work {
	struct begin_work begin;
	struct hashed hashed;
	struct registration_issue registration;
};

struct complete_in {
	char grant[LIMIT_TOKEN + 1];
	struct sign_up_in form;
};

struct complete_work {
	struct hashed hashed;
	struct founded founded;
	char profile[LIMIT_PROFILE + 1];
};

/* What stands in both forms, in the order of the interface. */
#define LOGIN_FIELD(type)                                                 \
	{                                                                 \
		"login", FIELD_STRING, offsetof(struct type, form.login), \
			2 * LIMIT_LOGIN, true                             \
	}
#define PASSWORD_FIELD(type, may_wait)                                          \
	{                                                                       \
		"password", FIELD_STRING, offsetof(struct type, form.password), \
			2 * LIMIT_PASSWORD, may_wait                            \
	}
#define PROFILE_FIELD(type)                                                           \
	{                                                                             \
		"profile", FIELD_OBJECT, offsetof(struct type, form.profile), 0, true \
	}
#define LANGUAGE_FIELD(type)                                                    \
	{                                                                       \
		"language", FIELD_STRING, offsetof(struct type, form.language), \
			2 * LIMIT_LANGUAGE, true                                \
	}

static const struct field register_fields[] = {
	{ "address", FIELD_STRING, offsetof(struct register_in, address),
		2 * LIMIT_ADDRESS, false },
	LOGIN_FIELD(register_in),
	PASSWORD_FIELD(register_in, true),
	PROFILE_FIELD(register_in),
	LANGUAGE_FIELD(register_in),
	{ "previous", FIELD_STRING, offsetof(struct register_in, previous),
		LIMIT_CHALLENGE, true },
	{ "rhost", FIELD_STRING, offsetof(struct register_in, from.rhost), LIMIT_RHOST,
		true },
	{ 0 },
};

static const struct field complete_fields[] = {
	{ "grant", FIELD_STRING, offsetof(struct complete_in, grant), LIMIT_TOKEN,
		false },
	PASSWORD_FIELD(complete_in, false),
	LOGIN_FIELD(complete_in),
	PROFILE_FIELD(complete_in),
	LANGUAGE_FIELD(complete_in),
	{ 0 },
};

static int caller_of(
	struct call *call, const struct config *config, struct account_caller *ret)
{
	return account_caller(config, call->peer.uid, "", ACCOUNT_REGISTER, ret);
}

static int check_form(struct call *call, char profile[LIMIT_PROFILE + 1])
{
	struct register_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];
	int r;

	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	r = sign_up_check(call, &in->form, profile);
	if (r == 0 && in->form.password[0])
		r = sign_up_check_password(call, &in->form, in->address);
	return r;
}

static void fill(struct registration *form, const struct register_in *in,
	const struct account_caller *caller)
{
	text_copy(form->tenant, sizeof(form->tenant), caller->tenant);
	text_copy(form->client, sizeof(form->client), caller->client);
	text_copy(form->address, sizeof(form->address), in->address);
	text_copy(form->login, sizeof(form->login), in->form.login);
	text_copy(form->language, sizeof(form->language), in->form.language);
}

static int register_check(struct call *call)
{
	struct register_in *in = call->in;
	struct register_work *work = call->work;
	struct registration *form = &work->registration.form;
	struct account_caller caller;
	int r = caller_of(call, call_daemon(call)->config, &caller);

	if (r != 0)
		return r;
	if (!caller.rules->registration)
		return OUTCOME_NOT_ALLOWED;
	speaker_clean(call, &in->from);
	r = check_form(call, form->profile);
	if (r != 0)
		return r;
	fill(form, in, &caller);
	if (in->form.password[0]) {
		work->hashed.hashing.password = in->form.password;
		work->hashed.hashing.make = true;
		return hashed_ask(call, &work->hashed);
	}
	call->service->submit(call);
	return 0;
}

static int register_apply(struct call *call, struct store *store)
{
	const struct register_in *in = call->in;
	struct register_work *work = call->work;
	struct registration *form = &work->registration.form;
	uint8_t previous[CODE_ID];
	bool has_previous = hex_decode(previous, sizeof(previous), in->previous) == 0;
	struct account_caller caller;
	int r = caller_of(call, call_daemon(call)->moment.config, &caller);

	if (r != 0)
		return r;
	text_copy(form->password, sizeof(form->password), work->hashed.hashing.hash);
	return registration_begin(call, store, &work->begin, &caller, in->from.rhost,
		has_previous ? previous : NULL, &work->registration);
}

static int complete_check(struct call *call)
{
	struct complete_in *in = call->in;
	struct complete_work *work = call->work;
	struct account_caller ignored;
	int r = caller_of(call, call_daemon(call)->config, &ignored);

	call->reading = true;
	return r != 0 ? r : sign_up_check(call, &in->form, work->profile);
}

/*
 * The grant is used up by success, or if it has become worthless. Whoever has it has
 * proven the address: he may know that it got an account meanwhile.
 */
static int look_at_grant(struct call *call, struct store *store,
	const struct account_caller *caller, struct grant *grant)
{
	const struct complete_in *in = call->in;
	int r = session_take_grant(
		call_daemon(call), store, in->grant, GRANT_REGISTER, caller, grant);

	if (r == 0)
		r = sign_up_check_password(call, &in->form, grant->address);
	if (r != 0)
		return r;
	r = founding_is_free(store, caller->tenant, grant->address);
	if (r == 0)
		return OUTCOME_BAD_TOKEN;
	return r < 0
		? r
		: registration_login_is_free(store, caller->tenant, in->form.login);
}

static int complete_apply(struct call *call, struct store *store)
{
	const struct complete_in *in = call->in;
	struct complete_work *work = call->work;
	struct account_caller caller;
	struct founding founding;
	struct grant grant;
	int r = caller_of(call, call_daemon(call)->moment.config, &caller);

	if (r == 0)
		r = look_at_grant(call, store, &caller, &grant);
	if (r != 0)
		return r;
	if (!work->hashed.asked) {
		work->hashed.hashing.password = in->form.password;
		work->hashed.hashing.make = true;
		hashed_ask_then(call, &work->hashed);
		return 0;
	}
	founding = (struct founding){ grant.address, in->form.login,
		work->hashed.hashing.hash, work->profile, in->form.language };
	r = grants_delete(store, grant.hash);
	return r < 0
		? r
		: founding_open(call, store, &caller, &founding, "", &work->founded);
}

static void complete_committed(struct call *call)
{
	struct complete_work *work = call->work;

	outbox_add(&call_daemon(call)->outbox, TAKE_PTR(work->founded.welcome));
	record_log(&work->founded.record);
	record_log(&work->founded.session);
}

static void complete_release(struct call *call)
{
	struct complete_work *work = call->work;

	outgoing_free(work->founded.welcome);
}

const struct method register_methods[] = {
	{
		.name = "Register",
		.flags = METHOD_SERVICE | METHOD_ASYNC,
		.in = register_fields,
		.in_size = sizeof(struct register_in),
		.work_size = sizeof(struct register_work),
		.check = register_check,
		.apply = register_apply,
		.committed = begin_committed,
		.release = begin_release,
	},
	{
		.name = "CompleteRegistration",
		.flags = METHOD_SERVICE,
		.in = complete_fields,
		.in_size = sizeof(struct complete_in),
		.work_size = sizeof(struct complete_work),
		.check = complete_check,
		.apply = complete_apply,
		.committed = complete_committed,
		.release = complete_release,
	},
	{ 0 },
};
