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

#define NSS_BUFFER 65536
#define NSS_GROUPS 1024 /* the kernel's limit is 65536; a person has fewer */

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

static int add_group(struct string_list *list, gid_t gid, char *buffer)
{
	struct group entry, *found = NULL;

	/* A group without a name cannot be meant by a policy. */
	if (getgrgid_r(gid, &entry, buffer, NSS_BUFFER, &found) != 0 || !found)
		return 0;
	list->items[list->n] = strdup(found->gr_name);
	if (!list->items[list->n])
		return -ENOMEM;
	list->n++;
	return 0;
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
		r = add_group(&query->groups, gids[i], buffer);
		if (r < 0)
			return r;
	}
	return 0;
}

static void on_work(uv_work_t *work)
{
	struct nss_query *query = work->data;
	CLEANUP(freep) char *buffer = malloc(NSS_BUFFER);

	query->result = buffer ? 0 : -ENOMEM;
	if (query->result == 0 && query->want_name)
		query->result = ask_name(query, buffer);
	if (query->result == 0 && query->want_groups)
		query->result = ask_groups(query, buffer);
}

static void on_done(uv_work_t *work, int status)
{
	struct nss_query *query = work->data;

	(void)status;
	(*query->n_asking)--;
	query->done(query);
}

int nss_ask(uv_loop_t *loop, struct nss_query *query, int *n_asking)
{
	int r;

	query->work.data = query;
	query->n_asking = n_asking;
	r = uv_queue_work(loop, &query->work, on_work, on_done);
	if (r == 0)
		(*n_asking)++;
	return r;
}

void nss_query_clear(struct nss_query *query)
{
	for (size_t i = 0; i < query->groups.n; i++)
		free(query->groups.items[i]);
	free(query->groups.items);
	query->groups = (struct string_list){ 0 };
}
