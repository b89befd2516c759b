/* SPDX-License-Identifier: MIT */
/*
 * The text format of OpenMetrics 1.0. Only types that the older format of Prometheus
 * has too are written, since the textfile collector of node_exporter reads that one; it
 * takes "# UNIT" and "# EOF" for comments.
 *
 * Numbers are printed from integers: printf(3) with %f has a decimal comma in some
 * languages.
 */
#include "otpd/ctl/openmetrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#include "otpd/util/text.h"

static const char *const types[] = {
	[OPENMETRICS_GAUGE] = "gauge",
	[OPENMETRICS_COUNTER] = "counter",
	[OPENMETRICS_HISTOGRAM] = "histogram",
};

void openmetrics_head(FILE *out, const struct openmetrics_family *family)
{
	fprintf(out, "# TYPE %s %s\n", family->name, types[family->type]);
	if (family->unit[0])
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
	fprintf(out, "# HELP %s %s\n", family->name, family->help);
}

/* "12", "0.5", "0.00025": as few digits as it takes; bounds always with a point. */
static void put_number(FILE *out, int64_t value, int64_t scale, bool point)
{
	int64_t whole = value / scale, rest = value % scale;

	if (rest < 0)
		rest = -rest;
	fprintf(out, "%s%" PRId64, value < 0 && whole == 0 ? "-" : "", whole);
	if (rest == 0) {
		fputs(point ? ".0" : "", out);
		return;
	}
	fputc('.', out);
	while (rest > 0) {
		scale /= 10;
		fputc('0' + (int)(rest / scale), out);
		rest %= scale;
	}
}

static void put_labels(FILE *out, const struct openmetrics_label *labels)
{
	char clean[256];

	if (!labels || !labels[0].name)
		return;
	for (size_t i = 0; labels[i].name; i++) {
		fprintf(out, "%s%s=\"", i ? "," : "{", labels[i].name);
		text_copy_clean(clean, sizeof(clean), labels[i].value);
		for (const char *at = clean; *at; at++) {
			if (*at == '"' || *at == '\\')
				fputc('\\', out);
			fputc(*at, out);
		}
		fputc('"', out);
	}
	fputc('}', out);
}

void openmetrics_sample(FILE *out, const struct openmetrics_family *family,
	const struct openmetrics_label *labels, int64_t value, int64_t scale)
{
	fprintf(out, "%s%s", family->name,
		family->type == OPENMETRICS_COUNTER ? "_total" : "");
	put_labels(out, labels);
	fputc(' ', out);
	put_number(out, value, scale, false);
	fputc('\n', out);
}

void openmetrics_bucket(FILE *out, const struct openmetrics_family *family,
	int64_t bound, int64_t scale, int64_t so_many)
{
	fprintf(out, "%s_bucket{le=\"", family->name);
	if (bound < 0)
		fputs("+Inf", out);
	else
		put_number(out, bound, scale, true);
	fprintf(out, "\"} %" PRId64 "\n", so_many);
}

void openmetrics_sum(FILE *out, const struct openmetrics_family *family, int64_t sum,
	int64_t scale, int64_t n)
{
	fprintf(out, "%s_sum ", family->name);
	put_number(out, sum, scale, false);
	fprintf(out, "\n%s_count %" PRId64 "\n", family->name, n);
}

void openmetrics_end(FILE *out)
{
	fputs("# EOF\n", out);
}
