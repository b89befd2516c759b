/* SPDX-License-Identifier: MIT */
/*
 * Which transport a mail takes, and which one after that. A transport is left out when
 * it does not take such recipients, was tried for this mail, is not healthy (health.h)
 * or has no room (quota.h). When all that are left are unhealthy and none was tried
 * yet, the one whose pause ends first is tried anyway: a mail is not deferred without a
 * try because of what happened to another one, and a single transport is always tried.
 *
 * A trip ends exactly once. No transport is tried twice for it, and none when its
 * deadline has passed or when otpd would not wait for the end (ROUTE_PATIENCE_MS).
 *
 * MUST NOT go on to another transport unless the verdict says that the one before, or
 * its policy, was the cause: a greylisted mail waits, and a mailbox that is unknown
 * stays unknown. MUST NOT let a policy touch the health of a transport.
 */
#include "otpd/mail/route.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/mail/message/letter.h"
#include "otpd/mail/quota.h"
#include "otpd/mail/stats.h"
#include "otpd/mail/trace.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/text.h"

/* A transport in its place. */
struct route_slot {
	struct transport *transport;
	struct health health;
	struct quota quota;
	struct log_limit noise;
	int64_t n_waiting;
};

struct route {
	struct stats *stats; /* not owned */
	uv_timer_t retire;   /* frees outside of every transport */
	bool retired;
	int64_t n_trips;
	size_t n_slots;
	struct route_slot slots[];
};

/* ---- one transport's part */

static bool takes(const struct route_slot *slot, const struct trip *trip)
{
	return address_is_number(trip->parcel.to) ? slot->transport->takes_numbers
						  : slot->transport->takes_addresses;
}

static bool was_tried(const struct trip *trip, size_t i)
{
	return (trip->tried & 1u << i) != 0;
}

static bool is_over(const struct trip *trip)
{
	return clock_wall_s() >= trip->parcel.deadline_s;
}

/* Whether no other transport is to be asked. */
static bool ends_here(const struct verdict *verdict)
{
	return verdict->cause == CAUSE_RECIPIENT || verdict->cause == CAUSE_MAIL;
}

/* What a verdict says about the transport itself. */
static enum health_sign sign_of(const struct trip *trip, const struct verdict *verdict)
{
	if (verdict->result == SEND_SENT || ends_here(verdict))
		return HEALTH_WORKS;
	if (verdict->cause == CAUSE_POLICY)
		return HEALTH_SILENT;
	/* Time that was short because the code dies is not the transport's. */
	return is_over(trip) ? HEALTH_SILENT : HEALTH_FAILED;
}

static void log_change(struct route_slot *slot, enum health_change change,
	const char *detail, int64_t now_ms)
{
	const char *name = slot->transport->name;
	char quoted[TEXT_QUOTED];

	if (change == HEALTH_SAME || !log_limit_pass(&slot->noise))
		return;
	if (change == HEALTH_CAME_UP)
		log_msg(LOG_NOTICE, "transport %s is up again", name);
	else
		log_msg(LOG_WARNING, "transport %s is paused for %lld s: %s", name,
			(long long)(health_left_ms(&slot->health, now_ms) + 999) / 1000,
			text_quote(quoted, sizeof(quoted), detail));
}

/* A try is over: health, counters, log. */
static void settle(struct trip *trip, const struct verdict *verdict)
{
	struct route_slot *slot = trip->slot;
	int64_t now_ms = clock_mono_ms();
	enum health_sign sign = sign_of(trip, verdict);
	enum health_change change;
	char detail[LIMIT_DETAIL + 1] = "";

	if (verdict->result != SEND_SENT)
		detail_clean(detail, sizeof(detail), verdict->detail, trip->parcel.to,
			trip->parcel.letter->code);
	slot->n_waiting--;
	change = health_end(&slot->health, &trip->attempt, sign, verdict->pause_s,
		sign == HEALTH_FAILED ? randombytes_random() : 0, now_ms);
	stats_tried(trip->route->stats, slot->transport->name, verdict->result,
		now_ms - trip->attempt.began_ms, detail);
	log_change(slot, change, detail, now_ms);
}

/* ---- one trip */

/* The next transport; NULL: there is none. */
static struct route_slot *choose(
	struct route *route, const struct trip *trip, int64_t now_ms)
{
	struct route_slot *resort = NULL;

	for (size_t i = 0; i < route->n_slots; i++) {
		struct route_slot *slot = &route->slots[i];

		if (!takes(slot, trip) || was_tried(trip, i) ||
			!quota_has(&slot->quota, now_ms))
			continue;
		if (health_takes(&slot->health, now_ms))
			return slot;
		if (!resort || slot->health.until_ms < resort->health.until_ms)
			resort = slot;
	}
	return trip->tried == 0 ? resort : NULL;
}

/* Whether a transport that would take it was not asked. */
static bool has_untried(const struct route *route, const struct trip *trip)
{
	for (size_t i = 0; i < route->n_slots; i++)
		if (takes(&route->slots[i], trip) && !was_tried(trip, i))
			return true;
	return false;
}

static void try_slot(struct route_slot *slot, struct trip *trip, int64_t now_ms)
{
	trip->slot = slot;
	trip->tried |= 1u << (slot - trip->route->slots);
	trip->parcel.again = false;
	list_init(&trip->parcel.link);
	quota_take(&slot->quota, now_ms);
	health_begin(&slot->health, &trip->attempt, now_ms);
	slot->n_waiting++;
	trace_step(trip->parcel.trace, "transport", slot->transport->name);
	slot->transport->send(slot->transport, &trip->parcel);
}

static void free_slots(struct route *route)
{
	for (size_t i = 0; i < route->n_slots; i++)
		transport_free(TAKE_PTR(route->slots[i].transport));
	route->n_slots = 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_retire(uv_timer_t *timer)
{
	struct route *route = timer->data;

	free_slots(route);
	uv_close((uv_handle_t *)&route->retire, on_closed);
}

/* The trip belongs to its owner again, who may free it or send it once more. */
static void end(struct trip *trip, const struct verdict *verdict)
{
	struct route *route = trip->route;

	trip->ended(trip, verdict, trip->slot ? trip->slot->transport->name : "");
	if (--route->n_trips == 0 && route->retired)
		uv_timer_start(&route->retire, on_retire, 0, 0);
}

/*
 * All that could be tried was. A refusal that does not speak of the recipient is final
 * only if no other one may still take the mail later. What every transport that takes
 * such recipients refuses by policy, no way leads to: that is the recipient's.
 */
static void end_tried(struct trip *trip, const struct verdict *verdict)
{
	bool is_open = trip->was_deferred || has_untried(trip->route, trip);
	struct verdict last = *verdict;

	if (last.result == SEND_REFUSED && !ends_here(&last) && is_open &&
		!is_over(trip))
		last.result = SEND_DEFERRED;
	if (last.cause == CAUSE_POLICY)
		last.cause =
			is_open || trip->was_failed ? CAUSE_TRANSPORT : CAUSE_RECIPIENT;
	end(trip, &last);
}

static void on_done(struct parcel *parcel, const struct verdict *verdict)
{
	struct trip *trip = list_entry(parcel, struct trip, parcel);
	struct route_slot *next = NULL;
	int64_t now_ms = clock_mono_ms();

	settle(trip, verdict);
	trip->was_deferred = trip->was_deferred || verdict->result == SEND_DEFERRED;
	trip->was_failed = trip->was_failed || verdict->cause != CAUSE_POLICY;
	if (verdict->result != SEND_SENT && !ends_here(verdict) &&
		now_ms - trip->came_ms < ROUTE_PATIENCE_MS && !is_over(trip))
		next = choose(trip->route, trip, now_ms);
	if (!next) {
		end_tried(trip, verdict);
		return;
	}
	trace_step(trip->parcel.trace, "failover", verdict->detail);
	try_slot(next, trip, now_ms);
}

/* Ends a trip that no transport has seen. */
static void end_untried(struct trip *trip, enum send_result result, const char *why)
{
	const struct verdict verdict = { result, CAUSE_TRANSPORT, 0, why };

	end(trip, &verdict);
}

void route_send(struct route *route, struct trip *trip)
{
	int64_t now_ms = clock_mono_ms();
	struct route_slot *slot;

	route->n_trips++;
	trip->route = route;
	trip->slot = NULL;
	trip->tried = 0;
	trip->was_deferred = trip->was_failed = false;
	trip->parcel.done = on_done;
	slot = is_over(trip) ? NULL : choose(route, trip, now_ms);
	if (slot)
		try_slot(slot, trip, now_ms);
	else if (is_over(trip))
		end_untried(trip, SEND_REFUSED, "expired");
	else if (route->n_slots == 0)
		end_untried(trip, SEND_DEFERRED, "mail.conf names no transport yet");
	else if (has_untried(route, trip))
		end_untried(trip, SEND_DEFERRED,
			"every transport has had its mails of this minute");
	else
		end_untried(trip, SEND_REFUSED,
			address_is_number(trip->parcel.to)
				? "no transport of type sms"
				: "no transport for addresses");
}

/* ---- all of them */

static void route_fini(struct route *route)
{
	free_slots(route);
	free(route);
}
DEFINE_CLEANUP(struct route *, route_fini);

int route_new(const struct mail_config *config, uv_loop_t *loop, struct stats *stats,
	struct route **ret, char *error, size_t error_size)
{
	size_t n = config->transports.n;
	CLEANUP(route_finip)
	struct route *route = calloc(1, sizeof(*route) + n * sizeof(struct route_slot));
	int r;

	if (!route)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct transport_config *one = config_transport(config, i);
		struct route_slot *slot = &route->slots[i];

		r = transport_new(one, loop, &slot->transport, error, error_size);
		if (r < 0)
			return r;
		quota_init(&slot->quota, one->per_minute, clock_mono_ms());
		slot->noise = (struct log_limit){ .interval_s = 60, .burst = 6 };
		route->n_slots++;
	}
	route->stats = stats;
	(void)uv_timer_init(loop, &route->retire); /* cannot fail */
	route->retire.data = route;
	*ret = TAKE_PTR(route);
	return 0;
}

void route_free(struct route *route)
{
	if (!route)
		return;
	route->retired = true;
	if (route->n_trips == 0)
		on_retire(&route->retire);
}

void route_status(const struct route *route, size_t i, struct route_status *ret)
{
	const struct route_slot *slot = &route->slots[i];
	int64_t now_ms = clock_mono_ms();

	ret->state = health_state(&slot->health, now_ms);
	ret->retry_in_s = (health_left_ms(&slot->health, now_ms) + 999) / 1000;
	ret->n_waiting = slot->n_waiting;
}
