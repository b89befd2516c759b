/* SPDX-License-Identifier: MIT */
/*
 * Who may speak for which Unix user: root for anybody; a listed client for its users at
 * its services; a user for himself, under the name that his uid has. And what is left
 * of what they say.
 */
#include "otpd/server/speaker.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/text.h"

static void on_nss(struct nss_query *query)
{
	struct call *call = query->context;
	const struct begin_in *in = call->in;
	bool himself = query->want_name && query->result == 0 &&
		strcmp(query->user, in->user) == 0;

	if (query->want_name && !himself)
		call_finish(call, OUTCOME_DENIED);
	else if (query->result < 0 && query->result != -ENOENT)
		call_finish(call, query->result);
	else
		call->service->submit(call);
}

/* A client's users: those listed, or anybody but root. */
static bool may_speak_for(
	const struct client_section *client, const struct begin_in *in)
{
	if (!string_list_has(&client->services, in->service))
		return false;
	if (client->users.n > 0)
		return string_list_has(&client->users, in->user);
	return strcmp(in->user, "root") != 0;
}

static void clean(char *text, size_t size)
{
	char copy[LIMIT_RHOST + 1];

	text_copy_clean(copy, sizeof(copy), text);
	text_copy(text, size, copy); /* which is never longer */
}

bool speaker_is_name(const char *name)
{
	return name[0] && text_is_utf8(name) && !text_has_control(name);
}

/*
 * The remote host, unless root says it, is the word of a program: it gets the letters
 * of addresses and host names, and no others.
 */
void speaker_clean(const struct call *call, struct begin_in *in)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789.:%_-";
	bool by_root = call->peer.uid == 0;

	clean(in->service, sizeof(in->service));
	clean(in->tty, sizeof(in->tty));
	clean(in->rhost, sizeof(in->rhost));
	for (char *at = in->rhost; !by_root && *at; at++)
		if (!strchr(allowed, *at))
			*at = '?';
}

/*
 * Asks NSS for what has to be known first: the name of a caller who is nobody special,
 * and the groups of the user where the policy speaks of groups.
 */
int speaker_check(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	struct begin_in *in = call->in;
	struct begin_work *work = call->work;
	const struct client_section *client =
		config_client(daemon->config, call->peer.uid);
	struct nss_query *nss = &work->nss;

	/* No Unix user has a colon in his name; principals of other kinds have one. */
	if (!speaker_is_name(in->user) || strchr(in->user, ':'))
		return OUTCOME_BAD_NAME;
	if (client && !may_speak_for(client, in))
		return OUTCOME_DENIED;
	speaker_clean(call, in);
	nss->want_name = call->peer.uid != 0 && !client;
	nss->want_groups = !in->unknown &&
		policy_needs_groups(config_policy(daemon->config, in->service));
	if (!nss->want_name && !nss->want_groups) {
		call->service->submit(call);
		return 0;
	}
	/* What a user says of where he comes from would be his own word. */
	if (nss->want_name)
		in->rhost[0] = '\0';
	nss->uid = call->peer.uid;
	text_copy(nss->user, sizeof(nss->user), in->user);
	nss->context = call;
	nss->done = on_nss;
	return nss_ask(&daemon->nss, &daemon->loop, call->peer.uid, nss);
}
