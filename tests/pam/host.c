/* SPDX-License-Identifier: MIT */
/*
 * The PAM application of the tests. It keeps PAM's fail delay from sleeping, sees
 * whether answers are wiped before they are freed, and looks after each call whether
 * the process is as it was before.
 */
#include "tests/pam/host.h"

#include <dirent.h>
#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct host host;
char host_dir[64];
char host_socket[96];
char host_module[PATH_MAX];
char host_helper[PATH_MAX];

#ifndef __SANITIZE_ADDRESS__
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#endif

#ifndef __SANITIZE_ADDRESS__
/* An answer that is freed must have been wiped. */
void __libc_free(void *pointer);
void free(void *pointer)
{
	if (pointer && pointer == host.watched) {
		host.unwiped += *(const char *)pointer != '\0';
		host.watched = NULL;
	}
	__libc_free(pointer);
}
#endif

static int respond(const char *answer, struct pam_response **ret)
{
	struct pam_response *response = calloc(1, sizeof(*response));

	if (strncmp(answer, "@fill:", 6) == 0) {
		size_t n = (size_t)atol(answer + 6);

		response->resp = calloc(1, n + 1);
		memset(response->resp, '1', n);
	} else if (strncmp(answer, "@retcode:", 9) == 0) {
		response->resp = strdup(answer + 9);
		response->resp_retcode = 0x7fffffff;
	} else if (strcmp(answer, "@nulltext") != 0) {
		response->resp = strdup(answer);
	}
	host.watched = response->resp;
	*ret = response;
	return PAM_SUCCESS;
}

static int converse(int n, const struct pam_message **messages,
	struct pam_response **ret, void *data)
{
	static const struct {
		const char *answer;
		int result;
	} failures[] = {
		{ "@fail", PAM_CONV_ERR },
		{ "@buferr", PAM_BUF_ERR },
		{ "@again", PAM_CONV_AGAIN },
		{ "@abort", PAM_ABORT },
		{ "@weird", 12345 },
		{ "@null", PAM_SUCCESS },
	};
	int style = messages[0]->msg_style;
	const char *answer = *host.answers;

	(void)data;
	if (n != 1)
		snprintf(host.problem, sizeof(host.problem), "%d messages at once", n);
	if (host.n_prompts < 32)
		snprintf(host.prompts[host.n_prompts++], sizeof(host.prompts[0]),
			"%s:%s",
			style == PAM_PROMPT_ECHO_ON            ? "on"
				: style == PAM_PROMPT_ECHO_OFF ? "off"
				: style == PAM_ERROR_MSG       ? "err"
							       : "info",
			messages[0]->msg);
	if (style != PAM_PROMPT_ECHO_ON && style != PAM_PROMPT_ECHO_OFF) {
		if (answer && strcmp(answer, "@deaf") == 0)
			return PAM_CONV_ERR;
		*ret = calloc(1, sizeof(**ret));
		return PAM_SUCCESS;
	}
	if (!answer)
		return PAM_CONV_ERR;
	host.answers++;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (strcmp(answer, failures[i].answer) == 0)
			return failures[i].result;
	if (strcmp(answer, "@failresp") == 0) {
		static struct pam_response stale;

		*ret = &stale; /* whoever frees it crashes */
		return PAM_CONV_ERR;
	}
	return respond(answer, ret);
}

static void note_delay(int status, unsigned usec, void *data)
{
	(void)status;
	(void)data;
	if (usec > host.delay_us)
		host.delay_us = usec;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* What the module must leave as it was. */
struct before {
	int fds;
	mode_t mask;
	struct sigaction actions[32];
	sigset_t blocked;
	char cwd[200];
};

static void look(struct before *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->fds = open_descriptors();
	ret->mask = umask(022);
	umask(ret->mask);
	for (int i = 1; i < 32; i++)
		sigaction(i, NULL, &ret->actions[i]);
	sigprocmask(SIG_BLOCK, NULL, &ret->blocked);
	if (!getcwd(ret->cwd, sizeof(ret->cwd)))
		ret->cwd[0] = '\0';
}

/* SA_RESTORER: libc adds it when it sets even what was there. */
#define LIBC_FLAG 0x04000000

static void compare(const struct before *before)
{
	struct before after;
	const char *what = NULL;

	look(&after);
	if (after.fds != before->fds)
		what = "descriptors are left open";
	if (after.mask != before->mask || strcmp(after.cwd, before->cwd) != 0)
		what = "umask or directory changed";
	for (int i = 1; i < 32; i++)
		if (after.actions[i].sa_handler != before->actions[i].sa_handler ||
			(after.actions[i].sa_flags ^ before->actions[i].sa_flags) &
				~LIBC_FLAG)
			what = "a signal's disposition changed";
	if (memcmp(&after.blocked, &before->blocked, sizeof(sigset_t)) != 0)
		what = "the signal mask changed";
	if (what)
		snprintf(host.problem, sizeof(host.problem), "%s", what);
}

static void write_stack(const struct row *row, enum style style)
{
	static const char *const controls[] = { "required", "required", "requisite",
		"sufficient", "[success=ok default=die]",
		"[success=ok ignore=ignore default=die]" };
	const char *group = row->entry == ACCOUNT ? "account"
		: row->entry == CHANGE            ? "password"
						  : "auth";
	char path[200];
	FILE *f;

	/* Without a service libpam takes the stack of "other". */
	snprintf(path, sizeof(path), "%s/%s", host_dir,
		!row->service           ? "otptest"
			: *row->service ? row->service
					: "other");
	f = fopen(path, "w");
	if (!f)
		abort();
	/* Not pam_permit, which gives a user to who has none. */
	if (style != ALONE && style != SUFFICIENT)
		fprintf(f, "%s required pam_rootok.so\n", group);
	if (row->authtok)
		fprintf(f, "%s required %s [set=%s]\n", group, host_helper,
			row->authtok);
	if (row->oldauthtok)
		fprintf(f, "%s required %s [old=%s]\n", group, host_helper,
			row->oldauthtok);
	fprintf(f, "%s %s %s socket=%s timeout=1 %s\n", group, controls[style],
		host_module, host_socket, row->args ? row->args : "");
	if (style == SUFFICIENT)
		fprintf(f, "%s required pam_deny.so\n", group);
	if (row->after)
		fprintf(f, "%s %s\n", group, row->after);
	if (row->authtok_after)
		fprintf(f, "%s required %s [check=%s]\n", group, host_helper,
			row->authtok_after);
	fclose(f);
}

static const struct pam_conv no_conversation = { NULL, NULL };

static void set_items(pam_handle_t *pamh, const struct row *row)
{
	pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)(uintptr_t)note_delay);
	pam_set_item(pamh, PAM_RHOST, row->rhost);
	pam_set_item(pamh, PAM_TTY, "ssh");
	if (row->stale)
		pam_putenv(pamh, row->stale);
	if (row->service && !*row->service)
		pam_set_item(pamh, PAM_SERVICE, "");
	if (row->answers[0] && strcmp(row->answers[0], "@noconv") == 0)
		pam_set_item(pamh, PAM_CONV, &no_conversation);
}

static int call_entry(pam_handle_t *pamh, const struct row *row)
{
	switch (row->entry) {
	case ACCOUNT:
		return pam_acct_mgmt(pamh, row->flags);
	case SETCRED:
		return pam_setcred(pamh, row->flags);
	case CHANGE:
		return pam_chauthtok(pamh, row->flags);
	case AUTH:
		break;
	}
	return pam_authenticate(pamh, row->flags);
}

static void check_user(pam_handle_t *pamh, const char *given)
{
	const void *user = NULL;

	pam_get_item(pamh, PAM_USER, &user);
	if (given && (!user || strcmp(user, given) != 0))
		snprintf(host.problem, sizeof(host.problem), "PAM_USER changed");
}

int host_run(const struct row *row, enum style style)
{
	const struct pam_conv conv = { converse, NULL };
	const char *user = row->user ? row->user : "daemon";
	const char *given = strcmp(user, "@none") == 0 ? NULL : user;
	const char *service = row->service && *row->service ? row->service : "otptest";
	struct before before;
	pam_handle_t *pamh = NULL;
	const char *token;
	int r;

	memset(&host, 0, sizeof(host));
	host.answers = row->answers;
	write_stack(row, style);
	look(&before);
	r = pam_start_confdir(service, given, &conv, host_dir, &pamh);
	if (r != PAM_SUCCESS)
		return r;
	set_items(pamh, row);
	r = call_entry(pamh, row);
	check_user(pamh, given);
	token = pam_getenv(pamh, "EMAILOTP_TOKEN");
	snprintf(host.token, sizeof(host.token), "%s", token ? token : "");
	pam_end(pamh, r);
	compare(&before);
	if (host.unwiped)
		snprintf(host.problem, sizeof(host.problem), "an answer was not wiped");
	return r;
}

/* What is before the module, where something is, has succeeded. */
static int expected_of_one(enum style style, int pam)
{
	if (style == SUFFICIENT)
		return pam == PAM_SUCCESS || pam == PAM_NEW_AUTHTOK_REQD ? pam
									 : PAM_AUTH_ERR;
	if (pam != PAM_IGNORE)
		return pam;
	return style == ALONE || style == DIE ? PAM_PERM_DENIED : PAM_SUCCESS;
}

int host_expected(enum style style, const struct row *row)
{
	int first;

	if (row->entry == SETCRED)
		return row->pam;
	/* With a helper it is not alone. */
	if (style == ALONE && (row->authtok || row->oldauthtok || row->after))
		style = REQUIRED;
	first = expected_of_one(style, row->pam);
	if (row->entry != CHANGE)
		return first;
	/* pam_deny(8) says something else to a password. */
	if (first == PAM_SUCCESS)
		first = expected_of_one(style, row->update);
	return style == SUFFICIENT && first == PAM_AUTH_ERR ? PAM_AUTHTOK_ERR : first;
}

const char *host_style_name(enum style style)
{
	static const char *const names[] = { "alone", "required", "requisite",
		"sufficient", "success=ok default=die",
		"success=ok ignore=ignore default=die" };

	return names[style];
}

/* As hosts have it that wait for children of their own: whoever comes first has it. */
static void reap_all(int number)
{
	int saved = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

void host_reap_children(void)
{
	struct sigaction action = { .sa_handler = reap_all, .sa_flags = SA_RESTART };

	sigaction(SIGCHLD, &action, NULL);
}

void host_init(const char *module, const char *helper)
{
	snprintf(host_dir, sizeof(host_dir), "/tmp/pam_emailotp.XXXXXX");
	if (!mkdtemp(host_dir) || !realpath(module, host_module)) {
		perror(module);
		exit(2);
	}
	if (helper && !realpath(helper, host_helper)) {
		perror(helper);
		exit(2);
	}
	chmod(host_dir, 0755);
	snprintf(host_socket, sizeof(host_socket), "%s/otpd.sock", host_dir);
}

void host_fini(void)
{
	DIR *dir = opendir(host_dir);
	const struct dirent *entry;
	char path[400];

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", host_dir, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(host_dir);
}
