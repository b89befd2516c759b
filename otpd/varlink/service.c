/* SPDX-License-Identifier: MIT */
/* Finding methods, and the interface by which a daemon describes itself. */
#include "otpd/varlink/service.h"

#include <errno.h>
#include <string.h>

#include "otpd/proto/idl.h"
#include "otpd/proto/limits.h"
#include "otpd/version.h"

static const struct method *find_method(
	const struct interface *interface, const char *name)
{
	for (const struct method *const *table = interface->methods; *table; table++)
		for (const struct method *method = *table; method->name; method++)
			if (strcmp(method->name, name) == 0)
				return method;
	return NULL;
}

const struct method *service_find(const struct service *service, const char *name,
	const struct interface **ret_interface)
{
	const char *dot = strrchr(name, '.');
	const struct interface *const *at = service->interfaces;
	size_t length = dot ? (size_t)(dot - name) : 0;

	*ret_interface = NULL;
	for (; dot && *at; at++) {
		if (strlen((*at)->name) != length ||
			memcmp((*at)->name, name, length) != 0)
			continue;
		*ret_interface = *at;
		return find_method(*at, dot + 1);
	}
	return NULL;
}

static int get_info_check(struct call *call)
{
	json_t *names = json_array();

	for (const struct interface *const *at = call->service->interfaces; *at; at++)
		json_array_append_new(names, json_string((*at)->name));
	json_array_append_new(names, json_string("org.emailotp.Error"));
	call_out_string(call, "vendor", "pam_emailotp");
	call_out_string(call, "product", call->service->product);
	call_out_string(call, "version", OTPD_VERSION);
	call_out_string(call, "url", "https://varlink.org/");
	call_out_json(call, "interfaces", names);
	return 0;
}

struct description_in {
	char interface[128];
};

static int get_description_check(struct call *call)
{
	const struct description_in *in = call->in;

	if (strcmp(in->interface, "org.emailotp.Error") == 0) {
		call_out_string(call, "description", idl_error);
		call_finish(call, 0);
		return 0;
	}
	for (const struct interface *const *at = call->service->interfaces; *at; at++) {
		if (strcmp((*at)->name, in->interface) != 0)
			continue;
		call_out_string(call, "description", (*at)->description);
		call_finish(call, 0);
		return 0;
	}
	call_refuse(call, "org.varlink.service.InterfaceNotFound", "interface",
		in->interface);
	return 0;
}

static const struct field description_fields[] = {
	{ "interface", FIELD_STRING, offsetof(struct description_in, interface), 127,
		false },
	{ 0 },
};

static const struct method introspection_methods[] = {
	{
		.name = "GetInfo",
		.flags = METHOD_ANY,
		.check = get_info_check,
	},
	{
		.name = "GetInterfaceDescription",
		.flags = METHOD_ANY | METHOD_ASYNC,
		.in = description_fields,
		.in_size = sizeof(struct description_in),
		.check = get_description_check,
	},
	{ 0 },
};

static const struct method *const introspection_tables[] = { introspection_methods,
	NULL };

const struct interface introspection_interface = {
	.name = "org.varlink.service",
	.description = idl_service,
	.methods = introspection_tables,
};
