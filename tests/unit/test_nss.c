/* SPDX-License-Identifier: MIT */
/*
 * Questions to a name service that hangs. getpwuid_r is ours here: it answers for root,
 * and for anybody else only when it is let.
 */
#include "otpd/server/nss.h"

#include <pwd.h>
#include <semaphore.h>
#include <string.h>

#include "tests/unit/unit.h"

static sem_t let_go;
static uv_loop_t loop;
static struct nss nss;
static int n_root, n_others, n_batches;

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
	struct passwd **found)
{
	(void)size;
	if (uid != 0)
		sem_wait(&let_go);
	strcpy(buffer, "somebody");
	*entry = (struct passwd){ .pw_name = buffer, .pw_uid = uid };
	*found = entry;
	return 0;
}

static void on_answer(struct nss_query *query)
{
	ck_assert_int_eq(query->result, 0);
	ck_assert_str_eq(query->user, "somebody");
	if (query->uid == 0)
		n_root++;
	else
		n_others++;
}

static void ask(struct nss_query *query, uid_t caller)
{
	*query = (struct nss_query){
		.want_name = true, .uid = caller, .done = on_answer
	};
	ck_assert_int_eq(nss_ask(&nss, &loop, caller, query), 0);
}

static void batch_work(uv_work_t *work)
{
	(void)work;
}

static void batch_done(uv_work_t *work, int status)
{
	(void)work;
	ck_assert_int_eq(status, 0);
	n_batches++;
}

START_TEST(local_users_with_a_slow_directory_hold_up_neither_root_nor_the_store)
{
	struct nss_query users[16], root[8];
	uv_work_t batch;

	uv_loop_init(&loop);
	sem_init(&let_go, 0, 0);
	for (int i = 0; i < 16; i++)
		ask(&users[i], 1000);
	for (int i = 0; i < 8; i++)
		ask(&root[i], 0);
	ck_assert_int_eq(uv_queue_work(&loop, &batch, batch_work, batch_done), 0);
	while (n_root < 8 || n_batches < 1)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(n_others, 0);
	ck_assert_int_eq(nss.n_asking, 16);
	for (int i = 0; i < 16; i++)
		sem_post(&let_go);
	while (nss.n_asking > 0)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(n_others, 16);
	for (int i = 0; i < 16; i++)
		nss_query_clear(&users[i]);
	uv_loop_close(&loop);
}
END_TEST

UNIT_MAIN("nss", local_users_with_a_slow_directory_hold_up_neither_root_nor_the_store);
