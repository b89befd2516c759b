/* SPDX-License-Identifier: MIT */
/*
 * Issuing codes: may it go, draw it, keep its hash, seal the mail.
 *
 * A decoy goes through the same functions and writes the same rows; the two differences
 * are that its hash is of random bytes and its mail is void. That equality, not a
 * sleep, is what keeps strangers from learning who is enrolled.
 */
#include "otpd/server/issue.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/core/network.h"
#include "otpd/core/principal.h"
#include "otpd/core/retry.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/challenges.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define LONGER_BY 3 /* characters, while the whole host is under attack */

/* Budgets of codes that no first factor stands before; M3AAWG, see otpd.conf(5). */
static const struct budget_window bare_windows[] = {
	{ BUDGET_HOUR, 3 },
	{ BUDGET_DAY, 10 },
};

/*
 * Codes that failed or came back are given back to the user, who can do nothing for it,
 * but not without end: whoever has the password of a dead mailbox could else have the
 * relay, or a gateway that is paid by the message, try for ever.
 */
static const struct budget_window failed_windows[] = {
	{ BUDGET_HOUR, 10 },
	{ BUDGET_DAY, 30 },
};

static int64_t largest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The host's ceiling; its last tenth is for logins of root. */
static int64_t host_wait_s(struct daemon *daemon, const struct issue *issue)
{
	int64_t ceiling = daemon->moment.config->sends_per_host_hour;

	/* Strangers, who get decoys, must not use up what the others need. */
	const struct budget_rate *rate =
		issue->decoy ? &daemon->decoys : &daemon->sends;

	if (strcmp(issue->user, "root") != 0)
		ceiling -= (ceiling + 9) / 10;
	return budget_rate_hour(rate, daemon->moment.now_s) < ceiling ? 0 : 60;
}

/* What the budget besides the user's is about: where it comes from, or where it goes.
 */
static void find_origin(const struct daemon *daemon, const struct issue *issue,
	char out[LIMIT_RHOST + 1])
{
	char address[LIMIT_ADDRESS + 1];

	if (code_is_to_new_address(issue->purpose)) {
		/* One address, however it is spelled: budgets hold for the mailbox. */
		text_copy_lower(address, sizeof(address), issue->address);
		code_hide_address(out, daemon->key, address);
	} else {
		network_origin(out, LIMIT_RHOST + 1, issue->rhost);
	}
}

static int origin_wait_s(struct daemon *daemon, struct store *store,
	const struct issue *issue, int64_t *ret)
{
	int64_t limit = daemon->moment.config->sends_per_rhost_hour;
	struct budget_window windows[2] = { { BUDGET_HOUR, limit }, { BUDGET_DAY, 0 } };
	size_t n = 1;
	char origin[LIMIT_RHOST + 1];
	struct spending sends;
	int r;

	*ret = 0;
	find_origin(daemon, issue, origin);
	if (!origin[0])
		return 0;
	if (code_is_to_new_address(issue->purpose)) {
		memcpy(windows, bare_windows, sizeof(windows));
		n = 2;
	}
	r = spending_origin_sends(store, origin, windows[n - 1].span_s,
		windows[n - 1].limit, daemon->moment.now_s, &sends);
	if (r == 0)
		*ret = budget_wait_s(
			sends.at, sends.n, windows, n, daemon->moment.now_s);
	return r;
}

static int64_t user_wait_s(
	const struct issue *issue, const struct spending *sends, int64_t now_s)
{
	struct budget_window windows[2];

	policy_send_windows(issue->policy, windows);
	if (code_is_bare(issue->purpose))
		memcpy(windows, bare_windows, sizeof(windows));
	return largest(budget_wait_s(sends->at, sends->n, windows, 2, now_s),
		budget_cool_down_s(sends->at, sends->n, issue->used_at,
			issue->policy->cool_down_s, now_s));
}

/* The same for all, and asked for decoys too: there it finds what a real one would. */
static int failed_wait_s(struct daemon *daemon, struct store *store,
	const struct issue *issue, int64_t *ret)
{
	int64_t now_s = daemon->moment.now_s;
	struct spending failed;
	int r;

	*ret = 0;
	/* Strangers would see it; and failed ones are given back to none of them. */
	if (issue->purpose == CODE_RESET)
		return 0;
	r = spending_user_failed(store, issue->user, BUDGET_DAY,
		failed_windows[1].limit, now_s, &failed);

	*ret = budget_wait_s(failed.at, failed.n, failed_windows, 2, now_s);
	return r;
}

/* What a user would have to wait after one more code. */
static int64_t next_wait_s(
	const struct issue *issue, struct spending *sends, int64_t now_s)
{
	size_t kept = sends->n < SPENDING_MAX ? sends->n : SPENDING_MAX - 1;

	memmove(sends->at + 1, sends->at, kept * sizeof(sends->at[0]));
	sends->at[0] = now_s;
	sends->n = kept + 1;
	return user_wait_s(issue, sends, now_s);
}

int issue_wait_s(struct daemon *daemon, struct store *store, const struct issue *issue,
	int64_t *ret_wait_s, int64_t *ret_next_s)
{
	const struct moment *moment = &daemon->moment;
	struct spending sends;
	int64_t wait = 0, failed_wait = 0;
	int r;

	r = origin_wait_s(daemon, store, issue, &wait);
	if (r == 0)
		r = failed_wait_s(daemon, store, issue, &failed_wait);
	if (r < 0)
		return r;
	r = spending_user_sends(store, issue->user, issue->purpose, BUDGET_DAY,
		largest(issue->policy->sends_per_day, 10), moment->now_s, &sends);
	if (r < 0)
		return r;
	wait = largest(
		largest(wait, failed_wait), user_wait_s(issue, &sends, moment->now_s));
	*ret_wait_s = largest(wait, host_wait_s(daemon, issue));
	*ret_next_s = next_wait_s(issue, &sends, moment->now_s);
	return 0;
}

static const char *letter_kind(int64_t purpose)
{
	switch (purpose) {
	case CODE_LOGIN:
		return "login";
	case CODE_REGISTER:
		return "register";
	case CODE_RESET:
	case CODE_CHANGE_PASSWORD:
		return "reset";
	default:
		return "verify";
	}
}

/*
 * Seals a letter, writes the outbox row and makes the copy that the loop hands over.
 * Mail comes with its purpose and its deadline.
 */
static int post(struct daemon *daemon, struct store *store, const struct issue *issue,
	const struct letter *letter, struct mail *mail, struct outgoing **ret_mail)
{
	const struct moment *moment = &daemon->moment;
	int r;

	randombytes_buf(mail->name, sizeof(mail->name));
	text_copy(mail->user, sizeof(mail->user), issue->user);
	find_origin(daemon, issue, mail->origin);
	mail->own = issue->own && !issue->decoy;
	mail->state = issue->decoy ? MAIL_VOID : MAIL_QUEUED;
	mail->at = moment->now_s;
	r = seal_letter(&moment->seal, letter, mail);
	if (r == 0)
		r = mails_insert(store, mail);
	if (r < 0)
		return r;
	budget_rate_add(
		issue->decoy ? &daemon->decoys : &daemon->sends, moment->now_s, 1);
	*ret_mail = outgoing_new(mail);
	if (!*ret_mail)
		return -ENOMEM;
	if (issue->decoy)
		outgoing_free(TAKE_PTR(*ret_mail));
	return 0;
}

void issue_to_user(struct issue *issue, const struct user *user)
{
	issue->address = user->address;
	issue->person = user->person;
	issue->language = user->language;
	issue->used_at = user->login_at;
	issue->own = true;
	if (user->second[0] && user->second_verified_at > 0)
		issue->second = user->second;
}

/*
 * The second route is for codes of logins. One that proves an address MUST go there and
 * nowhere else, or it would prove nothing.
 */
static const char *second_of(const struct issue *issue)
{
	bool may = issue->purpose == CODE_LOGIN && !issue->decoy &&
		issue->policy->second_route == POLICY_SECOND_REFUSED;

	return may && issue->second ? issue->second : "";
}

/* An account's principal is nobody's name; people know its user name, if it has one. */
static void fill_letter(
	const struct daemon *daemon, const struct issue *issue, struct letter *letter)
{
	bool spoken = issue->language && *issue->language;
	bool is_account = principal_is_reserved(issue->user);

	*letter = (struct letter){
		.to = issue->address,
		.second = second_of(issue),
		.tenant = issue->tenant ? issue->tenant : issue->policy->tenant,
		.language = spoken ? issue->language : issue->policy->language,
		.name = issue->person,
		.user = is_account ? issue->person : issue->user,
		.service = issue->service,
		.host = daemon->moment.config->host_name,
		.rhost = issue->rhost,
		.tty = issue->tty,
		.command = "",
		.address = "",
		.code = "",
		.reference = "",
		.at = daemon->moment.now_s,
	};
}

/* Draws a code into the challenge and posts it. */
static int draw_and_post(struct daemon *daemon, struct store *store,
	const struct issue *issue, struct challenge *challenge,
	struct outgoing **ret_mail)
{
	const struct moment *moment = &daemon->moment;
	bool longer = budget_rate_hour(&daemon->wrong, moment->now_s) >
		moment->config->wrong_longer;
	char code[LIMIT_CODE + 1];
	struct letter letter;
	struct mail mail = { .purpose = issue->purpose };
	int r;
	SECRET_SCOPE(code);

	challenge->length = issue->policy->code_length + (longer ? LONGER_BY : 0);
	challenge->alphabet = issue->policy->code_alphabet;
	challenge->expires_at = moment->now_s + issue->policy->life_s;
	challenge->key_id = daemon->key->id;
	code_draw(code, challenge->length, (enum code_alphabet)challenge->alphabet);
	code_draw_reference(challenge->reference);
	code_hash(challenge->hash, daemon->key, challenge->purpose, challenge->id,
		challenge->user, challenge->service, code);
	if (issue->decoy || issue->taken)
		randombytes_buf(challenge->hash, sizeof(challenge->hash));
	fill_letter(daemon, issue, &letter);
	letter.kind = issue->taken ? "registered" : letter_kind(issue->purpose);
	letter.code = issue->taken ? "" : code;
	letter.reference = challenge->reference;
	letter.expires_at = challenge->expires_at;
	mail.deadline = retry_deadline_s(moment->now_s, letter.expires_at);
	r = post(daemon, store, issue, &letter, &mail, ret_mail);
	challenge->mail = mail.id;
	return r;
}

int issue_new(struct daemon *daemon, struct store *store, const struct issue *issue,
	struct challenge *ret, struct outgoing **ret_mail)
{
	int r;

	if (!daemon->moment.seal.ready)
		return OUTCOME_UNAVAILABLE;
	*ret = (struct challenge){
		.peer = issue->peer,
		.purpose = issue->purpose,
		.decoy = issue->decoy || issue->taken,
		.max_tries = issue->policy->tries,
		.created_at = daemon->moment.now_s,
	};
	challenge_draw_id(ret->id, daemon->last_id, daemon->moment.now_s);
	text_copy(ret->user, sizeof(ret->user), issue->user);
	text_copy(ret->service, sizeof(ret->service), issue->service);
	text_copy(ret->rhost, sizeof(ret->rhost), issue->rhost);
	text_copy(ret->tty, sizeof(ret->tty), issue->tty);
	if (issue->purpose != CODE_LOGIN && !issue->decoy)
		text_copy(ret->address, sizeof(ret->address), issue->address);
	r = draw_and_post(daemon, store, issue, ret, ret_mail);
	return r < 0 ? r : challenges_insert(store, ret);
}

int issue_again(struct daemon *daemon, struct store *store, const struct issue *issue,
	struct challenge *challenge, struct outgoing **ret_mail)
{
	int r;

	if (!daemon->moment.seal.ready)
		return OUTCOME_UNAVAILABLE;
	r = mails_kill(store, challenge->mail);
	if (r == 0)
		r = draw_and_post(daemon, store, issue, challenge, ret_mail);
	return r < 0 ? r : challenges_redraw(store, challenge);
}

int issue_notice(struct daemon *daemon, struct store *store, const struct issue *issue,
	enum issue_notice notice, int64_t until_s, struct outgoing **ret_mail)
{
	static const char *const kinds[] = {
		[ISSUE_LOCKED] = "locked",
		[ISSUE_TEST] = "test",
		[ISSUE_WELCOME] = "welcome",
		[ISSUE_PASSWORD_CHANGED] = "password-changed",
		[ISSUE_ADDRESS_CHANGED] = "address-changed",
		[ISSUE_RECOVERY_CODES] = "recovery-codes",
	};
	bool is_test = notice == ISSUE_TEST;
	struct mail mail = { .purpose = is_test ? CODE_TEST : CODE_NOTICE };
	struct letter letter;
	char masked[LIMIT_ADDRESS + 4];

	if (!daemon->moment.seal.ready)
		return OUTCOME_UNAVAILABLE;
	fill_letter(daemon, issue, &letter);
	letter.kind = kinds[notice];
	letter.expires_at = until_s;
	if (notice == ISSUE_ADDRESS_CHANGED && issue->new_address) {
		address_mask(masked, sizeof(masked), issue->new_address);
		letter.address = masked;
	}
	/* A notice may arrive late; a test is waited for. */
	mail.deadline = letter.at + (is_test ? 120 : BUDGET_DAY);
	return post(daemon, store, issue, &letter, &mail, ret_mail);
}

int issue_courtesy(int r)
{
	return r == OUTCOME_UNAVAILABLE || r == -EMSGSIZE || r == -ENOMEM ? 0 : r;
}
