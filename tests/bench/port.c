/* SPDX-License-Identifier: MIT */
/* Ports of the loopback interface. Each is chosen by the kernel, so that two runs at a
 * time do not meet. */
#include "tests/bench/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "tests/bench/say.h"

#define BACKLOG 200 /* as smtp-sink is given */

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("no socket: %s", strerror(errno));
	return fd;
}

int port_hold(int *ret_port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = new_socket();

	if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		die("no port of 127.0.0.1: %s", strerror(errno));
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int port_listen(int *ret_port)
{
	int fd = port_hold(ret_port);

	if (listen(fd, BACKLOG) < 0)
		die("cannot listen on port %d: %s", *ret_port, strerror(errno));
	return fd;
}

int port_find(void)
{
	int port;

	close(port_hold(&port));
	return port;
}

bool port_answers(int port)
{
	struct sockaddr_in address = loopback(port);
	CLEANUP(closep) int fd = new_socket();

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}
