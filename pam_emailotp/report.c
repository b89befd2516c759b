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

#define QUOTED 280

static bool is_plain(const char *text, size_t length)
{
	unsigned char c = (unsigned char)text[0];

	if (length == 0 || c < 0x20 || c == 0x7f || c == '"' || c == '\\')
		return false;
	return c != 0xc2 || (unsigned char)text[1] >= 0xa0; /* U+0080 to U+009F */
}

const char *report_quote(char *out, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	out[n++] = '"';
	while (*text) {
		size_t length = text_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (n + 10 > size) { /* the longest step, "...", the quote, the NUL */
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (is_plain(text, length)) {
			memcpy(out + n, text, length);
			n += length;
			text += length;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
		text++;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

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
	char user[QUOTED], service[QUOTED], rhost[QUOTED], error[QUOTED];
	int saved = errno;

	if (pam == PAM_SUCCESS && !debug)
		return;
	if (!*detail && result < 0 && result >= -4095)
		detail = strerrorname_np(-result) ? strerrorname_np(-result) : "";
	pam_syslog(pamh, result_priority(result),
		"%s, %s: user=%s service=%s rhost=%s ref=%s result=%s%s%s",
		verdict(pam), result_text(result),
		report_quote(user, sizeof(user), who->user),
		report_quote(service, sizeof(service), who->service),
		report_quote(rhost, sizeof(rhost), who->rhost),
		*reference ? reference : "-", result_pam_name(pam),
		*detail ? " error=" : "",
		*detail ? report_quote(error, sizeof(error), detail) : "");
	errno = saved;
}
