/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_SAVER_H
#define OTPD_SERVER_SAVER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/server/batch.h"
#include "otpd/store/backup.h"

struct daemon;
struct conn;

#define SAVER_NAME 32 /* hexadecimal digits of a backup's name */
#define SAVER_PIECE                                                      \
	32768 /* bytes of one ReadBackup; in base64 they fit LIMIT_REPLY \
	       */

enum saver_state {
	SAVER_IDLE,
	SAVER_COPYING,  /* between the batches */
	SAVER_CLEANING, /* on a thread of its own */
	SAVER_READY,    /* to be read by the owner */
};

/* Makes one backup at a time, for one client, who reads it. */
struct saver {
	struct daemon *daemon;
	enum saver_state state;
	const struct conn *owner; /* NULL: has left */
	struct call *call;        /* that waits for the copy */
	struct backup *backup;
	struct errand errand;
	uv_work_t work;
	int result;
	bool quit; /* the next step is the last: nobody waits */
	int fd;
	int64_t size;
	int64_t begun_s;
	char name[SAVER_NAME + 1];
	char path[PATH_MAX + 8];
};

/* Also removes what an otpd that was killed has left. */
void saver_open(struct saver *saver, struct daemon *daemon);

/* Makes a backup and answers the call; or OUTCOME_BUSY while there is one. */
int saver_begin(struct saver *saver, struct call *call);

/* The bytes at offset; how many, *ret_n says. OUTCOME_NO_CHALLENGE if there is no such
 * backup of that client. */
int saver_read(struct saver *saver, const struct conn *conn, const char *name,
	int64_t offset, uint8_t out[SAVER_PIECE], size_t *ret_n);

/* Removes it. */
int saver_end(struct saver *saver, const struct conn *conn, const char *name);

/* A client has left, and his backup goes with him. */
void saver_left(struct saver *saver, const struct conn *conn);

/* At the end, when nothing runs any more. */
void saver_close(struct saver *saver);

#endif
