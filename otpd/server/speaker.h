/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SPEAKER_H
#define OTPD_SERVER_SPEAKER_H

#include "otpd/server/begin.h"

/* Who asks about a login, for the checks of methods. */

/* Whether it can be a name at all: not empty, UTF-8, no controls. */
bool speaker_is_name(const char *name);

/* What stands in mails and logs besides the name, as the caller said it, made clean. */
void speaker_clean(const struct call *call, struct begin_in *in);

/*
 * Whether the caller may speak for this Unix user, and what has to be known of him
 * first. Submits the call then, now or later; or an outcome or -errno. For a check of a
 * METHOD_ASYNC whose call->in and call->work begin with a begin_in and a begin_work.
 */
int speaker_check(struct call *call);

#endif
