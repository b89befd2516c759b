/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_ADDRESS_H
#define OTPD_CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether text is a mail address that is safe on an SMTP command line: dot-atom local
 * part of at most 64 bytes, host name of at least two labels of at most 63 bytes,
 * ASCII, at most LIMIT_ADDRESS bytes. Returns NULL if it is, else why not, as a clause
 * for people.
 */
const char *address_problem(const char *text);

/*
 * The same for whatever a code can go to: a mail address, or a telephone number as
 * ITU-T E.164 writes it, "+" and 7 to 15 digits of which the first is not 0.
 */
const char *address_route_problem(const char *text);

/* Whether it is meant as a telephone number; addresses may begin with "+", too. */
bool address_is_number(const char *text);

/* Copies with the domain in lower case; the local part stays as it is (RFC 5321 2.4).
 */
void address_normalize(char *out, size_t size, const char *address);

/* "a***@example.org" or "+***56", for logs and answers. out: LIMIT_ADDRESS + 4 bytes.
 */
void address_mask(char *out, size_t size, const char *address);

/* The part behind the @; "" if there is none. */
const char *address_domain(const char *address);

#endif
