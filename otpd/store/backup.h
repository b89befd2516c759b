/* SPDX-License-Identifier: MIT */
#ifndef OTPD_STORE_BACKUP_H
#define OTPD_STORE_BACKUP_H

#include <stdint.h>

#include "otpd/store/store.h"

/* A copy of the store in a file of its own, in the making. */
struct backup;

/*
 * Makes the file at path, mode 0600, in place of what an earlier copy left there, and
 * begins to copy. Outside of transactions, like every step, and on the thread that uses
 * the store.
 */
int backup_open(struct store *store, const char *path, struct backup **ret);

/*
 * Copies at most BACKUP_PAGES pages of 4 KiB. 1: there is more to do; 0: the copy is
 * what the store is now. What is written to the store between two steps is in the copy.
 */
#define BACKUP_PAGES 32
int backup_step(struct backup *backup);

/* Ends it, complete or not, on the thread of the steps; the file stays. NULL is fine.
 */
void backup_close(struct backup *backup);

/*
 * Takes out of a copy that is complete and closed, or of a file that is to be restored,
 * what lives only where it was made: challenges and their forms, grants, sessions,
 * remembered step-ups, break-glass codes, and mails that wait. On any thread.
 */
int backup_strip(const char *path);

/* Writes into the copy when it was made and with which key. */
int backup_sign(const char *path, int64_t made_at, int64_t key_id);

/* Removes the file and what SQLite keeps beside it. */
void backup_remove(const char *path);

#endif
