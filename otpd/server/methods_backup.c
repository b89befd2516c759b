/* SPDX-License-Identifier: MIT */
/* The part of org.emailotp.Admin that gives away a backup, and tells the configuration.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "otpd/config/report.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/server/methods.h"

#define PIECE_BASE64 \
	sodium_base64_ENCODED_LEN(SAVER_PIECE, sodium_base64_VARIANT_ORIGINAL)

struct backup_in {
	char backup[SAVER_NAME + 1];
	int64_t offset;
};

struct backup_work {
	uint8_t bytes[SAVER_PIECE];
	char text[PIECE_BASE64];
};

struct config_in {
	int64_t after;
	int64_t limit;
};

static const struct field read_fields[] = {
	{ "backup", FIELD_STRING, offsetof(struct backup_in, backup), SAVER_NAME,
		false },
	{ "offset", FIELD_INT, offsetof(struct backup_in, offset), INT64_MAX, false },
	{ 0 },
};

static const struct field end_fields[] = {
	{ "backup", FIELD_STRING, offsetof(struct backup_in, backup), SAVER_NAME,
		false },
	{ 0 },
};

static const struct field config_fields[] = {
	{ "after", FIELD_INT, offsetof(struct config_in, after), INT32_MAX, true },
	{ "limit", FIELD_INT, offsetof(struct config_in, limit), LIMIT_PAGE, true },
	{ 0 },
};

static int begin_check(struct call *call)
{
	return saver_begin(&call_daemon(call)->saver, call);
}

static int read_check(struct call *call)
{
	const struct backup_in *in = call->in;
	struct saver *saver = &call_daemon(call)->saver;
	struct backup_work *work = call->work;
	size_t n = 0;
	int r = saver_read(saver, call->conn, in->backup, in->offset, work->bytes, &n);

	if (r != 0)
		return r;
	sodium_bin2base64(work->text, sizeof(work->text), work->bytes, n,
		sodium_base64_VARIANT_ORIGINAL);
	call_out_string(call, "data", work->text);
	if (n > 0 && in->offset + (int64_t)n < saver->size)
		call_out_int(call, "next", in->offset + (int64_t)n);
	return 0;
}

static int end_check(struct call *call)
{
	const struct backup_in *in = call->in;

	return saver_end(&call_daemon(call)->saver, call->conn, in->backup);
}

static int config_check(struct call *call)
{
	const struct config_in *in = call->in;
	const struct daemon *daemon = call_daemon(call);
	int64_t next = 0;

	call_out_json(call, "settings",
		report_page(&config_schema, daemon->config, in->after,
			in->limit > 0 ? in->limit : LIMIT_PAGE, &next));
	if (next > 0)
		call_out_int(call, "next", next);
	call_out_json(call, "changed", report_changed(&daemon->config->origins));
	return 0;
}

const struct method backup_methods[] = {
	{
		.name = "BeginBackup",
		.flags = METHOD_ROOT | METHOD_ASYNC,
		.check = begin_check,
	},
	{
		.name = "ReadBackup",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = read_fields,
		.in_size = sizeof(struct backup_in),
		.work_size = sizeof(struct backup_work),
		.check = read_check,
	},
	{
		.name = "EndBackup",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = end_fields,
		.in_size = sizeof(struct backup_in),
		.check = end_check,
	},
	{
		.name = "Config",
		.flags = METHOD_ROOT | METHOD_READ,
		.in = config_fields,
		.in_size = sizeof(struct config_in),
		.check = config_check,
	},
	{ 0 },
};
