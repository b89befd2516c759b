/* SPDX-License-Identifier: MIT */
/* The part of org.emailotp.Admin that shows users, and what their budgets allow. */
#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/counters.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"
#include "otpd/server/recovery_try.h"
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

/* NULL without memory. */
static json_t *user_json(const struct user *user, int64_t codes)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:s, s:s, s:I, s:I, s:b, "
			 "s:b, s:I}",
		"user", user->name, "address", user->address, "name", user->person,
		"verified_at", (json_int_t)user->verified_at, "disabled",
		user->state == USER_DISABLED, "created_at",
		(json_int_t)user->created_at, "last_login_at",
		(json_int_t)user->login_at, "language", user->language, "second",
		user->second, "second_verified_at",
		(json_int_t)user->second_verified_at, "refusals",
		(json_int_t)user->refusals, "undeliverable",
		USER_IS_UNDELIVERABLE(user), "locked", user->state == USER_LOCKED,
		"recovery_codes", (json_int_t)codes);
}

struct listing {
	struct store *store;
	json_t *users;
	char last[LIMIT_USER + 1];
};

static int list_one(const struct user *user, void *arg)
{
	struct listing *listing = arg;
	int64_t codes;
	int r = recovery_count(listing->store, user->name, &codes);

	if (r < 0)
		return r;
	text_copy(listing->last, sizeof(listing->last), user->name);
	return json_array_append_new(listing->users, user_json(user, codes)) < 0
		? -ENOMEM
		: 0;
}

static int list_apply(struct call *call, struct store *store)
{
	const struct show_in *in = call->in;
	struct listing listing = { .store = store, .users = json_array() };
	int64_t limit = in->limit > 0 ? in->limit : LIMIT_PAGE;
	int r = users_list(store, in->after, limit, list_one, &listing);

	if (r == 0 && json_array_size(listing.users) == (size_t)limit)
		call_out_string(call, "next", listing.last);
	call_out_json(call, "users", listing.users);
	return r;
}

static int show_apply(struct call *call, struct store *store)
{
	const struct show_in *in = call->in;
	struct recovery_left left;
	struct user user;
	int64_t codes;
	int r = users_get(store, in->user, &user);

	if (r < 0)
		return r == -ENOENT ? OUTCOME_NO_USER : r;
	r = recovery_count(store, user.name, &codes);
	if (r == 0)
		r = recovery_left(call_daemon(call), store, user.name, &left);
	if (r < 0)
		return r;
	call_out_json(call, "user", user_json(&user, codes));
	call_out_int(call, "recovery_locked_for", left.wait_s);
	return counters_reply(call, store, user.name);
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
