/* SPDX-License-Identifier: MIT */
/*
 * The part of org.emailotp.Admin that changes users. Every change is an event of the
 * audit with the uid of whoever made it.
 */
#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/core/language.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
#include "otpd/server/recovery_try.h"
#include "otpd/server/roster.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/store/users.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

struct users_in {
	char user[LIMIT_USER + 1];
	char address[LIMIT_ADDRESS + 1];
	char name[LIMIT_NAME + 1];
	bool verified;
	bool replace;
	char language[LIMIT_LANGUAGE + 1];
};

struct users_work {
	struct record record;
};

static const struct field add_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct users_in, user), LIMIT_USER, false },
	{ "address", FIELD_STRING, offsetof(struct users_in, address), LIMIT_ADDRESS,
		false },
	{ "name", FIELD_STRING, offsetof(struct users_in, name), LIMIT_NAME, true },
	{ "verified", FIELD_BOOL, offsetof(struct users_in, verified), 0, true },
	{ "replace", FIELD_BOOL, offsetof(struct users_in, replace), 0, true },
	{ "language", FIELD_STRING, offsetof(struct users_in, language), LIMIT_LANGUAGE,
		true },
	{ 0 },
};

static const struct field language_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct users_in, user), LIMIT_USER, false },
	{ "language", FIELD_STRING, offsetof(struct users_in, language), LIMIT_LANGUAGE,
		false },
	{ 0 },
};

static const struct field second_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct users_in, user), LIMIT_USER, false },
	{ "address", FIELD_STRING, offsetof(struct users_in, address), LIMIT_ADDRESS,
		false },
	{ "verified", FIELD_BOOL, offsetof(struct users_in, verified), 0, true },
	{ 0 },
};

static const struct field user_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct users_in, user), LIMIT_USER, false },
	{ 0 },
};

static int bad_address(struct call *call, const char *reason)
{
	call_out_string(call, "reason", reason);
	return OUTCOME_BAD_ADDRESS;
}

static int check_address(struct call *call, const char *problem)
{
	struct users_in *in = call->in;
	char normal[LIMIT_ADDRESS + 1];

	if (problem)
		return bad_address(call, problem);
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return 0;
}

static int language_check(struct call *call)
{
	const struct users_in *in = call->in;

	return language_is_good(in->language) ? 0 : OUTCOME_BAD_NAME;
}

static int add_check(struct call *call)
{
	struct users_in *in = call->in;

	if (!roster_name_is_good(in->user) || !text_is_utf8(in->name) ||
		text_has_control(in->name) || !language_is_good(in->language))
		return OUTCOME_BAD_NAME;
	return check_address(call, address_problem(in->address));
}

/* "" takes it away. */
static int second_check(struct call *call)
{
	struct users_in *in = call->in;

	return in->address[0] ? check_address(call, address_route_problem(in->address))
			      : 0;
}

static int note(
	struct call *call, struct store *store, const char *event, const char *phrase)
{
	struct users_work *work = call->work;
	const struct users_in *in = call->in;

	record_about(&work->record, in->user, "", "", call->peer.uid);
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		event, phrase, LOG_NOTICE);
}

static void users_committed(struct call *call)
{
	struct users_work *work = call->work;

	record_log(&work->record);
}

/* Codes on their way to somebody who was changed, disabled or removed are not sent. */
static void cancelled_committed(struct call *call)
{
	const struct users_in *in = call->in;

	users_committed(call);
	outbox_forget_user(&call_daemon(call)->outbox, in->user);
}

static int add_apply(struct call *call, struct store *store)
{
	const struct users_in *in = call->in;
	int64_t now = call_daemon(call)->moment.now_s;
	struct user user = { .created_at = now, .verified_at = in->verified ? now : 0 };
	enum roster_change change;
	int r;

	text_copy(user.name, sizeof(user.name), in->user);
	text_copy(user.address, sizeof(user.address), in->address);
	text_copy(user.person, sizeof(user.person), in->name);
	text_copy(user.language, sizeof(user.language), in->language);
	r = roster_put(store, &user, in->replace, &change);
	if (r == 0 && change == ROSTER_UNCHANGED && !in->replace)
		r = OUTCOME_EXISTS;
	if (r == 0 && in->replace)
		r = users_clear_refusals(store, user.name);
	if (r != 0)
		return r;
	return note(call, store, change == ROSTER_ADDED ? "user_added" : "user_changed",
		change == ROSTER_ADDED ? "user added" : "user changed");
}

/* OUTCOME_NO_USER if there is none. */
static int need_user(struct call *call, struct store *store, struct user *ret)
{
	const struct users_in *in = call->in;
	int r = users_get(store, in->user, ret);

	return r == -ENOENT ? OUTCOME_NO_USER : r;
}

static int verify_user_apply(struct call *call, struct store *store)
{
	struct user user;
	int r = need_user(call, store, &user);

	if (r == 0)
		r = users_set_verified(
			store, user.name, call_daemon(call)->moment.now_s);
	return r != 0 ? r
		      : note(call, store, "user_verified",
				"address declared verified by an administrator");
}

static int language_apply(struct call *call, struct store *store)
{
	const struct users_in *in = call->in;
	struct user user;
	int r = need_user(call, store, &user);

	if (r == 0)
		r = users_set_language(store, user.name, in->language);
	return r != 0 ? r : note(call, store, "user_changed", "user changed");
}

/* Codes that may still go to the second route of before open nothing any more. */
static int second_apply(struct call *call, struct store *store)
{
	const struct users_in *in = call->in;
	int64_t now = call_daemon(call)->moment.now_s;
	bool verified = in->verified && in->address[0];
	struct user user;
	int r = need_user(call, store, &user);

	if (r != 0)
		return r;
	if (strcmp(user.address, in->address) == 0)
		return bad_address(call, "it is the first address already");
	r = users_set_second(store, user.name, in->address, verified ? now : 0);
	if (r == 0 && strcmp(user.second, in->address) != 0)
		r = challenges_cancel_user(store, user.name);
	return r != 0 ? r
		      : note(call, store, "second_changed",
				in->address[0] ? "second route changed"
					       : "second route taken away");
}

static int disable_apply(struct call *call, struct store *store)
{
	struct user user;
	int r = need_user(call, store, &user);

	if (r == 0)
		r = users_set_state(store, user.name, USER_DISABLED);
	if (r == 0)
		r = challenges_cancel_user(store, user.name);
	if (r == 0)
		r = grace_forget(store, user.name);
	if (r == 0)
		r = recovery_delete_glass(store, user.name);
	return r != 0 ? r : note(call, store, "user_disabled", "user disabled");
}

static int unlock_apply(struct call *call, struct store *store)
{
	struct user user;
	int r = need_user(call, store, &user);

	if (r == 0)
		r = users_set_state(store, user.name, USER_ACTIVE);
	if (r == 0)
		r = spending_forget_wrong(store, user.name);
	if (r == 0)
		r = recovery_forget_wrong(store, user.name);
	if (r == 0)
		r = users_clear_refusals(store, user.name);
	return r != 0 ? r : note(call, store, "user_unlocked", "user unlocked");
}

static int remove_apply(struct call *call, struct store *store)
{
	struct user user;
	int r = need_user(call, store, &user);

	if (r == 0)
		r = users_delete(store, user.name);
	if (r == 0)
		r = challenges_cancel_user(store, user.name);
	if (r == 0)
		r = grace_forget(store, user.name);
	if (r == 0)
		r = recovery_delete_all(store, user.name);
	return r != 0 ? r : note(call, store, "user_removed", "user removed");
}

/* clang-format off */
#define ON_ONE_USER(method, function, then) { \
	.name = method, .flags = METHOD_ROOT, .in = user_fields, \
	.in_size = sizeof(struct users_in), .work_size = sizeof(struct users_work), \
	.apply = function, .committed = then }
/* clang-format on */

const struct method users_methods[] = {
	{
		.name = "AddUser",
		.flags = METHOD_ROOT,
		.in = add_fields,
		.in_size = sizeof(struct users_in),
		.work_size = sizeof(struct users_work),
		.check = add_check,
		.apply = add_apply,
		.committed = cancelled_committed,
	},
	{
		.name = "SetLanguage",
		.flags = METHOD_ROOT,
		.in = language_fields,
		.in_size = sizeof(struct users_in),
		.work_size = sizeof(struct users_work),
		.check = language_check,
		.apply = language_apply,
		.committed = users_committed,
	},
	{
		.name = "SetSecond",
		.flags = METHOD_ROOT,
		.in = second_fields,
		.in_size = sizeof(struct users_in),
		.work_size = sizeof(struct users_work),
		.check = second_check,
		.apply = second_apply,
		.committed = cancelled_committed,
	},
	ON_ONE_USER("VerifyUser", verify_user_apply, users_committed),
	ON_ONE_USER("DisableUser", disable_apply, cancelled_committed),
	ON_ONE_USER("UnlockUser", unlock_apply, users_committed),
	ON_ONE_USER("RemoveUser", remove_apply, cancelled_committed),
	{ 0 },
};
