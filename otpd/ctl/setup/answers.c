/* SPDX-License-Identifier: MIT */
/* The answers as options give them, and what each may be. */
#include "otpd/ctl/setup/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "otpd/core/address.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/parse.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define TRIAL_MAX_S 3600
#define WORDS       64

void answers_fini(struct answers *answers)
{
	secret_wipe(answers->password, sizeof(answers->password));
}

const char *answers_check_from(const char *address)
{
	if (strlen(address) > LIMIT_ADDRESS)
		return "it is too long";
	if (strcmp(address, "otpd@example.org") == 0)
		return "otpd@example.org is the example of the manual; give an address that "
		       "the relay lets you send as";
	return address_problem(address);
}

const char *answers_check_user(const char *user)
{
	if (!user[0] || strlen(user) > LIMIT_USER)
		return "there is no such user";
	return getpwnam(user) ? NULL : "this host has no such user (getent passwd)";
}

const char *answers_check_services(struct answers *answers, const char *text)
{
	bool sshd = false, sudo = false;
	char words[WORDS], *rest = NULL;

	if (!text_copy(words, sizeof(words), text))
		return "name sshd, sudo, or both";
	for (char *word = strtok_r(words, ", ", &rest); word;
		word = strtok_r(NULL, ", ", &rest)) {
		if (strcmp(word, "sshd") == 0 || strcmp(word, "ssh") == 0)
			sshd = true;
		else if (strcmp(word, "sudo") == 0)
			sudo = true;
		else
			return "name sshd, sudo, or both (sudo stands for sudo-i, too); "
			       "other services are set up by hand, see pam_emailotp(8)";
	}
	if (!sshd && !sudo)
		return "name sshd, sudo, or both";
	answers->sshd = sshd;
	answers->sudo = sudo;
	answers->services_said = true;
	return NULL;
}

/* What must not stand in a list of otpd.conf. */
static bool is_name(const char *text)
{
	return text[0] && !strpbrk(text, "\"\\${}'#=,+/ \t") && !text_has_control(text);
}

const char *answers_check_who(struct answers *answers, const char *text)
{
	if (strcmp(text, "all") == 0)
		answers->who = WHO_ALL;
	else if (strcmp(text, "configured") == 0)
		answers->who = WHO_CONFIGURED;
	else if (strncmp(text, "group:", 6) != 0)
		return "say all, group:NAME, or configured";
	else if (!is_name(text + 6) ||
		!text_copy(answers->group, sizeof(answers->group), text + 6))
		return "that is no name of a group";
	else if (!getgrnam(text + 6))
		return "this host has no such group (getent group)";
	else
		answers->who = WHO_GROUP;
	return NULL;
}

/* The first line of a file that only its owner may read. */
static const char *read_password(struct answers *answers, const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return strerror(errno);
	n = read(fd, answers->password, sizeof(answers->password) - 1);
	if (n < 0)
		return strerror(errno);
	if (n == (ssize_t)sizeof(answers->password) - 1)
		return "it is longer than a password";
	answers->password[n] = '\0';
	answers->password[strcspn(answers->password, "\r\n")] = '\0';
	if (!answers->password[0])
		return "its first line is empty";
	answers->has_password = true;
	return NULL;
}

static const char *read_first(struct answers *answers, const char *text)
{
	if (strcmp(text, "password") == 0)
		answers->first = FIRST_PASSWORD;
	else if (strcmp(text, "key") == 0)
		answers->first = FIRST_KEY;
	else
		return "say password or key";
	return NULL;
}

static const char *read_trial(struct answers *answers, const char *text)
{
	if (strcmp(text, "none") == 0)
		answers->trial_s = 0;
	else if (strcmp(text, "wait") == 0)
		answers->trial_s = ANSWERS_TRIAL_S;
	else if (strncmp(text, "wait=", 5) != 0 ||
		parse_duration_s(text + 5, &answers->trial_s) < 0 ||
		answers->trial_s < 10 || answers->trial_s > TRIAL_MAX_S)
		return "say wait, wait=SECONDS (10 to 3600), or none";
	return NULL;
}

static const char *read_address(struct answers *answers, const char *text)
{
	const char *problem = address_problem(text);

	if (!problem && !text_copy(answers->address, sizeof(answers->address), text))
		return "it is too long";
	return problem;
}

static const char *read_from(struct answers *answers, const char *text)
{
	const char *problem = answers_check_from(text);

	if (!problem)
		text_copy(answers->from, sizeof(answers->from), text);
	return problem;
}

static const char *read_user(struct answers *answers, const char *text)
{
	const char *problem = answers_check_user(text);

	if (!problem)
		text_copy(answers->user, sizeof(answers->user), text);
	return problem;
}

static const char *read_relay(struct answers *answers, const char *text)
{
	return relay_read(&answers->relay, text);
}

static const char *read_relay_user(struct answers *answers, const char *text)
{
	const char *problem = relay_check_user(text);

	if (!problem)
		text_copy(answers->relay.user, sizeof(answers->relay.user), text);
	return problem;
}

/* Answers that are at odds with each other. */
static int check_together(const struct answers *answers,
	const struct arguments *arguments, char why[static ANSWERS_WHY])
{
	bool has_user = answers->relay.user[0];

	if (has_user && answers->relay.type != RELAY_UNSAID &&
		answers->relay.type != RELAY_SMTP)
		snprintf(why, ANSWERS_WHY,
			"--relay-user is for a relay by SMTP; leave it out");
	else if (has_user && !arguments->password_file)
		snprintf(why, ANSWERS_WHY,
			"--relay-user needs --password-file, a file with the password");
	else if (answers->has_password && !has_user)
		snprintf(why, ANSWERS_WHY,
			"--password-file needs --relay-user, whose password it is");
	else if (answers->first != FIRST_UNSAID && answers->services_said &&
		!answers->sshd)
		snprintf(why, ANSWERS_WHY,
			"--first-factor is about sshd, which --services does not name");
	else
		return 0;
	return -EINVAL;
}

int answers_read(struct answers *answers, const struct arguments *arguments,
	char why[static ANSWERS_WHY])
{
	const struct {
		const char *option;
		const char *text;
		const char *(*read)(struct answers *answers, const char *text);
	} options[] = {
		{ "relay", arguments->relay, read_relay },
		{ "relay-user", arguments->relay_user, read_relay_user },
		{ "password-file", arguments->password_file, read_password },
		{ "from", arguments->from, read_from },
		{ "user", arguments->user, read_user },
		{ "address", arguments->address, read_address },
		{ "services", arguments->services, answers_check_services },
		{ "first-factor", arguments->first_factor, read_first },
		{ "users", arguments->users, answers_check_who },
		{ "trial", arguments->trial, read_trial },
	};

	*answers =
		(struct answers){ .trial_s = -1, .trial_port = arguments->trial_port };
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *problem = options[i].text
			? options[i].read(answers, options[i].text)
			: NULL;

		if (!problem)
			continue;
		snprintf(why, ANSWERS_WHY, "--%s \"%.200s\": %s", options[i].option,
			options[i].text, problem);
		return -EINVAL;
	}
	return check_together(answers, arguments, why);
}

const char *answers_missing(const struct answers *answers, bool proven)
{
	if (answers->relay.type == RELAY_UNSAID)
		return "--relay";
	if (!answers->from[0] && answers->relay.type != RELAY_CONFIGURED)
		return "--from";
	if (!answers->user[0])
		return "--user";
	if (!answers->address[0] && !proven)
		return "--address";
	if (!answers->services_said)
		return "--services";
	if (answers->who == WHO_UNSAID)
		return "--users";
	if (answers->sshd && answers->trial_s < 0)
		return "--trial";
	return NULL;
}
