/* SPDX-License-Identifier: MIT */
/*
 * The file is replaced by rename(2), after a sync, so that a crash leaves the old token
 * or the new one. It is written on the loop's thread: once in the life of an access
 * token, which is an hour.
 *
 * MUST NOT log a token.
 */
#include "otpd/mail/transport/oauth_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/mail/transport/oauth_answer.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/hex.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"

#define HASH_BYTES 32
#define HASH_TEXT  (2 * HASH_BYTES)
#define STORE_MAX  (HASH_TEXT + OAUTH_TOKEN_MAX + 2)

DEFINE_CLEANUP(char *, secret_free);

static int store_path(const struct transport_config *config, const char *ending,
	char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%s.refresh-token%s", config->state_directory,
		config->title, ending);

	return n < (int)size ? 0 : -ENAMETOOLONG;
}

static void hash_token(char out[HASH_TEXT + 1], const char *token)
{
	uint8_t hash[HASH_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)token,
		strlen(token), NULL, 0);
	hex_encode(out, hash, sizeof(hash));
}

/* The token of a file that begins with this hash; NULL if it does not, or is cut. */
static char *find_token(const char *content, const char *hash)
{
	const char *token = content + HASH_TEXT + 1;
	size_t length;
	char *copy;

	if (strncmp(content, hash, HASH_TEXT) != 0 || content[HASH_TEXT] != '\n')
		return NULL;
	length = strcspn(token, "\n");
	copy = length > 0 && token[length] ? secret_alloc(length + 1) : NULL;
	if (!copy)
		return NULL;
	memcpy(copy, token, length);
	copy[length] = '\0';
	return copy;
}

char *oauth_store_load(const struct transport_config *config, const char *configured)
{
	CLEANUP(secret_freep) char *content = NULL;
	char path[PATH_MAX], hash[HASH_TEXT + 1];
	int r = store_path(config, "", path, sizeof(path));

	if (r == 0)
		r = file_read_safe(path, FILE_SECRET, STORE_MAX, &content, NULL);
	if (r < 0 && r != -ENOENT)
		log_msg(LOG_WARNING, "ignoring %s: %s", path,
			file_error(r, FILE_SECRET));
	if (r < 0)
		return NULL;
	hash_token(hash, configured);
	return find_token(content, hash);
}

static int write_draft(const char *path, const struct buffer *content)
{
	CLEANUP(closep) int fd = -1;
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, content->data, content->size);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

static int sync_directory(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

int oauth_store_keep(const struct transport_config *config, const char *configured,
	const char *token)
{
	CLEANUP(buffer_fini) struct buffer content = { 0 };
	char path[PATH_MAX], draft[PATH_MAX], hash[HASH_TEXT + 1];
	int r = store_path(config, "", path, sizeof(path));

	if (r == 0)
		r = store_path(config, ".new", draft, sizeof(draft));
	if (r < 0)
		return r;
	hash_token(hash, configured);
	buffer_puts(&content, hash);
	buffer_puts(&content, "\n");
	buffer_puts(&content, token);
	buffer_puts(&content, "\n");
	r = content.failed ? -ENOMEM : write_draft(draft, &content);
	if (r == 0 && rename(draft, path) < 0)
		r = -errno;
	return r < 0 ? r : sync_directory(config->state_directory);
}

int oauth_store_drop(const struct transport_config *config, const char *configured,
	const char *refused)
{
	CLEANUP(secret_freep) char *kept = oauth_store_load(config, configured);
	char path[PATH_MAX];
	int r;

	if (!kept || strcmp(kept, refused) != 0)
		return 0;
	r = store_path(config, "", path, sizeof(path));
	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}
