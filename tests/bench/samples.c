/* SPDX-License-Identifier: MIT */
#include "tests/bench/samples.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/say.h"

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void samples_add(struct samples *samples, double us)
{
	if (samples->n == samples->room) {
		samples->room = samples->room ? 2 * samples->room : 1024;
		samples->at =
			realloc(samples->at, samples->room * sizeof(samples->at[0]));
		if (!samples->at)
			die("no memory for %zu samples", samples->room);
	}
	samples->at[samples->n++] = us;
}

void samples_fini(struct samples *samples)
{
	free(samples->at);
	*samples = (struct samples){ 0 };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_quantile(struct samples *samples, double part)
{
	size_t rank;

	if (samples->n == 0)
		die("nothing was measured");
	qsort(samples->at, samples->n, sizeof(samples->at[0]), compare);
	rank = (size_t)ceil(part * (double)samples->n);
	return samples->at[rank > 0 ? rank - 1 : 0];
}

double samples_median(struct samples *samples)
{
	return samples_quantile(samples, 0.5);
}
