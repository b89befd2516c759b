/* SPDX-License-Identifier: MIT */
/*
 * The core daemon put together: start, reload, stop.
 *
 * Nothing is served before configuration, key and store are sound and the sandbox is
 * closed behind them. A reload is all or
 * nothing, and takes effect between two batches. SIGTERM takes no more calls, answers
 * those that run, writes the results of mails, and ends.
 */
#include "otpd/server/daemon.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/server/keys.h"
#include "otpd/server/mailer_key.h"
#include "otpd/server/methods.h"
#include "otpd/server/tally.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"
#include "otpd/varlink/systemd.h"

#define FINISH_MS 10000 /* how long a stop waits for a disk that takes nothing */

static const int log_levels[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO,
	LOG_DEBUG };

static void take_config(struct daemon *daemon)
{
	if (!daemon->next_config)
		return;
	config_free(daemon->config);
	daemon->config = TAKE_PTR(daemon->next_config);
	log_set_level(log_levels[daemon->config->log_level]);
	daemon->server.max_conns = (size_t)daemon->config->max_connections;
	daemon->mailer.uid = daemon->config->mail_uid;
}

static void on_leaving(void *context)
{
	struct daemon *daemon = context;

	take_config(daemon);
	outbox_board(&daemon->outbox);
	daemon->moment.now_s = clock_wall_s();
	daemon->moment.config = daemon->config;
	daemon->moment.delivery = outbox_delivery(&daemon->outbox);
	daemon->moment.seal = daemon->seal;
}

static int on_opening(void *context, struct store *store, bool write)
{
	return keeper_guard_clock(context, store, write);
}

static void on_landed(void *context, int r)
{
	struct daemon *daemon = context;

	take_config(daemon);
	if (r < 0) /* what was not written has not counted */
		repeats_clear(&daemon->repeats);
	if (keeper_landed(daemon, r == 0))
		outbox_forget_user(&daemon->outbox, NULL);
}

static void stop(struct daemon *daemon, int exit_code);

static void on_damaged(void *context)
{
	struct daemon *daemon = context;

	log_msg(LOG_ERR,
		"%s is damaged, stopping. It is left as it is: restore a backup",
		daemon->config->database);
	stop(daemon, 1);
}

/* Reports may have come in while it was away. */
static void on_mailer_key(void *context, const uint8_t key[MAIL_KEY])
{
	struct daemon *daemon = context;

	mailer_key_keep(daemon, key);
	bounces_ask(&daemon->bounces);
}

static void submit(struct call *call)
{
	batch_add_call(&call_daemon(call)->batch, call);
}

static void on_answered(const struct call *call, int outcome)
{
	tally_answer(outcome, clock_mono_us() - call->started_us);
}

static bool same_places(const struct config *a, const struct config *b)
{
	return strcmp(a->socket, b->socket) == 0 &&
		strcmp(a->database, b->database) == 0 &&
		strcmp(a->key_file, b->key_file) == 0 &&
		strcmp(a->mail_socket, b->mail_socket) == 0;
}

static void reload(struct daemon *daemon)
{
	struct config *config = NULL;
	char error[512];

	systemd_notify("RELOADING=1");
	if (config_load(daemon->config_path, &config, error, sizeof(error)) < 0) {
		log_msg(LOG_ERR, "%s; the old configuration stays", error);
	} else {
		if (!same_places(daemon->config, config))
			log_msg(LOG_WARNING,
				"socket, database, key_file and mail_socket stay "
				"as they were until otpd is restarted");
		config_free(daemon->next_config);
		daemon->next_config = config;
		if (batch_is_idle(&daemon->batch))
			take_config(daemon);
		log_msg(LOG_NOTICE, "configuration reloaded");
	}
	systemd_notify("READY=1");
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct daemon *daemon = signal->data;

	if (number == SIGHUP)
		reload(daemon);
	else
		stop(daemon, daemon->exit_code);
}

static void watch_signals(struct daemon *daemon)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
	}
}

static void stop(struct daemon *daemon, int exit_code)
{
	daemon->exit_code = exit_code;
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	systemd_notify("STOPPING=1");
	log_msg(LOG_INFO, "stopping");
	server_drain(&daemon->server);
	outbox_board(&daemon->outbox);
	for (int i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	bounces_close(&daemon->bounces);
	keeper_close(&daemon->keeper);
	uv_stop(&daemon->loop);
}

static int open_store(struct daemon *daemon)
{
	uint8_t key[MAIL_KEY];
	char error[512];
	int r = store_open(
		&daemon->store, daemon->config->database, error, sizeof(error));

	if (r < 0) {
		log_msg(LOG_ERR, "%s", error);
		return r;
	}
	r = keeper_start(daemon);
	if (r < 0)
		return log_errno(LOG_ERR, r, "%s: %s", daemon->config->database,
			store_error(&daemon->store));
	seal_init(&daemon->seal);
	if (store_get_blob(&daemon->store, "mailer_key", key, sizeof(key)) == 0)
		(void)seal_set_mailer(&daemon->seal, key);
	return 0;
}

static size_t conns_of(void *context, uid_t uid)
{
	const struct daemon *daemon = context;
	const struct client_section *client = config_client(daemon->config, uid);

	return client ? (size_t)client->connections : LIMIT_UID_CONNS;
}

static void on_left(void *context, const struct conn *conn)
{
	struct daemon *daemon = context;

	saver_left(&daemon->saver, conn);
}

static int open_socket(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	int fd = systemd_socket();
	bool own = fd == -ENOENT;

	if (own)
		fd = server_socket(config->socket, (mode_t)config->socket_mode,
			config->socket_gid);
	if (fd == -EADDRINUSE)
		return log_errno(
			LOG_ERR, fd, "%s: another otpd serves it", config->socket);
	if (fd < 0)
		return log_errno(LOG_ERR, fd, "cannot listen on %s", config->socket);
	daemon->server.loop = &daemon->loop;
	daemon->server.service = &daemon->service;
	daemon->server.max_conns = (size_t)config->max_connections;
	daemon->server.idle_s = LIMIT_FRAME_S;
	daemon->server.idle_root_s = 60;
	daemon->server.conns_of = conns_of;
	daemon->server.left = on_left;
	if (own && sandbox_keep_parent(&daemon->sandbox, config->socket, true) < 0)
		return -ENOMEM;
	return server_open(&daemon->server, fd, own ? config->socket : NULL);
}

/*
 * A batch that takes longer than the watchdog waits is stuck: everybody who asked has
 * gone. A disk that is slow is not: each batch that ends begins the time anew.
 */
static bool is_well(void *context)
{
	struct daemon *daemon = context;
	int64_t age_ms = batch_age_ms(&daemon->batch);

	if (age_ms < daemon->watchdog.limit_ms)
		return true;
	log_msg(LOG_ERR,
		"the store has taken %lld s over one transaction, waiting for the "
		"watchdog",
		(long long)(age_ms / 1000));
	return false;
}

static void open_parts(struct daemon *daemon)
{
	daemon->service = (struct service){
		.product = "otpd",
		.interfaces = otpd_interfaces,
		.authorise = methods_authorise,
		.submit = submit,
		.answered = on_answered,
		.context = daemon,
	};
	daemon->batch.loop = &daemon->loop;
	daemon->batch.store = &daemon->store;
	daemon->batch.context = daemon;
	daemon->batch.leaving = on_leaving;
	daemon->batch.opening = on_opening;
	daemon->batch.landed = on_landed;
	daemon->batch.damaged = on_damaged;
	batch_open(&daemon->batch);
	hasher_open(&daemon->hasher, &daemon->loop);
	daemon->mailer.loop = &daemon->loop;
	daemon->mailer.outbox = &daemon->outbox;
	text_copy(daemon->mailer.path, sizeof(daemon->mailer.path),
		daemon->config->mail_socket);
	daemon->mailer.uid = daemon->config->mail_uid;
	daemon->mailer.context = daemon;
	daemon->mailer.got_key = on_mailer_key;
	outbox_open(&daemon->outbox, &daemon->batch, &daemon->mailer);
	mailer_open(&daemon->mailer);
	bounces_open(&daemon->bounces, daemon);
	keeper_open(&daemon->keeper, daemon);
	saver_open(&daemon->saver, daemon);
	daemon->watchdog.is_well = is_well;
	daemon->watchdog.context = daemon;
	watchdog_open(&daemon->watchdog, &daemon->loop);
}

/* Runs what is left: calls in flight, answers that the sockets have not taken, results.
 */
static void finish(struct daemon *daemon)
{
	int64_t until = clock_mono_ms() + FINISH_MS;

	mailer_close(&daemon->mailer);
	outbox_board(&daemon->outbox);
	while (clock_mono_ms() < until &&
		(daemon->nss.n_asking > 0 || !hasher_is_idle(&daemon->hasher) ||
			!batch_is_idle(&daemon->batch) ||
			!outbox_is_settled(&daemon->outbox) ||
			server_is_draining(&daemon->server)))
		uv_run(&daemon->loop, UV_RUN_ONCE);
	server_close(&daemon->server);
	outbox_close(&daemon->outbox);
	batch_close(&daemon->batch);
	watchdog_close(&daemon->watchdog);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
}

static int start(struct daemon *daemon)
{
	char error[512];
	int r = config_load(daemon->config_path, &daemon->config, error, sizeof(error));

	if (r < 0) {
		log_msg(LOG_ERR, "%s", error);
		return r;
	}
	log_set_level(log_levels[daemon->config->log_level]);
	daemon->started_at = clock_wall_s();
	daemon->key = keys_load(daemon->config->key_file);
	if (!daemon->key)
		return -ENOKEY;
	r = open_store(daemon);
	if (r < 0)
		return r;
	uv_loop_init(&daemon->loop);
	r = open_socket(daemon);
	if (r < 0)
		return r;
	r = sandbox_keep_parent(&daemon->sandbox, daemon->config->database, false);
	if (r == 0)
		r = sandbox_enter(&daemon->sandbox, SANDBOX_CORE);
	if (r < 0)
		return r;
	watch_signals(daemon);
	open_parts(daemon);
	return 0;
}

int daemon_run(const char *config_path)
{
	struct daemon *daemon = sodium_malloc(sizeof(*daemon));
	int exit_code = 1;

	if (!daemon)
		return 1;
	memset(daemon, 0, sizeof(*daemon));
	daemon->config_path = config_path;
	if (start(daemon) == 0) {
		systemd_notify("READY=1");
		log_msg(LOG_INFO, "ready on %s", daemon->config->socket);
		uv_run(&daemon->loop, UV_RUN_DEFAULT);
		finish(daemon);
		exit_code = daemon->exit_code;
	}
	saver_close(&daemon->saver);
	store_close(&daemon->store);
	token_keys_free(&daemon->token_keys);
	sodium_free(daemon->key);
	config_free(daemon->next_config);
	config_free(daemon->config);
	sandbox_fini(&daemon->sandbox);
	sodium_free(daemon);
	return exit_code;
}
