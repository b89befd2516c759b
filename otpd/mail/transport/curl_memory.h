/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_CURL_MEMORY_H
#define OTPD_MAIL_TRANSPORT_CURL_MEMORY_H

/*
 * Initialises libcurl, once, so that whatever it frees is wiped: its buffers hold the
 * mails and the relay's password. 0 or -ENOMEM.
 */
int curl_memory_init(void);

#endif
