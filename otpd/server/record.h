/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_RECORD_H
#define OTPD_SERVER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "otpd/proto/limits.h"
#include "otpd/store/store.h"

/*
 * A decision, for the audit table and for the log. It is written to the table inside
 * the transaction and logged after the COMMIT, so that the log never claims what was
 * undone.
 */
struct record {
	const char *event;  /* a word; what the table and "result=" say */
	const char *phrase; /* the sentence that begins the line */
	int level;
	char user[LIMIT_USER + 1];
	char service[LIMIT_SERVICE + 1];
	char rhost[LIMIT_RHOST + 1];
	int64_t uid;
	char reference[LIMIT_REFERENCE + 1];
	char detail[64];
};

/* Fills who and where; NULL for what there is none of. */
void record_about(struct record *record, const char *user, const char *service,
	const char *rhost, int64_t uid);

/* The three letters of the code that it is about, and a word or two beside the event.
 */
void record_refer(struct record *record, const char *reference);
void record_detail(struct record *record, const char *detail);

/* Names the event and writes it to the table. */
int record_store(struct record *record, struct store *store, int64_t now_s,
	const char *event, const char *phrase, int level);

/* Writes the line, if there is an event. */
void record_log(const struct record *record);

#endif
