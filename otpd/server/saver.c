/* SPDX-License-Identifier: MIT */
/*
 * The backup that somebody fetches.
 *
 * Copying is an errand of the batch: one small step between two batches. What the copy
 * must not contain is then taken out on a thread of its own, which touches nothing but
 * the copy. Only the connection that asked for it reads it, and it is gone when that
 * ends, when otpd ends, and when otpd starts again after it was killed.
 */
#include "otpd/server/saver.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/clock.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"

static void reset(struct saver *saver)
{
	if (saver->fd >= 0)
		close(saver->fd);
	saver->fd = -1;
	backup_remove(saver->path);
	saver->state = SAVER_IDLE;
	saver->owner = NULL;
	saver->call = NULL;
	saver->name[0] = '\0';
}

static void fail(struct saver *saver, int r)
{
	struct call *call = saver->call;

	if (r < 0 && r != -ECANCELED)
		log_errno(LOG_ERR, r, "the backup failed");
	reset(saver);
	if (call)
		call_finish(call, r < 0 ? r : -ECANCELED);
}

/* It cannot be read by its name from here on, and needs no name. */
static int open_copy(struct saver *saver)
{
	uint8_t id[SAVER_NAME / 2];
	struct stat st;

	saver->fd = open(saver->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (saver->fd < 0 || fstat(saver->fd, &st) < 0)
		return -errno;
	saver->size = st.st_size;
	randombytes_buf(id, sizeof(id));
	hex_encode(saver->name, id, sizeof(id));
	return 0;
}

static void on_clean(uv_work_t *work)
{
	struct saver *saver = work->data;

	saver->result = backup_strip(saver->path);
	if (saver->result == 0)
		saver->result = backup_sign(
			saver->path, saver->begun_s, saver->daemon->key->id);
}

static void on_cleaned(uv_work_t *work, int status)
{
	struct saver *saver = work->data;
	struct call *call = saver->call;
	int r = status < 0 ? status : saver->result;

	if (r == 0 && saver->owner)
		r = open_copy(saver);
	if (r < 0 || !saver->owner) {
		fail(saver, r);
		return;
	}
	saver->state = SAVER_READY;
	saver->call = NULL;
	log_msg(LOG_NOTICE, "backup made size=%lld", (long long)saver->size);
	call_out_string(call, "backup", saver->name);
	call_out_int(call, "size", saver->size);
	call_finish(call, 0);
}

static void on_run(struct errand *errand, struct store *store)
{
	struct saver *saver = list_entry(errand, struct saver, errand);
	int r = saver->quit ? -ECANCELED : 0;

	if (r == 0 && !saver->backup)
		r = backup_open(store, saver->path, &saver->backup);
	if (r == 0)
		r = backup_step(saver->backup);
	saver->result = r;
	if (r == 1)
		return;
	backup_close(saver->backup);
	saver->backup = NULL;
}

static void on_ran(struct errand *errand)
{
	struct saver *saver = list_entry(errand, struct saver, errand);

	if (saver->result < 0) {
		fail(saver, saver->result);
		return;
	}
	/* The copy is closed by the thread of its steps, or at the very end. */
	saver->quit = !saver->owner;
	if (saver->daemon->stopping)
		return;
	if (saver->result == 1) {
		batch_run_errand(&saver->daemon->batch, &saver->errand);
		return;
	}
	saver->state = SAVER_CLEANING;
	uv_queue_work(&saver->daemon->loop, &saver->work, on_clean, on_cleaned);
}

void saver_open(struct saver *saver, struct daemon *daemon)
{
	*saver = (struct saver){ .daemon = daemon, .fd = -1 };
	saver->work.data = saver;
	saver->errand = (struct errand){ .run = on_run, .done = on_ran };
	snprintf(saver->path, sizeof(saver->path), "%s.backup",
		daemon->config->database);
	backup_remove(saver->path);
}

int saver_begin(struct saver *saver, struct call *call)
{
	if (saver->state != SAVER_IDLE)
		return OUTCOME_BUSY;
	saver->state = SAVER_COPYING;
	saver->quit = false;
	saver->owner = call->conn;
	saver->call = call;
	saver->begun_s = clock_wall_s();
	batch_run_errand(&saver->daemon->batch, &saver->errand);
	return 0;
}

static bool is_of(const struct saver *saver, const struct conn *conn, const char *name)
{
	return saver->state == SAVER_READY && conn && saver->owner == conn &&
		strcmp(saver->name, name) == 0;
}

int saver_read(struct saver *saver, const struct conn *conn, const char *name,
	int64_t offset, uint8_t out[SAVER_PIECE], size_t *ret_n)
{
	ssize_t n;

	if (!is_of(saver, conn, name))
		return OUTCOME_NO_CHALLENGE;
	n = pread(saver->fd, out, SAVER_PIECE, offset);
	if (n < 0)
		return -errno;
	*ret_n = (size_t)n;
	return 0;
}

int saver_end(struct saver *saver, const struct conn *conn, const char *name)
{
	if (!is_of(saver, conn, name))
		return OUTCOME_NO_CHALLENGE;
	reset(saver);
	return 0;
}

void saver_left(struct saver *saver, const struct conn *conn)
{
	if (saver->state == SAVER_IDLE || saver->owner != conn)
		return;
	saver->owner = NULL;
	if (saver->state == SAVER_READY)
		reset(saver);
}

void saver_close(struct saver *saver)
{
	if (!saver->daemon)
		return;
	backup_close(saver->backup);
	saver->backup = NULL;
	fail(saver, -ECANCELED);
}
