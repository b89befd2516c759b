/* SPDX-License-Identifier: MIT */
/*
 * The way to otpd-mail: a few connections, each with one mail in flight, so that a slow
 * relay delays nothing but mails. The first connection asks for the public key; the
 * others are opened when there is more to do than one can carry.
 */
#include "otpd/server/mailer.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/server/outbox.h"
#include "otpd/server/settle.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
#define KEY_MS       5000
#define SEND_MS      150000 /* more than otpd-mail's own longest, 120 s */

static void on_retry(uv_timer_t *timer);

static void retry_later(struct mailer *mailer)
{
	uint64_t wait = (uint64_t)RETRY_MIN_MS
		<< (mailer->failures < 6 ? mailer->failures : 6);

	if (mailer->closing)
		return;
	mailer->failures++;
	uv_timer_start(
		&mailer->retry, on_retry, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS, 0);
}

/* Says once that the mailer is away, and once that it is back. */
static void complain(struct mailer *mailer, const char *why)
{
	/* It may be a word of otpd-mail's, which does not write our log. */
	text_copy_clean(mailer->error, sizeof(mailer->error), why);
	if (!mailer->complained && !mailer->closing)
		log_msg(LOG_WARNING, "otpd-mail at %s: %s; mails wait, retrying",
			mailer->path, mailer->error);
	mailer->complained = true;
}

/* The answer to mailer_ask(); out is NULL when there is none. */
static void take_asked(struct mailer_link *link, const char *error, json_t *out)
{
	struct mailer *mailer = link->mailer;
	void (*answered)(void *, json_t *) = TAKE_PTR(mailer->answered);

	link->answered = NULL;
	if (answered)
		answered(mailer->asker, error ? NULL : out);
	mailer_pump(mailer);
}

static void on_failed(struct mailer_link *link, const char *why)
{
	struct mailer *mailer = link->mailer;
	struct outgoing *mail = TAKE_PTR(link->mail);

	if (mail)
		outbox_result(mailer->outbox, mail,
			&(struct mail_result){ "deferred", why, "" });
	if (link->answered == take_asked)
		take_asked(link, why, NULL);
	if (link == &mailer->links[0]) {
		mailer->up = false;
		complain(mailer, why);
		retry_later(mailer);
	}
}

static char *base64(const void *data, size_t size)
{
	size_t length = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(length);

	if (text)
		sodium_bin2base64(
			text, length, data, size, sodium_base64_VARIANT_ORIGINAL);
	return text;
}

static void take_key(struct mailer_link *link, const char *error, json_t *out)
{
	struct mailer *mailer = link->mailer;
	const char *text = json_string_value(json_object_get(out, "key"));
	uint8_t key[MAIL_KEY];
	size_t size = 0;

	if (error) {
		link_fail(link, error);
		return;
	}
	if (!text ||
		sodium_base642bin(key, sizeof(key), text, strlen(text), NULL, &size,
			NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		size != sizeof(key)) {
		link_fail(link, "it gave no public key");
		return;
	}
	mailer->up = true;
	mailer->failures = 0;
	mailer->error[0] = '\0';
	if (mailer->complained)
		log_msg(LOG_NOTICE, "otpd-mail at %s: is there", mailer->path);
	mailer->complained = false;
	mailer->got_key(mailer->context, key);
	outbox_fetch(mailer->outbox);
	mailer_pump(mailer);
}

static const char *text_of(const json_t *out, const char *name)
{
	const char *text = json_string_value(json_object_get(out, name));

	return text ? text : "";
}

/* An otpd-mail of before says neither which transport it was nor anything of addresses.
 */
static void take_result(struct mailer_link *link, const char *error, json_t *out)
{
	struct outgoing *mail = TAKE_PTR(link->mail);
	struct mail_result result = { "deferred", "otpd-mail gave no result", "" };

	if (error)
		result.detail = error;
	else if (json_is_string(json_object_get(out, "result")))
		result = (struct mail_result){
			.result = text_of(out, "result"),
			.detail = text_of(out, "detail"),
			.transport = text_of(out, "transport"),
			.second = json_is_true(json_object_get(out, "second")),
			.bad_address =
				json_is_true(json_object_get(out, "bad_address")),
		};
	outbox_result(link->mailer->outbox, mail, &result);
	mailer_pump(link->mailer);
}

static void send_mail(struct mailer_link *link, struct outgoing *mail)
{
	CLEANUP(freep) char *sender = base64(mail->sender, sizeof(mail->sender));
	CLEANUP(freep) char *nonce = base64(mail->nonce, sizeof(mail->nonce));
	CLEANUP(freep) char *sealed = base64(mail->sealed, mail->sealed_size);
	char name[2 * MAIL_NAME + 1];
	json_t *parameters = NULL;

	hex_encode(name, mail->name, sizeof(mail->name));
	link->mail = mail;
	if (sender && nonce && sealed)
		parameters = json_pack("{s:s, s:s, s:s, s:s, s:I}", "mail", name,
			"sender", sender, "nonce", nonce, "sealed", sealed, "deadline",
			(json_int_t)mail->deadline);
	link_call(link, "org.emailotp.Mail.Send", parameters, SEND_MS, take_result);
}

static int open_link(struct mailer_link *link)
{
	const struct mailer *mailer = link->mailer;

	return link_open(link, mailer->loop, mailer->path, mailer->uid);
}

static void open_first(struct mailer *mailer)
{
	struct mailer_link *link = &mailer->links[0];
	int r = link->state == LINK_DOWN ? open_link(link) : -EAGAIN;

	if (r < 0) {
		if (r != -EAGAIN)
			complain(mailer,
				r == -EPERM ? "belongs to somebody else"
					    : strerror(-r));
		retry_later(mailer);
		return;
	}
	link_call(link, "org.emailotp.Mail.PublicKey", json_object(), KEY_MS, take_key);
}

static void on_retry(uv_timer_t *timer)
{
	open_first(timer->data);
}

static void on_watch(uv_timer_t *timer)
{
	struct mailer *mailer = timer->data;
	int64_t now = clock_mono_ms();

	for (int i = 0; i < MAILER_LINKS; i++)
		link_check(&mailer->links[i], now);
}

/* A link that can carry a mail now; opens another one if all have something to do. */
static struct mailer_link *find_link(struct mailer *mailer)
{
	struct mailer_link *down = NULL;

	for (int i = 0; i < MAILER_LINKS; i++) {
		struct mailer_link *link = &mailer->links[i];

		if (link->state == LINK_IDLE)
			return link;
		if (link->state == LINK_DOWN && !down)
			down = link;
	}
	return down && open_link(down) == 0 ? down : NULL;
}

void mailer_pump(struct mailer *mailer)
{
	while (mailer->up && !mailer->closing) {
		struct mailer_link *link = find_link(mailer);
		struct outgoing *mail = link ? outbox_take(mailer->outbox) : NULL;

		if (!mail)
			return;
		send_mail(link, mail);
	}
}

int mailer_ask(struct mailer *mailer, const char *method, json_t *parameters,
	void (*answered)(void *context, json_t *out), void *context)
{
	struct mailer_link *link = NULL;

	if (mailer->up && !mailer->closing && !mailer->answered)
		link = find_link(mailer);
	if (!link) {
		json_decref(parameters);
		return -EAGAIN;
	}
	mailer->answered = answered;
	mailer->asker = context;
	link_call(link, method, parameters, KEY_MS, take_asked);
	return 0;
}

int mailer_open(struct mailer *mailer)
{
	for (int i = 0; i < MAILER_LINKS; i++)
		mailer->links[i] = (struct mailer_link){
			.mailer = mailer,
			.failed = on_failed,
			.fd = -1,
		};
	uv_timer_init(mailer->loop, &mailer->retry);
	uv_timer_init(mailer->loop, &mailer->watch);
	mailer->retry.data = mailer;
	mailer->watch.data = mailer;
	uv_timer_start(&mailer->watch, on_watch, 5000, 5000);
	open_first(mailer);
	return 0;
}

void mailer_close(struct mailer *mailer)
{
	mailer->closing = true;
	for (int i = 0; i < MAILER_LINKS; i++)
		link_fail(&mailer->links[i], "otpd stops");
	uv_close((uv_handle_t *)&mailer->retry, NULL);
	uv_close((uv_handle_t *)&mailer->watch, NULL);
}
