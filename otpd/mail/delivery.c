/* SPDX-License-Identifier: MIT */
/*
 * One mail from its seal to its result: not after its deadline, not twice at once,
 * opened, composed, handed to a transport, counted, logged, answered. The answer is
 * what otpd believes, so it is "sent" only after a server has taken the mail.
 *
 * MUST NOT log the code, the address in full, or anything else of the letter. MUST NOT
 * send a mail whose deadline has passed: its code is dead.
 */
#include "otpd/mail/delivery.h"

#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"
#include "otpd/varlink/call.h"

#define MAIL_BYTES 16

DEFINE_CLEANUP(char *, secret_free);

struct delivery {
	struct list link; /* in mailer.deliveries */
	struct mailer *mailer;
	struct call *call;
	struct parcel parcel;
	struct letter letter;
	struct message message;
	char mail[2 * MAIL_BYTES + 1];
	struct tenant_config tenant; /* a copy: a reload may change it meanwhile */
	char transport[SETTINGS_TITLE];
};

static const char *const result_names[] = {
	[SEND_SENT] = "sent",
	[SEND_DEFERRED] = "deferred",
	[SEND_REFUSED] = "refused",
};

static void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	list_remove(&delivery->link);
	message_fini(&delivery->message);
	secret_free(delivery);
}
DEFINE_CLEANUP(struct delivery *, delivery_free);

static void count(struct mailer *mailer, enum send_result result, const char *detail)
{
	if (result == SEND_SENT)
		mailer->n_sent++;
	else if (result == SEND_DEFERRED)
		mailer->n_deferred++;
	else
		mailer->n_refused++;
	if (result != SEND_SENT)
		snprintf(mailer->last_error, sizeof(mailer->last_error), "%s", detail);
}

static void answer(struct call *call, enum send_result result, const char *detail)
{
	call_out_string(call, "result", result_names[result]);
	call_out_string(call, "detail", detail);
	call_finish(call, 0);
}

/* A mail that never got as far as a transport. */
static void reject(struct mailer *mailer, const struct sealed_mail *sealed,
	struct call *call, enum send_result result, const char *why)
{
	char mail[TEXT_QUOTED];

	log_msg(LOG_NOTICE, "mail %s mail=%s to=- template=- transport=- detail=\"%s\"",
		result_names[result], text_quote(mail, sizeof(mail), sealed->mail),
		why);
	count(mailer, result, why);
	answer(call, result, why);
}

static void on_done(struct parcel *parcel, const struct verdict *verdict)
{
	enum send_result result = verdict->result;
	CLEANUP(delivery_freep)
	struct delivery *delivery = list_entry(parcel, struct delivery, parcel);
	struct mailer *mailer = delivery->mailer;
	char to[LIMIT_ADDRESS + 4], detail[LIMIT_DETAIL + 1], quoted[TEXT_QUOTED];

	detail_clean(detail, sizeof(detail), verdict->detail, delivery->letter.to,
		delivery->letter.code);
	address_mask(to, sizeof(to), delivery->letter.to);
	log_msg(LOG_NOTICE, "mail %s mail=%s to=%s template=%s transport=%s detail=%s",
		result_names[result], delivery->mail, to,
		letter_kind_name(delivery->letter.kind), delivery->transport,
		text_quote(quoted, sizeof(quoted), detail));
	count(mailer, result, detail);
	list_remove(&delivery->link);
	answer(delivery->call, result, detail);
	if (mailer->emptied && list_is_empty(&mailer->deliveries))
		mailer->emptied(mailer);
}

static bool is_on_its_way(const struct mailer *mailer, const char *mail)
{
	list_for_each(it, &mailer->deliveries)
		if (strcmp(list_entry(it, struct delivery, link)->mail, mail) == 0)
			return true;
	return false;
}

/* Why this mail cannot be taken; NULL if it can. */
static const char *objection(const struct mailer *mailer,
	const struct sealed_mail *sealed, enum send_result *ret_result)
{
	uint8_t id[MAIL_BYTES];

	*ret_result = SEND_REFUSED;
	if (hex_decode(id, sizeof(id), sealed->mail) < 0)
		return "the identifier is not 32 hexadecimal digits";
	if (clock_wall_s() >= sealed->deadline_s)
		return "expired";
	*ret_result = SEND_DEFERRED;
	return is_on_its_way(mailer, sealed->mail) ? "already on its way" : NULL;
}

/* Opens and reads it. -EBADMSG, -EINVAL, -ENOMEM. */
static int open_letter(
	struct mailer *mailer, const struct sealed_mail *sealed, struct letter *letter)
{
	CLEANUP(secret_freep) char *plain = NULL;
	size_t size;
	int r;

	r = opener_open(&mailer->opener, sealed->sender, sealed->nonce, sealed->sealed,
		&plain, &size);
	return r < 0 ? r : letter_parse(letter, plain, size);
}

static int prepare(struct delivery *delivery, const struct sealed_mail *sealed)
{
	const struct mail_config *config = delivery->mailer->config;
	int r;

	text_copy(delivery->mail, sizeof(delivery->mail),
		sealed->mail); /* objection() has seen its length */
	text_copy(delivery->transport, sizeof(delivery->transport),
		delivery->mailer->transport->name);
	r = open_letter(delivery->mailer, sealed, &delivery->letter);
	if (r < 0)
		return r;
	delivery->tenant = *config_tenant(config, delivery->letter.tenant);
	r = message_compose(&delivery->message, &delivery->letter, &delivery->tenant,
		delivery->mail);
	if (r < 0)
		return r;
	delivery->parcel = (struct parcel){
		.mail = delivery->mail,
		.from = delivery->tenant.from,
		.to = delivery->letter.to,
		.letter = &delivery->letter,
		.message = &delivery->message,
		.tenant = &delivery->tenant,
		.deadline_s = sealed->deadline_s,
		.done = on_done,
	};
	list_init(&delivery->parcel.link);
	return 0;
}

static struct delivery *delivery_new(struct mailer *mailer, struct call *call)
{
	struct delivery *delivery = secret_alloc(sizeof(*delivery));

	if (!delivery)
		return NULL;
	*delivery = (struct delivery){ .mailer = mailer, .call = call };
	list_init(&delivery->link);
	return delivery;
}

void delivery_start(
	struct mailer *mailer, const struct sealed_mail *sealed, struct call *call)
{
	CLEANUP(delivery_freep) struct delivery *delivery = NULL;
	enum send_result result;
	const char *why = objection(mailer, sealed, &result);
	struct parcel *parcel;
	int r;

	if (why) {
		reject(mailer, sealed, call, result, why);
		return;
	}
	delivery = delivery_new(mailer, call);
	r = delivery ? prepare(delivery, sealed) : -ENOMEM;
	if (r == -EBADMSG)
		reject(mailer, sealed, call, SEND_REFUSED, "it cannot be opened");
	else if (r == -EINVAL)
		reject(mailer, sealed, call, SEND_REFUSED, "it is not understood");
	else if (r < 0)
		reject(mailer, sealed, call, SEND_DEFERRED, "no memory");
	if (r < 0)
		return;
	list_append(&mailer->deliveries, &delivery->link);
	parcel = &TAKE_PTR(delivery)->parcel;
	mailer->transport->send(mailer->transport, parcel);
}

void delivery_give_up(struct mailer *mailer)
{
	list_for_each(it, &mailer->deliveries) {
		struct delivery *delivery = list_entry(it, struct delivery, link);

		answer(delivery->call, SEND_DEFERRED, "otpd-mail is stopping");
	}
}
