/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_JWS_H
#define OTPD_CORE_JWS_H

#include <stddef.h>
#include <stdint.h>

#define JWS_HEADER    128 /* bytes of a header with its NUL */
#define JWS_SIGNATURE 86  /* characters of 64 bytes */

/*
 * header and payload as a compact JSON Web Signature (RFC 7515 7.1), signed with
 * Ed25519 (RFC 8037). -EMSGSIZE if it does not fit with its NUL.
 */
int jws_sign(char *out, size_t size, const uint8_t secret[64], const char *header,
	const char *payload);

/*
 * The payload of one that has exactly this header, byte by byte, and a good signature;
 * -EBADMSG for any other, and for a payload with a NUL in it or longer than size.
 */
int jws_open(char *payload, size_t size, const uint8_t public[32], const char *header,
	const char *text);

#endif
