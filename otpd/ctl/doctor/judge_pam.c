/* SPDX-License-Identifier: MIT */
/* What is wrong with the PAM stacks that have our module. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "otpd/ctl/doctor/judge.h"
#include "otpd/proto/limits.h"
#include "pam_emailotp/options.h"

#define LINE      "auth [success=ok default=die] pam_emailotp.so"
#define LINE_SOME "auth [success=ok ignore=ignore default=die] pam_emailotp.so"

/* What one service is judged by. */
struct look {
	const struct facts *facts;
	struct findings *findings;
	const struct service_facts *service;
	const struct pamstack *stack;
	size_t ours; /* the first of our auth lines */
	struct options options;
	char about[96];
};

static struct where at(const struct pam_entry *entry)
{
	return (struct where){ entry->file, entry->line };
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool is_common(const struct pam_entry *entry)
{
	static const char *const names[] = { "system-auth", "password-auth",
		"system-login", "system-local-login", NULL };
	const char *slash = strrchr(entry->file, '/');
	const char *name = slash ? slash + 1 : entry->file;

	return strncmp(name, "common-", 7) == 0 || is_one_of(name, names);
}

/* "file:line: why", as pamstack.h has it, taken apart again. */
static void judge_problem(struct findings *findings, const struct pamstack *stack)
{
	char file[256], about[300];
	const char *colon = strchr(stack->problem, ':'), *text;
	unsigned line = 0;

	if (!colon)
		return;
	snprintf(file, sizeof(file), "%.*s", (int)(colon - stack->problem),
		stack->problem);
	for (text = colon + 1; isdigit((unsigned char)*text); text++)
		line = line * 10 + (unsigned)(*text - '0');
	text += strspn(text, ": ");
	snprintf(about, sizeof(about), "%s", text);
	findings_add(findings, FIND_PAM_BROKEN, (struct where){ file, line }, about,
		"%s", "correct or remove the line");
}

static void read_options(struct look *look, size_t i, struct options *ret)
{
	const struct pam_entry *entry = &look->stack->entries[i];
	char why[OPTIONS_ERROR] = "";
	const char *arguments[64];
	int r;

	for (size_t j = 0; j < entry->n_arguments && j < 64; j++)
		arguments[j] = entry->arguments[j];
	r = options_parse(entry->n_arguments < 64 ? (int)entry->n_arguments : 64,
		arguments, ret, why);
	if (r == 0 && entry->type == PAM_TYPE_PASSWORD)
		r = options_check_change(ret, why);
	if (r < 0)
		findings_add(look->findings, FIND_PAM_OPTIONS, at(entry), why, "%s",
			"correct the options; see pam_emailotp(8)");
	else if (strcmp(ret->socket,
			 effective_get(&look->facts->otpd, "", "", "socket",
				 OTPD_SOCKET)) != 0)
		findings_add(look->findings, FIND_PAM_SOCKET, at(entry), look->about,
			"socket=%s",
			effective_get(
				&look->facts->otpd, "", "", "socket", OTPD_SOCKET));
}

/* Somebody gets around the code. */
static void judge_ways(struct look *look)
{
	const struct pam_entry *ours = &look->stack->entries[look->ours];
	size_t culprit;

	if (stack_skips(look->stack, &culprit))
		findings_add(look->findings, FIND_PAM_SKIPPED,
			at(&look->stack->entries[culprit]), look->about,
			"put the line of pam_emailotp before it, or make it: auth "
			"requisite %s",
			look->stack->entries[culprit].module);
	if (!stack_ignores(look->stack, look->ours))
		return;
	findings_add(look->findings,
		strcasecmp(ours->control, "optional") == 0 ||
				strcasecmp(ours->control, "sufficient") == 0
			? FIND_PAM_OPTIONAL
			: FIND_PAM_FAILURE_IGNORED,
		at(ours), look->about, "%s",
		judge_exempts(look->facts, look->stack->service) ? LINE_SOME : LINE);
}

/*
 * The die of a substack ends the substack alone, so there the line that begins it is to
 * blame: the last mark of the level below, as the walk has it.
 */
static void judge_early(struct look *look, const struct pam_entry *factor)
{
	const struct pam_entry *mark = factor;

	while (factor->level && mark > look->stack->entries &&
		!(mark->is_substack && mark->level < factor->level))
		mark--;
	if (mark->is_substack)
		findings_add(look->findings, FIND_PAM_MAIL_EARLY, at(mark), look->about,
			"auth include %s", mark->module);
	else
		findings_add(look->findings, FIND_PAM_MAIL_EARLY, at(factor),
			look->about, "auth requisite %s", factor->module);
}

/* The first factor: it is there, in time, and counts. */
static void judge_factor(struct look *look)
{
	const struct pam_entry *ours = &look->stack->entries[look->ours];
	bool is_sshd = strcmp(look->stack->service, "sshd") == 0;
	bool has_factor = stack_has_factor(look->stack, look->stack->n);
	size_t factor;

	if (look->options.password != PASSWORD_NONE)
		return;
	if (stack_needs_only_us(look->stack)) {
		if (has_factor)
			findings_add(look->findings, FIND_PAM_PASSWORD_UNCHECKED,
				at(ours), look->about, "%s",
				"before it: auth requisite pam_deny.so, jumped over by the "
				"line that checks the password; or @include common-auth");
		else if (!is_sshd)
			findings_add(look->findings, FIND_PAM_NO_FIRST_FACTOR, at(ours),
				look->about, "%s", "before it: @include common-auth");
	}
	if (stack_asks_first(look->stack, look->ours))
		findings_add(look->findings, FIND_PAM_ORDER, at(ours), look->about,
			"%s", "move the line behind the one that checks the password");
	else if (stack_asks_after_failure(look->stack, look->ours, &factor))
		judge_early(look, &look->stack->entries[factor]);
}

/* Those who need no code must get in without one. */
static void judge_ignored(struct look *look)
{
	const struct pam_entry *ours = &look->stack->entries[look->ours];
	int action = ours->actions[PAM_VALUE_IGNORE];

	if (!look->options.nullok && !judge_exempts(look->facts, look->stack->service))
		return;
	if (action == PAM_DO_DIE || action == PAM_DO_BAD)
		findings_add(look->findings, FIND_PAM_EXEMPT_REFUSED, at(ours),
			look->about, "%s", LINE_SOME);
	else if (!stack_lets_ignored_in(look->stack))
		findings_add(look->findings, FIND_PAM_NULLOK_ALONE, at(ours),
			look->about, "%s", "behind it: auth required pam_permit.so");
}

static void judge_twice(struct look *look)
{
	size_t second =
		pamstack_find(look->stack, PAM_TYPE_AUTH, MODULE_NAME, look->ours + 1);

	if (second < look->stack->n && stack_asks_again(look->stack, second))
		findings_add(look->findings, FIND_PAM_TWICE,
			at(&look->stack->entries[second]), look->about, "%s",
			"remove one of the two lines");
}

/* Services that our line does not belong into. */
static bool judge_place(struct look *look, const struct pam_entry *entry)
{
	static const char *const deaf[] = { "cron", "crond", "at", "atd", "anacron",
		"systemd-user", "runuser", "runuser-l", "newusers", "chpasswd", "cups",
		"samba", NULL };
	static const char *const lockers[] = { "swaylock", "i3lock", "hyprlock",
		"xscreensaver", "xlock", "xsecurelock", "physlock", "vlock", "slock",
		"light-locker", "gnome-screensaver", "mate-screensaver",
		"cinnamon-screensaver", "xfce4-screensaver", "kscreensaver", "kde",
		"kcheckpass", "polkit-1", NULL };
	static const char *const consoles[] = { "login", "gdm-password",
		"gdm-autologin", "lightdm", "sddm", "xdm", "lxdm", "greetd", NULL };
	const char *service = look->stack->service;

	if (is_common(entry)) {
		findings_add(look->findings, FIND_PAM_COMMON, at(entry), "", "%s",
			"move the line into the files of the services that ask: "
			"/etc/pam.d/sshd, sudo, sudo-i");
		return false;
	}
	if (is_one_of(service, deaf))
		findings_add(look->findings, FIND_PAM_CANNOT_ASK, at(entry),
			look->about, "%s", "remove the line");
	else if (is_one_of(service, lockers))
		findings_add(look->findings, FIND_PAM_LOCKER, at(entry), look->about,
			"%s", "remove the line");
	else if (is_one_of(service, consoles))
		findings_add(look->findings, FIND_PAM_CONSOLE, at(entry), look->about,
			"%s", "remove the line");
	else
		return true;
	return false;
}

static void judge_auth(struct look *look)
{
	const struct pam_entry *ours = &look->stack->entries[look->ours];
	bool belongs = judge_place(look, ours);
	struct options other;

	read_options(look, look->ours, &look->options);
	for (size_t i = look->ours + 1; i < look->stack->n; i++)
		if (pam_entry_is(&look->stack->entries[i], MODULE_NAME))
			read_options(look, i, &other);
	judge_twice(look);
	if (!belongs)
		return;
	judge_ways(look);
	judge_factor(look);
	judge_ignored(look);
	if (strcasecmp(ours->control, "required") == 0 ||
		strcasecmp(ours->control, "requisite") == 0)
		findings_add(look->findings, FIND_PAM_REQUIRED, at(ours), look->about,
			"%s",
			judge_exempts(look->facts, look->stack->service) ? LINE_SOME
									 : LINE);
}

/* A line of the password phase, as in /etc/pam.d/passwd. */
static void judge_change(struct look *look)
{
	size_t i = pamstack_find(look->stack, PAM_TYPE_PASSWORD, MODULE_NAME, 0);
	const struct pam_entry *entry = &look->stack->entries[i];
	struct options options;

	if (i >= look->stack->n)
		return;
	read_options(look, i, &options);
	if (is_common(entry))
		(void)judge_place(look, entry);
	else if (options.password != PASSWORD_ACCOUNT &&
		entry->actions[PAM_VALUE_IGNORE] != PAM_DO_IGNORE)
		findings_add(look->findings, FIND_PAM_PASSWD, at(entry), look->about,
			"%s",
			"password [success=ok ignore=ignore default=die] pam_emailotp.so");
}

static void judge_service(struct look *look)
{
	snprintf(look->about, sizeof(look->about), "service %.80s",
		look->stack->service);
	look->ours = pamstack_find(look->stack, PAM_TYPE_AUTH, MODULE_NAME, 0);
	judge_problem(look->findings, look->stack);
	if (look->ours < look->stack->n)
		judge_auth(look);
	judge_change(look);
}

/* The version that the module should have: that of the daemon that runs. */
static void judge_modules(const struct facts *facts, struct findings *findings)
{
	const char *version =
		json_string_value(json_object_get(facts->status, "version"));

	if (facts->n_modules == 0)
		findings_add(findings, FIND_MODULE_MISSING, NOWHERE, "", "%s",
			"apt-get install libpam-emailotp");
	for (size_t i = 0; i < facts->n_modules; i++) {
		const struct module_facts *module = &facts->modules[i];
		const char *wanted = version ? version : facts->version;
		char about[160];

		if (strcmp(module->version, wanted) == 0)
			continue;
		snprintf(about, sizeof(about), "module %s, otpd %s",
			module->version[0] ? module->version : "of no known version",
			wanted);
		findings_add(findings, FIND_MODULE_VERSION,
			(struct where){ module->path, 0 }, about, "%s",
			"apt-get install libpam-emailotp otpd && systemctl restart otpd");
	}
}

/* A file that is there for others to include. */
static bool is_fragment(const struct service_facts *service)
{
	const struct pam_entry file = { .file = service->stack.path };

	return is_common(&file) ||
		(service->included && !pamstack_has(&service->stack, PAM_TYPE_ACCOUNT));
}

void judge_pam(const struct facts *facts, struct findings *findings)
{
	for (size_t i = 0; i < facts->n_services; i++) {
		struct look look = { .facts = facts,
			.findings = findings,
			.service = &facts->services[i],
			.stack = &facts->services[i].stack };

		if (look.service->uses_us && !is_fragment(look.service))
			judge_service(&look);
	}
	if (!judge_is_used(facts)) {
		findings_add(findings, FIND_PAM_UNUSED, NOWHERE, "", "%s",
			"otpctl setup, or see pam_emailotp(8)");
		return;
	}
	judge_modules(facts, findings);
}
