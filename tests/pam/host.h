/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PAM_HOST_H
#define TESTS_PAM_HOST_H

#include <limits.h>
#include <stdbool.h>

#include "tests/pam/fake_otpd.h"

/*
 * A PAM application that runs the module in a stack of its own (pam_start_confdir),
 * with a scripted user and a captured log.
 */
#define MAX_STEPS 12

enum entry {
	AUTH,
	ACCOUNT,
	SETCRED,
	CHANGE
};

enum style {
	ALONE,
	REQUIRED,
	REQUISITE,
	SUFFICIENT,
	DIE,
	DIE_OR_IGNORE,
	N_STYLES
};

/*
 * One row of the table. Answers are what the user types, or
 *
 *	@fail @buferr @again @abort @weird   the conversation returns such an error
 *	@failresp   an error, with a response   @null      success without a response
 *	@nulltext   a response without text     @fill:N    N times '1'
 *	@retcode:T  T, with resp_retcode set
 *
 * Where the answers end, the conversation fails. calls, prompts and logs are
 *substrings, each of one call, prompt or log line, and there must be exactly as many. A
 *prompt begins with "on:", "off:" or "err:". logs leaves out debug lines.
 */
struct row {
	const char *name;
	const char *args;    /* besides socket= and timeout=1 */
	const char *user;    /* NULL: daemon, whom every system has */
	const char *service; /* NULL: otptest. "": PAM_SERVICE is empty */
	const char *rhost;
	const char *authtok;       /* PAM_AUTHTOK from an earlier module */
	const char *oldauthtok;    /* the same of PAM_OLDAUTHTOK, with CHANGE */
	const char *authtok_after; /* PAM_AUTHTOK as a later module finds it */
	const char *after;         /* a further line of the stack, without its type */
	const char *stale;         /* EMAILOTP_TOKEN=... before the call */
	const char *token;         /* EMAILOTP_TOKEN after it; NULL: there is none */
	enum entry entry;
	int flags;
	bool quick; /* refused without a delay */
	enum fake_kind kind;
	bool once; /* slow: one control style is enough */
	const char *script[MAX_STEPS];
	const char *answers[MAX_STEPS];
	int pam;    /* the module's own code; with CHANGE that of the first pass */
	int update; /* with CHANGE: that of the second pass, if there is one */
	const char *calls[MAX_STEPS];
	const char *prompts[MAX_STEPS];
	const char *logs[MAX_STEPS];
	const char *never; /* must be in no call, prompt or log line */
};

struct host {
	const char *const *answers;
	int n_prompts;
	char prompts[32][700];
	int n_logs;
	char logs[64][1200];
	int priorities[64];
	unsigned delay_us;   /* the longest that was asked for */
	const void *watched; /* the last answer that was handed out */
	int unwiped;         /* answers that were freed with their text */
	char token[2000];    /* EMAILOTP_TOKEN at the end, or "" */
	char problem[200];   /* what else is wrong; "": nothing */
};

extern struct host host;

/* The directory of this run and the module that is tested. */
extern char host_dir[64];
extern char host_socket[96];
extern char host_module[PATH_MAX];
extern char host_helper[PATH_MAX]; /* pam_authtok.so of these tests, or empty */
void host_init(const char *module, const char *helper);
void host_fini(void);

/* From now on a handler for SIGCHLD takes every child, which a module must survive. */
void host_reap_children(void);

/* Runs one row in one style; returns what PAM returned. */
int host_run(const struct row *row, enum style style);

/* What a stack of this style makes of the module's own codes. */
int host_expected(enum style style, const struct row *row);
const char *host_style_name(enum style style);

#endif
