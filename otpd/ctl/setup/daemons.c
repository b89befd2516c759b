/* SPDX-License-Identifier: MIT */
/*
 * The daemons that must hear of changed files: by systemctl where systemd runs, else by
 * SIGHUP to the process that listens. A signal MUST NOT go to a process that is not
 * known to be the daemon: its id is taken from the socket, or for sshd from its pid
 * file, and the program that it runs is looked at.
 */
#include "otpd/ctl/setup/daemons.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/host/run.h"
#include "otpd/host/sshd.h"
#include "otpd/proto/client.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define CHECK_MS     20000
#define SYSTEMCTL_MS 90000
#define ANSWER_MS    5000

bool daemons_have_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* The last thing that a program said, for a sentence. */
static void take_words(char why[static DAEMONS_WHY], const struct run_output *output)
{
	const char *from = output->err[0] ? output->err : output->out;
	size_t n;

	text_copy_clean(why, DAEMONS_WHY, from);
	/* Ends of lines have become '?'; they are blanks here. */
	for (n = 0; why[n] && from[n]; n++)
		if (from[n] == '\n')
			why[n] = ' ';
	while (n > 0 && why[n - 1] == ' ')
		why[--n] = '\0';
}

/* 0; 1 and why; -errno. */
static int run_and_tell(const char *const argv[], int timeout_ms,
	char why[static DAEMONS_WHY], char **ret_out)
{
	struct run_output output;
	int r = run_program(argv, timeout_ms, &output);

	if (r > 0)
		take_words(why, &output);
	if (r == 0 && ret_out)
		*ret_out = TAKE_PTR(output.out);
	run_output_fini(&output);
	return r > 0 ? 1 : r;
}

/* Beside this program, where "make install" and a build put it, else of the system. */
static int find_daemon(const char *name, char path[static PATH_MAX])
{
	static const char *const fronts[] = { "", "../sbin/" };
	char own[PATH_MAX - 300];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	for (size_t i = 0; slash && i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		snprintf(path, PATH_MAX, "%.*s%s%s", (int)(slash + 1 - own), own,
			fronts[i], name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return run_find(name, path, PATH_MAX);
}

int daemons_check(const char *name, char why[static DAEMONS_WHY], char **ret_config)
{
	char path[PATH_MAX];
	const char *const argv[] = { path, "--check", NULL };
	int r = find_daemon(name, path);

	if (r < 0) {
		snprintf(why, DAEMONS_WHY,
			"the program %s is not installed; install the package otpd",
			name);
		return 1;
	}
	return run_and_tell(argv, CHECK_MS, why, ret_config);
}

/* Whether a process runs a program of this name. */
static bool process_is(pid_t pid, const char *name)
{
	char link[64], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	/* " (deleted)" stands behind that of a program that was upgraded. */
	return slash && strncmp(slash + 1, name, strlen(name)) == 0 &&
		strchr(" ", slash[1 + strlen(name)]) != NULL;
}

/* Two answers: a signal that came before the first has been dealt with by the second.
 */
static int hear_twice(struct client *client)
{
	for (int i = 0; i < 2; i++) {
		json_t *answer = NULL;
		int r = client_call(
			client, "org.varlink.service.GetInfo", NULL, &answer);

		json_decref(answer);
		if (r != 0)
			return r < 0 ? r : -EPROTO;
	}
	return 0;
}

/*
 * Whether it goes by the files as they are now. A reload can be refused by the daemon
 * alone, which knows what its sandbox lets it write; it then keeps what it has. 0, 1
 * for no, -errno.
 */
static int has_read(struct client *client, const char *name)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(json_decrefp) json_t *parameters = json_pack("{s:i}", "limit", 1);
	int r = client_call(client,
		strcmp(name, "otpd-mail") == 0 ? "org.emailotp.Mail.Config"
					       : "org.emailotp.Admin.Config",
		parameters, &answer);

	if (r != 0)
		return r < 0 ? r : 0;
	return json_array_size(json_object_get(answer, "changed")) > 0;
}

/* Connects, and lets a daemon that systemd does not run hear of it. 0; 1: it has kept
 * what it had; -errno. */
static int reach(const char *name, const char *socket, bool signal_it)
{
	struct client client = CLIENT_INIT;
	struct ucred server;
	socklen_t size = sizeof(server);
	int r = client_open(&client, socket, ANSWER_MS);

	if (r < 0)
		return r;
	if (getsockopt(client.fd, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0)
		r = -errno;
	else if (signal_it && !process_is(server.pid, name))
		r = -ESRCH;
	else if (signal_it && kill(server.pid, SIGHUP) < 0)
		r = -errno;
	else
		r = hear_twice(&client);
	if (r == 0)
		r = has_read(&client, name);
	client_close(&client);
	return r;
}

/* A daemon that could not start without a configuration has been given up by systemd,
 * and its socket with it. */
static int reload_unit(const char *name, char why[static DAEMONS_WHY])
{
	char unit[64], listener[64], ignored[DAEMONS_WHY];
	const char *const forgive[] = { "systemctl", "reset-failed", unit, listener,
		NULL };
	const char *const listen[] = { "systemctl", "start", listener, NULL };
	const char *const reload[] = { "systemctl", "reload-or-restart", unit, NULL };

	snprintf(unit, sizeof(unit), "%s.service", name);
	snprintf(listener, sizeof(listener), "%s.socket", name);
	(void)run_and_tell(forgive, SYSTEMCTL_MS, ignored, NULL);
	(void)run_and_tell(listen, SYSTEMCTL_MS, ignored, NULL);
	return run_and_tell(reload, SYSTEMCTL_MS, why, NULL);
}

int daemons_stop(const char *name, char why[static DAEMONS_WHY])
{
	char unit[64];
	const char *const argv[] = { "systemctl", "stop", unit, NULL };

	snprintf(unit, sizeof(unit), "%s.service", name);
	return run_and_tell(argv, SYSTEMCTL_MS, why, NULL);
}

static int restart_unit(const char *name, char why[static DAEMONS_WHY])
{
	char unit[64];
	const char *const argv[] = { "systemctl", "restart", unit, NULL };

	snprintf(unit, sizeof(unit), "%s.service", name);
	return run_and_tell(argv, SYSTEMCTL_MS, why, NULL);
}

int daemons_reload(const char *name, const char *socket, char why[static DAEMONS_WHY])
{
	bool by_systemd = daemons_have_systemd();
	int r = by_systemd ? reload_unit(name, why) : 0;

	if (r != 0)
		return r;
	r = reach(name, socket, !by_systemd);
	if (r > 0 && by_systemd) {
		r = restart_unit(name, why);
		if (r != 0)
			return r;
		r = reach(name, socket, false);
	}
	if (r == 0)
		return 0;
	if (r > 0) {
		snprintf(why, DAEMONS_WHY,
			"%s goes on with what it was started with, and its log says why",
			name);
		return 1;
	}
	snprintf(why, DAEMONS_WHY,
		"%s does not answer on %s (%s); see: journalctl -u %s", name, socket,
		r == -ESRCH ? "somebody else listens there" : strerror(-r), name);
	return 1;
}

/* The process of the pid file that sshd was told to write; 0 if there is none. */
static pid_t sshd_pid(void)
{
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	CLEANUP(fclosep) FILE *file = NULL;
	char why[SSHD_WHY];
	long pid = 0;

	if (sshd_settings_read(NULL, NULL, why, &settings) < 0)
		return 0;
	file = fopen(sshd_get(&settings, "pidfile"), "re");
	if (!file || fscanf(file, "%9ld", &pid) != 1 || pid <= 1)
		return 0;
	return process_is((pid_t)pid, "sshd") ? (pid_t)pid : 0;
}

static bool unit_is_active(const char *unit)
{
	const char *const argv[] = { "systemctl", "--quiet", "is-active", unit, NULL };
	struct run_output output;
	int r = run_program(argv, SYSTEMCTL_MS, &output);

	run_output_fini(&output);
	return r == 0;
}

/*
 * An sshd that got its listener from ssh.socket does not survive SIGHUP: it cannot bind
 * its port again, which systemd has. It is started anew then, which leaves sessions
 * alone where only the main process is ended (Debian's KillMode=process).
 */
static int restart_behind_socket(const char *unit, char why[static DAEMONS_WHY])
{
	const char *const show[] = { "systemctl", "show", "-p", "KillMode", "--value",
		unit, NULL };
	const char *const restart[] = { "systemctl", "restart", unit, NULL };
	CLEANUP(freep) char *mode = NULL;
	int r = run_and_tell(show, SYSTEMCTL_MS, why, &mode);

	if (r != 0)
		return r;
	if (strcmp(mode, "process\n") == 0)
		return run_and_tell(restart, SYSTEMCTL_MS, why, NULL);
	snprintf(why, DAEMONS_WHY,
		"%s cannot be started anew without ending open sessions; give it "
		"KillMode=process (systemctl edit %s)",
		unit, unit);
	return 1;
}

static int reload_sshd_unit(char why[static DAEMONS_WHY])
{
	static const char *const units[] = { "ssh.service", "sshd.service" };
	static const char *const sockets[] = { "ssh.socket", "sshd.socket" };

	/* Behind a socket there may be none yet: the next one reads the files. */
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *const argv[] = { "systemctl", "reload", units[i], NULL };

		if (!unit_is_active(units[i]))
			continue;
		return unit_is_active(sockets[i])
			? restart_behind_socket(units[i], why)
			: run_and_tell(argv, SYSTEMCTL_MS, why, NULL);
	}
	return 0;
}

int daemons_reload_sshd(char why[static DAEMONS_WHY])
{
	pid_t pid;

	if (daemons_have_systemd())
		return reload_sshd_unit(why);
	pid = sshd_pid();
	if (pid <= 0 || kill(pid, SIGHUP) == 0)
		return 0;
	snprintf(why, DAEMONS_WHY, "sshd (process %ld) cannot be signalled: %s",
		(long)pid, strerror(errno));
	return 1;
}
