/* SPDX-License-Identifier: MIT */
/*
 * One mail from its seal to its result: not after its deadline, not twice at once,
 * opened, composed, sent over the route, counted, logged, answered. The answer is what
 * otpd believes, so it is "sent" only after a server has taken the mail.
 *
 * When a server refuses the address for good and the letter names a second one, the
 * mail is composed anew for that, with the same identifier, and what becomes of it is
 * the answer. If that is deferred, all of it is: otpd begins with the first one again.
 *
 * MUST NOT log the code, an address in full, or anything else of the letter. MUST NOT
 * send a mail whose deadline has passed: its code is dead.
 */
#include "otpd/mail/delivery.h"

#include <errno.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/message/message.h"
#include "otpd/mail/route.h"
#include "otpd/mail/stats.h"
#include "otpd/mail/trace.h"
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
	struct trip trip;
	struct letter letter;
	struct message message;
	char mail[2 * MAIL_BYTES + 1];
	struct tenant_config tenant;   /* a copy: a reload may change it meanwhile */
	char first[LIMIT_ADDRESS + 1]; /* what letter.to was; "" before the second */
};

static const char *const result_names[] = {
	[SEND_SENT] = "sent",
	[SEND_DEFERRED] = "deferred",
	[SEND_REFUSED] = "refused",
};

/* What otpd is told. */
struct outcome_of_send {
	enum send_result result;
	const char *detail;    /* clean */
	const char *transport; /* whose word it is; "" */
	bool second;           /* the second route was used */
	bool bad_address;      /* the first one is refused for good */
};

static void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	list_remove(&delivery->link);
	trace_end(delivery->trip.parcel.trace);
	message_fini(&delivery->message);
	secret_free(delivery);
}
DEFINE_CLEANUP(struct delivery *, delivery_free);

static void count(struct mailer *mailer, const struct outcome_of_send *outcome)
{
	if (outcome->result == SEND_SENT)
		mailer->n_sent++;
	else if (outcome->result == SEND_DEFERRED)
		mailer->n_deferred++;
	else
		mailer->n_refused++;
	if (outcome->result != SEND_SENT)
		snprintf(mailer->last_error, sizeof(mailer->last_error), "%s",
			outcome->detail);
}

static void answer(struct call *call, const struct outcome_of_send *outcome)
{
	call_out_string(call, "result", result_names[outcome->result]);
	call_out_string(call, "detail", outcome->detail);
	call_out_string(call, "transport", outcome->transport);
	call_out_bool(call, "second", outcome->second);
	call_out_bool(call, "bad_address", outcome->bad_address);
	call_finish(call, 0);
}

/* A mail that never got as far as the route. */
static void reject(struct mailer *mailer, const struct sealed_mail *sealed,
	struct call *call, enum send_result result, const char *why)
{
	const struct outcome_of_send outcome = { result, why, "", false, false };
	char mail[TEXT_QUOTED];

	log_msg(LOG_NOTICE, "mail %s mail=%s to=- template=- transport=- detail=\"%s\"",
		result_names[result], text_quote(mail, sizeof(mail), sealed->mail),
		why);
	count(mailer, &outcome);
	answer(call, &outcome);
}

/* One line for each result; word is its name, or "rerouted". */
static void log_result(const struct delivery *delivery, const char *word,
	const char *transport, const char *detail)
{
	char to[LIMIT_ADDRESS + 4], quoted[TEXT_QUOTED];

	address_mask(to, sizeof(to), delivery->letter.to);
	log_msg(LOG_NOTICE,
		"mail %s mail=%s to=%s template=%s transport=%s%s detail=%s", word,
		delivery->mail, to, letter_kind_name(delivery->letter.kind),
		transport[0] ? transport : "-", delivery->first[0] ? " second=yes" : "",
		text_quote(quoted, sizeof(quoted), detail));
}

/* The result is final: counted, logged, answered. delivery is freed. */
static void finish(struct delivery *finished, const struct outcome_of_send *outcome)
{
	CLEANUP(delivery_freep) struct delivery *delivery = finished;
	struct mailer *mailer = delivery->mailer;

	log_result(delivery, result_names[outcome->result], outcome->transport,
		outcome->detail);
	count(mailer, outcome);
	list_remove(&delivery->link);
	answer(delivery->call, outcome);
	if (mailer->emptied && list_is_empty(&mailer->deliveries))
		mailer->emptied(mailer);
}

/* Composes the mail for letter.to. The one place that asks for it. */
static int compose(struct delivery *delivery)
{
	message_fini(&delivery->message);
	return message_compose(&delivery->message, &delivery->letter, &delivery->tenant,
		delivery->mailer->templates, delivery->mail);
}

static bool is_bad_address(const struct verdict *verdict)
{
	return verdict->result == SEND_REFUSED && verdict->cause == CAUSE_RECIPIENT;
}

/* Sends it to the second address, now that the first one is refused. -errno. */
static int send_second(
	struct delivery *delivery, const char *transport, const char *detail)
{
	struct letter *letter = &delivery->letter;
	int r;

	log_result(delivery, "rerouted", transport, detail);
	memcpy(delivery->first, letter->to, sizeof(delivery->first));
	memcpy(letter->to, letter->second, sizeof(letter->to));
	secret_wipe(letter->second, sizeof(letter->second));
	trace_step(delivery->trip.parcel.trace, "second", letter->to);
	r = compose(delivery);
	if (r == 0)
		route_send(delivery->mailer->route, &delivery->trip);
	return r;
}

/* Whether there is a second address, and time for it. */
static bool has_second(const struct delivery *delivery)
{
	return delivery->letter.second[0] &&
		clock_wall_s() < delivery->trip.parcel.deadline_s;
}

static void on_ended(
	struct trip *trip, const struct verdict *verdict, const char *transport)
{
	struct delivery *delivery = list_entry(trip, struct delivery, trip);
	bool is_bad = is_bad_address(verdict), is_late;
	int64_t took_ms = clock_mono_ms() - trip->came_ms;
	char detail[LIMIT_DETAIL + 1];
	struct outcome_of_send outcome = { verdict->result, detail, transport,
		delivery->first[0] != '\0', delivery->first[0] || is_bad };

	detail_clean_both(detail, sizeof(detail), verdict->detail, delivery->letter.to,
		delivery->first[0] ? delivery->first : delivery->letter.second,
		delivery->letter.code);
	stats_ended(
		delivery->mailer->stats, delivery->letter.to, verdict->result, took_ms);
	is_late = is_bad && has_second(delivery) && took_ms >= ROUTE_PATIENCE_MS;
	if (is_bad && has_second(delivery) && !is_late) {
		if (send_second(delivery, transport, detail) == 0)
			return;
		outcome.result = SEND_DEFERRED;
		outcome.detail = "the mail to the second address cannot be composed";
	} else if (is_late) {
		outcome.result = SEND_DEFERRED; /* the next Send gets there sooner */
	}
	outcome.bad_address = outcome.bad_address && outcome.result != SEND_DEFERRED;
	finish(delivery, &outcome);
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
	struct mailer *mailer = delivery->mailer;
	struct letter *letter = &delivery->letter;
	int r;

	text_copy(delivery->mail, sizeof(delivery->mail),
		sealed->mail); /* objection() has seen its length */
	r = open_letter(mailer, sealed, letter);
	if (r < 0)
		return r;
	delivery->tenant = *config_tenant(mailer->config, letter->tenant);
	r = compose(delivery);
	if (r < 0)
		return r;
	delivery->trip.parcel = (struct parcel){
		.mail = delivery->mail,
		.from = delivery->tenant.from,
		.to = letter->to,
		.letter = letter,
		.message = &delivery->message,
		.tenant = &delivery->tenant,
		.deadline_s = sealed->deadline_s,
		.trace = letter->kind == LETTER_TEST
			? trace_begin(mailer->traces, delivery->mail, letter)
			: NULL,
	};
	return 0;
}

static struct delivery *delivery_new(struct mailer *mailer, struct call *call)
{
	struct delivery *delivery = secret_alloc(sizeof(*delivery));

	if (!delivery)
		return NULL;
	*delivery = (struct delivery){ .mailer = mailer, .call = call };
	delivery->trip.came_ms = clock_mono_ms();
	delivery->trip.ended = on_ended;
	list_init(&delivery->link);
	return delivery;
}

void delivery_start(
	struct mailer *mailer, const struct sealed_mail *sealed, struct call *call)
{
	CLEANUP(delivery_freep) struct delivery *delivery = NULL;
	enum send_result result;
	const char *why = objection(mailer, sealed, &result);
	struct trip *trip;
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
	trip = &TAKE_PTR(delivery)->trip;
	route_send(mailer->route, trip);
}

void delivery_give_up(struct mailer *mailer)
{
	const struct outcome_of_send outcome = { SEND_DEFERRED, "otpd-mail is stopping",
		"", false, false };

	list_for_each(it, &mailer->deliveries)
		answer(list_entry(it, struct delivery, link)->call, &outcome);
}
