/* SPDX-License-Identifier: MIT */
/*
 * otpd as it is shipped, with its real store on the real disk. The configuration
 * changes no more than the places, and the budgets to the largest that otpd takes,
 * since a benchmark asks for more codes than people do.
 */
#include "tests/bench/core.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/proto/client.h"
#include "otpd/util/cleanup.h"
#include "tests/bench/fill.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"

#define START_NS (20 * INT64_C(1000000000))

static const char config_text[] = "socket = \"%s/otpd.sock\"\n"
				  "database = \"%s/otpd.db\"\n"
				  "key_file = \"%s/otpd.key\"\n"
				  "mail_socket = \"%s/mail.sock\"\n"
				  "audit_max = 100000000\n"
				  "sends_per_rhost_hour = 400\n"
				  "sends_per_host_hour = 100000000\n"
				  "policy default {\n"
				  "\tcool_down = 0s\n"
				  "\tsends_per_hour = 100\n"
				  "\tsends_per_day = 400\n"
				  "}\n"
				  "%s";

static void json_decrefp_(json_t **json)
{
	json_decref(*json);
}

static int status(const struct core *core, json_t **ret)
{
	struct client client = CLIENT_INIT;
	int r = client_open(&client, core->socket, 5000);

	*ret = NULL;
	if (r == 0)
		r = client_call(&client, "org.emailotp.Admin.Status", NULL, ret);
	client_close(&client);
	return r;
}

int64_t core_count(const struct core *core, const char *name)
{
	CLEANUP(json_decrefp_) json_t *out = NULL;

	if (status(core, &out) != 0)
		die("otpd does not answer Status");
	return json_integer_value(json_object_get(out, name));
}

static bool has_mailer(const struct core *core)
{
	CLEANUP(json_decrefp_) json_t *out = NULL;
	const char *mailer;

	if (status(core, &out) != 0)
		return false;
	mailer = json_string_value(json_object_get(out, "mailer"));
	return mailer && strcmp(mailer, "up") == 0;
}

static void wait_ready(struct core *core)
{
	int64_t until = now_ns() + START_NS;

	while ((core->has_mailbox && !core->mailbox.asked) || !has_mailer(core)) {
		child_check(&core->child);
		if (now_ns() > until)
			die("otpd is not ready after 20 s; see %s", core->child.log);
		loop_turn(&core->loop, 5000000);
	}
}

/* With the loop open, and the mailer in its place or about to be. */
static void launch(struct core *core, const char *build, const char *name,
	const struct core_plan *plan)
{
	char dir[PLACE_PATH], path[PLACE_PATH], program[PLACE_PATH];

	place_path(dir, "%s", name);
	place_path(path, "%s/otpd.db", name);
	fill_database(path, plan->n_users, plan->n_audit, plan->names);
	if (plan->n_accounts > 0)
		fill_accounts(path, plan->tenant, plan->n_accounts, plan->hash);
	core->n_users = plan->n_users;
	place_path(core->socket, "%s/otpd.sock", name);
	place_path(path, "%s/otpd.conf", name);
	place_write(path, 0600, config_text, dir, dir, dir, dir, plan->config);
	snprintf(program, sizeof(program), "%.80s/%.16s", build, plan->program);
	place_path(dir, "%s/otpd.log", name);
	child_start(&core->child, program, path, dir);
	wait_ready(core);
}

void core_start_as(struct core *core, const char *build, const char *name,
	const struct core_plan *plan)
{
	char path[PLACE_PATH];

	place_dir(name);
	loop_open(&core->loop);
	place_path(path, "%s/mail.sock", name);
	core->has_mailbox = true;
	mailbox_open(&core->mailbox, &core->loop, path);
	launch(core, build, name, plan);
}

void core_start(struct core *core, const char *build, const char *name, int64_t n_users,
	int64_t n_audit, char *const *names)
{
	core_start_as(core, build, name,
		&(struct core_plan){ .program = "otpd",
			.config = "",
			.n_users = n_users,
			.n_audit = n_audit,
			.names = names });
}

void core_start_beside(
	struct core *core, const char *build, const char *name, int64_t n_users)
{
	loop_open(&core->loop);
	core->has_mailbox = false;
	launch(core, build, name,
		&(struct core_plan){
			.program = "otpd", .config = "", .n_users = n_users });
}

void core_stop(struct core *core)
{
	child_stop(&core->child);
	if (core->has_mailbox)
		mailbox_close(&core->mailbox);
	loop_close(&core->loop);
}
