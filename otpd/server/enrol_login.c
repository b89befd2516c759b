/* SPDX-License-Identifier: MIT */
/*
 * A user who is not enrolled enrols while he logs in, where the policy has unenrolled =
 * enrol.
 *
 * The password is right by then, and it is all that stands before this: whoever has it
 * brings the address that codes go to from then on. So the domains of otpd.conf hold,
 * only programs that have checked a password may call, and who is enrolled in any way
 * MUST NOT be changed here. All of it is looked at again when the code comes.
 */
#include "otpd/server/enrol_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/enrol.h"
#include "otpd/server/reply.h"
#include "otpd/server/speaker.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

#define DOMAINS 500 /* bytes of them that a prompt can bear */

void enrol_login_say_domains(struct call *call)
{
	const struct string_list *list =
		&call_daemon(call)->moment.config->enrol_domains;
	char text[DOMAINS + sizeof(" ...")] = "";
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (n + 1 + strlen(list->items[i]) > DOMAINS) {
			snprintf(text + n, sizeof(text) - n, " ...");
			break;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
			n > 0 ? " " : "", list->items[i]);
	}
	if (list->n > 0)
		call_out_string(call, "domains", text);
}

int enrol_login_check(struct call *call)
{
	struct enrol_login_in *in = call->in;
	const char *problem = address_problem(in->address);
	char normal[LIMIT_ADDRESS + 1];

	if (problem) {
		call_out_string(call, "reason", problem);
		return OUTCOME_BAD_ADDRESS;
	}
	address_normalize(normal, sizeof(normal), in->address);
	memcpy(in->address, normal, sizeof(normal));
	return speaker_check(call);
}

/* 0 if a user may enrol at this service, with this address, now. */
static int may(struct daemon *daemon, struct store *store, const char *user,
	const char *service, const char *address)
{
	const struct config *config = daemon->moment.config;
	struct user enrolled;
	int r = users_get(store, user, &enrolled);

	if (r != -ENOENT)
		return r < 0 ? r : OUTCOME_EXISTS;
	if (config_policy(config, service)->unenrolled != POLICY_UNENROLLED_ENROL ||
		!enrol_domain_is_allowed(config, address))
		return OUTCOME_NOT_ALLOWED;
	return 0;
}

int enrol_login_apply(struct call *call, struct store *store)
{
	struct daemon *daemon = call_daemon(call);
	const struct enrol_login_in *in = call->in;
	const struct begin_in *who = &in->who;
	struct begin_work *work = call->work;
	const struct policy *policy =
		config_policy(daemon->moment.config, who->service);
	const struct enrolment enrolment = { who->user, in->address, CODE_ENROL_LOGIN,
		who->service, who->rhost, who->tty };
	int64_t wait;
	int r;

	if (policy_exempts(policy, who->user, true,
		    work->nss.has_groups ? &work->nss.groups : NULL, who->rhost))
		return OUTCOME_NOT_ALLOWED;
	r = may(daemon, store, who->user, who->service, in->address);
	if (r == 0)
		r = attempt_locked_s(daemon, store, who->user, policy, &wait);
	if (r != 0 || wait != 0)
		return r != 0 ? r : reply_locked(call, wait > 0 ? wait : 0);
	record_about(
		&work->record, who->user, who->service, who->rhost, call->peer.uid);
	r = enrol_issue(call, store, work, &enrolment, NULL);
	if (r != 0)
		return r;
	record_refer(&work->record, work->challenge.reference);
	return record_store(&work->record, store, daemon->moment.now_s, "enrol_begun",
		"enrolment begun", LOG_NOTICE);
}

int enrol_login_confirm(
	struct daemon *daemon, struct store *store, struct attempt *attempt)
{
	const struct challenge *c = &attempt->challenge;
	int64_t now_s = daemon->moment.now_s;
	struct user user = { .created_at = now_s, .verified_at = now_s };
	int r = may(daemon, store, c->user, c->service, c->address);

	/* Somebody has enrolled him: his next login asks for the code of that. */
	if (r != 0)
		return r == OUTCOME_EXISTS ? OUTCOME_NO_CHALLENGE : r;
	text_copy(user.name, sizeof(user.name), c->user);
	text_copy(user.address, sizeof(user.address), c->address);
	r = users_insert(store, &user);
	if (r < 0)
		return r;
	record_about(&attempt->lock, c->user, c->service, c->rhost, c->peer);
	record_refer(&attempt->lock, c->reference);
	return record_store(&attempt->lock, store, now_s, "enrolled",
		"user enrolled himself", LOG_NOTICE);
}
