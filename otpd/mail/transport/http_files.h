/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_HTTP_FILES_H
#define OTPD_MAIL_TRANSPORT_HTTP_FILES_H

#include "otpd/mail/transport/http_spec.h"

/* Reads the secrets and finds the certificates of http_spec_load(), which see. */
int http_files_read(struct http_spec *spec, const struct transport_config *config,
	bool forgiving, const char **ret_unseen, char *error, size_t error_size);

#endif
