/* SPDX-License-Identifier: MIT */
/* Names of users and groups, asked for off the loop's thread and outside of the store.
 */
#include "otpd/server/nss.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define NSS_BUFFER     65536
#define NSS_BUFFER_MAX (16 << 20) /* a group's members all come with it */
#define NSS_GROUPS     1024       /* the kernel's limit is 65536; a person has fewer */

static int ask_name(struct nss_query *query, char *buffer)
{
	struct passwd entry, *found = NULL;
	int r = getpwuid_r(query->uid, &entry, buffer, NSS_BUFFER, &found);

	if (r != 0)
		return -r;
	if (!found || !text_copy(query->user, sizeof(query->user), found->pw_name))
		return -ENOENT;
	return 0;
}

static int ask_known(struct nss_query *query, char *buffer)
{
	struct passwd entry, *found = NULL;
	int r = getpwnam_r(query->user, &entry, buffer, NSS_BUFFER, &found);

	return r != 0 ? -r : found ? 0 : -ENOENT;
}

/* MUST NOT skip a group that cannot be read: it may be the one that needs a code. */
static int add_group(struct string_list *list, gid_t gid)
{
	struct group entry, *found = NULL;
	size_t size = NSS_BUFFER;
	int r = ERANGE;

	for (; r == ERANGE && size <= NSS_BUFFER_MAX; size *= 4) {
		CLEANUP(freep) char *buffer = malloc(size);

		if (!buffer)
			return -ENOMEM;
		r = getgrgid_r(gid, &entry, buffer, size, &found);
		if (r == 0 && found) {
			list->items[list->n] = strdup(found->gr_name);
			if (!list->items[list->n])
				return -ENOMEM;
			list->n++;
		}
	}
	/* A group without a name cannot be meant by a policy. */
	return r == 0 || r == ENOENT ? 0 : -EIO;
}

static int ask_groups(struct nss_query *query, char *buffer)
{
	struct passwd entry, *found = NULL;
	gid_t gids[NSS_GROUPS];
	int n = NSS_GROUPS;
	int r = getpwnam_r(query->user, &entry, buffer, NSS_BUFFER, &found);

	if (r != 0)
		return -r;
	if (!found)
		return -ENOENT;
	if (getgrouplist(query->user, entry.pw_gid, gids, &n) < 0)
		return -E2BIG;
	query->groups.items = calloc((size_t)n + 1, sizeof(char *));
	if (!query->groups.items)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		r = add_group(&query->groups, gids[i]);
		if (r < 0)
			return r;
	}
	query->has_groups = true;
	return 0;
}

static void on_work(uv_work_t *work)
{
	struct nss_query *query = work->data;
	CLEANUP(freep) char *buffer = malloc(NSS_BUFFER);

	query->result = buffer ? 0 : -ENOMEM;
	if (query->result == 0 && query->want_name)
		query->result = ask_name(query, buffer);
	if (query->result == 0 && query->want_known)
		query->result = ask_known(query, buffer);
	if (query->result == 0 && query->want_groups)
		query->result = ask_groups(query, buffer);
}

static void on_done(uv_work_t *work, int status);

/* Starts what waits, as far as the lane has room. */
static int run_lane(struct nss *nss, int lane)
{
	static const int room[NSS_LANES] = { 2, 1 };
	struct nss_lane *at = &nss->lanes[lane];

	while (at->n_running < room[lane] && !list_is_empty(&at->waiting)) {
		struct nss_query *query =
			list_entry(list_pop(&at->waiting), struct nss_query, link);
		int r = uv_queue_work(query->loop, &query->work, on_work, on_done);

		if (r < 0)
			return r;
		at->n_running++;
	}
	return 0;
}

static void on_done(uv_work_t *work, int status)
{
	struct nss_query *query = work->data;
	struct nss *nss = query->nss;

	(void)status;
	nss->n_asking--;
	nss->lanes[query->lane].n_running--;
	(void)run_lane(nss, query->lane); /* can fail only for want of a function */
	query->done(query);
}

int nss_ask(struct nss *nss, uv_loop_t *loop, uid_t caller, struct nss_query *query)
{
	struct nss_lane *lane;

	query->work.data = query;
	query->nss = nss;
	query->loop = loop;
	query->lane = caller != 0;
	lane = &nss->lanes[query->lane];
	if (!lane->waiting.next)
		list_init(&lane->waiting);
	list_append(&lane->waiting, &query->link);
	nss->n_asking++;
	return run_lane(nss, query->lane);
}

void nss_query_clear(struct nss_query *query)
{
	for (size_t i = 0; i < query->groups.n; i++)
		free(query->groups.items[i]);
	free(query->groups.items);
	query->groups = (struct string_list){ 0 };
}
