/* SPDX-License-Identifier: MIT */
/*
 * What one run changes. Files are planned first and written later, in the order in
 * which they were planned; whatever ends the run before transaction_commit(), also a
 * power cut, they can be put back.
 */
#ifndef OTPD_CTL_SETUP_TRANSACTION_H
#define OTPD_CTL_SETUP_TRANSACTION_H

#include <stdbool.h>
#include <sys/types.h>

#include "otpd/ctl/setup/manifest.h"
#include "otpd/ctl/setup/restore.h"

struct transaction {
	int lock;
	struct manifest done;    /* of earlier runs */
	struct manifest pending; /* of this one */
	size_t written;          /* of pending: so many have been applied */
};

/*
 * Makes the directory of the state, takes the lock, reads what earlier runs have left.
 * 0; -EBUSY: another setup is running; -EBADMSG: a manifest cannot be read; -errno.
 */
int transaction_open(struct transaction *transaction);
void transaction_close(struct transaction *transaction);

/* Whether an earlier run was cut short, and must be put back first. */
bool transaction_was_cut_short(const struct transaction *transaction);

/* The file as it would be without setup. 0 or -errno. */
int transaction_base(
	const struct transaction *transaction, const char *path, struct edit_file *ret);

/*
 * Plans that the file shall be so; nothing is planned where it is so already. file is
 * taken over. 0 or -errno.
 */
int transaction_plan(
	struct transaction *transaction, const char *path, struct edit_file *file);

/* How many files would be changed, or have been. */
size_t transaction_count(const struct transaction *transaction);

/* The diff of what is planned, for people, without secrets; the caller frees. */
int transaction_diff(const struct transaction *transaction, char **ret);

/* Forgets the plan beyond what was written already. */
void transaction_forget(struct transaction *transaction);

/* Writes what is planned and not written yet, with backups. On -errno *ret_path is the
 * file that it failed on. */
int transaction_apply(struct transaction *transaction, const char **ret_path);

/* Takes back one file of this run, before its end. */
int transaction_take_back(struct transaction *transaction, const char *path);

/* Puts everything back that this run, or the one that was cut short, has written. */
int transaction_roll_back(struct transaction *transaction, unsigned *ret_touched);

/* What was written holds. */
int transaction_commit(struct transaction *transaction);

/* Puts back what earlier runs have done. 1: there was nothing. */
int transaction_undo(struct transaction *transaction, unsigned *ret_touched);

#endif
