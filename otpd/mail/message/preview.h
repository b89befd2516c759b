/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_MESSAGE_PREVIEW_H
#define OTPD_MAIL_MESSAGE_PREVIEW_H

#include <stddef.h>

struct mail_config;

/*
 * Writes every kind of mail in every language, as a person without a tenant and as
 * those of each tenant get it, with made-up data: DIR/KIND.LANG.txt, .html, .eml, .sms,
 * the tenants' in DIR/TENANT/, and DIR/index.html, which leads to them. Directories are
 * made where they are missing, and refused where others own or may write them; files
 * are replaced, links too. 0, or -errno and why in error.
 */
int preview_write(const struct mail_config *config, const char *directory, char *error,
	size_t error_size);

#endif
