/* SPDX-License-Identifier: MIT */
/*
 * The four functions that PAM calls. Each reads its options anew, does its work with
 * what is on its stack, and leaves nothing behind: no data in the handle but
 * PAM_AUTHTOK and what option token puts into PAM's environment, no descriptor, no
 * thread, no state of the process changed. A host may load the module once and call it
 * from many threads.
 *
 * The code that goes back to PAM MUST come from the table in result.c. PAM_SUCCESS of
 * pam_sm_setcred is the exception: there are no credentials to set, and anything else
 * alone in a stack makes sshd and cron fail.
 */
#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "otpd/version.h"
#include "pam_emailotp/account.h"
#include "pam_emailotp/append.h"
#include "pam_emailotp/call_auth.h"
#include "pam_emailotp/change.h"
#include "pam_emailotp/dialog.h"
#include "pam_emailotp/gate.h"
#include "pam_emailotp/options.h"
#include "pam_emailotp/password.h"
#include "pam_emailotp/report.h"
#include "pam_emailotp/request.h"
#include "pam_emailotp/result.h"
#include "pam_emailotp/token.h"
#include "pam_emailotp/who.h"

/* For whoever looks at the file (otpctl doctor): which version of the daemon it is of.
 */
__attribute__((used)) static const char version[] = "pam_emailotp " OTPD_VERSION;

#define FAIL_DELAY_US \
	2000000 /* sshd adds its own; more would be felt by honest users */

static void wipe_request(struct request *request)
{
	answer_wipe(&request->answer);
}

static int refuse_options(pam_handle_t *pamh, const char *error)
{
	pam_syslog(pamh, LOG_ERR, "%s", error);
	return RESULT_BAD_OPTION;
}

static void debug_call(const struct request *request, const char *entry)
{
	char user[280];

	if (request->options.debug)
		pam_syslog(request->pamh, LOG_DEBUG,
			"%s called: user=%s known=%s socket=%s", entry,
			text_quote(user, sizeof(user), request->who.user),
			request->who.unknown ? "no" : "yes", request->options.socket);
}

/* Everything of a call before its work: 0, or why it ends here. */
static int open_request(
	struct request *request, const char *entry, int argc, const char **argv)
{
	char error[OPTIONS_ERROR];
	int r;

	if (options_parse(argc, argv, &request->options, error) < 0)
		return refuse_options(request->pamh, error);
	r = who_read(request->pamh, request_is_of_account(request), &request->who);
	if (r == 0)
		debug_call(request, entry);
	return r;
}

static int sign_in(struct request *request)
{
	if (request->options.append)
		return append_run(request);
	if (request_is_of_account(request))
		return account_sign_in(request);
	if (request->options.password == PASSWORD_SYSTEM) {
		int r = password_check(request, PAM_AUTHTOK);

		if (r != RESULT_PASSWORD_RIGHT)
			return r;
	}
	return dialog_run(request, &step_login, NULL);
}

static int authenticate(struct request *request)
{
	int r = token_clear(request);

	if (r < 0)
		return r;
	r = sign_in(request);
	if (r == RESULT_VERIFIED && token_hand_over(request) < 0)
		return -ENOMEM;
	return r;
}

static int account(struct request *request)
{
	if (request_is_of_account(request))
		return account_check(request);
	if (request->who.unknown)
		return RESULT_UNKNOWN_USER;
	return dialog_settle(call_account(request), request);
}

static int change(struct request *request)
{
	char error[OPTIONS_ERROR];

	if (options_check_change(&request->options, error) < 0)
		return refuse_options(request->pamh, error);
	/* libpam gives one of the two. */
	if (!(request->flags & (PAM_PRELIM_CHECK | PAM_UPDATE_AUTHTOK)))
		return -EINVAL;
	if (!request_is_of_account(request))
		return gate_run(request);
	return request->flags & PAM_PRELIM_CHECK ? change_check(request)
						 : change_run(request);
}

static int finish(const struct request *request, int result, int pam)
{
	const struct answer *answer = &request->answer;
	const char *name = outcome_name(result);

	if (result == RESULT_BAD_OPTION)
		return pam; /* which one it is has been said */
	report_result(request->pamh, &request->who, answer->challenge.reference,
		name && result > OUTCOME_OK ? name : answer->error, result, pam,
		request->options.debug);
	/* A client with one box is to come back soon; its password was right. */
	if (pam == PAM_AUTH_ERR && result != RESULT_CODE_MAILED)
		pam_fail_delay(request->pamh, FAIL_DELAY_US);
	return pam;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(wipe_request) struct request request = { .pamh = pamh, .flags = flags };
	int r = open_request(&request, "pam_sm_authenticate", argc, argv);

	if (r == 0)
		r = authenticate(&request);
	return finish(&request, r, result_auth(r));
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
	CLEANUP(wipe_request) struct request request = { .pamh = pamh, .flags = flags };
	int r = open_request(&request, "pam_sm_acct_mgmt", argc, argv);

	if (r == 0)
		r = account(&request);
	return finish(&request, r, result_account(r));
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(wipe_request) struct request request = { .pamh = pamh, .flags = flags };
	int r = open_request(&request, "pam_sm_chauthtok", argc, argv);

	if (r == 0)
		r = change(&request);
	return finish(&request, r, result_change(r));
}
