/* SPDX-License-Identifier: MIT */
/*
 * The three functions that PAM calls. Each reads its options anew, does its work with
 * what is on its stack, and leaves nothing behind: no data in the handle but
 * PAM_AUTHTOK, no descriptor, no thread, no state of the process changed. A host may
 * load the module once and call it from many threads.
 *
 * The code that goes back to PAM MUST come from the table in result.c. PAM_SUCCESS of
 * pam_sm_setcred is the exception: there are no credentials to set, and anything else
 * alone in a stack makes sshd and cron fail.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <string.h>
#include <syslog.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/text.h"
#include "pam_emailotp/call.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/options.h"
#include "pam_emailotp/password.h"
#include "pam_emailotp/report.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/who.h"

#define FAIL_DELAY_US \
	2000000 /* sshd adds its own; more would be felt by honest users */

struct session {
	struct options options;
	struct who who;
	struct answer answer;
};

static int read_options(
	pam_handle_t *pamh, int argc, const char **argv, struct options *ret)
{
	char error[OPTIONS_ERROR];

	if (options_parse(argc, argv, ret, error) == 0)
		return 0;
	pam_syslog(pamh, LOG_ERR, "%s", error);
	return RESULT_BAD_OPTION;
}

static void debug_call(
	pam_handle_t *pamh, const struct session *session, const char *entry)
{
	char user[280];

	if (session->options.debug)
		pam_syslog(pamh, LOG_DEBUG, "%s called: user=%s known=%s socket=%s",
			entry, text_quote(user, sizeof(user), session->who.user),
			session->who.unknown ? "no" : "yes", session->options.socket);
}

static int authenticate(pam_handle_t *pamh, int flags, struct session *session)
{
	int r = who_read(pamh, &session->who);

	if (r != 0)
		return r;
	debug_call(pamh, session, "pam_sm_authenticate");
	if (session->options.password == PASSWORD_SYSTEM) {
		r = password_check(pamh, &session->options, &session->who);
		if (r != RESULT_PASSWORD_RIGHT)
			return r;
	}
	return dialog_run(
		pamh, flags, &session->options, &session->who, &session->answer);
}

static int account(pam_handle_t *pamh, struct session *session)
{
	int r = who_read(pamh, &session->who);

	if (r != 0)
		return r;
	debug_call(pamh, session, "pam_sm_acct_mgmt");
	if (session->who.unknown)
		return RESULT_UNKNOWN_USER;
	r = call_account(pamh, &session->options, &session->who, &session->answer);
	return dialog_settle(r, &session->options, &session->who);
}

static int finish(
	pam_handle_t *pamh, const struct session *session, int result, int pam)
{
	const struct answer *answer = &session->answer;
	const char *name = outcome_name(result);

	if (result == RESULT_BAD_OPTION)
		return pam; /* which one it is has been said */
	report_result(pamh, &session->who, answer->challenge.reference,
		name && result > OUTCOME_OK ? name : answer->error, result, pam,
		session->options.debug);
	if (pam == PAM_AUTH_ERR)
		pam_fail_delay(pamh, FAIL_DELAY_US);
	return pam;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session session = { .options = { 0 } };
	int r = read_options(pamh, argc, argv, &session.options);

	if (r == 0)
		r = authenticate(pamh, flags, &session);
	return finish(pamh, &session, r, result_auth(r));
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session session = { .options = { 0 } };
	int r = read_options(pamh, argc, argv, &session.options);

	(void)flags;
	if (r == 0)
		r = account(pamh, &session);
	return finish(pamh, &session, r, result_account(r));
}
