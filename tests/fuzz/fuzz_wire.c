/* SPDX-License-Identifier: MIT */
/*
 * The module's reader against jansson: what the reader takes, jansson must take as
 * well, with the same members and the same values. It may refuse more. Then a string
 * that came out goes through the writer, and jansson must find it again; and what is
 * read from it as an answer has the form that prompts rely on.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/proto/limits.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"
#include "pam_emailotp/box.h"
#include "pam_emailotp/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "the readers differ: %s\n", what);
	abort();
}

static void compare_member(const struct wire_member *member, const json_t *value)
{
	must(value != NULL, "a member is missing");
	switch (member->type) {
	case WIRE_NULL:
		must(json_is_null(value), "null");
		break;
	case WIRE_BOOL:
		must(json_is_boolean(value), "a boolean");
		must(json_is_true(value) == (member->number != 0), "its value");
		break;
	case WIRE_INT:
		must(json_is_integer(value), "an integer");
		must(json_integer_value(value) == member->number, "its value");
		break;
	case WIRE_STRING:
		must(json_is_string(value), "a string");
		must(strcmp(json_string_value(value), member->text) == 0, "its value");
		must(json_string_length(value) == strlen(member->text), "its length");
		break;
	}
}

static void compare(const struct wire_reply *reply, const json_t *root)
{
	const json_t *error = json_object_get(root, "error");
	const json_t *parameters = json_object_get(root, "parameters");

	must(json_is_object(root), "an object");
	must((error != NULL) == (reply->error != NULL), "an error");
	if (error)
		must(strcmp(json_string_value(error), reply->error) == 0, "its name");
	must(json_object_size(parameters) == reply->n_members, "the number of members");
	for (size_t i = 0; i < reply->n_members; i++)
		compare_member(&reply->members[i],
			json_object_get(parameters, reply->members[i].key));
}

static void write_back(const char *text)
{
	static char buffer[8 * LIMIT_FRAME];
	struct wire_writer writer;
	size_t length;

	wire_begin(&writer, buffer, sizeof(buffer), "a.B");
	wire_put_string(&writer, "text", text);
	must(wire_end(&writer, &length) == 0, "it can be written");
	CLEANUP(json_decrefp) json_t *root = json_loadb(buffer, length - 1, 0, NULL);
	const json_t *found =
		json_object_get(json_object_get(root, "parameters"), "text");
	must(found != NULL && strcmp(json_string_value(found), text) == 0,
		"as written");
}

/* What is shown to a user out of an answer has the form that the prompt relies on. */
static void read_answers(const struct wire_reply *reply)
{
	char domains[LIMIT_DETAIL + 1], letters[BOX_RECOVERY + 1];
	struct challenge challenge = { .locked = false };
	struct codes codes;

	if (answer_domains(reply, domains) == 0) {
		must(strlen(domains) <= LIMIT_DETAIL, "domains of a prompt");
		must(text_is_utf8(domains) && !text_has_control(domains), "clean ones");
	}
	if (answer_codes(reply, &codes) == 0)
		for (int i = 0; i < ANSWER_CODES; i++)
			must(strlen(codes.shown[i]) == ANSWER_SHOWN - 1 &&
					box_read_recovery(codes.shown[i], letters),
				"a recovery code");
	if (answer_lock(reply, &challenge) == 0)
		must(challenge.locked_for_s >= 0 &&
				(challenge.locked || challenge.locked_for_s == 0),
			"a lock");
	if (answer_challenge(reply, PURPOSE_LOGIN | PURPOSE_ENROL, &challenge) == 0)
		must(strlen(challenge.id) == LIMIT_CHALLENGE &&
				strlen(challenge.reference) == LIMIT_REFERENCE,
			"a challenge");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_reply reply;
	/* On the heap and exact, so that a step too far is seen. */
	CLEANUP(freep) char *message = NULL;

	if (size >= LIMIT_FRAME)
		return 0;
	message = malloc(size + 1);
	memcpy(message, data, size);
	message[size] = '\0';
	if (wire_read(message, size, &reply) < 0)
		return 0;
	CLEANUP(json_decrefp)
	json_t *root =
		json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	must(root != NULL, "jansson refuses it");
	compare(&reply, root);
	read_answers(&reply);
	for (size_t i = 0; i < reply.n_members; i++)
		if (reply.members[i].type == WIRE_STRING)
			write_back(reply.members[i].text);
	return 0;
}
