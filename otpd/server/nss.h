/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_NSS_H
#define OTPD_SERVER_NSS_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/proto/limits.h"
#include "otpd/util/list.h"
#include "otpd/util/strings.h"

/*
 * A question to the name service, answered on a thread of its own, since a directory
 * may take seconds. Fill the first part; done runs on the loop's thread.
 */
struct nss_query {
	bool want_name;   /* the name of uid */
	bool want_known;  /* whether there is user */
	bool want_groups; /* the groups of user (of the name, if that is asked) */
	uid_t uid;
	char user[LIMIT_USER + 1];
	void *context;
	void (*done)(struct nss_query *query);

	int result; /* 0, -ENOENT (no such user), or another -errno */
	struct string_list groups;
	bool has_groups;  /* groups is all of them */
	struct list link; /* in its lane, while it waits */
	struct nss *nss;
	int lane;
	uv_loop_t *loop;
	uv_work_t work;
};

/* How many questions run at once for root's calls and for those of all others. */
#define NSS_LANES 2

/*
 * The questions under way. The store's batches run on the same pool of four threads:
 * the
 * lanes leave one of them free, however slow a directory is, and questions that local
 * users cause never stand before those of root's logins. Zeros are a good start.
 */
struct nss {
	int n_asking; /* in all, waiting ones included */
	struct nss_lane {
		struct list waiting;
		int n_running;
	} lanes[NSS_LANES];
};

/* Asks for a caller of that uid. 0 or -errno; done is called in the first case only. */
int nss_ask(struct nss *nss, uv_loop_t *loop, uid_t caller, struct nss_query *query);
void nss_query_clear(struct nss_query *query);

#endif
