/* SPDX-License-Identifier: MIT */
/*
 * The key lies in a file of its own, never in the database, and in memory in pages that
 * are locked, guarded and left out of core dumps.
 */
#include "otpd/server/keys.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#define KEY_SIZE 32

DEFINE_CLEANUP(char *, secret_free);

static int make_key(const char *path)
{
	uint8_t bytes[KEY_SIZE];
	int r;

	randombytes_buf(bytes, sizeof(bytes));
	r = file_create_secret(path, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	if (r == 0)
		log_msg(LOG_NOTICE, "made a new key in %s", path);
	return r;
}

static struct code_key *read_key(const char *path)
{
	CLEANUP(secret_freep) char *bytes = NULL;
	struct code_key *key;
	char why[FILE_WHY];
	size_t size;
	int r = file_read_safe(path, FILE_SECRET, KEY_SIZE, &bytes, &size);

	if (r < 0) {
		log_msg(LOG_ERR, "key file %s: %s", path,
			file_explain(why, path, r, FILE_SECRET));
		return NULL;
	}
	if (size != KEY_SIZE) {
		log_msg(LOG_ERR, "key file %s: has %zu bytes, not %d", path, size,
			KEY_SIZE);
		return NULL;
	}
	key = sodium_malloc(sizeof(*key));
	if (key)
		code_key_init(key, (const uint8_t *)bytes);
	return key;
}

struct code_key *keys_load(const char *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char credential[PATH_MAX];
	int r;

	if (credentials &&
		snprintf(credential, sizeof(credential), "%s/otpd.key", credentials) <
			(int)sizeof(credential) &&
		access(credential, F_OK) == 0)
		return read_key(credential);
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		r = make_key(path);
		if (r < 0) {
			log_errno(LOG_ERR, r, "cannot make key file %s", path);
			return NULL;
		}
	}
	return read_key(path);
}

int64_t keys_id_of(const char *path)
{
	CLEANUP(secret_freep) char *bytes = NULL;
	struct code_key *key;
	int64_t id;
	size_t size;

	if (file_read_safe(path, FILE_SECRET, KEY_SIZE, &bytes, &size) < 0 ||
		size != KEY_SIZE)
		return 0;
	key = sodium_malloc(sizeof(*key));
	if (!key)
		return 0;
	code_key_init(key, (const uint8_t *)bytes);
	id = key->id;
	sodium_free(key);
	return id;
}
