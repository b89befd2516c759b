/* SPDX-License-Identifier: MIT */
/*
 * Networks that need no code. Only numeric addresses can lie in one: a name in
 * PAM_RHOST comes from the resolver of whoever logs in, and proves nothing.
 */
#include "otpd/core/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/parse.h"
#include "otpd/util/text.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static int address_parse(const char *text, uint8_t ret[16], bool *ret_v4)
{
	uint8_t v4[4], v6[16];

	if (inet_pton(AF_INET, text, v4) == 1) {
		memcpy(ret, mapped, sizeof(mapped));
		memcpy(ret + sizeof(mapped), v4, sizeof(v4));
		*ret_v4 = true;
		return 0;
	}
	if (inet_pton(AF_INET6, text, v6) != 1)
		return -EINVAL;
	memcpy(ret, v6, sizeof(v6));
	*ret_v4 = memcmp(v6, mapped, sizeof(mapped)) == 0;
	return 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return rest == 0 || (a[whole] & mask) == (b[whole] & mask);
}

static bool host_bits_are_zero(const struct network *network)
{
	for (int i = network->bits; i < 128; i++)
		if (network->bytes[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

int network_parse(const char *text, struct network *ret)
{
	char address[64];
	const char *slash = strchr(text, '/');
	struct network network = { .bits = 128 };
	int64_t bits = -1;
	bool v4;

	if (slash && (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	if (!text_copy(address, sizeof(address), text) && !slash)
		return -EINVAL;
	if (slash) {
		memcpy(address, text, (size_t)(slash - text));
		address[slash - text] = '\0';
		if (parse_int(slash + 1, &bits) < 0 || bits < 0)
			return -EINVAL;
	}
	if (address_parse(address, network.bytes, &v4) < 0 ||
		bits > (strchr(address, ':') ? 128 : 32))
		return -EINVAL;
	if (slash)
		network.bits = (int)bits + (strchr(address, ':') ? 0 : 96);
	network.v4 = v4 && network.bits >= 96;
	if (!host_bits_are_zero(&network))
		return -EINVAL;
	*ret = network;
	return 0;
}

bool network_has(const struct network *network, const char *address)
{
	uint8_t bytes[16];
	bool v4;

	return address_parse(address, bytes, &v4) == 0 && v4 == network->v4 &&
		same_bits(network->bytes, bytes, network->bits);
}

void network_origin(char *out, size_t size, const char *rhost)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	bool v4;

	if (!strchr(rhost, ':') || address_parse(rhost, bytes, &v4) < 0 || v4) {
		text_copy(out, size, rhost);
		return;
	}
	memset(bytes + 8, 0, 8);
	inet_ntop(AF_INET6, bytes, text, sizeof(text));
	snprintf(out, size, "%s/64", text);
}
