/* SPDX-License-Identifier: MIT */
/* The part of org.emailotp.Admin that shows users, and what their budgets allow. */
#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/attempt.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/store/users.h"
#include "otpd/util/text.h"

struct show_in {
	char user[LIMIT_USER + 1];
	char after[LIMIT_USER + 1];
	int64_t limit;
};

static const struct field list_fields[] = {
	{ "after", FIELD_STRING, offsetof(struct show_in, after), LIMIT_USER, true },
	{ "limit", FIELD_INT, offsetof(struct show_in, limit), LIMIT_PAGE, true },
	{ 0 },
};

static const struct field show_fields[] = {
	{ "user", FIELD_STRING, offsetof(struct show_in, user), LIMIT_USER, false },
	{ 0 },
};

static json_t *user_json(const struct user *user)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:s, s:s, s:I, s:I, s:b}",
		"user", user->name, "address", user->address, "name", user->person,
		"verified_at", (json_int_t)user->verified_at, "disabled",
		user->state != USER_ACTIVE, "created_at", (json_int_t)user->created_at,
		"last_login_at", (json_int_t)user->login_at, "language", user->language,
		"second", user->second, "second_verified_at",
		(json_int_t)user->second_verified_at, "refusals",
		(json_int_t)user->refusals, "undeliverable",
		USER_IS_UNDELIVERABLE(user));
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
	const struct show_in *in = call->in;
	struct listing listing = { .users = json_array() };
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	int r = users_list(store, in->after, limit, list_one, &listing);

	if (r == 0 && json_array_size(listing.users) == (size_t)limit)
		call_out_string(call, "next", listing.last);
	call_out_json(call, "users", listing.users);
	return r;
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
	const struct show_in *in = call->in;
	struct user user;
	int r = users_get(store, in->user, &user);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_USER : r;
	call_out_json(call, "user", user_json(&user));
	return show_counters(call, store, user.name);
}

const struct method show_methods[] = {
	{
		.name = "ListUsers",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = list_fields,
		.in_size = sizeof(struct show_in),
		.apply = list_apply,
	},
	{
		.name = "ShowUser",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = show_fields,
		.in_size = sizeof(struct show_in),
		.apply = show_apply,
	},
	{ 0 },
};
