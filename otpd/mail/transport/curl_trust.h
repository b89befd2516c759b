/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_CURL_TRUST_H
#define OTPD_MAIL_TRANSPORT_CURL_TRUST_H

#include <curl/curl.h>
#include <stdbool.h>

/*
 * What holds for every connection: TLS 1.2 or later with a verified certificate (of
 * ca_file, in place of the system's, if it is not empty), nothing from the environment,
 * no signals, limit_s seconds for all of it. False: no memory, or libcurl cannot.
 */
bool curl_set_trust(CURL *easy, const char *ca_file, long limit_s);

#endif
