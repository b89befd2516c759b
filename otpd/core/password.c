/* SPDX-License-Identifier: MIT */
/*
 * Passwords: which ones may be chosen, and their hashes.
 *
 * A password with a hash that is none costs what a wrong one costs: it is compared with
 * a hash of nothing, made at the same cost. The text is taken as it is typed; libsodium
 * has no Unicode normalization, so an accent that one keyboard composes otherwise than
 * another is another password.
 */
#include "otpd/core/password.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/core/password_guess.h"
#include "otpd/proto/limits.h"
#include "otpd/proto/outcome.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

/* Another cost for a build that measures. */
#ifndef PASSWORD_MEMORY_KIB
#define PASSWORD_MEMORY_KIB 19456 /* 19 MiB */
#endif
#ifndef PASSWORD_PASSES
#define PASSWORD_PASSES 2
#endif

#define MEMORY     ((size_t)PASSWORD_MEMORY_KIB * 1024)
#define TEXT_OF(x) #x
#define NUMBER(x)  TEXT_OF(x)
#define COST       "m=" NUMBER(PASSWORD_MEMORY_KIB) ",t=" NUMBER(PASSWORD_PASSES) ",p=1"

_Static_assert(PASSWORD_HASH == crypto_pwhash_STRBYTES, "size of a hash");

/* Of this cost, and of no password: what no password is hashed to is not known. */
static const char nothing[PASSWORD_HASH] =
	"$argon2id$v=19$" COST "$b3RwZCBoYXMgbm9ib2R5IQ"
	"$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static size_t count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool is_address(const char *password, const char *address)
{
	char local[LIMIT_ADDRESS + 1];
	size_t n = strcspn(address, "@");

	if (n >= sizeof(local))
		return false;
	memcpy(local, address, n);
	local[n] = '\0';
	return password_is_name(password, address) || password_is_name(password, local);
}

const char *password_problem(
	const char *password, const char *address, const char *login)
{
	if (strnlen(password, LIMIT_PASSWORD + 1) > LIMIT_PASSWORD)
		return "it is longer than 1024 bytes";
	if (!text_is_utf8(password))
		return "it is no UTF-8";
	if (text_has_control(password))
		return "it has a control character";
	if (count_characters(password) < LIMIT_PASSWORD_MIN)
		return "it is shorter than 8 characters";
	if (is_address(password, address))
		return "it is the address, or the part before the @";
	if (password_is_name(password, login))
		return "it is the user name";
	if (password_is_common(password))
		return "it is one of those that are guessed first";
	return NULL;
}

int password_hash(char out[PASSWORD_HASH], const char *password)
{
	if (crypto_pwhash_str_alg(out, password, strlen(password), PASSWORD_PASSES,
		    MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0)
		return 0;
	secret_wipe(out, PASSWORD_HASH);
	return -ENOMEM;
}

int password_compare(const char *hash, const char *password)
{
	bool is_hash =
		crypto_pwhash_str_needs_rehash(hash, PASSWORD_PASSES, MEMORY) >= 0;
	int r;

	errno = 0;
	r = crypto_pwhash_str_verify(
		is_hash ? hash : nothing, password, strlen(password));
	if (r == 0)
		return is_hash ? 0 : OUTCOME_WRONG_PASSWORD;
	/* libsodium says so of a hash that differs, and of nothing else. */
	return errno == EINVAL ? OUTCOME_WRONG_PASSWORD : -ENOMEM;
}

bool password_is_old(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, PASSWORD_PASSES, MEMORY) != 0;
}
