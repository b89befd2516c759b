/* SPDX-License-Identifier: MIT */
/*
 * Refresh tokens that a server has given in place of the configured one. Microsoft does
 * so with every access token, and lets the old ones die after 90 days.
 *
 * One file for each transport, NAME.refresh-token in the directory of key_file, mode
 * 0600: the BLAKE2b hash of the token of mail.conf that it stems from, and the newest
 * token. A token in mail.conf's file that is not the one of the hash is newer than what
 * is kept, and wins.
 */
#ifndef OTPD_MAIL_TRANSPORT_OAUTH_STORE_H
#define OTPD_MAIL_TRANSPORT_OAUTH_STORE_H

#include "otpd/mail/config.h"

/*
 * The token that is kept in place of configured, for secret_free(); NULL if there is
 * none. A file that cannot be read is logged, and as good as none.
 */
char *oauth_store_load(const struct transport_config *config, const char *configured);

/* Keeps a token, whole and on the disk before the old one is gone. 0 or -errno. */
int oauth_store_keep(const struct transport_config *config, const char *configured,
	const char *token);

/* Forgets what is kept in place of configured if it is this one. 0 or -errno. */
int oauth_store_drop(const struct transport_config *config, const char *configured,
	const char *refused);

#endif
