/* SPDX-License-Identifier: MIT */
/*
 * The sshd of the trial. It does not listen itself: this program does, and starts
 * "sshd -i" for each connection. So it ends with this program, however that ends,
 * writes no pid file, and cannot take the port of the one that runs.
 *
 * The PAM service of the trial is its own. OpenSSH takes its name from PAMServiceName,
 * before 9.8 from the name that the program was called by.
 */
#include "otpd/ctl/setup/trial_sshd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/plan.h"
#include "otpd/host/run.h"
#include "otpd/host/sshd.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define BACKLOG   8
#define SSHD_MS   20000
#define RUN_SSHD  "/run/sshd"
#define CALLED_AS "/usr/sbin/" SERVICE_TRIAL

/* Whether an option of this sshd's configuration exists, with such a value. */
static bool sshd_knows(const char *option)
{
	const char *const argv[] = { "sshd", "-T", "-f", "/dev/null", "-o", option,
		NULL };
	struct run_output output;
	int r = run_program(argv, SSHD_MS, &output);

	run_output_fini(&output);
	return r == 0;
}

static int write_config(struct setup *setup)
{
	CLEANUP(edit_file_fini) struct edit_file drop_in = { 0 };
	CLEANUP(edit_file_fini) struct edit_file file = { 0 };
	CLEANUP(buffer_fini) struct buffer text = { 0 };
	int r = plan_sshd_text(setup, &drop_in);

	if (r < 0)
		return r;
	if (sshd_knows("PAMServiceName=" SERVICE_TRIAL))
		buffer_puts(&text, "PAMServiceName " SERVICE_TRIAL "\n");
	buffer_puts(&text, drop_in.text);
	buffer_puts(&text,
		"LogLevel VERBOSE\n"
		"PidFile none\n"
		"Include " PATH_SSHD_CONFIG "\n");
	if (text.failed)
		return -ENOMEM;
	r = edit_file_set(&file, text.data, text.size, 0600);
	return r < 0 ? r : edit_replace(PATH_TRIAL_CONFIG, &file);
}

/* Where sshd is for some addresses only, the trial is for the first of them. */
static void find_host(
	const struct sshd_settings *settings, char host[static TRIAL_HOST])
{
	host[0] = '\0';
	for (size_t i = 0; i < settings->n; i++) {
		char text[TRIAL_HOST], *at = text, *colon;

		if (strcmp(settings->items[i].name, "listenaddress") != 0 ||
			!text_copy(text, sizeof(text), settings->items[i].value))
			continue;
		text[strcspn(text, " ")] = '\0';
		colon = strrchr(text, ':');
		if (colon)
			*colon = '\0';
		if (*at == '[')
			at++;
		at[strcspn(at, "]")] = '\0';
		if (strcmp(at, "0.0.0.0") == 0 || strcmp(at, "::") == 0) {
			host[0] = '\0';
			return;
		}
		if (!host[0])
			text_copy(host, TRIAL_HOST, at);
	}
}

int trial_sshd_configure(struct setup *setup, char host[static TRIAL_HOST])
{
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	char why[SSHD_WHY] = "", context[SSHD_CONTEXT];
	const char *methods;
	int r = write_config(setup);

	if (r < 0)
		return plan_failed(setup, PATH_TRIAL_CONFIG, r);
	/* Behind ssh.socket it may be that no sshd has made it yet. */
	if (mkdir(RUN_SSHD, 0755) < 0 && errno != EEXIST)
		return plan_failed(setup, RUN_SSHD, -errno);
	snprintf(context, sizeof(context), "user=%s,host=localhost,addr=127.0.0.1",
		setup->answers.user);
	r = sshd_settings_read(PATH_TRIAL_CONFIG, context, why, &settings);
	if (r != 0) {
		output_error(setup->session->json, "Refused",
			"sshd refuses the new configuration: %s",
			r == -EINVAL ? why : strerror(-r));
		return OUTPUT_REFUSED;
	}
	find_host(&settings, host);
	methods = sshd_get(&settings, "authenticationmethods");
	if (strstr(methods, "keyboard-interactive"))
		return 0;
	output_error(setup->session->json, "Refused",
		"for %s sshd takes \"AuthenticationMethods %s\" from a Match block, and asks "
		"for no code; change that block, or try with another user",
		setup->answers.user, methods);
	return OUTPUT_REFUSED;
}

static int listen_at(const char *host, int port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *found;
	CLEANUP(closep) int fd = -1;
	char text[16];
	int r = 0, yes = 1;

	snprintf(text, sizeof(text), "%d", port);
	if (getaddrinfo(host, text, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
		listen(fd, BACKLOG) < 0)
		r = -errno;
	freeaddrinfo(found);
	return r < 0 ? r : take_fd(&fd);
}

static int listen_everywhere(int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	CLEANUP(closep) int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_six = fd >= 0;
	int no = 0, yes = 1;

	if (!is_six)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		(is_six &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0))
		return -errno;
	if (is_six ? bind(fd, (const struct sockaddr *)(const void *)&six, sizeof(six))
		   : bind(fd, (const struct sockaddr *)(const void *)&four,
			     sizeof(four)))
		return -errno;
	if (listen(fd, BACKLOG) < 0)
		return -errno;
	return take_fd(&fd);
}

int trial_sshd_listen(const char *host, int port)
{
	return host[0] ? listen_at(host, port) : listen_everywhere(port);
}

/* In the child: never comes back. */
_Noreturn static void become_sshd(const char *path, int connection, int log)
{
	static const char *const argv[] = { CALLED_AS, "-i", "-e", "-f",
		PATH_TRIAL_CONFIG, NULL };

	if (setsid() >= 0 && dup2(connection, STDIN_FILENO) >= 0 &&
		dup2(connection, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
		(void)run_exec(path, argv);
	_exit(127);
}

pid_t trial_sshd_serve(int connection, int *ret_log)
{
	CLEANUP(closep) int own = connection;
	CLEANUP(closep) int log_write = -1;
	CLEANUP(closep) int log_read = -1;
	char path[PATH_MAX];
	int log[2], r;
	pid_t pid;

	r = run_find("sshd", path, sizeof(path));
	if (r < 0)
		return r;
	if (pipe2(log, O_CLOEXEC) < 0)
		return -errno;
	log_read = log[0];
	log_write = log[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_sshd(path, own, log[1]);
	*ret_log = take_fd(&log_read);
	return pid;
}
