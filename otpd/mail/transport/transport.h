/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_TRANSPORT_H
#define OTPD_MAIL_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "otpd/mail/config.h"
#include "otpd/util/list.h"

/* As the interface names them: sent, deferred, refused. */
enum send_result {
	SEND_SENT,
	SEND_DEFERRED,
	SEND_REFUSED,
};

/* Whose doing a result that is not "sent" is. */
enum send_cause {
	/*
	 * The way itself: down, slow, misconfigured, out of its quota. Another
	 * transport may do better, and this one is left alone for a while.
	 */
	CAUSE_TRANSPORT,
	/*
	 * The recipient: greylisting, a mailbox that is full or unknown.
	 * Another transport is not asked: greylisting counts by the sending host, and a
	 * mailbox that does not exist does not exist for anybody.
	 */
	CAUSE_RECIPIENT,
	/*
	 * This mail: its words are not wanted, or it may have arrived already. No other
	 * transport is asked either, but the address is not to blame: what a filter
	 * thinks of a mail must not send codes over a second route.
	 */
	CAUSE_MAIL,
	/*
	 * This transport will not take this mail: "550 5.7.1 access denied" to one
	 * recipient. Another one may; and it says nothing about whether this one works,
	 * since who may choose an address could otherwise pause them all. Of the
	 * transports only: what a route answers is never this (route.h).
	 */
	CAUSE_POLICY,
};

/* How a try ended. detail is raw: the server's words, valid during the call only. */
struct verdict {
	enum send_result result;
	enum send_cause cause;
	int64_t pause_s; /* the server asked for it (Retry-After); 0: it did not */
	const char *detail;
};

struct letter;
struct message;
struct tenant_config;
struct trace;

/*
 * One mail on its way. The delivery that owns it keeps everything alive until done has
 * been called, exactly once, from send or later.
 */
struct parcel {
	struct list link; /* for the transport, in whatever list it likes */
	const char *mail; /* the identifier */
	const char *from;
	const char *to; /* an address, or for sms a telephone number ("+49...") */
	const struct letter *letter;
	const struct message *message;
	const struct tenant_config *tenant;
	int64_t deadline_s;
	struct trace *trace; /* told each step (trace.h); NULL: nobody asks */
	bool again;          /* for the transport: this is the second try */
	void (*done)(struct parcel *parcel, const struct verdict *verdict);
};

/* Ends a parcel in one line. */
void parcel_end(struct parcel *parcel, enum send_result result, enum send_cause cause,
	const char *detail);

/*
 * A way out. Each kind embeds this as its first member. free may be called while
 * parcels are on their way: the transport takes no new ones and frees itself when the
 * last has ended.
 */
struct transport {
	char name[SETTINGS_TITLE];
	bool takes_addresses;
	bool takes_numbers; /* telephone numbers */
	void (*send)(struct transport *transport, struct parcel *parcel);
	void (*free)(struct transport *transport);
};

/* Makes the transport of a configuration. -errno, and what is wrong in error. */
int transport_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size);
void transport_free(struct transport *transport);

/*
 * Whether the files that a configuration names can be used, for --check. -errno, and a
 * whole sentence in said; or 0, and said is empty or warns of what cannot be looked at
 * from here.
 */
int transport_check(const struct transport_config *config, char *said, size_t size);

/* As mail.conf names it: "smtp". */
const char *transport_type_name(enum transport_type type);

int smtp_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size);
int http_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size);
int maildir_new(const struct transport_config *config, struct transport **ret,
	char *error, size_t error_size);
int console_new(struct transport **ret);

#endif
