/* SPDX-License-Identifier: MIT */
/*
 * Questions about one stack, as searches for a way through it (otpd/host/pamwalk.h).
 * They differ in what the modules may say. A module that is not known here may say
 * anything, but proves nobody's identity; so an unknown one that does is taken for
 * none, which errs towards a finding.
 */
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/doctor/judge.h"
#include "otpd/host/pamwalk.h"

#define BIT(value) (UINT32_C(1) << (value))
#define GOOD       BIT(PAM_VALUE_SUCCESS)
#define BAD        BIT(PAM_VALUE_AUTH_ERR)
#define NEITHER    BIT(PAM_VALUE_IGNORE)
/* All that our module says when a login is not to succeed. */
#define OUR_FAILURES (PAMWALK_ANY & ~(GOOD | NEITHER | BIT(PAM_VALUE_NEW_AUTHTOK_REQD)))

enum kind {
	KIND_OTHER,
	KIND_OURS,
	KIND_FACTOR,    /* checks a password, a key, a token */
	KIND_CONDITION, /* makes a difference between users, on purpose */
	KIND_YES,
	KIND_NO,
};

static enum kind kind_of(const struct pam_entry *entry)
{
	static const struct {
		const char *module;
		enum kind kind;
	} kinds[] = {
		{ MODULE_NAME, KIND_OURS },
		{ "pam_unix.so", KIND_FACTOR },
		{ "pam_sss.so", KIND_FACTOR },
		{ "pam_sss_gss.so", KIND_FACTOR },
		{ "pam_ldap.so", KIND_FACTOR },
		{ "pam_krb5.so", KIND_FACTOR },
		{ "pam_winbind.so", KIND_FACTOR },
		{ "pam_userdb.so", KIND_FACTOR },
		{ "pam_mysql.so", KIND_FACTOR },
		{ "pam_pgsql.so", KIND_FACTOR },
		{ "pam_radius_auth.so", KIND_FACTOR },
		{ "pam_tacplus.so", KIND_FACTOR },
		{ "pam_oath.so", KIND_FACTOR },
		{ "pam_google_authenticator.so", KIND_FACTOR },
		{ "pam_u2f.so", KIND_FACTOR },
		{ "pam_yubico.so", KIND_FACTOR },
		{ "pam_fprintd.so", KIND_FACTOR },
		{ "pam_pkcs11.so", KIND_FACTOR },
		{ "pam_p11.so", KIND_FACTOR },
		{ "pam_ssh_agent_auth.so", KIND_FACTOR },
		{ "pam_systemd_home.so", KIND_FACTOR },
		{ "pam_himmelblau.so", KIND_FACTOR },
		{ "pam_authd.so", KIND_FACTOR },
		{ "pam_authd_exec.so", KIND_FACTOR },
		{ "pam_pwdfile.so", KIND_FACTOR },
		{ "pam_rootok.so", KIND_CONDITION },
		{ "pam_wheel.so", KIND_CONDITION },
		{ "pam_succeed_if.so", KIND_CONDITION },
		{ "pam_listfile.so", KIND_CONDITION },
		{ "pam_access.so", KIND_CONDITION },
		{ "pam_localuser.so", KIND_CONDITION },
		{ "pam_usertype.so", KIND_CONDITION },
		{ "pam_time.so", KIND_CONDITION },
		{ "pam_group.so", KIND_CONDITION },
		{ "pam_permit.so", KIND_YES },
		{ "pam_deny.so", KIND_NO },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (pam_entry_is(entry, kinds[i].module))
			return kinds[i].kind;
	return KIND_OTHER;
}

/* What the modules may say; by their kinds. */
struct saying {
	uint32_t ours, factor, other;
};

/* Whether a value of a condition leads past our first line. */
static bool leads_past(const struct pamstack *stack, size_t i, int action, size_t ours)
{
	if (i > ours)
		return false;
	return action == PAM_DO_DONE ||
		(action > 0 && pamwalk_landing(stack, i, action) > ours);
}

static uint32_t say_condition(const struct pamstack *stack, size_t i, size_t ours)
{
	uint32_t may = GOOD | BAD | NEITHER;

	for (int value = 0; value < PAM_VALUES; value++)
		if (leads_past(stack, i, stack->entries[i].actions[value], ours))
			may &= ~BIT(value);
	return may;
}

/* An array for the search; NULL if there is no memory. The caller frees. */
static uint32_t *say(const struct pamstack *stack, const struct saying *saying)
{
	size_t ours = pamstack_find(stack, PAM_TYPE_AUTH, MODULE_NAME, 0);
	uint32_t *may = calloc(stack->n + 1, sizeof(*may));

	for (size_t i = 0; may && i < stack->n; i++) {
		const uint32_t by_kind[] = { saying->other, saying->ours,
			saying->factor, 0, GOOD, BAD };
		enum kind kind = kind_of(&stack->entries[i]);

		may[i] = kind == KIND_CONDITION ? say_condition(stack, i, ours)
						: by_kind[kind];
	}
	return may;
}

static bool can_succeed(const struct pamstack *stack, const struct saying *saying,
	struct pamwalk_way *way)
{
	CLEANUP(freep) uint32_t *may = say(stack, saying);

	return may &&
		pamwalk_can_succeed(stack, PAM_TYPE_AUTH, may, way) == PAMWALK_YES;
}

static bool can_reach(const struct pamstack *stack, const struct saying *saying,
	size_t entry, bool after_failure, struct pamwalk_way *way)
{
	CLEANUP(freep) uint32_t *may = say(stack, saying);

	return may &&
		pamwalk_can_reach(stack, PAM_TYPE_AUTH, may, entry, after_failure,
			way) == PAMWALK_YES;
}

bool stack_skips(const struct pamstack *stack, size_t *ret_entry)
{
	const struct saying saying = { .factor = GOOD | BAD,
		.other = GOOD | BAD | NEITHER };
	size_t ours = pamstack_find(stack, PAM_TYPE_AUTH, MODULE_NAME, 0);
	CLEANUP(freep) struct pamwalk_way *way = calloc(1, sizeof(*way));

	if (!way || !can_succeed(stack, &saying, way))
		return false;
	*ret_entry = way->n ? way->steps[0].entry : 0;
	for (size_t i = 0; i < way->n && way->steps[i].entry < ours; i++)
		*ret_entry = way->steps[i].entry;
	return true;
}

static bool ignores_by_itself(const struct pam_entry *entry)
{
	for (int value = 0; value < PAM_VALUES; value++)
		if ((OUR_FAILURES >> value & 1) &&
			entry->actions[value] != PAM_DO_BAD &&
			entry->actions[value] != PAM_DO_DIE)
			return true;
	return false;
}

bool stack_ignores(const struct pamstack *stack, size_t entry)
{
	const struct saying saying = {
		.ours = OUR_FAILURES, .factor = GOOD, .other = GOOD | NEITHER
	};
	size_t skipped_by;

	/* Where there is a way around us, the search would find that one. */
	if (stack_skips(stack, &skipped_by))
		return ignores_by_itself(&stack->entries[entry]);
	return can_succeed(stack, &saying, NULL);
}

bool stack_needs_only_us(const struct pamstack *stack)
{
	const struct saying saying = {
		.ours = GOOD, .factor = BAD, .other = GOOD | BAD | NEITHER
	};

	return can_succeed(stack, &saying, NULL);
}

bool stack_has_factor(const struct pamstack *stack, size_t before)
{
	for (size_t i = 0; i < before && i < stack->n; i++)
		if (stack->entries[i].type == PAM_TYPE_AUTH &&
			kind_of(&stack->entries[i]) == KIND_FACTOR)
			return true;
	return false;
}

bool stack_asks_first(const struct pamstack *stack, size_t entry)
{
	const struct saying saying = { .ours = GOOD, .other = GOOD | BAD | NEITHER };

	return stack_has_factor(stack, stack->n) &&
		can_reach(stack, &saying, entry, false, NULL);
}

bool stack_asks_after_failure(
	const struct pamstack *stack, size_t entry, size_t *ret_factor)
{
	const struct saying saying = {
		.ours = GOOD, .factor = GOOD | BAD, .other = GOOD | NEITHER
	};
	CLEANUP(freep) struct pamwalk_way *way = calloc(1, sizeof(*way));

	if (!way || !can_reach(stack, &saying, entry, true, way))
		return false;
	for (size_t i = 0; i < way->n; i++)
		if (kind_of(&stack->entries[way->steps[i].entry]) == KIND_FACTOR &&
			way->steps[i].value == PAM_VALUE_AUTH_ERR) {
			*ret_factor = way->steps[i].entry;
			return true;
		}
	return false;
}

bool stack_lets_ignored_in(const struct pamstack *stack)
{
	const struct saying saying = {
		.ours = NEITHER, .factor = GOOD, .other = GOOD | NEITHER
	};

	return can_succeed(stack, &saying, NULL);
}

bool stack_asks_again(const struct pamstack *stack, size_t entry)
{
	const struct saying saying = {
		.ours = GOOD, .factor = GOOD, .other = GOOD | NEITHER
	};

	return can_reach(stack, &saying, entry, false, NULL);
}
