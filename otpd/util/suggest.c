/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the edit distance in which two neighbours that changed places count
 * as one (optimal string alignment), since that is the commonest slip of all.
 */
#include "otpd/util/suggest.h"

#include <string.h>

#define WORD_MAX 31

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static size_t distance(const char *a, const char *b)
{
	size_t rows[WORD_MAX + 1][WORD_MAX + 1];
	size_t n_a = strlen(a), n_b = strlen(b);

	if (n_a > WORD_MAX || n_b > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= n_a; i++) {
		for (size_t j = 0; j <= n_b; j++) {
			if (i == 0 || j == 0) {
				rows[i][j] = i + j;
				continue;
			}
			rows[i][j] = min3(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
				rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] &&
				rows[i - 2][j - 2] + 1 < rows[i][j])
				rows[i][j] = rows[i - 2][j - 2] + 1;
		}
	}
	return rows[n_a][n_b];
}

void suggest_begin(struct suggest *suggest, const char *word)
{
	*suggest = (struct suggest){ .word = word, .distance = WORD_MAX };
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t n = distance(suggest->word, candidate);

	if (n >= suggest->distance)
		return;
	suggest->distance = n;
	suggest->best = candidate;
}

const char *suggest_best(const struct suggest *suggest)
{
	size_t length = strlen(suggest->word);

	/* A third of the letters may be wrong; beyond that it is no slip. */
	return suggest->best && suggest->distance <= 1 + length / 4 ? suggest->best
								    : NULL;
}
