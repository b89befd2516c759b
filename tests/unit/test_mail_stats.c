/* SPDX-License-Identifier: MIT */
/* Counters by transport and by domain, and the percentiles beside them. */
#include "otpd/mail/stats.h"

#include "tests/unit/unit.h"

static struct transport_config transports[MAIL_TRANSPORTS];

/* A configuration with these transports. */
static struct mail_config config_of(const char *const *names, size_t n)
{
	struct mail_config config = { .transports = { transports, n } };

	memset(transports, 0, sizeof(transports));
	for (size_t i = 0; i < n; i++)
		snprintf(transports[i].title, sizeof(transports[i].title), "%s",
			names[i]);
	return config;
}

static const struct stats_domain *domain(const struct stats *stats, const char *name)
{
	const struct stats_domain *row = NULL;
	const char *after = "";

	while ((row = stats_domain_after(stats, after)) && strcmp(row->name, name) != 0)
		after = row->name;
	return row;
}

START_TEST(percentiles_are_at_most_a_tenth_off)
{
	for (int64_t ms = 1; ms <= LATENCY_MAX_MS; ms++) {
		struct latency latency = { 0 };
		int64_t p50;

		latency_add(&latency, ms);
		p50 = latency_percentile(&latency, 50);
		ck_assert_int_le(10 * p50, 11 * ms);
		ck_assert_int_ge(10 * p50, 9 * ms);
		ck_assert_int_eq(latency_percentile(&latency, 95), p50);
	}
}
END_TEST

START_TEST(percentiles_are_those_of_the_nearest_rank)
{
	struct latency latency = { 0 };

	ck_assert_int_eq(latency_percentile(&latency, 50), 0);
	for (int ms = 1; ms <= 10; ms++)
		latency_add(&latency, ms);
	ck_assert_int_eq(latency_percentile(&latency, 50), 5);
	ck_assert_int_eq(latency_percentile(&latency, 95), 10);
	ck_assert_int_eq(latency_percentile(&latency, 90), 9);
	ck_assert_int_eq(latency_percentile(&latency, 1), 1);
	ck_assert_int_eq(latency_percentile(&latency, 100), 10);
	for (int i = 0; i < 990; i++)
		latency_add(&latency, 12);
	ck_assert_int_eq(latency_percentile(&latency, 1), 10);
	ck_assert_int_eq(latency_percentile(&latency, 2), 12);
}
END_TEST

START_TEST(percentiles_of_many_are_near_the_sorted_ones)
{
	static int32_t sorted[150001];
	struct latency latency = { 0 };
	uint64_t random = 42;
	int64_t n = 100000;

	for (int64_t i = 0; i < n; i++) {
		/* Most are short, some are very long. */
		int64_t ms = 1 +
			unit_random(&random) % (1u << (1 + unit_random(&random) % 17));

		sorted[ms]++;
		latency_add(&latency, ms);
	}
	for (unsigned percent = 1; percent <= 100; percent++) {
		int64_t seen = 0, exact = 0,
			got = latency_percentile(&latency, percent);

		while (seen < (n * percent + 99) / 100)
			seen += sorted[++exact];
		ck_assert_msg(10 * got <= 11 * exact && 10 * got >= 9 * exact,
			"p%u is %d, not %d", percent, (int)got, (int)exact);
	}
}
END_TEST

START_TEST(times_beyond_the_ends_count_at_the_ends)
{
	struct latency latency = { 0 };

	latency_add(&latency, -5);
	latency_add(&latency, 0);
	ck_assert_int_eq(latency_percentile(&latency, 100), 1);
	latency_add(&latency, INT64_MAX);
	ck_assert_int_ge(latency_percentile(&latency, 100), 135000);
	ck_assert_int_le(latency_percentile(&latency, 100), 165000);
}
END_TEST

START_TEST(a_full_bucket_halves_all_of_them)
{
	struct latency latency = { 0 };

	latency.counts[3] = UINT32_MAX;
	latency.counts[10] = UINT32_MAX - 1;
	latency.n = 2ULL * UINT32_MAX - 1;
	latency_add(&latency, 3);
	ck_assert_uint_eq(latency.counts[3], UINT32_MAX / 2 + 1);
	ck_assert_uint_eq(latency.counts[10], UINT32_MAX / 2);
	ck_assert_uint_eq(latency.n, (uint64_t)latency.counts[3] + latency.counts[10]);
	ck_assert_int_eq(latency_percentile(&latency, 50), 3);
	ck_assert_int_eq(latency_percentile(&latency, 51), 10);
}
END_TEST

START_TEST(tries_are_counted_by_transport)
{
	static const char *const names[] = { "a", "b" };
	struct mail_config config = config_of(names, 2);
	struct stats *stats = stats_new();

	ck_assert_ptr_null(stats_transport(stats, 0));
	stats_tried(stats, "a", SEND_SENT, 1, ""); /* nobody knows it */
	stats_configure(stats, &config);
	stats_tried(stats, "a", SEND_DEFERRED, 1000, "down");
	stats_tried(stats, "a", SEND_SENT, 7, "not an error");
	stats_tried(stats, "b", SEND_SENT, 3, "");
	stats_tried(stats, "b", SEND_REFUSED, 3, "no");
	stats_tried(stats, "c", SEND_REFUSED, 3, "no");
	ck_assert_str_eq(stats_transport(stats, 0)->name, "a");
	ck_assert_int_eq(stats_transport(stats, 0)->counts.sent, 1);
	ck_assert_int_eq(stats_transport(stats, 0)->counts.deferred, 1);
	ck_assert_int_eq(stats_transport(stats, 0)->counts.refused, 0);
	ck_assert_str_eq(stats_transport(stats, 0)->last_error, "down");
	/* The time of a failure is no time of a delivery. */
	ck_assert_int_eq(
		latency_percentile(&stats_transport(stats, 0)->counts.latency, 100), 7);
	ck_assert_int_eq(stats_transport(stats, 1)->counts.refused, 1);
	ck_assert_ptr_null(stats_transport(stats, 2));
	stats_free(stats);
}
END_TEST

START_TEST(a_reload_keeps_the_counters_of_names_that_stay)
{
	static const char *const all[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
		"j", "k", "l", "m", "n", "o", "p" };
	static const char *const turned[] = { "x", "p", "o", "n", "m", "l", "k", "j",
		"i", "h", "g", "f", "e", "d", "c", "b" };
	struct mail_config config = config_of(all, 16);
	struct stats *stats = stats_new();

	stats_configure(stats, &config);
	for (int i = 0; i < 16; i++)
		for (int j = 0; j <= i; j++)
			stats_tried(stats, all[i], SEND_REFUSED, 1, all[i]);
	config = config_of(turned, 16);
	stats_configure(stats, &config);
	ck_assert_int_eq(stats_transport(stats, 0)->counts.refused, 0);
	ck_assert_str_eq(stats_transport(stats, 0)->last_error, "");
	for (size_t i = 1; i < 16; i++) {
		ck_assert_str_eq(stats_transport(stats, i)->name, turned[i]);
		ck_assert_str_eq(stats_transport(stats, i)->last_error, turned[i]);
		ck_assert_int_eq(
			stats_transport(stats, i)->counts.refused, (int)(17 - i));
	}
	config = config_of(turned + 2, 1);
	stats_configure(stats, &config);
	ck_assert_int_eq(stats_transport(stats, 0)->counts.refused, 15);
	ck_assert_ptr_null(stats_transport(stats, 1));
	stats_free(stats);
}
END_TEST

START_TEST(recipients_are_counted_by_domain_in_lower_case)
{
	struct stats *stats = stats_new();

	ck_assert_ptr_null(stats_domain_after(stats, ""));
	stats_ended(stats, "a@Example.NET", SEND_SENT, 5);
	stats_ended(stats, "B@example.net", SEND_REFUSED, 5);
	stats_ended(stats, "b@example.org", SEND_DEFERRED, 5);
	stats_ended(stats, "+4930123456", SEND_SENT, 9);
	stats_bounced(stats, "EXAMPLE.org");
	stats_bounced(stats, "example.com");
	ck_assert_int_eq(domain(stats, "example.net")->counts.sent, 1);
	ck_assert_int_eq(domain(stats, "example.net")->counts.refused, 1);
	ck_assert_int_eq(domain(stats, "example.org")->counts.deferred, 1);
	ck_assert_int_eq(domain(stats, "example.org")->bounced, 1);
	ck_assert_int_eq(domain(stats, "example.com")->bounced, 1);
	ck_assert_int_eq(domain(stats, "sms")->counts.sent, 1);
	ck_assert_ptr_null(domain(stats, "other"));
	ck_assert_str_eq(stats_domain_after(stats, "")->name, "example.com");
	ck_assert_str_eq(stats_domain_after(stats, "example.com")->name, "example.net");
	ck_assert_str_eq(
		stats_domain_after(stats, "example.coma")->name, "example.net");
	ck_assert_ptr_null(stats_domain_after(stats, "sms"));
	stats_free(stats);
}
END_TEST

START_TEST(the_first_256_domains_stay_and_the_rest_is_other)
{
	struct stats *stats = stats_new();
	int64_t named = 0;
	size_t n = 0;

	stats_ended(stats, "+4930123456", SEND_SENT, 1);
	for (unsigned i = 0; i < 10000; i++) {
		char to[64];

		/* In no order, the first ones again and again. */
		snprintf(to, sizeof(to), "x@d%u.example", i * 7919 % 10007);
		stats_ended(stats, to, SEND_SENT, 1);
		stats_ended(stats, "x@d0.example", SEND_REFUSED, 1);
	}
	stats_bounced(stats, "sms");   /* no domain, so not that row */
	stats_bounced(stats, "other"); /* the same */
	for (const struct stats_domain *row = stats_domain_after(stats, ""); row;
		row = stats_domain_after(stats, row->name)) {
		n++;
		named += strcmp(row->name, "other") != 0 ? row->counts.sent : 0;
	}
	ck_assert_uint_eq(n, STATS_DOMAINS + 2);
	ck_assert_int_eq(named, STATS_DOMAINS + 1);
	ck_assert_int_eq(domain(stats, "other")->counts.sent, 10000 - STATS_DOMAINS);
	ck_assert_int_eq(domain(stats, "other")->bounced, 2);
	ck_assert_int_eq(domain(stats, "sms")->bounced, 0);
	ck_assert_int_eq(domain(stats, "d0.example")->counts.refused, 10000);
	stats_free(stats);
}
END_TEST

UNIT_MAIN("mail_stats", percentiles_are_at_most_a_tenth_off,
	percentiles_are_those_of_the_nearest_rank,
	percentiles_of_many_are_near_the_sorted_ones,
	times_beyond_the_ends_count_at_the_ends, a_full_bucket_halves_all_of_them,
	tries_are_counted_by_transport, a_reload_keeps_the_counters_of_names_that_stay,
	recipients_are_counted_by_domain_in_lower_case,
	the_first_256_domains_stay_and_the_rest_is_other);
