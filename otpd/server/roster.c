/* SPDX-License-Identifier: MIT */
/* Who is enrolled: the one place where users are made and changed by administrators. */
#include "otpd/server/roster.h"

#include <errno.h>
#include <string.h>

#include "otpd/core/principal.h"
#include "otpd/proto/outcome.h"
#include "otpd/store/challenges.h"
#include "otpd/store/spending.h"
#include "otpd/util/text.h"

bool roster_name_is_good(const char *name)
{
	return name[0] && text_is_utf8(name) && !text_has_control(name) &&
		!principal_is_reserved(name);
}

static int change(struct store *store, const struct user *old, const struct user *new)
{
	bool moved = strcmp(old->address, new->address) != 0;
	struct user user = *new;
	int r;

	if (!moved && user.verified_at == 0)
		user.verified_at = old->verified_at;
	if (!user.language[0])
		text_copy(user.language, sizeof(user.language), old->language);
	r = users_replace(store, &user);
	/* Codes on their way to the old address open nothing any more. */
	if (r == 0 && moved)
		r = challenges_cancel_user(store, user.name);
	if (r == 0 && moved)
		r = grace_forget(store, user.name);
	return r;
}

int roster_put(struct store *store, const struct user *user, bool update,
	enum roster_change *ret)
{
	struct user old;
	int r = users_get(store, user->name, &old);

	if (r == -ENOENT) {
		*ret = ROSTER_ADDED;
		return users_insert(store, user);
	}
	if (r < 0)
		return r;
	*ret = ROSTER_UNCHANGED;
	if (strcmp(old.address, user->address) == 0 &&
		strcmp(old.person, user->person) == 0 &&
		(!user->language[0] || strcmp(old.language, user->language) == 0) &&
		(user->verified_at == 0 || old.verified_at > 0))
		return 0;
	if (!update)
		return OUTCOME_EXISTS;
	*ret = ROSTER_UPDATED;
	return change(store, &old, user);
}
