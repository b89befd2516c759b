/* SPDX-License-Identifier: MIT */
/*
 * What became of the mails, by transport and by the recipients' domain, since the
 * start.
 *
 * The memory is bounded: the first STATS_DOMAINS domains have a row each and keep it
 * until the process ends, and every domain that comes after them is counted in the row
 * "other". So no row ever loses what it has counted, and strangers who have mails sent
 * to ever new domains fill the table once and change nothing in it. "sms" is the row of
 * telephone numbers. Neither name can be a domain of an address: those have a dot.
 */
#include "otpd/mail/stats.h"

#include <stdlib.h>
#include <string.h>

#include "otpd/core/address.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define STATS_SHARED 2 /* rows: other and sms */

struct stats {
	size_t n_transports;
	struct stats_transport transports[MAIL_TRANSPORTS];
	struct stats_transport before[MAIL_TRANSPORTS]; /* of stats_configure() only */
	size_t n_domains;
	struct stats_domain *domains[STATS_DOMAINS + STATS_SHARED]; /* by name */
	struct stats_domain other; /* both are in domains as soon as they count */
	struct stats_domain sms;
};

struct stats *stats_new(void)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return NULL;
	text_copy(stats->other.name, sizeof(stats->other.name), "other");
	text_copy(stats->sms.name, sizeof(stats->sms.name), "sms");
	return stats;
}

void stats_free(struct stats *stats)
{
	if (!stats)
		return;
	for (size_t i = 0; i < stats->n_domains; i++)
		if (stats->domains[i] != &stats->other &&
			stats->domains[i] != &stats->sms)
			free(stats->domains[i]);
	free(stats);
}

static struct stats_transport *find_transport(struct stats *stats, const char *name)
{
	for (size_t i = 0; i < stats->n_transports; i++)
		if (strcmp(stats->transports[i].name, name) == 0)
			return &stats->transports[i];
	return NULL;
}

void stats_configure(struct stats *stats, const struct mail_config *config)
{
	size_t n_before = stats->n_transports, n = config->transports.n;

	memcpy(stats->before, stats->transports, sizeof(stats->before));
	stats->n_transports = 0;
	for (size_t i = 0; i < n && i < MAIL_TRANSPORTS; i++) {
		struct stats_transport *at = &stats->transports[stats->n_transports++];
		const char *name = config_transport(config, i)->title;

		*at = (struct stats_transport){ 0 };
		text_copy(at->name, sizeof(at->name), name);
		for (size_t j = 0; j < n_before; j++)
			if (strcmp(stats->before[j].name, name) == 0)
				*at = stats->before[j];
	}
}

static void count(struct stats_counts *counts, enum send_result result, int64_t ms)
{
	switch (result) {
	case SEND_SENT:
		counts->sent++;
		latency_add(&counts->latency, ms);
		break;
	case SEND_DEFERRED:
		counts->deferred++;
		break;
	case SEND_REFUSED:
		counts->refused++;
		break;
	}
}

void stats_tried(struct stats *stats, const char *transport, enum send_result result,
	int64_t ms, const char *detail)
{
	struct stats_transport *known = find_transport(stats, transport);

	if (!known)
		return;
	count(&known->counts, result, ms);
	if (result != SEND_SENT)
		snprintf(known->last_error, sizeof(known->last_error), "%s", detail);
}

/* Where the name stands, or would. */
static size_t position(const struct stats *stats, const char *name, bool *ret_found)
{
	size_t low = 0, high = stats->n_domains;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(stats->domains[middle]->name, name);

		if (order == 0)
			*ret_found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct stats *stats, size_t at, struct stats_domain *domain)
{
	memmove(&stats->domains[at + 1], &stats->domains[at],
		(stats->n_domains - at) * sizeof(stats->domains[0]));
	stats->domains[at] = domain;
	stats->n_domains++;
}

/* One of the rows that are always there. */
static struct stats_domain *shared_row(struct stats *stats, struct stats_domain *row)
{
	bool found;
	size_t at = position(stats, row->name, &found);

	if (!found)
		insert(stats, at, row);
	return row;
}

static size_t n_shared(const struct stats *stats)
{
	bool other, sms;

	position(stats, stats->other.name, &other);
	position(stats, stats->sms.name, &sms);
	return (size_t)other + sms;
}

static struct stats_domain *domain_row(struct stats *stats, const char *domain)
{
	char name[STATS_DOMAIN + 1];
	struct stats_domain *row;
	bool found;
	size_t n = 0, at;

	for (; domain[n] && n < STATS_DOMAIN; n++)
		name[n] = domain[n] >= 'A' && domain[n] <= 'Z' ? (char)(domain[n] + 32)
							       : domain[n];
	name[n] = '\0';
	/* Without a dot it is no domain, and must not be taken for a shared row. */
	if (!strchr(name, '.'))
		return shared_row(stats, &stats->other);
	at = position(stats, name, &found);
	if (found)
		return stats->domains[at];
	row = stats->n_domains - n_shared(stats) < STATS_DOMAINS
		? calloc(1, sizeof(*row))
		: NULL;
	if (!row)
		return shared_row(stats, &stats->other);
	memcpy(row->name, name, n + 1);
	insert(stats, at, row);
	return row;
}

void stats_ended(
	struct stats *stats, const char *to, enum send_result result, int64_t ms)
{
	struct stats_domain *row = address_is_number(to)
		? shared_row(stats, &stats->sms)
		: domain_row(stats, address_domain(to));

	count(&row->counts, result, ms);
}

void stats_bounced(struct stats *stats, const char *domain)
{
	domain_row(stats, domain)->bounced++;
}

const struct stats_transport *stats_transport(const struct stats *stats, size_t i)
{
	return i < stats->n_transports ? &stats->transports[i] : NULL;
}

const struct stats_domain *stats_domain_after(
	const struct stats *stats, const char *after)
{
	bool found;
	size_t at = position(stats, after, &found);

	at += found;
	return at < stats->n_domains ? stats->domains[at] : NULL;
}
