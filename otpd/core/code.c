/* SPDX-License-Identifier: MIT */
/*
 * Codes: drawn, hashed, compared.
 *
 * The hash is fast and keyed on purpose. A million possibilities fall to any hash
 * within the life of a code if its key is known, and to none if it is not; a slow hash
 * would only hand local users a way to burn memory. The key MUST stay outside the
 * database. Each field goes in with its length, so that no two different inputs are the
 * same bytes.
 */
#include "otpd/core/code.h"

#include <sodium.h>
#include <string.h>

const char *code_purpose_name(int64_t purpose)
{
	switch ((enum code_purpose)purpose) {
	case CODE_LOGIN:
		return "login";
	case CODE_VERIFY_ADDRESS:
		return "verify_address";
	case CODE_ENROL:
	case CODE_ENROL_LOGIN:
		return "enrol";
	case CODE_NOTICE:
		return "notice";
	case CODE_TEST:
		return "test";
	case CODE_SECOND:
		return "second";
	case CODE_REGISTER:
		return "register";
	case CODE_RESET:
		return "reset";
	case CODE_CHANGE_PASSWORD:
		return "change_password";
	case CODE_CHANGE_ADDRESS:
		return "change_address";
	case CODE_RECOVERY:
		return "recovery";
	}
	return "unknown";
}

enum code_realm code_realm(int64_t purpose)
{
	if (purpose == CODE_ENROL || purpose == CODE_SECOND || purpose == CODE_RECOVERY)
		return CODE_OF_SELF;
	return purpose >= CODE_REGISTER && purpose <= CODE_CHANGE_ADDRESS
		? CODE_OF_ACCOUNT
		: CODE_OF_AUTH;
}

bool code_is_bare(int64_t purpose)
{
	return purpose == CODE_ENROL || purpose == CODE_SECOND ||
		purpose == CODE_REGISTER || purpose == CODE_RESET ||
		purpose == CODE_ENROL_LOGIN || purpose == CODE_RECOVERY;
}

bool code_founds(int64_t purpose)
{
	return purpose == CODE_ENROL || purpose == CODE_ENROL_LOGIN ||
		purpose == CODE_REGISTER;
}

bool code_is_to_new_address(int64_t purpose)
{
	return purpose == CODE_ENROL || purpose == CODE_SECOND ||
		purpose == CODE_CHANGE_ADDRESS || purpose == CODE_ENROL_LOGIN;
}

void code_key_init(struct code_key *key, const uint8_t bytes[32])
{
	uint8_t id[crypto_generichash_BYTES_MIN];

	memcpy(key->bytes, bytes, sizeof(key->bytes));
	crypto_generichash(
		id, sizeof(id), (const uint8_t *)"otpd key id", 11, bytes, 32);
	key->id = 0;
	for (int i = 0; i < 7; i++) /* 56 bits: never negative */
		key->id = key->id << 8 | id[i];
}

static const char *alphabet_letters(enum code_alphabet alphabet)
{
	return alphabet == CODE_DIGITS ? "0123456789" : CODE_LETTERS;
}

/*
 * Bytes that are not below the largest multiple of n are thrown away, so that each
 * letter is as likely as any other; one call to the kernel serves most codes.
 */
static void draw(char *out, size_t length, const char *letters)
{
	unsigned n = (unsigned)strlen(letters), even = 256 - 256 % n;
	uint8_t bytes[32];
	size_t have = 0;

	for (size_t i = 0; i < length;) {
		if (have == 0) {
			randombytes_buf(bytes, sizeof(bytes));
			have = sizeof(bytes);
		}
		if (bytes[--have] < even)
			out[i++] = letters[bytes[have] % n];
	}
	out[length] = '\0';
	sodium_memzero(bytes, sizeof(bytes));
}

void code_draw(char *out, int64_t length, enum code_alphabet alphabet)
{
	draw(out, (size_t)length, alphabet_letters(alphabet));
}

void code_draw_reference(char out[LIMIT_REFERENCE + 1])
{
	draw(out, LIMIT_REFERENCE, CODE_LETTERS);
}

static void add(crypto_generichash_state *state, const void *data, size_t size)
{
	uint8_t length[4] = { (uint8_t)(size >> 24), (uint8_t)(size >> 16),
		(uint8_t)(size >> 8), (uint8_t)size };

	crypto_generichash_update(state, length, sizeof(length));
	crypto_generichash_update(state, data, size);
}

void code_hash(uint8_t out[CODE_HASH], const struct code_key *key, int64_t purpose,
	const uint8_t id[CODE_ID], const char *user, const char *service,
	const char *code)
{
	uint8_t kind = (uint8_t)purpose;
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), CODE_HASH);
	add(&state, "otpd1", 5);
	add(&state, &kind, 1);
	add(&state, id, CODE_ID);
	add(&state, user, strlen(user));
	add(&state, service, strlen(service));
	add(&state, code, strlen(code));
	crypto_generichash_final(&state, out, CODE_HASH);
	sodium_memzero(&state, sizeof(state));
}

void code_hide_address(char out[33], const struct code_key *key, const char *address)
{
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)address,
		strlen(address), key->bytes, sizeof(key->bytes));
	sodium_bin2hex(out, 33, hash, sizeof(hash));
}

bool code_hash_equal(const uint8_t a[CODE_HASH], const uint8_t b[CODE_HASH])
{
	return sodium_memcmp(a, b, CODE_HASH) == 0;
}
