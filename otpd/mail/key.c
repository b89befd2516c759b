/* SPDX-License-Identifier: MIT */
/*
 * The file holds the 32 bytes of the secret half and nothing else; the public half
 * follows from it. Losing the file loses the mails that are sealed and not yet sent,
 * nothing more: otpd asks for the public half again.
 */
#include "otpd/mail/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

DEFINE_CLEANUP(char *, secret_free);

static int key_create(const char *path)
{
	unsigned char secret[crypto_box_SECRETKEYBYTES];
	SECRET_SCOPE(secret);
	int r;

	randombytes_buf(secret, sizeof(secret));
	r = file_create_secret(path, secret, sizeof(secret));
	if (r == 0)
		log_msg(LOG_NOTICE, "made a new key %s", path);
	return r == -EEXIST ? 0 : r;
}

int key_path(char *out, size_t size, const char *key_file)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	int n = -1;

	if (credentials)
		n = snprintf(out, size, "%s/mail.key", credentials);
	if (n < 0 || n >= (int)size || access(out, F_OK) < 0)
		n = snprintf(out, size, "%s", key_file);
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

int key_load(struct mail_key *key, const char *path)
{
	CLEANUP(secret_freep) char *bytes = NULL;
	size_t size;
	int r;

	r = file_read_safe(path, FILE_SECRET, sizeof(key->secret), &bytes, &size);
	if (r == -ENOENT) {
		r = key_create(path);
		if (r == 0)
			r = file_read_safe(
				path, FILE_SECRET, sizeof(key->secret), &bytes, &size);
	}
	if (r < 0)
		return r;
	if (size != sizeof(key->secret))
		return -EBADMSG;
	memcpy(key->secret, bytes, sizeof(key->secret));
	return crypto_scalarmult_base(key->public, key->secret) == 0 ? 0 : -EBADMSG;
}

void key_wipe(struct mail_key *key)
{
	secret_wipe(key, sizeof(*key));
}
