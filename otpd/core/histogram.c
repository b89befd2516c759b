/* SPDX-License-Identifier: MIT */
/* Values counted by size, in memory that does not grow. */
#include "otpd/core/histogram.h"

void histogram_add(struct histogram *histogram, int64_t value)
{
	size_t i = 0;

	while (i < histogram->n && value > histogram->bounds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum += value;
}
