/* SPDX-License-Identifier: MIT */
/*
 * Issuing codes: draw it, keep its hash, seal the mail. Whether it may go is said in
 * issue_wait.c.
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
#include "otpd/core/principal.h"
#include "otpd/core/retry.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/store/challenges.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define LONGER_BY 3 /* characters, while the whole host is under attack */

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
	case CODE_RECOVERY:
		return "recovery";
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
	issue_find_origin(daemon, issue, mail->origin);
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

/* An account's principal is nobody's name; people know its user name, if it has one.
 * Who asks for an account and is not root, in whose processes PAM asks, has a page. */
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
		.left = issue->left ? issue->left : "",
		.code = "",
		.reference = "",
		.page = is_account && issue->peer != 0 ? "yes" : NULL,
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

static void begin_challenge(
	struct daemon *daemon, const struct issue *issue, struct challenge *ret)
{
	*ret = (struct challenge){
		.peer = issue->peer,
		.purpose = issue->purpose,
		.decoy = issue->decoy || issue->taken,
		.unknown = issue->unknown,
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
}

int issue_new(struct daemon *daemon, struct store *store, const struct issue *issue,
	struct challenge *ret, struct outgoing **ret_mail)
{
	int r;

	if (!daemon->moment.seal.ready)
		return OUTCOME_UNAVAILABLE;
	begin_challenge(daemon, issue, ret);
	r = draw_and_post(daemon, store, issue, ret, ret_mail);
	return r < 0 ? r : challenges_insert(store, ret);
}

int issue_without_mail(struct daemon *daemon, struct store *store,
	const struct issue *issue, struct challenge *ret)
{
	begin_challenge(daemon, issue, ret);
	ret->length = issue->policy->code_length;
	ret->alphabet = issue->policy->code_alphabet;
	ret->expires_at = daemon->moment.now_s + issue->policy->life_s;
	ret->key_id = daemon->key->id;
	code_draw_reference(ret->reference);
	randombytes_buf(ret->hash, sizeof(ret->hash));
	return challenges_insert(store, ret);
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
		[ISSUE_RECOVERY_USED] = "recovery-used",
		[ISSUE_BREAK_GLASS] = "break-glass",
		[ISSUE_BREAK_GLASS_MADE] = "break-glass-made",
		[ISSUE_RESET_LOCKED] = "reset-locked",
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
