/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_TOKEN_CLAIMS_H
#define OTPD_CORE_TOKEN_CLAIMS_H

#include "otpd/core/token.h"
#include "otpd/util/buffer.h"

/* The claims as JSON, appended. -EINVAL as token_sign() has it, or -ENOMEM. */
int token_claims_write(struct buffer *out, const struct token_claims *claims);

/*
 * Claims that token_claims_write() would write as these very bytes: each once, in its
 * place and of its type, none unknown. -EBADMSG for any other text, or -ENOMEM.
 */
int token_claims_read(struct token_claims *ret, const char *text);

#endif
