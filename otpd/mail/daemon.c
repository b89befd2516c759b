/* SPDX-License-Identifier: MIT */
/*
 * The life of the process. SIGTERM: no further calls, the mails that are on their way
 * get up to DRAIN_MS, then every call that is still open is answered with deferred, so
 * that otpd tries again. SIGHUP: the configuration is read anew and taken over whole or
 * not at all; what the old transports have begun they finish.
 */
#include "otpd/mail/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/mail/confine.h"
#include "otpd/mail/delivery.h"
#include "otpd/mail/mailer.h"
#include "otpd/mail/message/overrides.h"
#include "otpd/mail/methods.h"
#include "otpd/mail/route.h"
#include "otpd/mail/transport/maildir_check.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/file.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/varlink/server.h"
#include "otpd/varlink/systemd.h"
#include "otpd/varlink/watchdog.h"
#include "otpd/version.h"

#define DRAIN_MS  10000
#define MAX_CONNS 64
#define ERROR_MAX 512

struct daemon {
	struct mailer mailer; /* first: emptied() finds the daemon by it */
	const char *config_path;
	struct service service;
	struct server server;
	uv_signal_t terminate;
	uv_signal_t interrupt;
	uv_signal_t hangup;
	uv_timer_t drain;
	struct watchdog watchdog;
	struct sandbox sandbox;
	bool stopping;
};

/* Memory holds codes and the relay's password: no core, no ptrace by the same user. */
static int harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	if (sodium_init() < 0)
		return -ENOSYS;
	secret_use_for_json();
	return sandbox_begin();
}

static int configure(struct daemon *daemon)
{
	struct mail_config *config = NULL;
	char error[ERROR_MAX];
	int r;

	r = config_load(daemon->config_path, &config, error, sizeof(error));
	if (r == 0)
		r = confine_check(&daemon->sandbox, config, error, sizeof(error));
	if (r == 0)
		r = mailer_configure(&daemon->mailer, config, error, sizeof(error));
	if (r < 0) {
		if (config && config != daemon->mailer.config)
			config_free(config);
		log_msg(LOG_ERR, "%s", error);
	}
	return r;
}

static void log_warnings(const struct mail_config *config)
{
	char warning[MAIL_WARNING_MAX];

	for (unsigned i = 0; config_warning(config, i, warning, sizeof(warning)); i++)
		log_msg(LOG_WARNING, "%s", warning);
	for (unsigned i = 0; overrides_warning(config, i, warning, sizeof(warning));
		i++)
		log_msg(LOG_WARNING, "%s", warning);
	if (!config->bounce_maildir[0])
		return;
	(void)maildir_check_bounces(
		"bounce_maildir", config->bounce_maildir, warning, sizeof(warning));
	if (warning[0])
		log_msg(LOG_WARNING, "%s", warning);
}

/* What takes effect at a start only, and has changed. */
static void warn_restart(const char *name, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		log_msg(LOG_WARNING, "%s has changed, which needs a restart", name);
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct mail_config before = *daemon->mailer.config;

	(void)number;
	if (configure(daemon) < 0) {
		log_msg(LOG_ERR, "the old configuration stays");
		return;
	}
	warn_restart("socket", before.socket, daemon->mailer.config->socket);
	warn_restart("key_file", before.key_file, daemon->mailer.config->key_file);
	log_warnings(daemon->mailer.config);
	log_msg(LOG_NOTICE, "configuration reloaded");
}

static void close_all(struct daemon *daemon)
{
	uv_handle_t *handles[] = {
		(uv_handle_t *)&daemon->terminate,
		(uv_handle_t *)&daemon->interrupt,
		(uv_handle_t *)&daemon->hangup,
		(uv_handle_t *)&daemon->drain,
		(uv_handle_t *)&daemon->watchdog.timer,
	};

	server_close(&daemon->server);
	route_free(TAKE_PTR(daemon->mailer.route));
	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
		uv_close(handles[i], NULL);
}

static void on_drained(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;

	if (list_is_empty(&daemon->mailer.deliveries)) {
		close_all(daemon);
		return;
	}
	log_msg(LOG_WARNING, "mails were still on their way, otpd will try them again");
	delivery_give_up(&daemon->mailer);
	server_close(&daemon->server);
	/* libcurl's transfers hold what would be freed, and nobody waits for them. */
	_exit(EXIT_SUCCESS);
}

/* The last delivery has ended, and its answer is written: no need to wait longer. */
static void on_emptied(struct mailer *mailer)
{
	struct daemon *daemon = (struct daemon *)mailer;

	if (daemon->stopping)
		uv_timer_start(&daemon->drain, on_drained, 0, 0);
}

static void on_terminate(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	bool empty = list_is_empty(&daemon->mailer.deliveries);

	(void)number;
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	log_msg(LOG_INFO, "stopping");
	systemd_notify("STOPPING=1");
	server_drain(&daemon->server);
	uv_timer_start(&daemon->drain, on_drained, empty ? 0 : DRAIN_MS, 0);
}

/*
 * The socket from systemd, or one of our own. otpd has to reach it: as root we hand it
 * over, else its mode and our groups must let otpd in.
 */
static int open_socket(const struct mailer *mailer, bool *ret_is_own)
{
	const struct mail_config *config = mailer->config;
	int fd = systemd_socket();

	*ret_is_own = fd == -ENOENT;
	if (!*ret_is_own)
		return fd;
	fd = server_socket(config->socket, (mode_t)config->socket_mode, (gid_t)-1);
	if (fd < 0 || !mailer->knows_otpd || mailer->otpd_uid == geteuid())
		return fd;
	if (geteuid() == 0 && chown(config->socket, mailer->otpd_uid, (gid_t)-1) < 0)
		log_errno(LOG_WARNING, -errno, "cannot give %s to %s", config->socket,
			config->otpd_user);
	if (geteuid() != 0 && (config->socket_mode & 0022) == 0)
		log_msg(LOG_WARNING,
			"socket_mode %04o keeps %s out of %s; let systemd make the socket",
			(unsigned)config->socket_mode, config->otpd_user,
			config->socket);
	return fd;
}

static int open_server(struct daemon *daemon)
{
	bool is_own;
	int fd = open_socket(&daemon->mailer, &is_own);

	if (fd < 0)
		return log_errno(LOG_ERR, fd, "cannot listen on %s",
			daemon->mailer.config->socket);
	daemon->service = (struct service){
		.product = "otpd-mail",
		.interfaces = mail_interfaces,
		.authorise = mail_authorise,
		.context = &daemon->mailer,
	};
	daemon->server.loop = daemon->mailer.loop;
	daemon->server.service = &daemon->service;
	daemon->server.max_conns = MAX_CONNS;
	if (is_own &&
		sandbox_keep_parent(
			&daemon->sandbox, daemon->mailer.config->socket, true) < 0)
		return -ENOMEM;
	return server_open(
		&daemon->server, fd, is_own ? daemon->mailer.config->socket : NULL);
}

static int watch_signals(struct daemon *daemon)
{
	uv_loop_t *loop = daemon->mailer.loop;
	int r = uv_timer_init(loop, &daemon->drain);

	daemon->drain.data = daemon;
	daemon->terminate.data = daemon;
	daemon->interrupt.data = daemon;
	daemon->hangup.data = daemon;
	if (r < 0 || (r = uv_signal_init(loop, &daemon->terminate)) < 0 ||
		(r = uv_signal_init(loop, &daemon->interrupt)) < 0 ||
		(r = uv_signal_init(loop, &daemon->hangup)) < 0 ||
		(r = uv_signal_start(&daemon->terminate, on_terminate, SIGTERM)) < 0 ||
		(r = uv_signal_start(&daemon->interrupt, on_terminate, SIGINT)) < 0)
		return r;
	return uv_signal_start(&daemon->hangup, on_hangup, SIGHUP);
}

static int load_key(struct mailer *mailer)
{
	char path[PATH_MAX], why[FILE_WHY];
	int r = key_path(path, sizeof(path), mailer->config->key_file);

	if (r == 0)
		r = key_load(&mailer->key, path);
	if (r < 0)
		log_msg(LOG_ERR, "key_file %s: %s", path,
			r == -EBADMSG ? "does not hold a key"
				      : file_explain(why, path, r, FILE_SECRET));
	return r;
}

static int start(struct daemon *daemon)
{
	struct mailer *mailer = &daemon->mailer;
	int r = configure(daemon);

	if (r < 0)
		return r; /* said already */
	log_warnings(mailer->config);
	r = load_key(mailer);
	if (r < 0)
		return r;
	mailer->opener.key = &mailer->key;
	mailer->emptied = on_emptied;
	mailer->started_at_s = clock_wall_s();
	r = watch_signals(daemon);
	if (r == 0)
		r = watchdog_open(&daemon->watchdog, mailer->loop);
	if (r == 0)
		r = open_server(daemon);
	return r < 0 ? r : confine(&daemon->sandbox, mailer->config);
}

static void log_ready(const struct mail_config *config)
{
	size_t n = config->transports.n;
	const char *first = n > 0 ? config_transport(config, 0)->title : "";

	if (n == 0)
		log_msg(LOG_WARNING,
			"otpd-mail " OTPD_VERSION
			" is ready, but no transport says where mails go: otpctl setup");
	else if (n > 1)
		log_msg(LOG_INFO,
			"otpd-mail " OTPD_VERSION
			" is ready, transport %s and %zu behind it",
			first, n - 1);
	else
		log_msg(LOG_INFO, "otpd-mail " OTPD_VERSION " is ready, transport %s",
			first);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* A start that failed half-way: the route retires, other handles are closed. */
static void abandon(uv_loop_t *loop)
{
	for (int i = 0; i < 4; i++)
		uv_run(loop, UV_RUN_NOWAIT);
	uv_walk(loop, close_handle, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(loop);
}

static int serve(struct daemon *daemon, uv_loop_t *loop)
{
	int r = mailer_init(&daemon->mailer, loop);

	if (r < 0)
		log_errno(LOG_ERR, r, "cannot start");
	if (r < 0 || start(daemon) < 0) {
		mailer_fini(&daemon->mailer);
		abandon(loop);
		return EXIT_FAILURE;
	}
	log_ready(daemon->mailer.config);
	systemd_notify("READY=1");
	uv_run(loop, UV_RUN_DEFAULT);
	mailer_fini(&daemon->mailer);
	(void)uv_loop_close(loop);
	return EXIT_SUCCESS;
}

/* The key and those that it makes are in the daemon: its memory is locked and guarded.
 */
int daemon_run(const char *config_path)
{
	struct daemon *daemon;
	uv_loop_t loop;
	int r;

	log_init("otpd-mail");
	r = harden();
	daemon = r == 0 ? sodium_malloc(sizeof(*daemon)) : NULL;
	if (r == 0)
		r = daemon ? uv_loop_init(&loop) : -ENOMEM;
	if (r < 0) {
		log_errno(LOG_ERR, r, "cannot start");
		sodium_free(daemon);
		return EXIT_FAILURE;
	}
	memset(daemon, 0, sizeof(*daemon));
	daemon->config_path = config_path;
	r = serve(daemon, &loop);
	sandbox_fini(&daemon->sandbox);
	sodium_free(daemon);
	return r;
}
