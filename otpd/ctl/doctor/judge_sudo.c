/* SPDX-License-Identifier: MIT */
/* Whether sudo asks PAM, and the stack that has the second step. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/doctor/judge.h"

#define CONFIG "/etc/sudoers"

struct look {
	const struct facts *facts;
	struct findings *findings;
	struct where where;
};

static void add(const struct look *look, enum finding finding, const char *option,
	const char *change)
{
	findings_add(look->findings, finding, look->where, option, "%s", change);
}

static void judge_option(const struct look *look, const char *option)
{
	const char *value = strchr(option, '=');
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(option, "=+- \t"), option);
	if (value)
		value += 1 + strspn(value + 1, " \t\"");
	if (strcmp(name, "!authenticate") == 0)
		add(look, FIND_SUDO_NO_AUTHENTICATE, option, "remove !authenticate");
	else if (strcmp(name, "targetpw") == 0 || strcmp(name, "rootpw") == 0 ||
		strcmp(name, "runaspw") == 0)
		add(look, FIND_SUDO_TARGETPW, option, "remove the option");
	else if (strcmp(name, "timestamp_timeout") == 0 && value && *value == '-')
		add(look, FIND_SUDO_FOREVER, option, "Defaults timestamp_timeout=15");
	else if ((strcmp(name, "pam_service") == 0 ||
			 strcmp(name, "pam_login_service") == 0) &&
		value) {
		char service[64];

		snprintf(service, sizeof(service), "%.*s",
			(int)strcspn(value, " \t\","), value);
		if (!judge_asks(look->facts, service))
			add(look, FIND_SUDO_PAM_SERVICE, option,
				"remove the option, or put pam_emailotp into that stack");
	}
}

/* "Defaults:ada !authenticate, rootpw". */
static void judge_defaults(const struct look *look, const char *text)
{
	char copy[1024], *rest = copy, *option;

	snprintf(copy, sizeof(copy), "%s", text + strlen("Defaults"));
	if (copy[0] && !isblank((unsigned char)copy[0]))
		rest += strcspn(copy, " \t");
	while ((option = strsep(&rest, ","))) {
		size_t n;

		option += strspn(option, " \t");
		n = strlen(option);
		while (n > 0 && isblank((unsigned char)option[n - 1]))
			option[--n] = '\0';
		judge_option(look, option);
	}
}

static void judge_pair(const struct facts *facts, struct findings *findings)
{
	bool sudo = judge_asks(facts, "sudo"), sudo_i = judge_asks(facts, "sudo-i");

	if (sudo != sudo_i)
		findings_add(findings, FIND_SUDO_ONE_OF_TWO,
			(struct where){
				sudo ? "/etc/pam.d/sudo-i" : "/etc/pam.d/sudo", 0 },
			"", "%s",
			"behind @include common-auth: auth [success=ok default=die] "
			"pam_emailotp.so");
}

void judge_sudo(const struct facts *facts, struct findings *findings)
{
	struct look look = { .facts = facts, .findings = findings };

	if (!facts->sudo.exists ||
		(!judge_asks(facts, "sudo") && !judge_asks(facts, "sudo-i")))
		return;
	judge_pair(facts, findings);
	if (facts->sudo.is_broken)
		findings_add(findings, FIND_SUDO_SYNTAX, (struct where){ CONFIG, 0 },
			facts->sudo.why, "%s", "visudo -c");
	for (size_t i = 0; i < facts->sudo.n; i++) {
		const struct sudo_line *line = &facts->sudo.lines[i];

		look.where = (struct where){ line->file, line->line };
		if (strncmp(line->text, "Defaults", 8) == 0)
			judge_defaults(&look, line->text);
		else if (strstr(line->text, "NOPASSWD:"))
			add(&look, FIND_SUDO_NOPASSWD, "", "remove NOPASSWD:");
	}
}
