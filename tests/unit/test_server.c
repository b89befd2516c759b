/* SPDX-License-Identifier: MIT */
/* The listening socket when the process has no descriptors left. */
#include "otpd/varlink/server.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/unit.h"

static const struct interface *const interfaces[] = { &introspection_interface, NULL };

static int authorise(struct call *call)
{
	(void)call;
	return 0;
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Nobody is connected who could give a descriptor back by leaving. */
START_TEST(it_hears_again_when_there_are_descriptors_again)
{
	struct service service = {
		.product = "test", .interfaces = interfaces, .authorise = authorise
	};
	struct server server = { .service = &service, .max_conns = 64 };
	struct rlimit before, none;
	char path[UNIT_PATH];
	uv_loop_t loop;
	int client;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	server.loop = &loop;
	unit_path(path, "server.sock");
	ck_assert_int_eq(
		server_open(&server, server_socket(path, 0600, (gid_t)-1), path), 0);
	client = dial(path);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)client + 1,
		.rlim_max = before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (!server.paused)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_uint_eq(server.n_conns, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	while (server.n_conns == 0)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert(!server.paused);
	close(client);
	while (server.n_conns > 0)
		uv_run(&loop, UV_RUN_ONCE);
	server_close(&server);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

UNIT_MAIN("server", it_hears_again_when_there_are_descriptors_again);
