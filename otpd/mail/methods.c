/* SPDX-License-Identifier: MIT */
/* org.emailotp.Mail: its tables, who may call, the key and Send. */
#include "otpd/mail/methods.h"

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "otpd/mail/delivery.h"
#include "otpd/mail/mailer.h"
#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/log.h"
#include "otpd/varlink/call.h"

#define KEY_BASE64                 \
	sodium_base64_ENCODED_LEN( \
		crypto_box_PUBLICKEYBYTES, sodium_base64_VARIANT_ORIGINAL)
#define NONCE_BASE64 \
	sodium_base64_ENCODED_LEN(crypto_box_NONCEBYTES, sodium_base64_VARIANT_ORIGINAL)
#define SEALED_BASE64 \
	sodium_base64_ENCODED_LEN(LIMIT_SEALED, sodium_base64_VARIANT_ORIGINAL)

struct send_in {
	char mail[LIMIT_CHALLENGE + 1];
	char sender[KEY_BASE64];
	char nonce[NONCE_BASE64];
	char sealed[SEALED_BASE64];
	int64_t deadline_s;
};

static int public_key_check(struct call *call)
{
	const struct mailer *mailer = call->service->context;
	char key[KEY_BASE64];

	sodium_bin2base64(key, sizeof(key), mailer->key.public,
		sizeof(mailer->key.public), sodium_base64_VARIANT_ORIGINAL);
	call_out_string(call, "key", key);
	return 0;
}

static int send_check(struct call *call)
{
	struct mailer *mailer = call->service->context;
	const struct send_in *in = call->in;
	const struct sealed_mail sealed = { in->mail, in->sender, in->nonce, in->sealed,
		in->deadline_s };

	delivery_start(mailer, &sealed, call);
	return 0;
}

int mail_authorise(struct call *call)
{
	static struct log_limit noise = { .interval_s = 60, .burst = 10 };
	const struct mailer *mailer = call->service->context;
	unsigned flags = call->method->flags;
	bool is_root = call->peer.uid == 0 || call->peer.uid == geteuid();
	bool is_otpd = mailer->knows_otpd && call->peer.uid == mailer->otpd_uid;

	if ((flags & METHOD_ANY) || ((flags & METHOD_ROOT) && is_root) ||
		((flags & METHOD_OTPD) && is_otpd))
		return 0;
	if (log_limit_pass(&noise))
		log_msg(LOG_WARNING, "%s denied uid=%u", call->method->name,
			call->peer.uid);
	return OUTCOME_DENIED;
}

#define SEND(member) offsetof(struct send_in, member)

static const struct field send_fields[] = {
	{ "mail", FIELD_STRING, SEND(mail), LIMIT_CHALLENGE, false },
	{ "sender", FIELD_STRING, SEND(sender), KEY_BASE64 - 1, false },
	{ "nonce", FIELD_STRING, SEND(nonce), NONCE_BASE64 - 1, false },
	{ "sealed", FIELD_STRING, SEND(sealed), SEALED_BASE64 - 1, false },
	{ "deadline", FIELD_INT, SEND(deadline_s), INT64_MAX, false },
	{ 0 },
};

static const struct method methods[] = {
	{
		.name = "PublicKey",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_READ,
		.check = public_key_check,
	},
	{
		.name = "Send",
		.flags = METHOD_ROOT | METHOD_OTPD | METHOD_ASYNC,
		.in = send_fields,
		.in_size = sizeof(struct send_in),
		.check = send_check,
	},
	{ 0 },
};

static const struct method *const tables[] = { methods, watch_methods, bounces_methods,
	NULL };

const struct interface mail_interface = {
	.name = "org.emailotp.Mail",
	.description = idl_mail,
	.methods = tables,
};

const struct interface *const mail_interfaces[] = {
	&introspection_interface,
	&mail_interface,
	NULL,
};
