/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_FILL_H
#define TESTS_BENCH_FILL_H

#include <stddef.h>
#include <stdint.h>

#define FILL_NAME 32

/* The name of the user of this number, and the other way round (-1: none of ours). */
void fill_name(char out[FILL_NAME], int64_t number);
int64_t fill_number(const char *name);

/* Where that user logs in from: one remote host each, as most users have. */
void fill_rhost(char out[FILL_NAME], int64_t number);

/*
 * Makes the database with otpd's own schema, n_users verified users (numbers from 0),
 * the further names, and n_audit events of the last days, and closes it.
 */
void fill_database(
	const char *path, int64_t n_users, int64_t n_audit, char *const *names);

/*
 * The address of the account of this number, whose user name is fill_name()'s;
 * fill_number() takes it, too.
 */
#define FILL_ADDRESS 64
void fill_address(char out[FILL_ADDRESS], int64_t number);

/*
 * Puts n verified accounts (numbers from 0) of a tenant into the database, all of one
 * hashed password.
 */
void fill_accounts(const char *path, const char *tenant, int64_t n, const char *hash);

#endif
