/* SPDX-License-Identifier: MIT */
/*
 * The limit: the statements of begin_apply() and verify_apply() (otpd/server/begin.c,
 * issue.c, attempt.c, methods_auth.c) and of the outbox (outbox.c), in their order and
 * number, for a login that goes well: 64 Begins in one transaction, then the results of
 * their mails and 64 Verifies in the next. No socket, no JSON, no hash, no box.
 *
 * Whoever changes what those functions ask of the store changes it here.
 */
#include "tests/bench/limit.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "otpd/core/budget.h"
#include "otpd/store/audit.h"
#include "otpd/store/challenges.h"
#include "otpd/store/mails.h"
#include "otpd/store/spending.h"
#include "otpd/store/users.h"
#include "tests/bench/fill.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"

#define BATCH       64
#define SEALED      330 /* bytes of a login's mail; "sealed_bytes" of the results */
#define WRONG_MONTH 60
#define SENDS_DAY   400
#define SENDS_RHOST 400

/* What a pair keeps from its Begin. */
struct pair {
	uint8_t id[CODE_ID];
	char reference[LIMIT_REFERENCE + 1];
	int64_t mail;
	char user[FILL_NAME];
	char rhost[FILL_NAME];
};

static void must(const struct limit *limit, int r, const char *what)
{
	if (r < 0)
		die("%s: %s: %s", what, strerror(-r), store_error(&limit->store));
}

static void audit(
	struct limit *limit, const struct pair *pair, const char *event, int64_t now)
{
	struct audit_event row = {
		.at = now,
		.event = event,
		.user = pair->user,
		.service = "sshd",
		.rhost = pair->rhost,
		.reference = pair->reference,
		.detail = "",
	};

	must(limit, audit_add(&limit->store, &row), event);
}

/* What is read before a code is issued. */
static void read_for_begin(struct limit *limit, const struct pair *pair, int64_t now)
{
	struct store *store = &limit->store;
	struct challenge live;
	struct spending spending;
	struct user user;

	must(limit, users_get(store, pair->user, &user), "user");
	must(limit,
		spending_wrong(
			store, pair->user, BUDGET_MONTH, WRONG_MONTH, now, &spending),
		"wrong");
	if (challenges_find(store, pair->user, "sshd", pair->rhost, 0, now, &live) !=
		-ENOENT)
		die("%s has a live challenge", pair->user);
	must(limit,
		spending_origin_sends(
			store, pair->rhost, BUDGET_HOUR, SENDS_RHOST, now, &spending),
		"sends of the host");
	must(limit,
		spending_user_sends(store, pair->user, CODE_LOGIN, BUDGET_DAY,
			SENDS_DAY, now, &spending),
		"sends of the user");
}

static void post(struct limit *limit, struct pair *pair, int64_t now)
{
	struct mail mail = {
		.purpose = CODE_LOGIN,
		.at = now,
		.deadline = now + 540,
		.sealed_size = SEALED,
	};

	randombytes_buf(mail.name, sizeof(mail.name));
	randombytes_buf(mail.nonce, sizeof(mail.nonce));
	randombytes_buf(mail.sealed, mail.sealed_size);
	strcpy(mail.user, pair->user);    /* FILL_NAME is less */
	strcpy(mail.origin, pair->rhost); /* the same */
	must(limit, mails_insert(&limit->store, &mail), "mail");
	pair->mail = mail.id;
}

static void begin(struct limit *limit, struct pair *pair, int64_t now)
{
	struct challenge challenge = {
		.service = "sshd",
		.tty = "ssh",
		.purpose = CODE_LOGIN,
		.length = 6,
		.max_tries = 5,
		.created_at = now,
		.expires_at = now + 600,
	};

	must(limit, store_savepoint(&limit->store), "savepoint");
	read_for_begin(limit, pair, now);
	post(limit, pair, now);
	challenge_draw_id(challenge.id, limit->last_id, now);
	randombytes_buf(challenge.hash, sizeof(challenge.hash));
	challenge.key_id = (int64_t)(randombytes_random());
	code_draw_reference(challenge.reference);
	strcpy(challenge.user, pair->user);   /* FILL_NAME is less */
	strcpy(challenge.rhost, pair->rhost); /* the same */
	challenge.mail = pair->mail;
	must(limit, challenges_insert(&limit->store, &challenge), "challenge");
	memcpy(pair->id, challenge.id, sizeof(pair->id));
	memcpy(pair->reference, challenge.reference, sizeof(pair->reference));
	audit(limit, pair, "issued", now);
	must(limit, store_release(&limit->store), "release");
}

static void verify(struct limit *limit, const struct pair *pair, int64_t now)
{
	struct store *store = &limit->store;
	struct challenge challenge;
	struct spending spending;
	struct user user;

	must(limit, store_savepoint(store), "savepoint");
	must(limit, challenges_get(store, pair->id, &challenge), "challenge");
	must(limit,
		spending_wrong(store, challenge.user, BUDGET_MONTH, WRONG_MONTH, now,
			&spending),
		"wrong");
	must(limit, users_get(store, challenge.user, &user), "user");
	challenge.tries++;
	challenge.state = CHALLENGE_PASSED;
	must(limit, challenges_update(store, &challenge), "challenge");
	must(limit, mails_kill(store, challenge.mail), "mail");
	must(limit, users_set_login(store, challenge.user, now), "login");
	audit(limit, pair, "verified", now);
	must(limit, store_release(store), "release");
}

/* The results of the mails, as the outbox's job writes them. */
static void write_results(struct limit *limit, const struct pair *pairs, int64_t now)
{
	struct mail mail = {
		.state = MAIL_SENT, .tries = 1, .next_at = now, .detail = "250 ok"
	};

	must(limit, store_savepoint(&limit->store), "savepoint");
	for (int i = 0; i < BATCH; i++) {
		mail.id = pairs[i].mail;
		must(limit, mails_update(&limit->store, &mail), "result");
	}
	must(limit, store_release(&limit->store), "release");
}

static void commit(struct limit *limit)
{
	must(limit, store_commit(&limit->store), "commit");
	if (store_is_untidy(&limit->store, false))
		must(limit, store_tidy(&limit->store), "checkpoint");
}

static void run_batch(struct limit *limit)
{
	struct pair pairs[BATCH];
	int64_t now = time(NULL);

	for (int i = 0; i < BATCH; i++) {
		int64_t user = limit->next_user++ * 7919 % limit->n_users;

		fill_name(pairs[i].user, user);
		fill_rhost(pairs[i].rhost, user);
	}
	must(limit, store_begin(&limit->store, true), "begin");
	for (int i = 0; i < BATCH; i++)
		begin(limit, &pairs[i], now);
	commit(limit);
	must(limit, store_begin(&limit->store, true), "begin");
	write_results(limit, pairs, now);
	for (int i = 0; i < BATCH; i++)
		verify(limit, &pairs[i], now);
	commit(limit);
	limit->n_pairs += BATCH;
}

void limit_open(struct limit *limit, const char *path, int64_t n_users)
{
	char error[512];

	*limit = (struct limit){ .n_users = n_users };
	fill_database(path, n_users, 0, NULL);
	if (store_open(&limit->store, path, error, sizeof(error)) < 0)
		die("%s", error);
}

void limit_close(struct limit *limit)
{
	store_close(&limit->store);
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void limit_run(struct limit *limit, double seconds)
{
	int64_t cpu = cpu_ns();
	int64_t start = now_ns(), until = start + (int64_t)(seconds * 1e9), now;

	do {
		run_batch(limit);
		now = now_ns();
	} while (now < until);
	limit->busy_ns += now - start;
	limit->cpu_ns += cpu_ns() - cpu;
}

double limit_pairs_per_s(const struct limit *limit)
{
	return (double)limit->n_pairs / ((double)limit->busy_ns / 1e9);
}

double limit_cpu_us(const struct limit *limit)
{
	return (double)limit->cpu_ns / 1e3 / (double)limit->n_pairs;
}
