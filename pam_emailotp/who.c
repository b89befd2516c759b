/* SPDX-License-Identifier: MIT */
/*
 * The identity that everything hangs on. It MUST be the name that NSS returns, never
 * the spelling that was typed, or a second spelling would be a second set of tries.
 * PAM_USER MUST NOT be changed: sudo and older sshd go on with the user that they
 * started with.
 *
 * An account of otpd's is no user of the system: NSS is not asked, and which spellings
 * of an address are the same login is for otpd to say, which counts the tries.
 *
 * What PAM holds comes from strangers. Service, host and terminal are only told to otpd
 * and are made clean; a user name that would have to be made clean is refused instead.
 */
#include "pam_emailotp/who.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <string.h>

#include "otpd/util/text.h"
#include "pam_emailotp/result.h"

static void read_item(
	pam_handle_t *pamh, int item, const char *missing, char *out, size_t size)
{
	const void *text = NULL;

	if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || !text ||
		!*(const char *)text)
		text = missing;
	text_copy_clean(out, size, text);
}

static bool is_acceptable(const char *name)
{
	return *name && strlen(name) <= LIMIT_USER && text_is_utf8(name) &&
		!text_has_control(name);
}

static int read_name(pam_handle_t *pamh, const char **ret)
{
	switch (pam_get_user(pamh, ret, NULL)) {
	case PAM_SUCCESS:
		return *ret ? 0 : RESULT_BAD_NAME;
	case PAM_BUF_ERR:
		return -ENOMEM;
	case PAM_CONV_ERR:
	case PAM_CONV_AGAIN:
		return RESULT_NO_CONVERSATION;
	default:
		return RESULT_BAD_NAME;
	}
}

/* The name as NSS spells it. */
static int look_up(pam_handle_t *pamh, const char *name, struct who *who)
{
	const struct passwd *entry = pam_modutil_getpwnam(pamh, name);

	if (!entry)
		return 0;
	if (!entry->pw_name || !is_acceptable(entry->pw_name))
		return RESULT_BAD_NAME;
	who->unknown = false;
	text_copy(who->user, sizeof(who->user), entry->pw_name);
	return 0;
}

int who_read(pam_handle_t *pamh, bool of_account, struct who *ret)
{
	const char *name = NULL;
	int r;

	*ret = (struct who){ .unknown = true };
	read_item(pamh, PAM_SERVICE, "unknown", ret->service, sizeof(ret->service));
	read_item(pamh, PAM_RHOST, "", ret->rhost, sizeof(ret->rhost));
	read_item(pamh, PAM_TTY, "", ret->tty, sizeof(ret->tty));
	r = read_name(pamh, &name);
	if (r != 0)
		return r;
	text_copy_clean(ret->user, sizeof(ret->user), name);
	if (!is_acceptable(name))
		return RESULT_BAD_NAME;
	if (!of_account)
		return look_up(pamh, name, ret);
	ret->unknown = false;
	return 0;
}
