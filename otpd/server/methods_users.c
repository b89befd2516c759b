/* SPDX-License-Identifier: MIT */
/*
 * The part of org.emailotp.Admin that is about users. Every change is an event of the
 * audit with the uid of whoever made it.
 */
#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/record.h"
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
	char after[LIMIT_USER + 1];
	int64_t limit;
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
	{ 0 },
};

static const struct field list_fields[] = {
	{ "after", FIELD_STRING, offsetof(struct users_in, after), LIMIT_USER, true },
	{ "limit", FIELD_INT, offsetof(struct users_in, limit), LIMIT_PAGE, true },
	{ 0 },
};

static const struct field user_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct users_in, user), LIMIT_USER, false },
	{ 0 },
};

static int add_check(struct call *call)
{
	struct users_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];

	if (!roster_name_is_good(in->user) || !text_is_utf8(in->name) ||
		text_has_control(in->name))
		return OUTCOME_BAD_NAME;
	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return 0;
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
	r = roster_put(store, &user, in->replace, &change);
	if (r == 0 && change == ROSTER_UNCHANGED && !in->replace)
		r = OUTCOME_EXISTS;
	if (r != 0)
		return r;
	return note(call, store, change == ROSTER_ADDED ? "user_added" : "user_changed",
		change == ROSTER_ADDED ? "user added" : "user changed");
}

static json_t *user_json(const struct user *user)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:I}", "user", user->name,
		"address", user->address, "name", user->person, "verified_at",
		(json_int_t)user->verified_at, "disabled", user->state != USER_ACTIVE,
		"created_at", (json_int_t)user->created_at, "last_login_at",
		(json_int_t)user->login_at);
}

struct listing {
	json_t *users;
	char last[LIMIT_USER + 1];
};

static int list_one(const struct user *user, void *arg)
{
	struct listing *listing = arg;

	text_copy(listing->last, sizeof(listing->last), user->name);
	return json_array_append_new(listing->users, user_json(user)) < 0 ? -ENOMEM : 0;
}

static int list_apply(struct call *call, struct store *store)
{
	const struct users_in *in = call->in;
	struct listing listing = { .users = json_array() };
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	int r = users_list(store, in->after, limit, list_one, &listing);

	if (r == 0 && json_array_size(listing.users) == (size_t)limit)
		call_out_string(call, "next", listing.last);
	call_out_json(call, "users", listing.users);
	return r;
}

/* OUTCOME_NO_USER if there is none. */
static int need_user(struct call *call, struct store *store, struct user *ret)
{
	const struct users_in *in = call->in;
	int r = users_get(store, in->user, ret);

	return r == -ENOENT ? OUTCOME_NO_USER : r;
}

/* The longest that any service's policy locks the user. */
static int longest_lock_s(
	struct daemon *daemon, struct store *store, const char *name, int64_t *ret)
{
	const struct config *config = daemon->moment.config;
	const struct policy *policies = config->policies.items;

	*ret = 0;
	for (size_t i = 0; i <= config->policies.n; i++) {
		const struct policy *policy = i < config->policies.n
			? &policies[i]
			: config_policy(config, "");
		int64_t wait;
		int r = attempt_locked_s(daemon, store, name, policy, &wait);

		if (r < 0)
			return r;
		*ret = wait > *ret ? wait : *ret;
	}
	return 0;
}

static int show_counters(struct call *call, struct store *store, const char *name)
{
	struct daemon *daemon = call_daemon(call);
	int64_t now = daemon->moment.now_s, live = 0, locked = 0;
	struct spending spending;
	int r = spending_wrong(store, name, BUDGET_MONTH, SPENDING_MAX, now, &spending);

	if (r < 0)
		return r;
	call_out_int(call, "wrong_hour",
		budget_count(spending.at, spending.n, BUDGET_HOUR, now));
	call_out_int(call, "wrong_day",
		budget_count(spending.at, spending.n, BUDGET_DAY, now));
	call_out_int(call, "wrong_month", (int64_t)spending.n);
	r = spending_user_sends(
		store, name, CODE_LOGIN, BUDGET_DAY, SPENDING_MAX, now, &spending);
	if (r == 0)
		r = challenges_count_user(store, name, now, &live);
	if (r == 0)
		r = longest_lock_s(daemon, store, name, &locked);
	if (r < 0)
		return r;
	call_out_int(call, "sends_hour",
		budget_count(spending.at, spending.n, BUDGET_HOUR, now));
	call_out_int(call, "sends_day", (int64_t)spending.n);
	call_out_int(call, "live_challenges", live);
	call_out_int(call, "locked_for", locked);
	return 0;
}

static int show_apply(struct call *call, struct store *store)
{
	struct user user;
	int r = need_user(call, store, &user);

	if (r != 0)
		return r;
	call_out_json(call, "user", user_json(&user));
	return show_counters(call, store, user.name);
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
		.name = "ListUsers",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = list_fields,
		.in_size = sizeof(struct users_in),
		.apply = list_apply,
	},
	{
		.name = "ShowUser",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = user_fields,
		.in_size = sizeof(struct users_in),
		.apply = show_apply,
	},
	ON_ONE_USER("VerifyUser", verify_user_apply, users_committed),
	ON_ONE_USER("DisableUser", disable_apply, cancelled_committed),
	ON_ONE_USER("UnlockUser", unlock_apply, users_committed),
	ON_ONE_USER("RemoveUser", remove_apply, cancelled_committed),
	{ 0 },
};
