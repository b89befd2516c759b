/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_DOUBT_H
#define OTPD_CTL_DOUBT_H

#include <jansson.h>
#include <stdbool.h>

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"

#define DOUBT_SIZE 256

/*
 * Whether an answer of Mail.Status says that mail.conf has no such tenant, or that
 * there are no templates in the language or its base ("pt" for "pt-BR"); then what
 * happens instead stands in text. NULL and "" are never doubted, and neither is
 * anything where the answer has no list of them.
 */
bool doubt_tenant(
	const json_t *status, const char *tenant, char text[static DOUBT_SIZE]);
bool doubt_language(
	const json_t *status, const char *language, char text[static DOUBT_SIZE]);

/* Asks otpd-mail, and warns of a language that it has not; silent if it cannot be
 * asked.
 */
void doubt_warn_of_language(const struct session *session,
	const struct arguments *arguments, const char *language);

#endif
