/* SPDX-License-Identifier: MIT */
/*
 * Which transport a mail takes, and which one after that. The transports are fakes that
 * answer what a test says, when it says it; the clocks are the test's.
 */
#include "otpd/mail/route.h"

#include <errno.h>

#include "otpd/mail/message/letter.h"
#include "otpd/mail/stats.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "tests/unit/unit.h"

#define FAKES 8

static int64_t wall_s, mono_ms;

int64_t clock_wall_s(void)
{
	return wall_s;
}

int64_t clock_mono_ms(void)
{
	return mono_ms;
}

static void pass_ms(int64_t ms)
{
	mono_ms += ms;
	wall_s = 1000000000 + mono_ms / 1000;
}

/* A transport that keeps what it is given until it is told what to say. */
struct fake {
	struct transport transport;
	struct list parcels;
	bool is_freed;
	bool is_sync; /* says it at once */
	struct verdict word;
	int64_t n_seen;
};

static struct fake fakes[FAKES];
static size_t n_fakes, n_broken; /* n_broken: the one that cannot be made, from 1 */

/* What each test wants to know of every parcel that a transport gets. */
static void (*watch)(struct fake *fake, struct parcel *parcel);

static void fake_send(struct transport *transport, struct parcel *parcel)
{
	struct fake *fake = (struct fake *)transport;

	ck_assert(!fake->is_freed);
	ck_assert(list_is_empty(&parcel->link));
	ck_assert(!parcel->again);
	parcel->again = true;
	fake->n_seen++;
	if (watch)
		watch(fake, parcel);
	if (fake->is_sync)
		parcel->done(parcel, &fake->word);
	else
		list_append(&fake->parcels, &parcel->link);
}

static void fake_free(struct transport *transport)
{
	struct fake *fake = (struct fake *)transport;

	ck_assert(!fake->is_freed);
	ck_assert(list_is_empty(&fake->parcels));
	fake->is_freed = true;
}

int transport_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size)
{
	struct fake *fake = &fakes[n_fakes];

	(void)loop;
	if (++n_fakes == n_broken) {
		snprintf(error, error_size, "broken");
		return -EINVAL;
	}
	*fake = (struct fake){ .is_sync = false };
	list_init(&fake->parcels);
	snprintf(fake->transport.name, sizeof(fake->transport.name), "%s",
		config->title);
	fake->transport.takes_numbers = config->type == TRANSPORT_SMS;
	fake->transport.takes_addresses = config->type != TRANSPORT_SMS;
	fake->transport.send = fake_send;
	fake->transport.free = fake_free;
	*ret = &fake->transport;
	return 0;
}

void transport_free(struct transport *transport)
{
	if (transport)
		transport->free(transport);
}

/* ---- a world of one route */

static uv_loop_t loop;
static struct stats *stats;
static struct route *route;
static struct transport_config configs[FAKES];
static struct mail_config config;

static void open_route(size_t n)
{
	char error[256];

	for (size_t i = 0; i < n; i++)
		snprintf(configs[i].title, sizeof(configs[i].title), "t%zu", i);
	config.transports.items = configs;
	config.transports.n = n;
	n_fakes = 0;
	watch = NULL;
	log_set_level(LOG_ERR);
	pass_ms(1000000);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	stats = stats_new();
	stats_configure(stats, &config);
	ck_assert_int_eq(
		route_new(&config, &loop, stats, &route, error, sizeof(error)), 0);
}

/* Whatever is still on its way has ended: everything must be given back. */
static void close_route(void)
{
	route_free(route);
	uv_run(&loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < n_fakes; i++)
		ck_assert(fakes[i].is_freed);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	stats_free(stats);
	memset(configs, 0, sizeof(configs));
}

struct mail {
	struct trip trip;
	struct letter letter;
	int n_ends;
	struct verdict verdict;
	char transport[SETTINGS_TITLE];
	char detail[64];
};

static void on_ended(
	struct trip *trip, const struct verdict *verdict, const char *transport)
{
	struct mail *mail = list_entry(trip, struct mail, trip);

	mail->n_ends++;
	mail->verdict = *verdict;
	snprintf(mail->transport, sizeof(mail->transport), "%s", transport);
	snprintf(mail->detail, sizeof(mail->detail), "%s", verdict->detail);
}

static void fill_mail(struct mail *mail, const char *to)
{
	*mail = (struct mail){ .trip.ended = on_ended };
	snprintf(mail->letter.to, sizeof(mail->letter.to), "%s", to);
	mail->trip.came_ms = mono_ms;
	mail->trip.parcel.to = mail->letter.to;
	mail->trip.parcel.letter = &mail->letter;
	mail->trip.parcel.deadline_s = wall_s + 540;
}

static void send_mail(struct mail *mail, const char *to)
{
	fill_mail(mail, to);
	route_send(route, &mail->trip);
}

/* The oldest parcel of a fake ends. */
static void say(size_t i, enum send_result result, enum send_cause cause)
{
	const struct verdict verdict = { result, cause, 0, "said" };
	struct list *first = list_pop(&fakes[i].parcels);

	ck_assert_ptr_nonnull(first);
	struct parcel *parcel = list_entry(first, struct parcel, link);
	parcel->done(parcel, &verdict);
}

static size_t n_held(size_t i)
{
	size_t n = 0;

	list_for_each(it, &fakes[i].parcels)
		n++;
	return n;
}

static void ended(
	const struct mail *mail, enum send_result result, const char *transport)
{
	ck_assert_int_eq(mail->n_ends, 1);
	ck_assert_int_eq(mail->verdict.result, result);
	ck_assert_str_eq(mail->transport, transport);
}

#define TO "jane@example.net"

START_TEST(the_first_one_is_taken_while_it_works)
{
	struct mail mails[3];

	open_route(2);
	for (int i = 0; i < 3; i++)
		send_mail(&mails[i], TO);
	ck_assert_uint_eq(n_held(0), 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mails[i].n_ends, 0);
		say(0, SEND_SENT, CAUSE_RECIPIENT);
		ended(&mails[i], SEND_SENT, "t0");
	}
	ck_assert_int_eq(fakes[1].n_seen, 0);
	close_route();
}
END_TEST

START_TEST(the_next_one_is_taken_when_one_fails)
{
	struct mail mail, second;

	open_route(3);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	ck_assert_int_eq(mail.n_ends, 0);
	say(1, SEND_DEFERRED, CAUSE_TRANSPORT);
	say(2, SEND_SENT, CAUSE_RECIPIENT);
	ended(&mail, SEND_SENT, "t2");
	/* And the next mail goes there at once. */
	send_mail(&second, TO);
	ck_assert_uint_eq(n_held(2), 1);
	say(2, SEND_DEFERRED, CAUSE_RECIPIENT);
	ended(&second, SEND_DEFERRED, "t2");
	ck_assert_int_eq(fakes[0].n_seen, 1);
	ck_assert_int_eq(fakes[1].n_seen, 1);
	close_route();
}
END_TEST

START_TEST(what_is_the_recipients_doing_ends_it)
{
	struct mail mail;

	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_RECIPIENT);
	ended(&mail, SEND_DEFERRED, "t0");
	send_mail(&mail, TO);
	say(0, SEND_REFUSED, CAUSE_RECIPIENT);
	ended(&mail, SEND_REFUSED, "t0");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_RECIPIENT);
	ck_assert_int_eq(fakes[1].n_seen, 0);
	close_route();
}
END_TEST

START_TEST(after_the_last_one_it_is_deferred_with_its_words)
{
	struct mail mail;

	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	say(1, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t1");
	ck_assert_str_eq(mail.detail, "said");
	close_route();
}
END_TEST

START_TEST(a_refusal_by_the_way_is_final_only_if_all_of_them_refuse)
{
	struct mail mail;

	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_REFUSED, CAUSE_TRANSPORT);
	say(1, SEND_REFUSED, CAUSE_TRANSPORT);
	ended(&mail, SEND_REFUSED, "t1");
	close_route();
	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	pass_ms(2000); /* longer than jitter makes a pause */
	say(1, SEND_REFUSED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t1");
	/* Both are paused; only one is tried, and the other might take it. */
	send_mail(&mail, TO);
	say(0, SEND_REFUSED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t0");
	close_route();
}
END_TEST

START_TEST(a_policy_asks_the_next_one_and_pauses_nobody)
{
	struct route_status status;
	struct mail mail;

	open_route(3);
	for (int i = 0; i < 3; i++) {
		send_mail(&mail, TO);
		say(0, SEND_REFUSED, CAUSE_POLICY);
		ck_assert_int_eq(mail.n_ends, 0);
		say(1, SEND_DEFERRED, CAUSE_POLICY);
		say(2, SEND_SENT, CAUSE_RECIPIENT);
		ended(&mail, SEND_SENT, "t2");
	}
	for (size_t i = 0; i < 3; i++) {
		route_status(route, i, &status);
		ck_assert_int_eq(status.state, HEALTH_UP);
	}
	ck_assert_int_eq(stats_transport(stats, 0)->counts.refused, 3);
	close_route();
}
END_TEST

/* t1 is paused, and its pause is over: a policy does not bring it back, either. */
START_TEST(a_policy_is_no_sign_of_health)
{
	struct route_status status;
	struct mail mail;

	open_route(1);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	pass_ms(6300);
	send_mail(&mail, TO);
	say(0, SEND_REFUSED, CAUSE_POLICY);
	ended(&mail, SEND_REFUSED, "t0");
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_PROBING);
	send_mail(&mail, TO);
	say(0, SEND_SENT, CAUSE_RECIPIENT);
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_UP);
	close_route();
}
END_TEST

/* What two transports say, and what becomes of the mail. */
START_TEST(what_all_refuse_by_policy_is_the_recipients)
{
	static const struct {
		enum send_result first;
		enum send_cause first_cause;
		enum send_result second;
		enum send_cause second_cause;
		enum send_result result;
		enum send_cause cause;
	} rows[] = {
		{ SEND_REFUSED, CAUSE_POLICY, SEND_REFUSED, CAUSE_POLICY, SEND_REFUSED,
			CAUSE_RECIPIENT },
		{ SEND_REFUSED, CAUSE_POLICY, SEND_REFUSED, CAUSE_RECIPIENT,
			SEND_REFUSED, CAUSE_RECIPIENT },
		{ SEND_REFUSED, CAUSE_POLICY, SEND_DEFERRED, CAUSE_RECIPIENT,
			SEND_DEFERRED, CAUSE_RECIPIENT },
		{ SEND_DEFERRED, CAUSE_POLICY, SEND_REFUSED, CAUSE_POLICY,
			SEND_DEFERRED, CAUSE_TRANSPORT },
		{ SEND_REFUSED, CAUSE_POLICY, SEND_DEFERRED, CAUSE_POLICY,
			SEND_DEFERRED, CAUSE_TRANSPORT },
		{ SEND_DEFERRED, CAUSE_TRANSPORT, SEND_REFUSED, CAUSE_POLICY,
			SEND_DEFERRED, CAUSE_TRANSPORT },
		{ SEND_REFUSED, CAUSE_POLICY, SEND_DEFERRED, CAUSE_TRANSPORT,
			SEND_DEFERRED, CAUSE_TRANSPORT },
		/* It may have arrived, or is not fit to be sent: not the address. */
		{ SEND_REFUSED, CAUSE_TRANSPORT, SEND_REFUSED, CAUSE_POLICY,
			SEND_REFUSED, CAUSE_TRANSPORT },
		{ SEND_REFUSED, CAUSE_POLICY, SEND_REFUSED, CAUSE_TRANSPORT,
			SEND_REFUSED, CAUSE_TRANSPORT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail mail;

		open_route(2);
		send_mail(&mail, TO);
		say(0, rows[i].first, rows[i].first_cause);
		say(1, rows[i].second, rows[i].second_cause);
		ended(&mail, rows[i].result, "t1");
		ck_assert_int_eq(mail.verdict.cause, rows[i].cause);
		close_route();
	}
}
END_TEST

START_TEST(a_policy_is_not_final_while_one_has_not_been_asked)
{
	struct mail mail;

	/* The second one is paused. */
	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	send_mail(&mail, TO);
	say(1, SEND_REFUSED, CAUSE_POLICY);
	ended(&mail, SEND_DEFERRED, "t1");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_TRANSPORT);
	/* otpd's patience ends, or the code dies. */
	pass_ms(400000);
	send_mail(&mail, TO);
	pass_ms(ROUTE_PATIENCE_MS);
	say(0, SEND_REFUSED, CAUSE_POLICY);
	ended(&mail, SEND_DEFERRED, "t0");
	send_mail(&mail, TO);
	pass_ms(540000);
	say(0, SEND_REFUSED, CAUSE_POLICY);
	ended(&mail, SEND_REFUSED, "t0");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_TRANSPORT);
	close_route();
	/* One that does not take addresses need not be asked. */
	configs[1].type = TRANSPORT_SMS;
	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_REFUSED, CAUSE_POLICY);
	ended(&mail, SEND_REFUSED, "t0");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_RECIPIENT);
	close_route();
}
END_TEST

START_TEST(when_all_are_paused_the_one_that_ends_first_is_tried)
{
	struct mail mail;

	open_route(2);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	pass_ms(2000);
	say(1, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t1");
	pass_ms(1);
	send_mail(&mail, TO);
	ck_assert_uint_eq(n_held(0), 1);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t0"); /* one try, and not the other one, too */
	pass_ms(1);
	send_mail(&mail, TO);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	ended(&mail, SEND_SENT, "t1");
	/* Up at once. */
	send_mail(&mail, TO);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	close_route();
}
END_TEST

START_TEST(a_single_one_is_always_tried)
{
	struct mail mail;

	open_route(1);
	for (int i = 0; i < 20; i++) {
		send_mail(&mail, TO);
		say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
		ended(&mail, SEND_DEFERRED, "t0");
		pass_ms(10);
	}
	close_route();
}
END_TEST

START_TEST(after_the_pause_one_mail_probes_and_brings_it_back)
{
	struct route_status status;
	struct mail mails[3];

	open_route(2);
	send_mail(&mails[0], TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_PAUSED);
	ck_assert_int_ge(status.retry_in_s, 5);
	ck_assert_int_le(status.retry_in_s, 7);
	pass_ms(6300);
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_PROBING);
	ck_assert_int_eq(status.retry_in_s, 0);
	for (int i = 0; i < 3; i++)
		send_mail(&mails[i], TO);
	ck_assert_uint_eq(n_held(0), 1);
	ck_assert_uint_eq(n_held(1), 2);
	route_status(route, 1, &status);
	ck_assert_int_eq(status.n_waiting, 2);
	say(0, SEND_DEFERRED, CAUSE_RECIPIENT); /* a greylisting relay is alive */
	ended(&mails[0], SEND_DEFERRED, "t0");
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_UP);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	close_route();
}
END_TEST

START_TEST(the_pause_that_a_server_asks_for_is_kept)
{
	struct route_status status;
	struct mail mail;

	open_route(1);
	fakes[0].is_sync = true;
	fakes[0].word = (struct verdict){ SEND_DEFERRED, CAUSE_TRANSPORT, 120, "429" };
	send_mail(&mail, TO);
	route_status(route, 0, &status);
	ck_assert_int_eq(status.retry_in_s, 120);
	close_route();
}
END_TEST

START_TEST(numbers_and_addresses_take_their_own_transports)
{
	struct mail mail;

	configs[1].type = TRANSPORT_SMS;
	open_route(2);
	send_mail(&mail, "+4930123456");
	say(1, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t1");
	ck_assert_int_eq(fakes[0].n_seen, 0);
	send_mail(&mail, TO);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t0");
	ck_assert_int_eq(fakes[1].n_seen, 1);
	close_route();
	open_route(1);
	send_mail(&mail, "+4930123456");
	ended(&mail, SEND_REFUSED, "");
	ck_assert_str_eq(mail.detail, "no transport of type sms");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_TRANSPORT);
	close_route();
	configs[0].type = TRANSPORT_SMS;
	open_route(1);
	send_mail(&mail, TO);
	ended(&mail, SEND_REFUSED, "");
	close_route();
}
END_TEST

START_TEST(a_full_minute_sends_mails_to_the_next_one)
{
	struct mail mail;

	configs[0].per_minute = 2;
	configs[1].per_minute = 1;
	open_route(2);
	for (int i = 0; i < 3; i++) {
		send_mail(&mail, TO);
		say(i < 2 ? 0 : 1, SEND_SENT, CAUSE_RECIPIENT);
	}
	send_mail(&mail, TO);
	ended(&mail, SEND_DEFERRED, "");
	ck_assert_int_eq(mail.verdict.cause, CAUSE_TRANSPORT);
	pass_ms(30000);
	send_mail(&mail, TO);
	say(0, SEND_SENT, CAUSE_RECIPIENT);
	close_route();
}
END_TEST

START_TEST(nothing_is_begun_late)
{
	struct mail mail;

	open_route(2);
	fill_mail(&mail, TO);
	mail.trip.parcel.deadline_s = wall_s;
	route_send(route, &mail.trip);
	ended(&mail, SEND_REFUSED, "");
	ck_assert_str_eq(mail.detail, "expired");
	/* The deadline passes while the first one tries. */
	fill_mail(&mail, TO);
	mail.trip.parcel.deadline_s = wall_s + 10;
	route_send(route, &mail.trip);
	pass_ms(10000);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t0");
	/* otpd's patience ends. */
	send_mail(&mail, TO);
	pass_ms(ROUTE_PATIENCE_MS);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	ended(&mail, SEND_DEFERRED, "t0");
	ck_assert_int_eq(fakes[1].n_seen, 0);
	close_route();
}
END_TEST

START_TEST(a_mail_that_expires_says_nothing_about_the_transport)
{
	struct route_status status;
	struct mail mail;

	open_route(2);
	fill_mail(&mail, TO);
	mail.trip.parcel.deadline_s = wall_s + 10;
	route_send(route, &mail.trip);
	pass_ms(10000);
	say(0, SEND_REFUSED, CAUSE_TRANSPORT);
	ended(&mail, SEND_REFUSED, "t0");
	route_status(route, 0, &status);
	ck_assert_int_eq(status.state, HEALTH_UP);
	close_route();
}
END_TEST

START_TEST(a_route_that_was_let_go_finishes_its_mails)
{
	struct mail mails[2];

	open_route(2);
	send_mail(&mails[0], TO);
	send_mail(&mails[1], TO);
	route_free(route);
	uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert(!fakes[0].is_freed && !fakes[1].is_freed);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	say(0, SEND_SENT, CAUSE_RECIPIENT);
	ended(&mails[1], SEND_SENT, "t0");
	uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert(!fakes[0].is_freed && !fakes[1].is_freed);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	ended(&mails[0], SEND_SENT, "t1");
	ck_assert(!fakes[1].is_freed); /* its send may still be on the stack */
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert(fakes[0].is_freed && fakes[1].is_freed);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	stats_free(stats);
}
END_TEST

/* As the second route does it. */
static void send_again(
	struct trip *trip, const struct verdict *verdict, const char *transport)
{
	on_ended(trip, verdict, transport);
	trip->ended = on_ended;
	route_send(route, trip);
}

START_TEST(a_trip_may_be_sent_again_from_its_end)
{
	struct mail mail;

	open_route(1);
	fakes[0].is_sync = true;
	fakes[0].word =
		(struct verdict){ SEND_REFUSED, CAUSE_RECIPIENT, 0, "550 unknown" };
	fill_mail(&mail, TO);
	mail.trip.ended = send_again;
	route_send(route, &mail.trip);
	ck_assert_int_eq(mail.n_ends, 2);
	ck_assert_int_eq(fakes[0].n_seen, 2);
	close_route();
}
END_TEST

START_TEST(a_transport_that_cannot_be_made_leaves_nothing_behind)
{
	struct route *none = NULL;
	char error[256] = "";

	open_route(3);
	close_route();
	n_fakes = 0;
	n_broken = 3;
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	config.transports.n = 3;
	ck_assert_int_eq(
		route_new(&config, &loop, NULL, &none, error, sizeof(error)), -EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_str_eq(error, "broken");
	ck_assert(fakes[0].is_freed && fakes[1].is_freed);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	n_broken = 0;
}
END_TEST

/* ---- thousands of mails whose servers say anything at any time */

#define MAILS 64

static uint64_t state;
static struct mail many[MAILS];
static unsigned seen_by[MAILS]; /* a bit for each transport, of the mail's life now */
static int64_t began_ms, n_sent_words, n_sent;

static unsigned dice(unsigned n)
{
	return unit_random(&state) % n;
}

static struct verdict any_word(void)
{
	static const enum send_result results[] = { SEND_SENT, SEND_DEFERRED,
		SEND_DEFERRED, SEND_DEFERRED, SEND_REFUSED };
	struct verdict verdict = { results[dice(5)],
		(enum send_cause)dice(CAUSE_POLICY + 1), dice(20) == 0 ? dice(100) : 0,
		"any" };

	return verdict;
}

/* What must hold whenever a transport is given a mail. */
static void watch_many(struct fake *fake, struct parcel *parcel)
{
	struct mail *mail =
		list_entry(list_entry(parcel, struct trip, parcel), struct mail, trip);
	size_t i = (size_t)(fake - fakes), at = (size_t)(mail - many);
	int64_t limit = configs[i].per_minute;
	bool is_first = seen_by[at] == 0;

	ck_assert_int_eq(mail->n_ends, 0);
	ck_assert(!(seen_by[at] & 1u << i));
	seen_by[at] |= 1u << i;
	ck_assert_int_lt(wall_s, parcel->deadline_s);
	ck_assert_int_eq(fake->transport.takes_numbers, parcel->to[0] == '+');
	if (!is_first)
		ck_assert_int_lt(mono_ms - mail->trip.came_ms, ROUTE_PATIENCE_MS);
	if (limit > 0)
		ck_assert_int_le(
			fake->n_seen, limit + limit * (mono_ms - began_ms) / 60000);
	fake->is_sync = dice(2) == 0;
	fake->word = any_word();
	if (fake->is_sync)
		n_sent_words += fake->word.result == SEND_SENT;
}

static void settle_one(size_t at)
{
	struct mail *mail = &many[at];
	size_t n_taking = 0;

	ck_assert_int_eq(mail->n_ends, 1);
	ck_assert_int_ne(mail->verdict.cause, CAUSE_POLICY);
	n_sent += mail->verdict.result == SEND_SENT;
	for (size_t i = 0; i < n_fakes; i++)
		n_taking +=
			fakes[i].transport.takes_numbers == (mail->letter.to[0] == '+');
	/* No try: only if nothing takes it, or all have had enough, or too late. */
	if (seen_by[at] == 0) {
		ck_assert_str_eq(mail->transport, "");
		ck_assert_int_ne(mail->verdict.result, SEND_SENT);
	}
	if (n_taking == 0)
		ck_assert_int_eq(mail->verdict.result, SEND_REFUSED);
	mail->n_ends = -1; /* free */
}

static void begin_one(size_t at)
{
	struct mail *mail = &many[at];

	fill_mail(mail, dice(4) == 0 ? "+4930123456" : TO);
	mail->trip.parcel.deadline_s = wall_s + dice(100);
	mail->trip.came_ms -= dice(3) == 0 ? dice(ROUTE_PATIENCE_MS) : 0;
	seen_by[at] = 0;
	route_send(route, &mail->trip);
}

static void answer_any(void)
{
	struct fake *fake = &fakes[dice((unsigned)n_fakes)];
	struct list *first = list_pop(&fake->parcels);
	const struct verdict verdict = any_word();

	if (!first)
		return;
	n_sent_words += verdict.result == SEND_SENT;
	struct parcel *parcel = list_entry(first, struct parcel, link);
	parcel->done(parcel, &verdict);
}

static void settle_all(void)
{
	for (size_t at = 0; at < MAILS; at++)
		if (many[at].n_ends > 0)
			settle_one(at);
}

static void one_world(uint64_t seed)
{
	size_t n = 1 + seed % 5;
	bool released;

	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (size_t i = 0; i < n; i++) {
		configs[i].type = dice(4) == 0 ? TRANSPORT_SMS : TRANSPORT_SMTP;
		configs[i].per_minute = dice(3) == 0 ? 1 + dice(200) : 0;
	}
	open_route(n);
	began_ms = mono_ms;
	n_sent_words = n_sent = 0;
	watch = watch_many;
	for (size_t at = 0; at < MAILS; at++)
		many[at].n_ends = -1;
	for (int step = 0; step < 2000; step++) {
		size_t at = dice(MAILS);

		if (many[at].n_ends == -1)
			begin_one(at);
		else
			answer_any();
		settle_all();
		if (dice(3) == 0)
			pass_ms(dice(dice(20) == 0 ? 30000 : 300));
	}
	/* Let go with mails on their way; they still end, each of them. */
	released = dice(2) == 0;
	if (released)
		route_free(route);
	for (size_t open = 1; open > 0;) {
		open = 0;
		answer_any();
		settle_all();
		for (size_t at = 0; at < MAILS; at++)
			open += many[at].n_ends == 0;
	}
	ck_assert_int_eq(n_sent, n_sent_words);
	if (!released)
		route_free(route);
	uv_run(&loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < n_fakes; i++)
		ck_assert(fakes[i].is_freed);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	stats_free(stats);
	memset(configs, 0, sizeof(configs));
}

START_TEST(every_mail_ends_once_whatever_the_servers_say)
{
	for (uint64_t seed = 1; seed <= 300; seed++)
		one_world(seed);
}
END_TEST

START_TEST(the_counters_are_those_of_the_tries)
{
	const struct stats_transport *row;
	struct mail mail;

	open_route(2);
	send_mail(&mail, TO);
	pass_ms(3);
	say(0, SEND_DEFERRED, CAUSE_TRANSPORT);
	pass_ms(9);
	say(1, SEND_SENT, CAUSE_RECIPIENT);
	row = stats_transport(stats, 0);
	ck_assert_int_eq(row->counts.deferred, 1);
	ck_assert_str_eq(row->last_error, "said");
	row = stats_transport(stats, 1);
	ck_assert_int_eq(row->counts.sent, 1);
	ck_assert_int_eq(latency_percentile(&row->counts.latency, 50), 9);
	close_route();
}
END_TEST

UNIT_MAIN("mail_route", the_first_one_is_taken_while_it_works,
	the_next_one_is_taken_when_one_fails, what_is_the_recipients_doing_ends_it,
	after_the_last_one_it_is_deferred_with_its_words,
	a_refusal_by_the_way_is_final_only_if_all_of_them_refuse,
	a_policy_asks_the_next_one_and_pauses_nobody, a_policy_is_no_sign_of_health,
	what_all_refuse_by_policy_is_the_recipients,
	a_policy_is_not_final_while_one_has_not_been_asked,
	when_all_are_paused_the_one_that_ends_first_is_tried,
	a_single_one_is_always_tried,
	after_the_pause_one_mail_probes_and_brings_it_back,
	the_pause_that_a_server_asks_for_is_kept,
	numbers_and_addresses_take_their_own_transports,
	a_full_minute_sends_mails_to_the_next_one, nothing_is_begun_late,
	a_mail_that_expires_says_nothing_about_the_transport,
	a_route_that_was_let_go_finishes_its_mails,
	a_trip_may_be_sent_again_from_its_end,
	a_transport_that_cannot_be_made_leaves_nothing_behind,
	every_mail_ends_once_whatever_the_servers_say,
	the_counters_are_those_of_the_tries);
