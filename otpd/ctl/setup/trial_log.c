/* SPDX-License-Identifier: MIT */
/*
 * What sshd and otpd say during a trial, in words for who looks on. Lines are known by
 * how they begin, since names that strangers type stand in them further on.
 */
#include "otpd/ctl/setup/trial_log.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const struct trial_word lines[] = {
	{ "Connection from ", "A connection has come." },
	{ "Invalid user ", "The login named a user whom this host does not know." },
	{ "Partial publickey for ", "The key was accepted; what follows is the code." },
	{ "Failed publickey for ", "A key was offered that this user has not." },
	{ "Failed none for ", NULL },
	{ "Failed ", "sshd has refused the login." },
	{ "Accepted ", "sshd has let the user in." },
	{ "Starting session: ", "A session was opened." },
	{ "Connection closed by ", "The connection was closed from the other side." },
	{ "Disconnected from ", "The connection was closed." },
	{ "Received disconnect from ", NULL },
	{ "error: maximum authentication attempts exceeded",
		"There were too many tries in one connection." },
	{ "error: PAM: ", "PAM has refused: wrong password or wrong code." },
	{ "fatal: Timeout before authentication",
		"The login took longer than sshd waits." },
	{ "User child is on pid ", NULL },
	{ "User ", "sshd does not let this user in:" },
	{ "ROOT LOGIN REFUSED", "sshd does not let root in (PermitRootLogin)." },
	{ "error: ", "sshd says:" },
	{ "fatal: ", "sshd says:" },
};

static const struct trial_word events[] = {
	{ "issued", "The password was right, and a code was mailed." },
	{ "resumed", "The code that was mailed before is still good." },
	{ "resent", "Another code was mailed." },
	{ "wrong", "That was not the code." },
	{ "burnt", "That was not the code, and there are no tries left." },
	{ "verified", "The code was right." },
	{ "recovery_used", "The recovery code was right." },
	{ "expired", "The code came too late." },
	{ "decoy", "otpd has sent no code:" },
	{ "throttled", "otpd has sent no code: too many were asked for." },
	{ "locked", "There were too many wrong codes: the user is locked." },
	{ "refused_locked", "The user is locked after too many wrong codes." },
	{ "exempt", "The policy asks this user for no code:" },
	{ "address_verified", "The address was proven; now log in again." },
	{ "cancelled", NULL },
};

static const struct trial_word *find(
	const struct trial_word *table, size_t n, const char *text, bool whole)
{
	for (size_t i = 0; i < n; i++)
		if (whole ? strcmp(text, table[i].front) == 0
			  : strncmp(text, table[i].front, strlen(table[i].front)) == 0)
			return &table[i];
	return NULL;
}

const struct trial_word *trial_log_line(const char *line)
{
	return find(lines, N(lines), line, false);
}

const struct trial_word *trial_log_event(const char *event)
{
	return find(events, N(events), event, true);
}

/* "Starting session: shell on pts/0 for ada from 192.0.2.1 port 5 id 0". */
bool trial_log_is_session(const char *line, const char *user)
{
	static const char front[] = "Starting session: ";
	char who[300];
	const char *at;

	if (strncmp(line, front, strlen(front)) != 0)
		return false;
	snprintf(who, sizeof(who), " for %s from ", user);
	at = strstr(line, who);
	return at != NULL;
}

bool trial_log_is_step_up(const char *event)
{
	return strcmp(event, "verified") == 0 || strcmp(event, "recovery_used") == 0;
}
