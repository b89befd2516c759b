/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_DAEMON_H
#define OTPD_SERVER_DAEMON_H

#include <stdint.h>
#include <uv.h>

#include "otpd/account/token_keys.h"
#include "otpd/core/allowance.h"
#include "otpd/core/budget.h"
#include "otpd/core/code.h"
#include "otpd/core/repeats.h"
#include "otpd/sandbox/sandbox.h"
#include "otpd/server/batch.h"
#include "otpd/server/bounces.h"
#include "otpd/server/config.h"
#include "otpd/server/hasher.h"
#include "otpd/server/keeper.h"
#include "otpd/server/mailer.h"
#include "otpd/server/nss.h"
#include "otpd/server/outbox.h"
#include "otpd/server/saver.h"
#include "otpd/server/seal.h"
#include "otpd/store/store.h"
#include "otpd/varlink/server.h"
#include "otpd/varlink/service.h"
#include "otpd/varlink/watchdog.h"

/*
 * What a batch works with. It is set on the loop's thread just before the batch leaves
 * and stays as it is until the batch is back, whatever reload or mailer do meanwhile.
 */
struct moment {
	int64_t now_s;
	const struct config *config;
	const char *delivery; /* how the last mail fared, in the words of Auth */
	struct seal seal;
};

/* The core daemon, in memory that is locked and guarded: it holds keys. */
struct daemon {
	uv_loop_t loop;
	const char *config_path;
	struct config *config;
	struct config *next_config; /* from a reload, for the next batch */
	struct code_key *key;       /* in such memory, too */
	struct store store;
	struct batch batch;
	struct moment moment;
	struct service service;
	struct server server;
	struct seal seal;
	struct mailer mailer;
	struct outbox outbox;
	struct bounces bounces;
	struct keeper keeper;
	struct saver saver;
	uv_signal_t signals[3];
	struct watchdog watchdog;
	struct sandbox sandbox;
	int64_t started_at;
	struct nss nss;
	struct hasher hasher;
	struct allowance allowance;
	bool stopping;
	int exit_code;

	/* Used by the worker only. */
	struct keeper_clock clock;
	struct keeper_clock
		clock_in_batch; /* becomes clock when the batch is committed */
	struct budget_rate sends;
	struct budget_rate decoys;
	struct budget_rate mailless[2]; /* challenges; of others, and of decoys */
	struct budget_rate wrong;
	struct repeats repeats; /* emptied when a COMMIT fails */
	struct token_keys token_keys;
	uint8_t last_id[CODE_ID];
	int64_t alerted_s; /* the hour of the last alert */
	int64_t n_alerts;
};

/* Opens everything and serves until SIGTERM. Returns the exit status. */
int daemon_run(const char *config_path);

static inline struct daemon *call_daemon(const struct call *call)
{
	return call->service->context;
}

#endif
