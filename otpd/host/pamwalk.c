/* SPDX-License-Identifier: MIT */
/*
 * The rules by which libpam combines values (pam.conf(5)), and a search over all ways
 * through a stack. A state is where the walk is, what it has come to so far, and what
 * it had come to when each open substack began; two ways that meet in a state go on
 * alike, so each state is looked at once. tests/unit/test_pamwalk.c holds the rules
 * against libpam, by thousands of stacks.
 */
#include "otpd/host/pamwalk.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STATES (1u << 18)

enum impression {
	UNDECIDED,
	POSITIVE,
	NEGATIVE,
};

/* What a stack has come to. */
struct standing {
	uint8_t impression;
	uint8_t value; /* what would be returned */
};

struct state {
	size_t at; /* an index of the entries, or their number */
	int level; /* of the entry before */
	struct standing now;
	struct standing before[PAMSTACK_LEVELS + 1]; /* the substack of that level */
};

static const struct standing nothing_yet = { UNDECIDED, PAM_VALUE_PERM_DENIED };

/* The next entry of the type from i on. */
static size_t skip_to(const struct pamstack *stack, enum pam_type type, size_t i)
{
	while (i < stack->n && stack->entries[i].type != type)
		i++;
	return i;
}

static size_t next(const struct pamstack *stack, size_t i)
{
	return skip_to(stack, stack->entries[i].type, i + 1);
}

/* The last entry of the substack, or stack, that i is in. */
static size_t last_of_level(const struct pamstack *stack, size_t i)
{
	int level = stack->entries[i].level;

	for (;;) {
		size_t n = next(stack, i);

		if (n >= stack->n || stack->entries[n].level < level)
			return i;
		i = n;
	}
}

/* The entry on which a jump over so many modules ends; 0 in *jumps if it does. */
static size_t jump(const struct pamstack *stack, size_t i, int *jumps)
{
	int level = stack->entries[i].level;
	size_t n = next(stack, i);

	while (*jumps > 0 && n < stack->n && stack->entries[n].level >= level) {
		do {
			i = n;
			n = next(stack, i);
		} while (n < stack->n && stack->entries[n].level > level);
		(*jumps)--;
	}
	return i;
}

size_t pamwalk_landing(const struct pamstack *stack, size_t entry, int n_jump)
{
	return next(stack, jump(stack, entry, &n_jump));
}

static void take_good(struct standing *now, int value)
{
	if (now->impression == UNDECIDED ||
		(now->impression == POSITIVE && now->value == PAM_VALUE_SUCCESS))
		*now = (struct standing){ POSITIVE, (uint8_t)value };
}

static void take_bad(struct standing *now, int value)
{
	if (now->impression != NEGATIVE)
		*now = (struct standing){ NEGATIVE,
			(uint8_t)(value == PAM_VALUE_IGNORE ? PAM_VALUE_PERM_DENIED
							    : value) };
}

/* What the action makes of the state; the entry on which the walk then stands. */
static size_t act(
	const struct pamstack *stack, struct state *state, int value, int action)
{
	int level = stack->entries[state->at].level;
	size_t at = state->at;

	if (action == PAM_DO_RESET) {
		state->now = state->before[level];
	} else if (action == PAM_DO_OK || action == PAM_DO_DONE) {
		take_good(&state->now, value);
		if (action == PAM_DO_DONE && state->now.impression == POSITIVE)
			at = last_of_level(stack, at);
	} else if (action == PAM_DO_BAD || action == PAM_DO_DIE) {
		take_bad(&state->now, value);
		if (action == PAM_DO_DIE)
			at = last_of_level(stack, at);
	} else if (action > 0) {
		at = jump(stack, at, &action);
		if (action)
			state->now =
				(struct standing){ NEGATIVE, PAM_VALUE_PERM_DENIED };
	}
	return at;
}

/* Moves to the entry behind at, where the one that the state is on has led to. */
static void go_on(const struct pamstack *stack, struct state *state, size_t at)
{
	state->level = stack->entries[state->at].level;
	state->at = next(stack, at);
}

/* Passes marks of substacks, and keeps what there was before one. */
static void enter(const struct pamstack *stack, struct state *state)
{
	while (state->at < stack->n) {
		const struct pam_entry *entry = &stack->entries[state->at];

		if (state->level < entry->level)
			state->before[entry->level] = state->now;
		if (!entry->is_substack)
			return;
		go_on(stack, state, state->at);
	}
}

static struct state start(const struct pamstack *stack, enum pam_type type)
{
	struct state state = { .at = skip_to(stack, type, 0), .now = nothing_yet };

	for (size_t i = 0; i <= PAMSTACK_LEVELS; i++)
		state.before[i] = nothing_yet;
	enter(stack, &state);
	return state;
}

static int action_of(const struct pam_entry *entry, int value)
{
	return value >= 0 && value < PAM_VALUES ? entry->actions[value] : PAM_DO_BAD;
}

static void step(const struct pamstack *stack, struct state *state, int value)
{
	int action = action_of(&stack->entries[state->at], value);

	go_on(stack, state, act(stack, state, value, action));
	enter(stack, state);
}

static int outcome(const struct state *state)
{
	if (state->now.value == PAM_VALUE_SUCCESS && state->now.impression != POSITIVE)
		return PAM_VALUE_PERM_DENIED;
	return state->now.value;
}

int pamwalk_run(const struct pamstack *stack, enum pam_type type, pamwalk_call *call,
	void *context)
{
	struct state state = start(stack, type);

	if (stack->is_refused)
		return PAM_VALUE_PERM_DENIED;
	if (!pamstack_has(stack, type))
		return -1;
	while (state.at < stack->n) {
		int value = stack->entries[state.at].must_fail
			? PAM_VALUE_PERM_DENIED
			: call(context, state.at);

		if (value == PAM_VALUE_INCOMPLETE)
			return value;
		step(stack, &state, value);
	}
	return outcome(&state);
}

/* A state that was found, and which one it was found from. */
struct found {
	struct state state;
	uint32_t from;
	int value;
};

struct search {
	const struct pamstack *stack;
	const uint32_t *may;
	struct found *found;
	uint32_t *table; /* open addressing; 0 is free, else the index + 1 */
	uint32_t n, size;
};

static uint64_t hash(const struct state *state)
{
	uint64_t h = 14695981039346656037u ^ state->at;

	h = (h ^ (uint64_t)state->level) * 1099511628211u;
	h = (h ^ state->now.impression) * 1099511628211u;
	h = (h ^ state->now.value) * 1099511628211u;
	for (int i = 1; i <= state->level && i <= PAMSTACK_LEVELS; i++)
		h = (h ^ state->before[i].impression ^
			    (uint64_t)state->before[i].value << 8) *
			1099511628211u;
	return h ^ h >> 29;
}

/* What lies above the level that the walk is on no longer matters. */
static bool is_same(const struct state *a, const struct state *b)
{
	if (a->at != b->at || a->level != b->level ||
		memcmp(&a->now, &b->now, sizeof(a->now)) != 0)
		return false;
	for (int i = 1; i <= a->level && i <= PAMSTACK_LEVELS; i++)
		if (memcmp(&a->before[i], &b->before[i], sizeof(a->before[i])) != 0)
			return false;
	return true;
}

/* All that is no success is one value: only success and its absence lead on apart. */
static void blur(struct state *state)
{
	if (state->now.value != PAM_VALUE_SUCCESS)
		state->now.value = PAM_VALUE_PERM_DENIED;
	for (int i = 0; i <= PAMSTACK_LEVELS; i++)
		if (state->before[i].value != PAM_VALUE_SUCCESS)
			state->before[i].value = PAM_VALUE_PERM_DENIED;
}

/* Keeps a state that is new. False if there are too many. */
static bool keep(struct search *search, struct state *state, uint32_t from, int value)
{
	uint32_t slot;

	blur(state);
	slot = (uint32_t)hash(state) & (search->size - 1);
	while (search->table[slot]) {
		if (is_same(&search->found[search->table[slot] - 1].state, state))
			return true;
		slot = (slot + 1) & (search->size - 1);
	}
	if (search->n >= search->size / 2)
		return false;
	search->found[search->n] = (struct found){ *state, from, value };
	search->table[slot] = ++search->n;
	return true;
}

static bool expand(struct search *search, uint32_t i)
{
	const struct state *from = &search->found[i].state;
	const struct pam_entry *entry = &search->stack->entries[from->at];
	uint32_t may = search->may[from->at];

	if (entry->must_fail)
		may = 1u << PAM_VALUE_PERM_DENIED;
	for (int value = 0; value < PAM_VALUES; value++) {
		struct state state = *from;

		if (!(may >> value & 1))
			continue;
		step(search->stack, &state, value);
		if (!keep(search, &state, i, value))
			return false;
	}
	return true;
}

static void tell_way(const struct search *search, uint32_t i, struct pamwalk_way *way)
{
	size_t n = 0;

	for (uint32_t j = i; j != 0; j = search->found[j].from)
		n++;
	way->n = n < PAMWALK_STEPS ? n : PAMWALK_STEPS;
	for (uint32_t j = i; j != 0; j = search->found[j].from) {
		const struct found *from = &search->found[search->found[j].from];
		int value = search->found[j].value;

		n--;
		if (n < PAMWALK_STEPS)
			way->steps[n] = (struct pamwalk_step){ from->state.at, value,
				action_of(&search->stack->entries[from->state.at],
					value) };
	}
}

/* Whether a state is one that is looked for. */
struct goal {
	bool success;
	size_t entry; /* where success is not asked for */
	bool after_failure;
};

static bool is_goal(
	const struct search *search, const struct state *state, const struct goal *goal)
{
	if (goal->success)
		return state->at >= search->stack->n &&
			outcome(state) == PAM_VALUE_SUCCESS;
	return state->at == goal->entry &&
		(state->now.impression == NEGATIVE) == goal->after_failure;
}

static enum pamwalk_answer look(struct search *search, enum pam_type type,
	const struct goal *goal, struct pamwalk_way *ret_way)
{
	struct state first = start(search->stack, type);

	if (!keep(search, &first, 0, 0))
		return PAMWALK_UNKNOWN;
	for (uint32_t i = 0; i < search->n; i++) {
		if (is_goal(search, &search->found[i].state, goal)) {
			if (ret_way)
				tell_way(search, i, ret_way);
			return PAMWALK_YES;
		}
		if (search->found[i].state.at < search->stack->n && !expand(search, i))
			return PAMWALK_UNKNOWN;
	}
	return PAMWALK_NO;
}

/* Tries with little memory first: nearly every stack has a few hundred states. */
static enum pamwalk_answer search_for(const struct pamstack *stack, enum pam_type type,
	const uint32_t *may, const struct goal *goal, struct pamwalk_way *ret_way)
{
	enum pamwalk_answer answer = PAMWALK_UNKNOWN;

	if (stack->is_refused || !pamstack_has(stack, type))
		return PAMWALK_NO;
	for (uint32_t size = 1u << 12; answer == PAMWALK_UNKNOWN && size <= MAX_STATES;
		size <<= 3) {
		CLEANUP(freep) struct found *found = calloc(size / 2, sizeof(*found));
		CLEANUP(freep) uint32_t *table = calloc(size, sizeof(*table));
		struct search search = { .stack = stack,
			.may = may,
			.found = found,
			.table = table,
			.size = size };

		if (!found || !table)
			return PAMWALK_UNKNOWN;
		answer = look(&search, type, goal, ret_way);
	}
	return answer;
}

enum pamwalk_answer pamwalk_can_succeed(const struct pamstack *stack,
	enum pam_type type, const uint32_t *may, struct pamwalk_way *ret_way)
{
	const struct goal goal = { .success = true };

	return search_for(stack, type, may, &goal, ret_way);
}

enum pamwalk_answer pamwalk_can_reach(const struct pamstack *stack, enum pam_type type,
	const uint32_t *may, size_t entry, bool after_failure,
	struct pamwalk_way *ret_way)
{
	const struct goal goal = { .entry = entry, .after_failure = after_failure };

	return search_for(stack, type, may, &goal, ret_way);
}
