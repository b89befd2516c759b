/* SPDX-License-Identifier: MIT */
/*
 * The life of one call, the same for every method: envelope (strictly: only the members
 * that Varlink knows, each once), find, authorise (default deny), fields (unknown,
 * missing, mistyped or too long is InvalidParameter with the name), check, then the
 * batch, a later end, or the answer at once.
 *
 * MUST answer exactly once; MUST NOT log parameters.
 */
#include "otpd/varlink/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/proto/outcome.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"
#include "otpd/util/secret.h"
#include "otpd/varlink/conn.h"
#include "otpd/varlink/service.h"

void call_free(struct call *call)
{
	if (!call)
		return;
	list_remove(&call->link);
	if (call->work && call->method->release)
		call->method->release(call);
	json_decref(call->message);
	json_decref(call->out);
	secret_free(call->in);
	secret_free(call->work);
	free(call);
}
DEFINE_CLEANUP(struct call *, call_free);

static void *wiped_zeros(size_t size)
{
	void *p = secret_alloc(size);

	if (p)
		memset(p, 0, size);
	return p;
}

static struct call *call_new(struct conn *conn, json_t *message)
{
	CLEANUP(call_freep) struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	list_init(&call->link);
	call->message = json_incref(message);
	call->conn = conn;
	call->service = conn_service(conn);
	call->peer = *conn_peer(conn);
	call->started_us = clock_mono_us();
	call->out = json_object();
	return call->out ? TAKE_PTR(call) : NULL;
}

static void note_failure(struct call *call, int r)
{
	if (r != 0 && call->result == 0)
		call->result = -ENOMEM;
}

void call_out_string(struct call *call, const char *name, const char *value)
{
	note_failure(call, json_object_set_new(call->out, name, json_string(value)));
}

void call_out_int(struct call *call, const char *name, int64_t value)
{
	note_failure(call, json_object_set_new(call->out, name, json_integer(value)));
}

void call_out_bool(struct call *call, const char *name, bool value)
{
	note_failure(call, json_object_set_new(call->out, name, json_boolean(value)));
}

void call_out_json(struct call *call, const char *name, json_t *value)
{
	note_failure(call, json_object_set_new(call->out, name, value));
}

void call_out_clear(struct call *call)
{
	json_object_clear(call->out);
}

void call_answer(struct call *call, int result)
{
	const char *error = NULL;

	if (result == 0)
		result = call->result; /* of the call_out functions */
	if (result < 0) {
		log_errno(LOG_ERR, result, "%s failed", call->method->name);
		call_out_clear(call);
		result = OUTCOME_UNAVAILABLE;
	}
	if (result > 0)
		error = outcome_error(result);
	if (call->conn)
		conn_answer(call->conn, call, error, call->out);
	if (call->service->answered)
		call->service->answered(call, result);
}

void call_finish(struct call *call, int result)
{
	call_answer(call, result);
	call_free(call);
}

/* An error of org.varlink.service, which has one parameter. Ends the call. */
void call_refuse(
	struct call *call, const char *error, const char *name, const char *value)
{
	call_out_clear(call);
	call_out_string(call, name, value);
	conn_answer(call->conn, call, error, call->out);
	call_free(call);
}

static int read_field(void *in, const struct field *field, const json_t *value)
{
	char *at = (char *)in + field->offset;

	switch (field->type) {
	case FIELD_STRING:
		if (!json_is_string(value) || json_string_length(value) > field->max)
			return -EINVAL;
		memcpy(at, json_string_value(value), json_string_length(value) + 1);
		return 0;
	case FIELD_INT:
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
			(uint64_t)json_integer_value(value) > field->max)
			return -EINVAL;
		*(int64_t *)(void *)at = json_integer_value(value);
		return 0;
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			return -EINVAL;
		*(bool *)at = json_boolean_value(value);
		return 0;
	case FIELD_ARRAY:
		if (!json_is_array(value) || json_array_size(value) > field->max)
			return -EINVAL;
		*(const json_t **)(void *)at = value;
		return 0;
	case FIELD_OBJECT:
		if (!json_is_object(value))
			return -EINVAL;
		*(const json_t **)(void *)at = value;
		return 0;
	}
	return -EINVAL;
}

static const struct field *find_field(const struct method *method, const char *name)
{
	for (const struct field *field = method->in; field && field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* Fills call->in. Returns NULL, or the name of the parameter that is wrong. */
static const char *read_fields(struct call *call, json_t *parameters)
{
	const char *name;
	json_t *value;

	json_object_foreach(parameters, name, value) {
		const struct field *field = find_field(call->method, name);

		if (!field)
			return name;
		if (json_is_null(value) && field->optional)
			continue;
		if (read_field(call->in, field, value) < 0)
			return name;
	}
	for (const struct field *field = call->method->in; field && field->name;
		field++)
		if (!field->optional && !json_object_get(parameters, field->name))
			return field->name;
	return NULL;
}

/* The envelope's members: NULL, or the one that is wrong. */
static const char *check_envelope(json_t *message)
{
	const char *name;
	json_t *value;

	json_object_foreach(message, name, value) {
		bool known =
			strcmp(name, "method") == 0 || strcmp(name, "parameters") == 0;
		bool more = strcmp(name, "more") == 0;
		/* These make no sense for any method here. */
		bool other =
			strcmp(name, "oneway") == 0 || strcmp(name, "upgrade") == 0;

		if (!known && !(more && json_is_boolean(value)) &&
			!(other && json_is_false(value)))
			return name;
	}
	return NULL;
}

/* Runs a call whose fields are read. It is no longer the caller's. */
static void run(struct call *call)
{
	const struct method *method = call->method;
	int r;

	r = call->service->authorise(call);
	if (r == 0 && method->check)
		r = method->check(call);
	if (r != 0 || (!method->apply && !(method->flags & METHOD_ASYNC)))
		call_finish(call, r);
	else if (method->apply && !(method->flags & METHOD_ASYNC))
		call->service->submit(call);
}

static void dispatch(struct call *call, const char *name, json_t *parameters)
{
	const struct interface *interface;
	const char *wrong;

	call->method = service_find(call->service, name, &interface);
	if (!interface) {
		call_refuse(call, "org.varlink.service.InterfaceNotFound", "interface",
			name);
		return;
	}
	if (!call->method) {
		call_refuse(call, "org.varlink.service.MethodNotFound", "method", name);
		return;
	}
	conn_set_call(call->conn, call);
	call->in = wiped_zeros(call->method->in_size);
	call->work = wiped_zeros(call->method->work_size);
	if (!call->in || !call->work) {
		call_finish(call, -ENOMEM);
		return;
	}
	wrong = read_fields(call, parameters);
	if (wrong)
		call_refuse(call, "org.varlink.service.InvalidParameter", "parameter",
			wrong);
	else
		run(call);
}

int call_start(struct conn *conn, const char *text, size_t size)
{
	CLEANUP(json_decrefp) json_t *message = NULL;
	CLEANUP(json_decrefp) json_t *none = NULL;
	json_t *parameters;
	const char *name, *wrong;
	struct call *call;

	message = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message))
		return -EBADMSG;
	name = json_string_value(json_object_get(message, "method"));
	parameters = json_object_get(message, "parameters");
	if (!parameters || json_is_null(parameters))
		parameters = none = json_object();
	if (!name || !json_is_object(parameters))
		return -EBADMSG;
	call = call_new(conn, message);
	if (!call)
		return -ENOMEM;
	wrong = check_envelope(message);
	if (wrong)
		call_refuse(call, "org.varlink.service.InvalidParameter", "parameter",
			wrong);
	else
		dispatch(call, name, parameters);
	return 0;
}
