/* SPDX-License-Identifier: MIT */
/*
 * otpctl config: every setting of a daemon as the one that runs has it, and the line of
 * the file that it came from. What the files say now is told apart from that: files
 * that have changed since they were read wait for a reload.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/commands.h"
#include "otpd/ctl/mailer.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/table.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/suggest.h"

struct show {
	struct session *session; /* of the daemon that is asked */
	const char *method;
	const char *wanted; /* NULL: all */
	struct table table;
	struct output_array array;
	struct suggest suggest;
	char nearest[64]; /* what suggest points to, as pages go */
	json_t *changed;
	int64_t after;
	size_t n_shown;
};

static void show_fini(struct show *show)
{
	table_fini(&show->table);
	json_decref(show->changed);
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "-";
}

/* "cool_down", and "sshd.cool_down" or "policy sshd.cool_down" for that of a section.
 */
static bool is_wanted(const struct show *show, const char *section, const char *name)
{
	const char *dot = show->wanted ? strrchr(show->wanted, '.') : NULL;
	const char *title = strchr(section, ' ');
	size_t n;

	if (!show->wanted || strcmp(show->wanted, name) == 0)
		return true;
	if (!dot || strcmp(dot + 1, name) != 0)
		return false;
	n = (size_t)(dot - show->wanted);
	return (strlen(section) == n && strncmp(section, show->wanted, n) == 0) ||
		(title && strlen(title + 1) == n &&
			strncmp(title + 1, show->wanted, n) == 0);
}

static void consider(struct show *show, const char *name)
{
	suggest_offer(&show->suggest, name);
	if (show->suggest.best != name)
		return;
	snprintf(show->nearest, sizeof(show->nearest), "%s", name);
	show->suggest.best = show->nearest;
}

static int show_row(struct show *show, const json_t *row)
{
	const char *section = text_of(row, "section"), *name = text_of(row, "name");
	const char *cells[] = { section[0] ? section : "-", name, text_of(row, "value"),
		text_of(row, "origin") };

	if (show->wanted)
		consider(show, name);
	if (!is_wanted(show, section, name))
		return 0;
	show->n_shown++;
	if (!show->session->json)
		return table_add(&show->table, cells);
	output_array_add(&show->array, row);
	return 0;
}

/* 1: there is a next page. */
static int show_page(struct show *show, json_t *answer)
{
	const json_t *rows = json_object_get(answer, "settings"), *row;
	json_t *next = json_object_get(answer, "next");
	size_t i;

	if (!json_is_array(rows))
		return -EPROTO;
	json_array_foreach(rows, i, row) {
		int r = json_is_object(row) ? show_row(show, row) : -EPROTO;

		if (r < 0)
			return r;
	}
	if (!show->changed)
		show->changed = json_incref(json_object_get(answer, "changed"));
	if (!next || json_is_null(next))
		return 0;
	/* A daemon that goes round in circles would keep us here for ever. */
	if (json_integer_value(next) <= show->after)
		return -EPROTO;
	show->after = json_integer_value(next);
	return 1;
}

/* -1: there is more; else the exit code. */
static int one_page(struct show *show)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(show->session, show->method,
		json_pack("{s:I}", "after", (json_int_t)show->after), &answer);

	if (r != 0)
		return session_explain(show->session, r, answer, NULL);
	r = show_page(show, answer);
	if (r < 0)
		return session_explain(show->session, r, NULL, NULL);
	return -r;
}

static void warn_changed(const struct show *show)
{
	const json_t *file;
	size_t i;

	json_array_foreach(show->changed, i, file)
		if (json_is_string(file))
			output_warning(show->session->json,
				"%s is not as %s has read it; take it over with: "
				"systemctl reload %s",
				json_string_value(file), show->session->daemon->name,
				show->session->daemon->name);
}

static int refuse_unknown(const struct show *show)
{
	const char *best = suggest_best(&show->suggest);

	if (best)
		output_error(show->session->json, "NoSetting",
			"%s has no setting \"%s\"; did you mean \"%s\"?",
			show->session->daemon->name, show->wanted, best);
	else
		output_error(show->session->json, "NoSetting",
			"%s has no setting \"%s\"; see all with: otpctl config%s",
			show->session->daemon->name, show->wanted,
			show->session->daemon == &session_otpd ? "" : " --mail");
	return OUTPUT_REFUSED;
}

static int run(struct show *show)
{
	static const char *const titles[] = { "SECTION", "SETTING", "VALUE", "FROM" };
	int r;

	table_init(&show->table, stdout, titles, 4);
	if (show->wanted)
		suggest_begin(&show->suggest, show->wanted);
	do
		r = one_page(show);
	while (r < 0);
	if (r > 0)
		return r;
	if (show->n_shown == 0 && show->wanted)
		return refuse_unknown(show);
	if (show->session->json)
		output_array_end(&show->array);
	else
		table_end(&show->table);
	warn_changed(show);
	return OUTPUT_DONE;
}

int config_run(struct session *session, const struct arguments *arguments)
{
	CLEANUP(show_fini)
	struct show show = {
		.session = session,
		.method = "org.emailotp.Admin.Config",
		.wanted = arguments->n_words > 0 ? arguments->words[0] : NULL,
	};
	struct mailer mailer;
	int r;

	if (!(arguments->given & (ARGUMENT_MAIL | ARGUMENT_MAIL_SOCKET)))
		return run(&show);
	mailer_init(&mailer, session, arguments);
	show.session = &mailer.session;
	show.method = "org.emailotp.Mail.Config";
	r = run(&show);
	mailer_close(&mailer);
	return r;
}
