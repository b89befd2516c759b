/* SPDX-License-Identifier: MIT */
/*
 * Tenants and languages that otpd-mail does not know. otpd takes them as they come,
 * since mail.conf is not its file, and otpd-mail falls back without a word: a spelling
 * error would be seen by nobody but the recipients. So what is known is asked for, and
 * doubted aloud; MUST NOT stop a command, since mail.conf may get it later.
 */
#include "otpd/ctl/doubt.h"

#include <stdio.h>
#include <string.h>

#include "otpd/ctl/mailer.h"
#include "otpd/ctl/output.h"
#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define MAILER_MS 3000 /* it answers at once or is ill */

static bool has(const json_t *list, const char *name, bool nocase)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *text = json_string_value(one);

		if (text &&
			(nocase ? text_same_nocase(text, name) : !strcmp(text, name)))
			return true;
	}
	return false;
}

bool doubt_tenant(
	const json_t *status, const char *tenant, char text[static DOUBT_SIZE])
{
	const json_t *known = json_object_get(status, "tenants");

	if (!tenant || !tenant[0] || !json_is_array(known) || has(known, tenant, false))
		return false;
	snprintf(text, DOUBT_SIZE,
		"mail.conf has no tenant \"%.100s\"; the mail is sent in the name of the "
		"top level",
		tenant);
	return true;
}

bool doubt_language(
	const json_t *status, const char *language, char text[static DOUBT_SIZE])
{
	const json_t *known = json_object_get(status, "languages");
	char base[LIMIT_LANGUAGE + 1];

	if (!language || !language[0] || !json_is_array(known) ||
		!text_copy(base, sizeof(base), language))
		return false;
	/* As otpd-mail looks for it: "zh-Hant-TW", "zh-Hant", "zh". */
	for (char *dash = base; dash; dash = strrchr(base, '-')) {
		if (dash != base)
			*dash = '\0';
		if (has(known, base, true))
			return false;
	}
	snprintf(text, DOUBT_SIZE,
		"otpd-mail has no templates in \"%s\"; mails will be in its default "
		"language",
		language);
	return true;
}

void doubt_warn_of_language(const struct session *session,
	const struct arguments *arguments, const char *language)
{
	CLEANUP(json_decrefp) json_t *status = NULL;
	char text[DOUBT_SIZE];
	struct mailer mailer;

	if (!language || !language[0])
		return;
	mailer_init(&mailer, session, arguments);
	if (mailer.session.timeout_ms > MAILER_MS)
		mailer.session.timeout_ms = MAILER_MS;
	if (mailer_call(&mailer, "Status", json_object(), &status) == 0 &&
		doubt_language(status, language, text))
		output_warning(session->json, "%s", text);
	mailer_close(&mailer);
}
