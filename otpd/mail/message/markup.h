/* SPDX-License-Identifier: MIT */
/* Where in HTML a variable stands, and whether escaping makes it harmless there. */
#ifndef OTPD_MAIL_MESSAGE_MARKUP_H
#define OTPD_MAIL_MESSAGE_MARKUP_H

#include <stdint.h>

#include "otpd/util/stencil.h"

/*
 * Whether the variables of a template of HTML stand only where they may: in text, in
 * quoted attributes that are neither addresses nor programs, and, those of the set
 * made, in styles. -EINVAL and *fault if not.
 */
int markup_check(const char *html, const struct stencil_name *names, uint64_t made,
	struct stencil_fault *fault);

/* Takes the indent of the lines away: nobody sees it, and each mail would carry it. */
void markup_trim(char *html);

#endif
