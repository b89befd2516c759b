/* SPDX-License-Identifier: MIT */
/* Whether the sshd that runs takes connections: the last look before what was done
 * holds. */
#include "otpd/ctl/setup/live.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/host/sshd.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/text.h"

#define TRY_MS   1000
#define PAUSE_MS 100
#define ADDRESS  256

/* Parts "127.0.0.1:22" and "[::]:22"; any address becomes this host. */
static bool split(char *text, const char **ret_host, const char **ret_port)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return false;
	*colon = '\0';
	*ret_port = colon + 1;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		text++;
	}
	*ret_host = text;
	if (strcmp(text, "0.0.0.0") == 0)
		*ret_host = "127.0.0.1";
	if (strcmp(text, "::") == 0)
		*ret_host = "::1";
	return true;
}

static bool greets(const struct addrinfo *at)
{
	struct timeval limit = { .tv_sec = TRY_MS / 1000 };
	CLEANUP(closep)
	int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
	char banner[4];

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
		connect(fd, at->ai_addr, at->ai_addrlen) < 0)
		return false;
	return recv(fd, banner, sizeof(banner), MSG_WAITALL) == sizeof(banner) &&
		memcmp(banner, "SSH-", sizeof(banner)) == 0;
}

static bool answers_at(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	bool good;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	good = greets(found);
	freeaddrinfo(found);
	return good;
}

static bool look(const struct sshd_settings *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		const char *host, *port;
		char text[ADDRESS];

		if (strcmp(settings->items[i].name, "listenaddress") == 0 &&
			text_copy(text, sizeof(text), settings->items[i].value) &&
			split(text, &host, &port) && answers_at(host, port))
			return true;
	}
	return false;
}

bool live_sshd_answers(int wait_ms)
{
	CLEANUP(sshd_settings_fini) struct sshd_settings settings = { 0 };
	int64_t deadline_ms = clock_mono_ms() + wait_ms;
	char why[SSHD_WHY];

	if (sshd_settings_read(NULL, NULL, why, &settings) < 0)
		return false;
	while (!look(&settings)) {
		if (clock_mono_ms() >= deadline_ms)
			return false;
		poll(NULL, 0, PAUSE_MS);
	}
	return true;
}
