/* SPDX-License-Identifier: MIT */
/*
 * The log. Lines begin with a sentence and end in key=value pairs of a fixed order, and
 * are documented in pam_emailotp(8): people grep for them. Text of strangers is quoted,
 * so that nobody writes a second line or a pair of his own. A code, a password or the
 * answer to a prompt MUST NOT come here.
 */
#include "pam_emailotp/report.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

#include "otpd/util/text.h"
#include "pam_emailotp/result.h"

static const char *verdict(int pam)
{
	switch (pam) {
	case PAM_SUCCESS:
		return "accepted";
	case PAM_IGNORE:
		return "passed over";
	default:
		return "refused";
	}
}

void report_result(pam_handle_t *pamh, const struct who *who, const char *reference,
	const char *detail, int result, int pam, bool debug)
{
	char user[TEXT_QUOTED], service[TEXT_QUOTED], rhost[TEXT_QUOTED],
		error[TEXT_QUOTED];
	int saved = errno;

	if (result_priority(result) == LOG_DEBUG && !debug)
		return;
	if (!*detail && result < 0 && result >= -4095)
		detail = strerrorname_np(-result) ? strerrorname_np(-result) : "";
	pam_syslog(pamh, result_priority(result),
		"%s, %s: user=%s service=%s rhost=%s ref=%s result=%s%s%s",
		verdict(pam), result_text(result),
		text_quote(user, sizeof(user), who->user),
		text_quote(service, sizeof(service), who->service),
		text_quote(rhost, sizeof(rhost), who->rhost),
		*reference ? reference : "-", result_pam_name(pam),
		*detail ? " error=" : "",
		*detail ? text_quote(error, sizeof(error), detail) : "");
	errno = saved;
}
