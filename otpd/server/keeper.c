/* SPDX-License-Identifier: MIT */
/*
 * Time and rubbish.
 *
 * The latest time that was ever seen is kept. A clock behind it would lengthen lives
 * and revive codes, so every live challenge dies then, and every remembered step-up,
 * and every break-glass code. A reboot ends live challenges too: the budgets, which are
 * about people, stay.
 *
 * Sessions outlive a reboot and a small step back, which lengthens them by no more than
 * an hour: a clock that NTP sets right must not sign everybody out. They end with a
 * larger step: some of them may have been opened years ahead. Grants, which live for
 * minutes, end with any.
 *
 * Rows are removed in small bites, so that a login never waits for a large one.
 */
#include "otpd/server/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "otpd/server/daemon.h"
#include "otpd/store/audit.h"
#include "otpd/store/challenges.h"
#include "otpd/store/grants.h"
#include "otpd/store/mails.h"
#include "otpd/store/recovery.h"
#include "otpd/store/registrations.h"
#include "otpd/store/sessions.h"
#include "otpd/store/spending.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"

#define EVERY_MS   30000
#define SOON_MS    50
#define BITE       2000 /* rows */
#define TOLERANCE  2    /* seconds that NTP may take back */
#define LENGTHENED 3600 /* seconds that a step back may give to sessions */
#define AFTERLIFE  600  /* seconds that ended challenges still explain themselves */
#define MAILS_KEPT (25 * 3600) /* longer than the longest window of sends */

/* Whatever time they name, none of them holds now. */
static int end_all(struct store *store, int64_t went_back_s)
{
	int64_t ended;
	bool more;
	int r = challenges_cancel_all(store);

	if (r == 0)
		r = grace_purge(store, INT64_MAX);
	if (r == 0)
		r = recovery_purge(store, INT64_MAX);
	if (r == 0)
		r = grants_purge(store, INT64_MAX, INT64_MAX, &more);
	if (r == 0 && went_back_s > LENGTHENED)
		r = sessions_end_all(store, &ended);
	return r;
}

/* What it finds holds only once the batch is committed: until then it finds it anew. */
int keeper_guard_clock(struct daemon *daemon, struct store *store, bool write)
{
	struct keeper_clock *clock = &daemon->clock_in_batch;
	int64_t now = daemon->moment.now_s;
	int r = 0;

	*clock = daemon->clock;
	if (!write)
		return 0;
	if (now < clock->high_water_s - TOLERANCE) {
		log_msg(LOG_WARNING,
			"the clock went back by %lld s, ending all live challenges%s",
			(long long)(clock->high_water_s - now),
			clock->high_water_s - now > LENGTHENED ? " and sessions" : "");
		r = end_all(store, clock->high_water_s - now);
		*clock =
			(struct keeper_clock){ .high_water_s = now, .went_back = true };
	}
	if (now > clock->high_water_s)
		clock->high_water_s = now;
	if (r == 0 && clock->high_water_s >= clock->stored_s + 5) {
		r = store_put_number(store, "high_water", clock->high_water_s);
		clock->stored_s = clock->high_water_s;
	}
	return r;
}

bool keeper_landed(struct daemon *daemon, bool committed)
{
	bool went_back = committed && daemon->clock_in_batch.went_back;

	if (committed)
		daemon->clock = daemon->clock_in_batch;
	daemon->clock.went_back = false;
	return went_back;
}

static void read_boot_id(char out[40])
{
	CLEANUP(closep) int fd = -1;
	ssize_t n = -1;

	memset(out, 0, 40);
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, out, 36);
	if (n != 36)
		log_msg(LOG_WARNING,
			"cannot read the boot id, taking this for a reboot");
}

static int start_in_transaction(struct daemon *daemon, struct store *store)
{
	char boot[40], last[40];
	int r;

	read_boot_id(boot);
	r = store_get_number(store, "high_water", &daemon->clock.high_water_s);
	if (r < 0 && r != -ENOENT)
		return r;
	daemon->clock.stored_s = daemon->clock.high_water_s;
	r = store_get_blob(store, "boot_id", last, sizeof(last));
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || !boot[0] || memcmp(boot, last, sizeof(boot)) != 0) {
		r = challenges_cancel_all(store);
		if (r == 0)
			r = store_put_blob(store, "boot_id", boot, sizeof(boot));
		if (r < 0)
			return r;
	}
	r = keeper_guard_clock(daemon, store, true);
	if (r == 0)
		r = token_keys_keep(daemon, store, &daemon->keeper.rotated);
	return r < 0 ? r
		     : spending_load_rates(store, daemon->moment.now_s, &daemon->sends,
			       &daemon->wrong);
}

int keeper_start(struct daemon *daemon)
{
	int r = store_begin(&daemon->store, true);

	daemon->moment.now_s = clock_wall_s();
	daemon->moment.config = daemon->config;
	if (r == 0)
		r = start_in_transaction(daemon, &daemon->store);
	if (r == 0)
		r = store_commit(&daemon->store);
	(void)keeper_landed(daemon, r == 0); /* nothing is in memory yet */
	if (r == 0)
		record_log(&daemon->keeper.rotated);
	return r;
}

/* What is about accounts. */
static int clean_accounts(struct keeper *keeper, struct store *store, int64_t now)
{
	bool forms = false, grants = false, sessions = false;
	int r = registrations_purge(store, now, BITE, &forms);

	if (r == 0)
		r = grants_purge(store, now, BITE, &grants);
	if (r == 0)
		r = sessions_purge(store, now, BITE, &sessions);
	keeper->more = keeper->more || forms || grants || sessions;
	return r < 0 ? r : token_keys_keep(keeper->daemon, store, &keeper->rotated);
}

static int clean_apply(struct job *job, struct store *store)
{
	struct keeper *keeper = list_entry(job, struct keeper, job);
	const struct config *config = keeper->daemon->moment.config;
	int64_t now = keeper->daemon->moment.now_s;
	int r;

	r = mails_kill_late(store, now);
	if (r == 0)
		r = challenges_purge(store, now - AFTERLIFE, BITE);
	if (r == 0)
		r = spending_purge(store, now, BITE);
	if (r == 0)
		r = grace_purge(store, now);
	if (r == 0)
		r = recovery_purge(store, now);
	if (r == 0)
		r = mails_purge(store, now - MAILS_KEPT, BITE);
	if (r == 0)
		r = audit_purge(store, now - config->audit_keep_s, config->audit_max,
			BITE, &keeper->more);
	return r < 0 ? r : clean_accounts(keeper, store, now);
}

static void on_timer(uv_timer_t *timer);

static void clean_done(struct job *job, int r)
{
	struct keeper *keeper = list_entry(job, struct keeper, job);

	keeper->busy = false;
	if (r == 0)
		record_log(&keeper->rotated);
	keeper->rotated = (struct record){ 0 };
	/* Behind by more than a bite: not half a minute until the next. */
	if (r == 0 && keeper->more)
		uv_timer_start(&keeper->timer, on_timer, SOON_MS, EVERY_MS);
	if (r < 0)
		log_errno(LOG_ERR, r, "housekeeping failed, retrying");
}

static void on_timer(uv_timer_t *timer)
{
	struct keeper *keeper = timer->data;

	if (keeper->busy)
		return;
	keeper->busy = true;
	batch_add_job(&keeper->daemon->batch, &keeper->job);
}

int keeper_open(struct keeper *keeper, struct daemon *daemon)
{
	keeper->daemon = daemon;
	keeper->job = (struct job){ .apply = clean_apply, .done = clean_done };
	list_init(&keeper->job.link);
	uv_timer_init(&daemon->loop, &keeper->timer);
	keeper->timer.data = keeper;
	return uv_timer_start(&keeper->timer, on_timer, EVERY_MS, EVERY_MS);
}

void keeper_close(struct keeper *keeper)
{
	uv_close((uv_handle_t *)&keeper->timer, NULL);
}
