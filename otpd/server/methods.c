/* SPDX-License-Identifier: MIT */
/*
 * What otpd offers, and who may call it. The flags of a method are its policy; whoever
 * is covered by none of them is refused. Which user or service a caller may speak for
 * is looked at in the method's check, where the parameters are.
 */
#include "otpd/server/methods.h"

#include "otpd/proto/idl.h"
#include "otpd/proto/outcome.h"
#include "otpd/server/daemon.h"
#include "otpd/util/clock.h"
#include "otpd/util/log.h"

static const struct method *const admin_tables[] = { users_methods, show_methods,
	import_methods, codes_methods, watch_methods, audit_methods, metrics_methods,
	backup_methods, accounts_methods, accounts_show_methods, sessions_methods,
	NULL };

const struct interface admin_interface = {
	.name = "org.emailotp.Admin",
	.description = idl_admin,
	.methods = admin_tables,
};

static const struct method *const account_tables[] = { register_methods, login_methods,
	change_methods, token_methods, NULL };

const struct interface account_interface = {
	.name = "org.emailotp.Account",
	.description = idl_account,
	.methods = account_tables,
};

const struct interface *const otpd_interfaces[] = { &introspection_interface,
	&auth_interface, &account_interface, &self_interface, &admin_interface, NULL };

int methods_check_allowance(struct call *call)
{
	if (call->peer.uid == 0 ||
		allowance_take(
			&call_daemon(call)->allowance, call->peer.uid, clock_mono_ms()))
		return 0;
	call_out_int(call, "retry_after", 1);
	return OUTCOME_THROTTLED;
}

int methods_authorise(struct call *call)
{
	struct daemon *daemon = call_daemon(call);
	unsigned flags = call->method->flags;

	if (flags & METHOD_ANY)
		return 0;
	if ((flags & METHOD_ROOT) && call->peer.uid == 0)
		return 0;
	if ((flags & METHOD_SERVICE) && config_client(daemon->config, call->peer.uid))
		return 0;
	if (flags & METHOD_SELF)
		return methods_check_allowance(call);
	if (log_limit_pass(&daemon->server.noise))
		log_msg(LOG_NOTICE, "denied method=%s uid=%u", call->method->name,
			call->peer.uid);
	return OUTCOME_DENIED;
}
