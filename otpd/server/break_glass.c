/* SPDX-License-Identifier: MIT */
/*
 * Admin.BreakGlass: one code for one login, when a user can get in by nothing else.
 *
 * It is for whoever the system knows, enrolled or not, but not for a user whom an
 * administrator has disabled: enabling him is another decision. All administrators that
 * otpd.conf names are mailed, without the code, so that none of them makes one in
 * silence; with the mailer away these mails wait. It MUST work with no mail at all.
 */
#include "otpd/server/break_glass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/enrol.h"
#include "otpd/server/issue.h"
#include "otpd/server/recovery_try.h"
#include "otpd/server/roster.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

static void on_known(struct nss_query *query)
{
	struct call *call = query->context;

	if (query->result == -ENOENT)
		call_finish(call, OUTCOME_NO_USER);
	else if (query->result < 0)
		call_finish(call, query->result);
	else
		call->service->submit(call);
}

int break_glass_check(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	const struct break_glass_in *in = call->in;
	struct nss_query *nss = &((struct break_glass_work *)call->work)->nss;

	if (!roster_name_is_good(in->user))
		return OUTCOME_BAD_NAME;
	call->reading = true;
	nss->want_known = true;
	text_copy(nss->user, sizeof(nss->user), in->user);
	nss->context = call;
	nss->done = on_known;
	return nss_ask(&daemon->nss, &daemon->loop, call->peer.uid, nss);
}

/* 0, or why there can be none. */
static int may(struct store *store, const char *name)
{
	struct user user;
	int r = users_get(store, name, &user);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return user.state == USER_DISABLED ? OUTCOME_NOT_ALLOWED : 0;
}

/* 1 if a recovery code of the user begins with the same letters. */
static int is_taken(struct call *call, struct store *store)
{
	const struct break_glass_in *in = call->in;
	const struct break_glass_work *work = call->work;
	struct recovery found;
	int r = recovery_get(store, in->user, work->set.rows[0].selector,
		call_daemon(call)->moment.now_s, &found);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return found.expires_at == 0;
}

/* To one administrator; 1 if the mail waits to be sent. */
static int tell(struct call *call, struct store *store, const char *to, int64_t until_s)
{
	struct daemon *daemon = call_daemon(call);
	const struct break_glass_in *in = call->in;
	struct break_glass_work *work = call->work;
	char address[LIMIT_ADDRESS + 1];
	struct issue issue = {
		.policy = config_policy(daemon->moment.config, ENROL_SERVICE),
		.user = in->user,
		.service = ENROL_SERVICE,
		.rhost = "",
		.tty = "",
		.address = address,
		.person = "",
	};
	int r;

	address_normalize(address, sizeof(address), to);
	r = issue_notice(daemon, store, &issue, ISSUE_BREAK_GLASS_MADE, until_s,
		&work->mails[work->n_mails]);
	if (r == 0)
		work->n_mails++;
	return issue_courtesy(r);
}

static int tell_all(struct call *call, struct store *store, int64_t until_s)
{
	const struct string_list *list =
		&call_daemon(call)->moment.config->administrators;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n && i < BREAK_GLASS_MAILED; i++)
		r = tell(call, store, list->items[i], until_s);
	return r;
}

static int put(struct call *call, struct store *store, int64_t until_s)
{
	const struct break_glass_in *in = call->in;
	struct break_glass_work *work = call->work;
	char detail[32];
	int r;

	work->set.rows[0].expires_at = until_s;
	r = recovery_put_glass(store, in->user, &work->set.rows[0]);
	/* Whoever has the password may have used up the tries, and this is for then. */
	if (r == 0)
		r = recovery_forget_wrong(store, in->user);
	if (r == 0)
		r = tell_all(call, store, until_s);
	if (r < 0)
		return r;
	snprintf(detail, sizeof(detail), "%zu told", work->n_mails);
	record_about(&work->record, in->user, "", "", call->peer.uid);
	record_detail(&work->record, detail);
	return record_store(&work->record, store, call_daemon(call)->moment.now_s,
		"break_glass_made", "break-glass code made by an administrator",
		LOG_WARNING);
}

static void answer(struct call *call, int64_t until_s)
{
	const struct break_glass_work *work = call->work;
	char shown[RECOVERY_SHOWN];
	SECRET_SCOPE(shown);

	recovery_show(shown, work->set.codes[0]);
	call_out_string(call, "code", shown);
	call_out_int(call, "expires_at", until_s);
	call_out_int(call, "told", (int64_t)work->n_mails);
}

int break_glass_apply(struct call *call, struct store *store)
{
	const struct break_glass_in *in = call->in;
	struct break_glass_work *work = call->work;
	int64_t until_s = call_daemon(call)->moment.now_s + BREAK_GLASS_S;
	int r = may(store, in->user);

	if (r != 0)
		return r;
	if (!recovery_set_is_made(&work->set)) {
		recovery_set_make_then(call, &work->set, 1);
		return 0;
	}
	r = is_taken(call, store);
	if (r > 0) {
		call_out_int(call, "retry_after", 1);
		return OUTCOME_BUSY;
	}
	if (r == 0)
		r = put(call, store, until_s);
	if (r == 0)
		answer(call, until_s);
	return r;
}

void break_glass_committed(struct call *call)
{
	struct break_glass_work *work = call->work;

	for (size_t i = 0; i < work->n_mails; i++)
		outbox_add(&call_daemon(call)->outbox, TAKE_PTR(work->mails[i]));
	record_log(&work->record);
}

void break_glass_release(struct call *call)
{
	struct break_glass_work *work = call->work;

	nss_query_clear(&work->nss);
	for (size_t i = 0; i < BREAK_GLASS_MAILED; i++)
		outgoing_free(work->mails[i]);
}
