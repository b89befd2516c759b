/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_RESULTS_H
#define TESTS_BENCH_RESULTS_H

/* Prints "BENCH name value unit" and keeps it for the table. name and unit are
 * literals. */
void results_add(const char *name, double value, const char *unit);

/* For people: what has a goal, the goal, and whether it was reached. */
void results_table(void);

#endif
