/* SPDX-License-Identifier: MIT */
/*
 * The administrator, who is to be let in when all is done. Nothing is taken on trust:
 * the address is proven by a code that came by mail, the recovery codes by one group
 * typed back.
 */
#include "otpd/ctl/setup/person.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "otpd/ctl/output.h"
#include "otpd/ctl/setup/ask.h"
#include "otpd/host/run.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define ADMIN   "org.emailotp.Admin."
#define AUTH    "org.emailotp.Auth."
#define SERVICE "otpctl-setup"
#define SUDO_MS 20000
#define GROUPS  1024
#define LINE    64

int person_look(struct setup *setup, struct person *ret)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const char *address;
	const json_t *user;
	int r = session_call(setup->session, ADMIN "ShowUser",
		json_pack("{s:s}", "user", setup->answers.user), &answer);

	*ret = (struct person){ 0 };
	if (r == OUTCOME_NO_USER)
		return 0;
	if (r != 0)
		return session_explain(setup->session, r, answer, setup->answers.user);
	user = json_object_get(answer, "user");
	address = json_string_value(json_object_get(user, "address"));
	ret->enrolled = true;
	ret->proven = json_integer_value(json_object_get(user, "verified_at")) > 0;
	ret->recovery_codes =
		json_integer_value(json_object_get(user, "recovery_codes"));
	text_copy(ret->address, sizeof(ret->address), address ? address : "");
	return 0;
}

static int add(struct setup *setup, bool verified)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(setup->session, ADMIN "AddUser",
		json_pack("{s:s, s:s, s:b, s:b}", "user", setup->answers.user,
			"address", setup->answers.address, "verified", verified,
			"replace", true),
		&answer);

	setup->user_changed = true;
	return r ? session_explain(setup->session, r, answer, setup->answers.user) : 0;
}

/* The challenge that was begun, as the last answer described it. */
struct proof {
	char challenge[LIMIT_CHALLENGE + 1];
	char reference[LIMIT_REFERENCE + 1];
};

static int read_proof(struct proof *proof, const json_t *answer)
{
	const char *challenge = json_string_value(json_object_get(answer, "challenge"));
	const char *purpose = json_string_value(json_object_get(answer, "purpose"));
	const char *reference = json_string_value(json_object_get(answer, "reference"));

	if (!challenge || !purpose || !reference ||
		strcmp(purpose, "verify_address") != 0)
		return -EPROTO;
	text_copy_clean(proof->reference, sizeof(proof->reference), reference);
	return text_copy(proof->challenge, sizeof(proof->challenge), challenge)
		? 0
		: -EPROTO;
}

static int begin(struct setup *setup, struct proof *proof)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int r = session_call(setup->session, AUTH "Begin",
		json_pack(
			"{s:s, s:s}", "user", setup->answers.user, "service", SERVICE),
		&answer);

	if (r == 0)
		r = read_proof(proof, answer);
	return r ? session_explain(setup->session, r, answer, setup->answers.user) : 0;
}

/* Takes out separators, in place; letters in upper case. */
static void squeeze(char *code)
{
	char *to = code;

	for (; *code; code++)
		if (*code != ' ' && *code != '-')
			*to++ = *code >= 'a' && *code <= 'z' ? (char)(*code - 32)
							     : *code;
	*to = '\0';
}

/* 0: proven; 1: not this code, ask again; -1: begin again; or the exit code negated. */
static int try_code(struct setup *setup, const struct proof *proof, const char *code)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *left;
	int r = session_call(setup->session, AUTH "Verify",
		json_pack("{s:s, s:s}", "challenge", proof->challenge, "code", code),
		&answer);

	if (r == 0)
		return 0;
	left = json_object_get(answer, "tries_left");
	if (r == OUTCOME_WRONG_CODE && json_integer_value(left) > 0) {
		printf("That is not the code (%lld tries left). Look for the reference %s "
		       "in the mail.\n",
			(long long)json_integer_value(left), proof->reference);
		return 1;
	}
	return -session_explain(setup->session, r, answer, setup->answers.user);
}

static int resend(struct setup *setup, struct proof *proof)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	char span[OUTPUT_SPAN];
	int r = session_call(setup->session, AUTH "Resend",
		json_pack("{s:s}", "challenge", proof->challenge), &answer);

	if (r == OUTCOME_THROTTLED) {
		output_span(span,
			json_integer_value(json_object_get(answer, "retry_after")));
		printf("No further code can be sent for %s; the last one is still good.\n",
			span);
		return 0;
	}
	if (r == 0)
		r = read_proof(proof, answer);
	if (r == 0)
		puts("A new code is on its way; the old one is dead.");
	return r ? session_explain(setup->session, r, answer, NULL) : 0;
}

static const char *check_code(void *context, const char *answer)
{
	(void)context;
	return strlen(answer) < 6 && strcmp(answer, "r") != 0
		? "the code has six characters at least; r sends another one"
		: NULL;
}

/* 0, or the exit code. */
static int ask_code(struct setup *setup, struct proof *proof)
{
	char question[128], line[LINE];
	SECRET_SCOPE(line);
	int r;

	for (;;) {
		snprintf(question, sizeof(question),
			"Code from the mail with the reference %s (r: send it again)",
			proof->reference);
		session_close(setup->session);
		if (ask_text(question, NULL, check_code, NULL, line, sizeof(line)) < 0)
			return OUTPUT_OTHER;
		r = strcmp(line, "r") == 0 ? resend(setup, proof) : -1;
		if (r > 0)
			return r;
		if (r == 0)
			continue;
		squeeze(line);
		r = try_code(setup, proof, line);
		if (r <= 0)
			return -r;
	}
}

int person_prove(struct setup *setup)
{
	const struct answers *answers = &setup->answers;
	struct person person;
	struct proof proof;
	int r = person_look(setup, &person);

	if (r != 0)
		return r;
	if (person.enrolled && person.proven &&
		(!answers->address[0] || strcmp(answers->address, person.address) == 0))
		return 0;
	if (setup->arguments->given & ARGUMENT_VERIFIED)
		return add(setup, true);
	if (!setup->asks) {
		output_error(setup->session->json, "Usage",
			"the address of %s is not proven, and there is no terminal to type "
			"a code at; give --verified if you know it to be right",
			answers->user);
		return OUTPUT_USAGE;
	}
	if (!person.enrolled || strcmp(answers->address, person.address) != 0)
		r = add(setup, false);
	if (r == 0)
		r = begin(setup, &proof);
	if (r != 0)
		return r;
	ask_say("A mail with a code is on its way to %s. It proves that codes arrive there.",
		answers->address);
	r = ask_code(setup, &proof);
	if (r == 0)
		puts("The address is proven.");
	return r;
}

/* Whether answer is one of the groups of one of the codes. */
static bool is_group_of(const char *answer, const json_t *codes)
{
	const json_t *code;
	size_t i;

	json_array_foreach(codes, i, code) {
		char line[LINE], *rest = NULL;
		SECRET_SCOPE(line);

		text_copy(line, sizeof(line), json_string_value(code));
		for (char *group = strtok_r(line, "- ", &rest); group;
			group = strtok_r(NULL, "- ", &rest))
			if (text_same_nocase(group, answer))
				return true;
	}
	return false;
}

static const char *check_kept(void *context, const char *answer)
{
	return is_group_of(answer, context)
		? NULL
		: "none of the codes has such a group; type four letters of one of the "
		  "codes, as you have written it down";
}

static int show_codes(struct setup *setup)
{
	const json_t *code;
	char line[LINE];
	size_t i;
	int r;

	ask_say("Recovery codes of %s. Each one lets in once, in place of a mailed code, "
		"when mail does not work. They are shown this once: print them, or write "
		"them down, and keep them where you find them without this host.",
		setup->answers.user);
	putchar('\n');
	json_array_foreach(setup->codes, i, code)
		printf("    %s\n", json_string_value(code));
	putchar('\n');
	fflush(stdout);
	if (!setup->asks)
		return 0;
	r = ask_text("To show that you have them, type one group of one of them", NULL,
		check_kept, setup->codes, line, sizeof(line));
	secret_wipe(line, sizeof(line));
	return r < 0 ? OUTPUT_OTHER : 0;
}

static bool are_codes(const json_t *codes)
{
	const json_t *code;
	size_t i;

	json_array_foreach(codes, i, code)
		if (!json_is_string(code) || json_string_length(code) >= LINE ||
			text_has_control(json_string_value(code)))
			return false;
	return json_array_size(codes) > 0;
}

int person_equip(struct setup *setup)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	struct person person;
	int r = person_look(setup, &person);

	if (r == 0 && person.recovery_codes > 0)
		printf("%s has %lld recovery codes already.\n", setup->answers.user,
			(long long)person.recovery_codes);
	if (r != 0 || person.recovery_codes > 0)
		return r;
	r = session_call(setup->session, ADMIN "RecoveryCodes",
		json_pack("{s:s}", "user", setup->answers.user), &answer);
	if (r == 0 && !are_codes(json_object_get(answer, "codes")))
		r = -EPROTO;
	if (r != 0)
		return session_explain(setup->session, r, answer, setup->answers.user);
	setup->codes = json_incref(json_object_get(answer, "codes"));
	setup->user_changed = true;
	return show_codes(setup);
}

bool person_has_sudo(const char *user)
{
	const char *const argv[] = { "sudo", "-n", "-l", "-U", user, NULL };
	const struct passwd *entry = getpwnam(user);
	struct run_output output;
	bool may;
	int r;

	if (entry && entry->pw_uid == 0)
		return true;
	r = run_program(argv, SUDO_MS, &output);
	may = r == 0 && strstr(output.out, "may run the following commands") != NULL;
	run_output_fini(&output);
	return may;
}

bool person_is_in(const char *user, const char *group)
{
	const struct passwd *entry = getpwnam(user);
	const struct group *found = getgrnam(group);
	gid_t gids[GROUPS], wanted;
	int n = GROUPS;

	if (!entry || !found)
		return false;
	wanted = found->gr_gid;
	if (getgrouplist(user, entry->pw_gid, gids, &n) < 0)
		return false;
	for (int i = 0; i < n; i++)
		if (gids[i] == wanted)
			return true;
	return false;
}
