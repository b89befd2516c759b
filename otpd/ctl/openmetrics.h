/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_OPENMETRICS_H
#define OTPD_CTL_OPENMETRICS_H

#include <stdint.h>
#include <stdio.h>

enum openmetrics_type {
	OPENMETRICS_GAUGE,
	OPENMETRICS_COUNTER, /* samples end in _total */
	OPENMETRICS_HISTOGRAM,
};

/* A family of samples; each one's samples follow its head. unit: "" or what the name
 * ends in. */
struct openmetrics_family {
	const char *name;
	enum openmetrics_type type;
	const char *unit;
	const char *help;
};

struct openmetrics_label {
	const char *name;
	const char *value;
};

void openmetrics_head(FILE *out, const struct openmetrics_family *family);

/* One sample: value / scale, where scale is a power of ten. Labels end at a NULL name;
 * NULL: none. */
void openmetrics_sample(FILE *out, const struct openmetrics_family *family,
	const struct openmetrics_label *labels, int64_t value, int64_t scale);

/* One bucket of a histogram: so many values at or below bound / scale; bound < 0: all
 * there are. */
void openmetrics_bucket(FILE *out, const struct openmetrics_family *family,
	int64_t bound, int64_t scale, int64_t so_many);

/* Sum and count of a histogram, behind its buckets. */
void openmetrics_sum(FILE *out, const struct openmetrics_family *family, int64_t sum,
	int64_t scale, int64_t n);

/* The last line. What has none was cut short. */
void openmetrics_end(FILE *out);

#endif
