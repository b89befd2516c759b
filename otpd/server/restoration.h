/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RESTORATION_H
#define OTPD_SERVER_RESTORATION_H

#include <stdbool.h>

/*
 * Puts the backup in file ("-": standard input) in the place of the store that the
 * configuration names, while no otpd runs; with only_check, only looks at it. Says on
 * standard output what it is and what was done, as NAME=VALUE lines, and on standard
 * error what is wrong. Returns the exit status.
 */
int restoration_run(const char *config_path, const char *file, bool only_check);

#endif
