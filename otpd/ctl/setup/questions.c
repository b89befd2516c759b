/* SPDX-License-Identifier: MIT */
/* The words of the questions. What an answer may be is decided where options are read.
 */
#include "otpd/ctl/setup/questions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/core/address.h"
#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/ctl/setup/paths.h"
#include "otpd/ctl/setup/sections.h"
#include "otpd/util/parse.h"
#include "otpd/util/text.h"

#define LINE 256

static int answered(int r)
{
	return r < 0 ? OUTPUT_OTHER : 0;
}

static const char *check_relay(void *context, const char *answer)
{
	static const char *const numbers[] = { "smtp", "sendmail", "maildir", "console",
		"configured" };
	struct relay *relay = context;
	size_t n = (size_t)(answer[0] - '1');

	if (strlen(answer) == 1 && n < sizeof(numbers) / sizeof(numbers[0]))
		answer = numbers[n];
	*relay = (struct relay){ 0 };
	if (strcmp(answer, "smtp") == 0)
		relay->type = RELAY_SMTP;
	else if (strcmp(answer, "maildir") == 0)
		relay->type = RELAY_MAILDIR;
	else if (strchr(answer, ':') || strcmp(answer, "sendmail") == 0 ||
		strcmp(answer, "console") == 0 || strcmp(answer, "configured") == 0)
		return relay_read(relay, answer);
	else
		return "type one of the numbers";
	return NULL;
}

static const char *check_host(void *context, const char *answer)
{
	(void)context;
	return relay_check_host(answer);
}

static const char *check_path(void *context, const char *answer)
{
	(void)context;
	return relay_check_path(answer);
}

static const char *check_tls(void *context, const char *answer)
{
	static const char *const words[] = { [RELAY_STARTTLS] = "starttls",
		[RELAY_IMPLICIT] = "implicit",
		[RELAY_PLAIN] = "none" };
	struct relay *relay = context;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(answer, words[i]) == 0) {
			relay->tls = (enum relay_tls)i;
			relay->port = relay_default_port(relay->tls);
			return NULL;
		}
	return "say starttls, implicit, or none";
}

static const char *check_port(void *context, const char *answer)
{
	struct relay *relay = context;

	return parse_int(answer, &relay->port) < 0 || relay->port < 1 ||
			relay->port > 65535
		? "a port is a number from 1 to 65535"
		: NULL;
}

static const char *check_relay_user(void *context, const char *answer)
{
	(void)context;
	return relay_check_user(answer);
}

static int ask_account(struct setup *setup)
{
	struct answers *answers = &setup->answers;
	struct relay *relay = &answers->relay;
	int r = ask_text("User name at the relay, or none", "none", check_relay_user,
		NULL, relay->user, sizeof(relay->user));

	if (r == 0 && strcmp(relay->user, "none") == 0)
		relay->user[0] = '\0';
	if (r < 0 || !relay->user[0])
		return r;
	while (r == 0 && !answers->password[0])
		r = ask_secret("Its password (you will not see it)", answers->password,
			sizeof(answers->password));
	answers->has_password = r == 0;
	return r;
}

static int ask_smtp(struct setup *setup)
{
	struct relay *relay = &setup->answers.relay;
	char line[LINE], port[24];
	int r = ask_text("Host name of the relay", NULL, check_host, NULL, relay->host,
		sizeof(relay->host));

	if (r == 0)
		r = ask_text("TLS: starttls, implicit, or none (to this host only)",
			"starttls", check_tls, relay, line, sizeof(line));
	snprintf(port, sizeof(port), "%lld", (long long)relay->port);
	if (r == 0)
		r = ask_text("Port", port, check_port, relay, line, sizeof(line));
	return r < 0 ? r : ask_account(setup);
}

int questions_relay(struct setup *setup)
{
	struct relay *relay = &setup->answers.relay;
	char line[LINE], where[SECTIONS_WHERE];
	bool configured;
	int r;

	if (relay->type != RELAY_UNSAID)
		return 0;
	configured = sections_find(PATH_MAIL_CONFIG, "transport", NULL, where);
	ask_say("1. Where do the mails with the codes go first?");
	puts("  1  a mail server by SMTP, as that of your provider\n"
	     "  2  the mail server of this host (sendmail)\n"
	     "  3  a Maildir on this host, for a trial\n"
	     "  4  the log of otpd-mail, for a trial");
	if (configured)
		printf("  5  as configured already (%s)\n", where);
	r = ask_text("Number", configured ? "5" : "1", check_relay, relay, line,
		sizeof(line));
	if (r == 0 && relay->type == RELAY_SMTP && !relay->host[0])
		r = ask_smtp(setup);
	else if (r == 0 && relay->type == RELAY_SMTP)
		r = ask_account(setup);
	else if (r == 0 && relay->type == RELAY_MAILDIR && !relay->path[0])
		r = ask_text("Path of the Maildir", "/var/lib/otpd-mail/drop",
			check_path, NULL, relay->path, sizeof(relay->path));
	return answered(r);
}

static const char *check_from(void *context, const char *answer)
{
	(void)context;
	return answers_check_from(answer);
}

static const char *check_address(void *context, const char *answer)
{
	(void)context;
	return address_problem(answer);
}

static int ask_address(struct setup *setup, const char *question)
{
	struct answers *answers = &setup->answers;

	if (answers->address[0])
		return 0;
	return ask_text(question, NULL, check_address, NULL, answers->address,
		sizeof(answers->address));
}

int questions_sender(struct setup *setup)
{
	struct answers *answers = &setup->answers;
	char preset[LIMIT_ADDRESS + 1] = "", host[128];
	int r = 0;

	if (!answers->from[0] && answers->relay.type != RELAY_CONFIGURED) {
		ask_say("2. From which address do they come? The relay must let its account "
			"send as this address.");
		if (gethostname(host, sizeof(host)) == 0 &&
			memchr(host, '\0', sizeof(host)))
			snprintf(preset, sizeof(preset), "otpd@%s", host);
		if (answers_check_from(preset))
			preset[0] = '\0';
		r = ask_text("Sender", preset, check_from, NULL, answers->from,
			sizeof(answers->from));
	}
	if (r == 0)
		r = ask_address(setup,
			"Your own address, where a test mail goes, and later your codes");
	return answered(r);
}

static const char *check_user(void *context, const char *answer)
{
	(void)context;
	return answers_check_user(answer);
}

int questions_user(struct setup *setup)
{
	struct answers *answers = &setup->answers;
	const char *preset = getenv("SUDO_USER");
	int r = 0;

	if (!answers->user[0]) {
		ask_say("3. Who are you on this host? This user is enrolled first, and makes "
			"the trial login.");
		if (preset && answers_check_user(preset))
			preset = NULL;
		r = ask_text("User", preset, check_user, NULL, answers->user,
			sizeof(answers->user));
	}
	if (r == 0)
		r = ask_address(setup, "Your address, where your codes go");
	return answered(r);
}

static const char *check_services(void *context, const char *answer)
{
	return answers_check_services(context, answer);
}

int questions_services(struct setup *setup)
{
	char line[LINE];

	if (setup->answers.services_said)
		return 0;
	ask_say("5. What asks for a code: sshd, sudo (and sudo -i), or both? The login on the "
		"console never does: it is the way in when all else fails.");
	return answered(ask_text("Services", "sshd,sudo", check_services,
		&setup->answers, line, sizeof(line)));
}

static const char *check_first(void *context, const char *answer)
{
	enum first_factor *first = context;

	if (strcmp(answer, "password") == 0)
		*first = FIRST_PASSWORD;
	else if (strcmp(answer, "key") == 0)
		*first = FIRST_KEY;
	else
		return "say password or key";
	return NULL;
}

int questions_first_factor(struct setup *setup, enum first_factor found)
{
	char line[LINE];

	if (setup->answers.first != FIRST_UNSAID)
		return 0;
	ask_say(found == FIRST_KEY
			? "sshd lets in by key only. So it can stay: key, then code, and no "
			  "password. With \"password\", it asks for password and code instead, "
			  "and keys let in no more."
			: "sshd lets in by password. So it can stay: password, then code; keys "
			  "then let in no more, since one login has one way. With \"key\", it "
			  "asks for key and code, and passwords let in no more.");
	return answered(ask_text("What comes before the code: password or key",
		found == FIRST_KEY ? "key" : "password", check_first,
		&setup->answers.first, line, sizeof(line)));
}

static const char *check_who(void *context, const char *answer)
{
	struct answers *answers = context;
	char option[LIMIT_USER + 16];

	if (strcmp(answer, "all") == 0 || strcmp(answer, "configured") == 0 ||
		strncmp(answer, "group:", 6) == 0)
		return answers_check_who(answers, answer);
	snprintf(option, sizeof(option), "group:%.*s", LIMIT_USER, answer);
	return answers_check_who(answers, option);
}

int questions_who(struct setup *setup)
{
	char line[LINE];

	if (setup->answers.who != WHO_UNSAID)
		return 0;
	ask_say("6. Who needs a code: all, or the members of one group? Users who need one and "
		"are not enrolled cannot log in, unless otpd.conf says unenrolled = enrol.");
	return answered(ask_text("all, or the name of a group", "all", check_who,
		&setup->answers, line, sizeof(line)));
}
