/* SPDX-License-Identifier: MIT */
/* What otpd and otpd-mail say about themselves, their users and their mails. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/ctl/mailer.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"

#define PAGES 25
#define ADMIN "org.emailotp.Admin."

/* Says why a call failed, once the daemon is known not to answer. */
static void keep_why(const struct session *session, int r, char *why, size_t size)
{
	char text[SESSION_FAULT];

	if (r > 0)
		snprintf(text, sizeof(text), "%s", outcome_text(r));
	else
		session_fault(session, r, text);
	snprintf(why, size, "%s", text);
}

/* All pages of a list, up to a limit, as one array. */
static int gather_list(struct session *session, const char *method, const char *key,
	const char *cursor, json_t *parameters, json_t **ret)
{
	CLEANUP(json_decrefp) json_t *owned = parameters, *all = json_array();

	for (int page = 0; owned && all && page < PAGES; page++) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		const json_t *next;
		int r = session_call(session, method, json_deep_copy(owned), &answer);

		if (r != 0)
			return r;
		(void)json_array_extend(all, json_object_get(answer, key));
		next = json_object_get(answer, "next");
		if (!next || json_is_null(next))
			break;
		(void)json_object_set(owned, cursor, json_object_get(answer, "next"));
	}
	*ret = TAKE_PTR(all);
	return 0;
}

static void ask_otpd(struct facts *facts, struct session *session)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(session, ADMIN "Status", json_object(), &answer);

	if (r == 0)
		facts->status = TAKE_PTR(answer);
	if (r == 0)
		r = gather_list(session, ADMIN "ListUsers", "users", "after",
			json_object(), &facts->users);
	if (r == 0)
		r = gather_list(session, ADMIN "Queue", "mails", "before",
			json_pack("{s:b}", "open", 1), &facts->queue);
	if (r != 0)
		keep_why(session, r, facts->status_why, sizeof(facts->status_why));
}

static void ask_mailer(struct facts *facts, const struct session *session,
	const struct arguments *arguments)
{
	CLEANUP(json_decrefp) json_t *status = NULL, *stats = NULL;
	struct mailer mailer;
	int r;

	mailer_init(&mailer, session, arguments);
	r = mailer_call(&mailer, "Status", json_object(), &status);
	if (r == 0)
		facts->mail_status = TAKE_PTR(status);
	if (r == 0)
		r = mailer_call(&mailer, "Stats", json_object(), &stats);
	if (r == 0)
		facts->mail_stats = TAKE_PTR(stats);
	else {
		char why[SESSION_FAULT];

		mailer_fault(&mailer, r, why);
		snprintf(facts->mail_why, sizeof(facts->mail_why), "%s", why);
	}
	mailer_close(&mailer);
}

int gather_daemons(
	struct facts *facts, struct session *session, const struct arguments *arguments)
{
	ask_otpd(facts, session);
	ask_mailer(facts, session, arguments);
	return 0;
}
