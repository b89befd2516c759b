/* SPDX-License-Identifier: MIT */
/*
 * What otpd would hand over for logins that people begin: sealed with the real box, as
 * otpd/server/seal.c does it, and all of it before any clock runs.
 */
#include "tests/bench/letters.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "otpd/proto/client.h"
#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "tests/bench/say.h"

#define BASE64     sodium_base64_VARIANT_ORIGINAL
#define LIFE_S     3600 /* of the codes; no run takes longer */
#define PATIENCE_S 10

static void json_decrefp_(json_t **json)
{
	json_decref(*json);
}

void letters_words(struct letter_words *words, uint32_t number)
{
	static const char set[] = CODE_LETTERS;
	size_t size = sizeof(set) - 1;

	snprintf(words->to, sizeof(words->to), "ada.lovelace%07" PRIu32 "@example.org",
		number);
	snprintf(words->name, sizeof(words->name), "Ada O'Lovelace %07" PRIu32, number);
	snprintf(words->user, sizeof(words->user), "adal%07" PRIu32, number);
	snprintf(words->rhost, sizeof(words->rhost), "client%07" PRIu32 ".example.net",
		number);
	snprintf(words->code, sizeof(words->code), "%06" PRIu32,
		(uint32_t)(number * UINT64_C(7919) % 1000000));
	words->reference[0] = set[number % size];
	words->reference[1] = set[number / size % size];
	words->reference[2] = set[number / size / size % size];
	words->reference[3] = '\0';
}

static size_t write_letter(char *out, size_t out_size, uint32_t number, int64_t now)
{
	struct letter_words words;
	int n;

	letters_words(&words, number);
	n = snprintf(out, out_size,
		"{\"to\":\"%s\",\"template\":\"login\",\"name\":\"%s\",\"user\":\"%s\","
		"\"service\":\"sshd\",\"host\":\"login.example.org\",\"rhost\":\"%s\","
		"\"tty\":\"ssh\",\"code\":\"%s\",\"reference\":\"%s\",\"language\":\"\","
		"\"at\":%" PRId64 ",\"expires_at\":%" PRId64 "}",
		words.to, words.name, words.user, words.rhost, words.code,
		words.reference, now, now + 600);
	if (n < 0 || (size_t)n >= out_size)
		die("a letter is too long");
	return (size_t)n;
}

static void encode(char *out, size_t out_size, const void *data, size_t size)
{
	sodium_bin2base64(out, out_size, data, size, BASE64);
}

static void seal(struct letters *letters, char out[LETTERS_FRAME], uint32_t number)
{
	char plain[512], sender[64], nonce[64], sealed[1024];
	uint8_t once[crypto_box_NONCEBYTES], box[sizeof(plain) + crypto_box_MACBYTES];
	int64_t now = time(NULL);
	size_t size = write_letter(plain, sizeof(plain), number, now);
	int n;

	randombytes_buf(once, sizeof(once));
	crypto_box_easy_afternm(
		box, (const uint8_t *)plain, size, once, letters->shared);
	encode(sender, sizeof(sender), letters->sender, sizeof(letters->sender));
	encode(nonce, sizeof(nonce), once, sizeof(once));
	encode(sealed, sizeof(sealed), box, size + crypto_box_MACBYTES);
	n = snprintf(out, LETTERS_FRAME,
		"{\"method\":\"org.emailotp.Mail.Send\",\"parameters\":{"
		"\"mail\":\"%032" PRIx32 "\",\"sender\":\"%s\",\"nonce\":\"%s\","
		"\"sealed\":\"%s\",\"deadline\":%" PRId64 "}}",
		number, sender, nonce, sealed, now + LIFE_S);
	if (n < 0 || n >= LETTERS_FRAME)
		die("a sealed letter is too long");
}

void letters_seal(struct letters *letters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seal(letters, letters->frames[i], letters->next++);
	letters->n = n;
}

static void meet(struct letters *letters, const char *socket)
{
	struct client client = CLIENT_INIT;
	CLEANUP(json_decrefp_) json_t *out = NULL;
	uint8_t key[crypto_box_PUBLICKEYBYTES];
	const char *text = NULL;
	size_t size = 0;
	int r = client_open(&client, socket, PATIENCE_S * 1000);

	if (r == 0)
		r = client_call(&client, "org.emailotp.Mail.PublicKey", NULL, &out);
	client_close(&client);
	if (r == 0)
		text = json_string_value(json_object_get(out, "key"));
	if (!text ||
		sodium_base642bin(key, sizeof(key), text, strlen(text), NULL, &size,
			NULL, BASE64) != 0 ||
		size != sizeof(key) ||
		crypto_box_beforenm(letters->shared, key, letters->secret) != 0)
		die("otpd-mail at %s gives no key", socket);
}

void letters_open(struct letters *letters, const char *socket, size_t max)
{
	*letters = (struct letters){ .next = 1 };
	crypto_box_keypair(letters->sender, letters->secret);
	letters->frames = calloc(max, LETTERS_FRAME);
	if (!letters->frames)
		die("no memory for %zu letters", max);
	meet(letters, socket);
}

void letters_close(struct letters *letters)
{
	free(letters->frames);
}
