/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_NETWORK_H
#define OTPD_CORE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct network {
	uint8_t bytes[16]; /* IPv4 as IPv4-mapped IPv6 (RFC 4291 2.5.5.2) */
	int bits;
	bool v4; /* "::/0" has no IPv4 address in it */
};

/* "192.0.2.0/24", "2001:db8::/32", or one address. -EINVAL: neither, or host bits set.
 */
int network_parse(const char *text, struct network *ret);

/*
 * What budgets count a remote host by: of an IPv6 address its /64, of which one
 * subscriber has all addresses; anything else as it stands. out has LIMIT_RHOST + 1
 * bytes.
 */
void network_origin(char *out, size_t size, const char *rhost);

/* Whether the numeric address lies in it. False for anything that is no address. */
bool network_has(const struct network *network, const char *address);

#endif
