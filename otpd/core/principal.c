/* SPDX-License-Identifier: MIT */
/*
 * Names of whom something is about. An account is named by its identifier, so that
 * another address or user name leaves its budgets where they were. An address without
 * an account is named by a keyed hash: rows of strangers MUST NOT show whose address
 * somebody has typed, and whoever reads the database MUST NOT be able to try addresses
 * against it. The key is that of the codes' hashes; the first field, which no other
 * hash of that key begins with, keeps them apart.
 */
#include "otpd/core/principal.h"

#include <sodium.h>
#include <string.h>

#include "otpd/util/hex.h"
#include "otpd/util/text.h"

#define KIND         5 /* letters */
#define ACCOUNT_KIND "acct:"
#define NOBODY_KIND  "addr:"
#define CHUNK        64

static void write_name(char out[PRINCIPAL_SIZE], const char kind[KIND + 1],
	const uint8_t bytes[ACCOUNT_ID])
{
	memcpy(out, kind, KIND);
	hex_encode(out + KIND, bytes, ACCOUNT_ID);
}

static bool read_name(
	const char *name, const char kind[KIND + 1], uint8_t ret[ACCOUNT_ID])
{
	return strncmp(name, kind, KIND) == 0 &&
		hex_decode(ret, ACCOUNT_ID, name + KIND) == 0;
}

void principal_of_account(char out[PRINCIPAL_SIZE], const uint8_t id[ACCOUNT_ID])
{
	write_name(out, ACCOUNT_KIND, id);
}

/* Each field has its length before it: no two lists of fields are the same bytes. */
static void add_length(crypto_generichash_state *state, size_t n)
{
	const uint8_t length[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n };

	crypto_generichash_update(state, length, sizeof(length));
}

static void add(crypto_generichash_state *state, const char *text)
{
	add_length(state, strlen(text));
	crypto_generichash_update(state, (const uint8_t *)text, strlen(text));
}

static void add_lower(crypto_generichash_state *state, const char *text)
{
	size_t left = strlen(text);
	char part[CHUNK + 1], small[CHUNK + 1];

	add_length(state, left);
	for (size_t n; left > 0; text += n, left -= n) {
		n = left < CHUNK ? left : CHUNK;
		memcpy(part, text, n);
		part[n] = '\0';
		text_copy_lower(small, sizeof(small), part);
		crypto_generichash_update(state, (const uint8_t *)small, n);
	}
}

void principal_of_nobody(char out[PRINCIPAL_SIZE], const struct code_key *key,
	const char *tenant, const char *text)
{
	uint8_t hash[ACCOUNT_ID];
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(hash));
	add(&state, "otpd nobody");
	add(&state, tenant);
	add_lower(&state, text);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_memzero(&state, sizeof(state));
	write_name(out, NOBODY_KIND, hash);
}

bool principal_is_account(const char *principal, uint8_t ret[ACCOUNT_ID])
{
	return read_name(principal, ACCOUNT_KIND, ret);
}

bool principal_is_nobody(const char *principal)
{
	uint8_t hash[ACCOUNT_ID];

	return read_name(principal, NOBODY_KIND, hash);
}

bool principal_is_reserved(const char *name)
{
	return strchr(name, ':') != NULL;
}
