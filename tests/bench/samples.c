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

static void sort(struct samples *samples)
{
	if (samples->n == 0)
		die("nothing was measured");
	qsort(samples->at, samples->n, sizeof(samples->at[0]), compare);
}

double samples_quantile(struct samples *samples, double part)
{
	size_t rank;

	sort(samples);
	rank = (size_t)ceil(part * (double)samples->n);
	return samples->at[rank > 0 ? rank - 1 : 0];
}

double samples_median(struct samples *samples)
{
	return samples_quantile(samples, 0.5);
}

double samples_mean(const struct samples *samples)
{
	double sum = 0;

	for (size_t i = 0; i < samples->n; i++)
		sum += samples->at[i];
	return sum / (double)samples->n;
}

/* The largest distance of the two distribution functions; both are sorted. */
static double distance(const struct samples *a, const struct samples *b)
{
	size_t i = 0, j = 0;
	double largest = 0;

	while (i < a->n && j < b->n) {
		double at = fmin(a->at[i], b->at[j]), apart;

		while (i < a->n && a->at[i] <= at)
			i++;
		while (j < b->n && b->at[j] <= at)
			j++;
		apart = fabs((double)i / (double)a->n - (double)j / (double)b->n);
		largest = fmax(largest, apart);
	}
	return largest;
}

/* Q of Kolmogorov, with the correction of Stephens (1970). */
double samples_ks_p(struct samples *a, struct samples *b)
{
	double root, x, sum = 0;

	sort(a);
	sort(b);
	root = sqrt((double)a->n * (double)b->n / (double)(a->n + b->n));
	x = (root + 0.12 + 0.11 / root) * distance(a, b);
	/* The series does not converge there, and p is 1 to six digits. */
	if (x < 0.2)
		return 1;
	for (int k = 1; k <= 100; k++)
		sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
	return fmin(fmax(sum, 0), 1);
}
