/* SPDX-License-Identifier: MIT */
/*
 * The public key of otpd-mail is kept in the store, so that codes can be issued while
 * it is away. A new one holds from the next batch on.
 */
#include "otpd/server/mailer_key.h"

#include <stdlib.h>
#include <string.h>

#include "otpd/server/daemon.h"
#include "otpd/util/log.h"

struct key_job {
	struct job job;
	uint8_t key[MAIL_KEY];
};

static int key_apply(struct job *job, struct store *store)
{
	struct key_job *key = list_entry(job, struct key_job, job);

	return store_put_blob(store, "mailer_key", key->key, sizeof(key->key));
}

static void key_done(struct job *job, int r)
{
	if (r < 0)
		log_errno(LOG_WARNING, r, "cannot keep the mailer's key, ignoring");
	free(list_entry(job, struct key_job, job));
}

void mailer_key_keep(struct daemon *daemon, const uint8_t key[MAIL_KEY])
{
	struct key_job *job;

	if (daemon->seal.ready && memcmp(daemon->seal.mailer, key, MAIL_KEY) == 0)
		return;
	if (seal_set_mailer(&daemon->seal, key) < 0) {
		log_msg(LOG_ERR, "otpd-mail gave a key that cannot be one");
		return;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return;
	*job = (struct key_job){ .job = { .apply = key_apply, .done = key_done } };
	memcpy(job->key, key, MAIL_KEY);
	list_init(&job->job.link);
	batch_add_job(&daemon->batch, &job->job);
}
