/* SPDX-License-Identifier: MIT */
/*
 * All events, in the order of names. tests/lint/loglines.py holds the table against
 * what is written and against otpd(8). A MESSAGE_ID is part of the interface: it stays
 * as it is, and one that is new is drawn at random (systemd-id128 new).
 */
#include "otpd/core/event.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
const struct event events[] = {
	{ "account_created", NULL },
	{ "account_disabled", NULL },
	{ "account_removed", NULL },
	{ "account_unlocked", NULL },
	{ "account_verified", NULL },
	{ "address_begun", NULL },
	{ "address_changed", NULL },
	{ "address_verified", NULL },
	{ "break_glass_made", "eaf57dbc2a608e9f4b4a7c01122e1835" },
	{ "break_glass_used", "af76a73869dc8af3fa95c4dad08faaa2" },
	{ "burnt", "975aa3db096d4e5cbd74eb92782a22da" },
	{ "cancelled", NULL },
	{ "decoy", NULL },
	{ "disabled", "910da2e88a5d402582d55cf9d42c6ae2" },
	{ "enrol_asked", NULL },
	{ "enrol_begun", NULL },
	{ "enrolled", "22e65ac7d59c464681d300461b332641" },
	{ "exempt", NULL },
	{ "expired", NULL },
	{ "issued", NULL },
	{ "locked", "023d74dbfe9449d2a3a8d1928ad4ec8a" },
	{ "mailless", NULL },
	{ "no_challenge", NULL },
	{ "not_enrolled", NULL },
	{ "password_begun", NULL },
	{ "password_granted", NULL },
	{ "password_locked", "782044d9c717456ba43d673aacde01c5" },
	{ "password_set", NULL },
	{ "password_wrong", "fbe1802d32714472bf5dbfd9dfa747de" },
	{ "recovery_allowed", NULL },
	{ "recovery_begun", NULL },
	{ "recovery_locked", NULL },
	{ "recovery_made", "e5928296463f4988906cdf6cc5a1dcbf" },
	{ "recovery_used", "cc6c6d709e574200998c9c2e228f2c0c" },
	{ "recovery_wrong", "834fcf7944614e02899f012d6b824930" },
	{ "refused_locked", NULL },
	{ "refused_state", NULL },
	{ "reg_begun", NULL },
	{ "reg_proven", NULL },
	{ "reg_taken", NULL },
	{ "remembered", NULL },
	{ "resent", NULL },
	{ "reset_allowed", NULL },
	{ "reset_begun", NULL },
	{ "reset_locked", NULL },
	{ "reset_required", NULL },
	{ "reset_unknown", NULL },
	{ "resumed", NULL },
	{ "second_begun", NULL },
	{ "second_changed", NULL },
	{ "second_enrolled", NULL },
	{ "session_ended", NULL },
	{ "session_opened", NULL },
	{ "session_reused", "b25ceff2135f4279876c421f908f7e9d" },
	{ "sessions_ended", NULL },
	{ "test_queued", NULL },
	{ "throttled", NULL },
	{ "token_key_rotated", NULL },
	{ "undeliverable", "e0dcdba8b02a46538e1e8e27a1d028ff" },
	{ "user_added", "2ee6c76f741d4dac943c085cd2238b33" },
	{ "user_changed", "d7ecdf049f6547e0a05c4c17e099c567" },
	{ "user_disabled", "506238d36cd14387a0a77986ab2ac42e" },
	{ "user_removed", "32fc87d4df8643d2992ecd5bd41067b7" },
	{ "user_unlocked", "0ef033192ffc4914bb807d043e9cfd7d" },
	{ "user_verified", "0e1691901c6a43529dc269f06409ac02" },
	{ "users_imported", "6b7552efea9746bea67bf3ccc1beddf1" },
	{ "verified", "276b2b43501e4be08ce3c2a77bdaac75" },
	{ "wrong", "62220392e0414697a00f9087dddd9208" },
};
/* clang-format on */

const size_t events_count = sizeof(events) / sizeof(events[0]);

static_assert(
	sizeof(events) / sizeof(events[0]) <= EVENT_MAX, "EVENT_MAX is too small");

size_t event_find(const char *name)
{
	size_t low = 0, high = events_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, events[middle].name);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return events_count;
}
