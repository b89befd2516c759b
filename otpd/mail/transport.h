/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_H
#define OTPD_MAIL_TRANSPORT_H

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

/*
 * One mail on its way. The delivery that owns it keeps everything alive until done has
 * been called, exactly once, from send or later. detail is raw: the server's words.
 */
struct parcel {
	struct list link; /* for the transport, in whatever list it likes */
	const char *mail; /* the identifier */
	const char *from;
	const char *to;
	const char *bytes;
	size_t size;
	const char *text; /* the text part alone */
	int64_t deadline_s;
	bool again; /* for the transport: this is the second try */
	void (*done)(
		struct parcel *parcel, enum send_result result, const char *detail);
};

/*
 * A way out. Each kind embeds this as its first member. free may be called while
 * parcels are on their way: the transport takes no new ones and frees itself when the
 * last has ended.
 */
struct transport {
	char name[SETTINGS_TITLE];
	void (*send)(struct transport *transport, struct parcel *parcel);
	void (*free)(struct transport *transport);
};

/*
 * Makes the transport of a configuration. -errno, and
 * what is wrong in error.
 */
int transport_new(const struct transport_config *config, uv_loop_t *loop,
	struct transport **ret, char *error, size_t error_size);
void transport_free(struct transport *transport);

int maildir_new(const struct transport_config *config, struct transport **ret,
	char *error, size_t error_size);
int console_new(struct transport **ret);

#endif
