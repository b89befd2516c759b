/* SPDX-License-Identifier: MIT */
/* The files beside a section: secrets, certificates, and what must not be repeated. */
#include "otpd/mail/transport/http_files.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "otpd/mail/transport/http_sign.h"
#include "otpd/mail/transport/secret_file.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"

DEFINE_CLEANUP(char *, secret_free);

struct reader {
	const struct transport_config *config;
	bool forgiving;
	const char *unseen;
	char *error;
	size_t error_size;
};

/* Whether it is a credential that only the service can see. */
static bool is_out_of_sight(struct reader *reader, const char *option, const char *file)
{
	if (!reader->forgiving || file[0] == '/' || secret_file_sees_credentials())
		return false;
	if (!reader->unseen)
		reader->unseen = option;
	return true;
}

static int read_secret(
	struct reader *reader, const char *option, const char *file, char **ret)
{
	if (!file[0] || is_out_of_sight(reader, option, file))
		return 0;
	return secret_file_read(reader->config->title, option, file, ret, reader->error,
		reader->error_size);
}

/* Where a certificate or its key is, and whether it may be there. */
static int find_file(struct reader *reader, const char *option, const char *file,
	enum file_rule rule, char path[static PATH_MAX])
{
	CLEANUP(closep) int fd = -1;
	char why[FILE_WHY];
	int r;

	if (!file[0] || is_out_of_sight(reader, option, file))
		return 0;
	r = secret_file_path(file, path, PATH_MAX);
	if (r == 0) {
		fd = file_open_safe(path, rule);
		r = fd < 0 ? fd : 0;
	}
	if (r < 0)
		snprintf(reader->error, reader->error_size, "transport %s: %s %s: %s",
			reader->config->title, option, file,
			file_explain(why, path, r, rule));
	return r;
}

/* The certificates to trust may be a link, as the system's often are. */
static int find_trust(struct reader *reader, char path[static PATH_MAX])
{
	const char *file = reader->config->ca_file;

	if (!file[0])
		return 0;
	if (access(file, R_OK) < 0) {
		int r = -errno;

		snprintf(reader->error, reader->error_size,
			"transport %s: ca_file %s: %s", reader->config->title, file,
			strerror(-r));
		return r;
	}
	text_copy(path, PATH_MAX, file);
	return 0;
}

static int read_signing_key(struct reader *reader, struct http_spec *spec)
{
	const char *file = reader->config->signing_secret_file;
	CLEANUP(secret_freep) char *secret = NULL;
	int r = read_secret(reader, "signing_secret_file", file, &secret);

	if (r < 0 || !secret)
		return r;
	r = http_sign_key(secret, &spec->signing_key, &spec->signing_key_size);
	if (r == -EINVAL)
		snprintf(reader->error, reader->error_size,
			"transport %s: signing_secret_file %s: what follows whsec_ is "
			"not base64",
			spec->title, file);
	spec->secrets[0] = TAKE_PTR(secret);
	return r;
}

/* What the header Authorization has of a Basic account. */
static char *basic_token(const struct http_spec *spec)
{
	CLEANUP(buffer_fini) struct buffer pair = { 0 };
	size_t room;
	char *out;

	buffer_puts(&pair, spec->user);
	buffer_puts(&pair, ":");
	buffer_puts(&pair, spec->password);
	room = sodium_base64_encoded_len(pair.size, sodium_base64_VARIANT_ORIGINAL);
	out = pair.failed ? NULL : secret_alloc(room);
	if (out)
		sodium_bin2base64(out, room, (const uint8_t *)pair.data, pair.size,
			sodium_base64_VARIANT_ORIGINAL);
	return out;
}

static char *copy(const char *secret)
{
	size_t size = strlen(secret) + 1;
	char *out = secret_alloc(size);

	return out ? memcpy(out, secret, size) : NULL;
}

/* The forms in which a server could repeat what it was shown. */
static int note_secrets(struct http_spec *spec)
{
	if (spec->key && !(spec->secrets[1] = copy(spec->key)))
		return -ENOMEM;
	if (spec->password &&
		(!(spec->secrets[2] = copy(spec->password)) ||
			!(spec->secrets[3] = basic_token(spec))))
		return -ENOMEM;
	return 0;
}

/* A key stands in headers, so it has to be what can stand there (RFC 9110 5.5). */
static int check_key(struct reader *reader, const char *key)
{
	for (; key && *key; key++)
		if (*key < ' ' || *key > '~') {
			snprintf(reader->error, reader->error_size,
				"transport %s: api_key_file %s: is not ASCII",
				reader->config->title, reader->config->api_key_file);
			return -EINVAL;
		}
	return 0;
}

int http_files_read(struct http_spec *spec, const struct transport_config *config,
	bool forgiving, const char **ret_unseen, char *error, size_t error_size)
{
	struct reader reader = { config, forgiving, NULL, error, error_size };
	int r;

	r = read_secret(&reader, "api_key_file", config->api_key_file, &spec->key);
	if (r == 0)
		r = check_key(&reader, spec->key);
	if (r == 0)
		r = read_secret(&reader, "password_file", config->password_file,
			&spec->password);
	if (r == 0 && spec->auth == PRESET_AUTH_API && spec->key &&
		!(spec->password = copy(spec->key)))
		r = -ENOMEM;
	if (r == 0)
		r = read_signing_key(&reader, spec);
	if (r == 0)
		r = find_trust(&reader, spec->ca_path);
	if (r == 0)
		r = find_file(&reader, "certificate_file", config->certificate_file,
			FILE_CONFIG, spec->certificate_path);
	if (r == 0)
		r = find_file(&reader, "certificate_key_file",
			config->certificate_key_file, FILE_SECRET,
			spec->certificate_key_path);
	if (r == 0)
		r = note_secrets(spec);
	if (ret_unseen)
		*ret_unseen = reader.unseen;
	return r;
}
