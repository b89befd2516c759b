/* SPDX-License-Identifier: MIT */
/*
 * Delivery reports (RFC 3464, in the multipart/report of RFC 6522), as mail servers
 * return them to the envelope's sender. Anybody may write to that address, so nothing
 * is believed but a Message-ID that otpd has drawn: its 128 bits are known only to
 * those who have had the mail in hand.
 *
 * This is a reader of lines with fixed buffers, not a MIME parser: of the parts it
 * looks at the status and at the headers that came back, and both are 7bit in what
 * servers write (RFC 3464 2.1). What it does not understand is no report.
 *
 * MUST NOT trust a length, a line or a nesting of the mail.
 */
#include "otpd/mail/report.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "otpd/core/address.h"
#include "otpd/mail/detail.h"
#include "otpd/util/text.h"

#define NAME_SIZE     48
#define VALUE_SIZE    1024
#define BOUNDARY_SIZE 72 /* RFC 2046 5.1.1: at most 70 */

/* A place in the mail. */
struct reader {
	const char *at;
	const char *end;
	char boundary[BOUNDARY_SIZE]; /* with its "--"; empty before it is known */
};

/* One header or status field, unfolded; a value that is too long is cut. */
struct field {
	char name[NAME_SIZE];
	char value[VALUE_SIZE];
};

/* What a message/delivery-status says. Its words show addresses until they are masked.
 */
struct status {
	char final[LIMIT_ADDRESS + 1];    /* the recipient; "" where unknown */
	char original[LIMIT_ADDRESS + 1]; /* the one that the mail was sent to */
	char words[VALUE_SIZE];
};

static const char *line_end(const struct reader *reader)
{
	const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

	return end ? end : reader->end;
}

static void next_line(struct reader *reader)
{
	const char *end = line_end(reader);

	reader->at = end < reader->end ? end + 1 : end;
}

static bool is_over(const struct reader *reader)
{
	return reader->at >= reader->end;
}

static bool at_boundary(const struct reader *reader)
{
	size_t length = strlen(reader->boundary);

	return length > 0 && (size_t)(reader->end - reader->at) >= length &&
		memcmp(reader->at, reader->boundary, length) == 0;
}

static bool at_last_boundary(const struct reader *reader)
{
	size_t length = strlen(reader->boundary);

	return (size_t)(reader->end - reader->at) >= length + 2 &&
		memcmp(reader->at + length, "--", 2) == 0;
}

static bool at_blank_line(const struct reader *reader)
{
	return *reader->at == '\n' ||
		(*reader->at == '\r' && reader->at + 1 < reader->end &&
			reader->at[1] == '\n');
}

/* Adds the rest of this line, without its end, and goes to the next. NUL becomes "?".
 */
static void take_line(struct reader *reader, char out[VALUE_SIZE])
{
	size_t n = strlen(out);
	const char *end = line_end(reader);

	if (end > reader->at && end[-1] == '\r')
		end--;
	for (; reader->at < end && n + 1 < VALUE_SIZE; reader->at++)
		out[n++] = *reader->at ? *reader->at : '?';
	out[n] = '\0';
	next_line(reader);
}

/* False at the end of the fields: a blank line, a boundary, the end. */
static bool take_field(struct reader *reader, struct field *field)
{
	size_t n = 0;

	if (is_over(reader) || at_blank_line(reader) || at_boundary(reader))
		return false;
	while (reader->at < reader->end && !strchr(":\r\n", *reader->at)) {
		if (n + 1 < NAME_SIZE)
			field->name[n++] = *reader->at;
		reader->at++;
	}
	field->name[n] = '\0';
	field->value[0] = '\0';
	if (reader->at < reader->end && *reader->at == ':')
		reader->at++;
	take_line(reader, field->value);
	while (!is_over(reader) && (*reader->at == ' ' || *reader->at == '\t'))
		take_line(reader, field->value);
	return true;
}

static void skip_blank_lines(struct reader *reader)
{
	while (!is_over(reader) && at_blank_line(reader))
		next_line(reader);
}

static void skip_to_boundary(struct reader *reader)
{
	while (!is_over(reader) && !at_boundary(reader))
		next_line(reader);
}

static bool is_field(const struct field *field, const char *name)
{
	return text_same_nocase(field->name, name);
}

/* The value behind blanks and comments that servers do not write here (RFC 5322 3.2.2).
 */
static const char *start_of(const char *value)
{
	return value + strspn(value, " \t");
}

static bool begins_with(const char *value, const char *word)
{
	return strncasecmp(start_of(value), word, strlen(word)) == 0;
}

/* Copies the parameter of a Content-Type (RFC 2045 5.1); false if it is not there. */
static bool take_parameter(const char *value, const char *name, char *out, size_t size)
{
	size_t length = strlen(name), n;

	while ((value = strchr(value, ';'))) {
		value += 1 + strspn(value + 1, " \t");
		if (strncasecmp(value, name, length) != 0 || value[length] != '=')
			continue;
		value += length + 1;
		n = *value == '"' ? strcspn(++value, "\"") : strcspn(value, "; \t");
		if (n == 0 || n >= size)
			return false;
		memcpy(out, value, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

/* Reads the mail's own headers. False if it is no report of deliveries. */
static bool take_headers(struct reader *reader)
{
	char type[32], boundary[BOUNDARY_SIZE - 2];
	struct field field;
	bool is_report = false;

	while (take_field(reader, &field)) {
		if (!is_field(&field, "Content-Type"))
			continue;
		is_report = begins_with(field.value, "multipart/report") &&
			take_parameter(
				field.value, "report-type", type, sizeof(type)) &&
			text_same_nocase(type, "delivery-status") &&
			take_parameter(
				field.value, "boundary", boundary, sizeof(boundary));
	}
	if (!is_report)
		return false;
	memcpy(reader->boundary, "--", 2);
	memcpy(reader->boundary + 2, boundary, strlen(boundary) + 1);
	return true;
}

static void take_status(struct report *report, const char *value)
{
	size_t length;

	value = start_of(value);
	length = strspn(value, "0123456789.");
	if (length == 0 || length > REPORT_STATUS)
		return;
	memcpy(report->status, value, length);
	report->status[length] = '\0';
}

/* "rfc822; jane@example.org" */
static void take_recipient(char out[LIMIT_ADDRESS + 1], const char *value)
{
	const char *address = strchr(value, ';');

	if (!address)
		return;
	address = start_of(address + 1);
	if (!address_problem(address))
		text_copy(out, LIMIT_ADDRESS + 1, address);
}

/* "smtp; 550 5.1.1 no such user" */
static void take_diagnostic(struct status *status, const char *value)
{
	const char *words = strchr(value, ';');

	text_copy_clean(status->words, sizeof(status->words),
		start_of(words ? words + 1 : value));
}

static void keep_status(struct report *report, const struct status *status)
{
	if (status->final[0])
		text_copy(report->domain, sizeof(report->domain),
			address_domain(status->final));
	detail_clean_both(report->detail, sizeof(report->detail), status->words,
		status->final, status->original, "");
}

/*
 * The groups of fields of a message/delivery-status (RFC 3464 2.1). Ours have one
 * recipient, so there is one group that counts. Returns whether it has failed.
 */
static bool take_groups(struct reader *reader, struct report *report)
{
	struct status status = { .words = "" };
	bool has_failed = false;
	struct field field;

	do {
		skip_blank_lines(reader);
		while (take_field(reader, &field)) {
			if (is_field(&field, "Action"))
				has_failed |= begins_with(field.value, "failed");
			else if (is_field(&field, "Status"))
				take_status(report, field.value);
			else if (is_field(&field, "Final-Recipient"))
				take_recipient(status.final, field.value);
			else if (is_field(&field, "Original-Recipient"))
				take_recipient(status.original, field.value);
			else if (is_field(&field, "Diagnostic-Code"))
				take_diagnostic(&status, field.value);
		}
	} while (!is_over(reader) && !at_boundary(reader));
	keep_status(report, &status);
	return has_failed;
}

/* The headers of the mail that came back, whole or alone. */
static void take_original(struct reader *reader, struct report *report)
{
	struct field field;

	skip_blank_lines(reader);
	while (take_field(reader, &field)) {
		const char *id = start_of(field.value);

		if (!is_field(&field, "Message-ID") || *id++ != '<' ||
			strspn(id, "0123456789abcdef") != LIMIT_CHALLENGE ||
			id[LIMIT_CHALLENGE] != '@')
			continue;
		memcpy(report->mail, id, LIMIT_CHALLENGE);
		report->mail[LIMIT_CHALLENGE] = '\0';
	}
}

/* One part, from behind its boundary. Returns whether it says that a delivery failed.
 */
static bool take_part(struct reader *reader, struct report *report)
{
	char type[VALUE_SIZE] = "";
	struct field field;

	while (take_field(reader, &field))
		if (is_field(&field, "Content-Type"))
			memcpy(type, field.value, sizeof(type));
	/* RFC 6533 calls them message/global-... when they hold UTF-8. */
	if (begins_with(type, "message/delivery-status") ||
		begins_with(type, "message/global-delivery-status"))
		return take_groups(reader, report);
	if (begins_with(type, "message/rfc822") ||
		begins_with(type, "text/rfc822-headers") ||
		begins_with(type, "message/global"))
		take_original(reader, report);
	return false;
}

int report_parse(struct report *report, const char *text, size_t size)
{
	struct reader reader = { .at = text, .end = text + size };
	bool has_failed = false;

	*report = (struct report){ .status = "5.0.0" };
	if (!take_headers(&reader))
		return -ENOENT;
	skip_to_boundary(&reader);
	while (!is_over(&reader) && !at_last_boundary(&reader)) {
		next_line(&reader);
		has_failed |= take_part(&reader, report);
		skip_to_boundary(&reader);
	}
	return has_failed && report->mail[0] ? 0 : -ENOENT;
}
