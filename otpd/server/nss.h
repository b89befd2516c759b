/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_NSS_H
#define OTPD_SERVER_NSS_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "otpd/proto/limits.h"
#include "otpd/util/strings.h"

/*
 * A question to the name service, answered on a thread of its own, since a directory
 * may take seconds. Fill the first part; done runs on the loop's thread.
 */
struct nss_query {
	bool want_name;   /* the name of uid */
	bool want_groups; /* the groups of user (of the name, if that is asked) */
	uid_t uid;
	char user[LIMIT_USER + 1];
	void *context;
	void (*done)(struct nss_query *query);

	int result; /* 0, -ENOENT (no such user), or another -errno */
	struct string_list groups;
	int *n_asking;
	uv_work_t work;
};

/* n_asking counts the questions that are under way. */
int nss_ask(uv_loop_t *loop, struct nss_query *query, int *n_asking);
void nss_query_clear(struct nss_query *query);

#endif
