/* SPDX-License-Identifier: MIT */
/* Networks that need no code: numeric, exact, and nothing that a resolver says. */
#include "otpd/core/network.h"

#include <arpa/inet.h>
#include <errno.h>

#include "tests/unit/unit.h"

static bool has(const char *network_text, const char *address)
{
	struct network network;

	ck_assert_msg(network_parse(network_text, &network) == 0, "%s", network_text);
	return network_has(&network, address);
}

START_TEST(addresses_lie_in_networks_by_their_bits)
{
	ck_assert(has("192.0.2.0/24", "192.0.2.0"));
	ck_assert(has("192.0.2.0/24", "192.0.2.255"));
	ck_assert(!has("192.0.2.0/24", "192.0.3.0"));
	ck_assert(!has("192.0.2.0/24", "192.0.1.255"));
	ck_assert(has("192.0.2.128/25", "192.0.2.128"));
	ck_assert(!has("192.0.2.128/25", "192.0.2.127"));
	ck_assert(has("192.0.2.7", "192.0.2.7"));
	ck_assert(!has("192.0.2.7", "192.0.2.6"));
	ck_assert(has("0.0.0.0/0", "255.255.255.255"));
	ck_assert(has("2001:db8::/32", "2001:db8:ffff::1"));
	ck_assert(!has("2001:db8::/32", "2001:db9::"));
	ck_assert(has("2001:db8::/33", "2001:db8:7fff::"));
	ck_assert(!has("2001:db8::/33", "2001:db8:8000::"));
	ck_assert(has("::1", "::1"));
	ck_assert(!has("0.0.0.0/0", "::1"));
	/* sshd on a dual socket may write the one for the other. */
	ck_assert(has("192.0.2.0/24", "::ffff:192.0.2.1"));
	ck_assert(has("::ffff:192.0.2.0/120", "192.0.2.9"));
}
END_TEST

START_TEST(what_is_no_address_lies_in_no_network)
{
	static const char *const texts[] = { "", "localhost", "192.0.2", "192.0.2.1 ",
		" 192.0.2.1", "192.0.2.1.", "192.0.2.01", "192.0.2.1/32", "0xc0000201",
		"3221225985", "fe80::1%eth0", "[::1]", "192.0.2.1\n", "evil.example",
		"192.0.2.1.evil.example", ":::", "::1::" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(!has("0.0.0.0/0", texts[i]), "%s", texts[i]);
		ck_assert_msg(!has("::/0", texts[i]), "%s", texts[i]);
	}
}
END_TEST

START_TEST(networks_with_host_bits_or_odd_lengths_are_refused)
{
	static const char *const bad[] = {
		"", "/", "/8", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/",
		"192.0.2.0/-1", "192.0.2.0/x", "192.0.2.0/24x", "192.0.2.0/ 24",
		"192.0.2.0/24/24", "192.0.2/24", "2001:db8::1/32", "2001:db8::/129",
		"example", "example.org/24", "192.0.2.0/99999999999999999999",
		"10.0.0.0/4294967304", "10.0.0.0/+8", "fe80::%1/64",
		"00000000000000000000000000000000000000000000000000000000000000000000/8"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network network = { .bits = 77 };

		ck_assert_msg(network_parse(bad[i], &network) == -EINVAL, "%s", bad[i]);
		ck_assert_int_eq(network.bits, 77);
	}
}
END_TEST

START_TEST(every_prefix_agrees_with_arithmetic)
{
	uint64_t state = 41;

	for (int i = 0; i < 20000; i++) {
		unsigned bits = unit_random(&state) % 33;
		uint32_t mask = bits ? 0xffffffffu << (32 - bits) : 0;
		uint32_t base = unit_random(&state) & mask;
		uint32_t host = unit_random(&state) % 4
			? base ^ 1u << unit_random(&state) % 32
			: unit_random(&state);
		struct in_addr a = { htonl(base) }, b = { htonl(host) };
		char text[64], address[INET_ADDRSTRLEN];

		ck_assert_ptr_nonnull(inet_ntop(AF_INET, &a, address, sizeof(address)));
		snprintf(text, sizeof(text), "%s/%u", address, bits);
		ck_assert_ptr_nonnull(inet_ntop(AF_INET, &b, address, sizeof(address)));
		ck_assert_int_eq(has(text, address), (host & mask) == base);
	}
}
END_TEST

START_TEST(an_origin_is_the_address_or_the_subnet_of_ipv6)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "::ffff:192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::9", "2001:db8:1:2::/64" },
		{ "host.example.org", "host.example.org" },
		{ "a:b", "a:b" },
		{ "", "" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		network_origin(out, sizeof(out), pairs[i][0]);
		ck_assert_str_eq(out, pairs[i][1]);
	}
}
END_TEST

START_TEST(networks_of_ipv6_hold_no_ipv4_address)
{
	ck_assert(!has("::/0", "192.0.2.1"));
	ck_assert(has("::/0", "2001:db8::1"));
	ck_assert(has("0.0.0.0/0", "192.0.2.1"));
	ck_assert(!has("0.0.0.0/0", "2001:db8::1"));
}
END_TEST

UNIT_MAIN("network", an_origin_is_the_address_or_the_subnet_of_ipv6,
	networks_of_ipv6_hold_no_ipv4_address, addresses_lie_in_networks_by_their_bits,
	what_is_no_address_lies_in_no_network,
	networks_with_host_bits_or_odd_lengths_are_refused,
	every_prefix_agrees_with_arithmetic);
