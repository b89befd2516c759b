/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_RESTORE_H
#define OTPD_STORE_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a backup says of itself. */
struct restore_facts {
	int64_t version; /* of its schema, before it was brought to ours */
	int64_t made_at; /* 0: it does not say */
	int64_t key_id;  /* 0: it does not say */
	int64_t users;
	int64_t accounts;
	int64_t recovery_codes;
};

/* What became of it. */
struct restore_report {
	bool had_store;       /* there was one, and it is set aside */
	bool read_store;      /* and it could be read */
	int64_t voided_codes; /* recovery codes that it no longer had */
};

/*
 * Makes of the copy at path, which must be ours, mode 0600, a store that may be put in
 * place: checks all of it, brings it to the schema of this otpd, and takes out what
 * lived. It is then one file, on the disk. error says what is wrong with it.
 */
int restore_prepare(
	const char *path, struct restore_facts *ret, char *error, size_t error_size);

/*
 * Puts the prepared copy in the place of the store at path, which must not be in use
 * (-EBUSY), and sets the store aside as PATH.before-restore. Whoever is killed in it
 * finds the old store whole or the new one whole. On failure the old one stays.
 */
int restore_exchange(const char *path, const char *prepared, struct restore_report *ret,
	char *error, size_t error_size);

#endif
