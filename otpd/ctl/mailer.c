/* SPDX-License-Identifier: MIT */
/* Asking otpd-mail itself, which knows what otpd does not: its steps and its counts. */
#include "otpd/ctl/mailer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/proto/outcome.h"

#define MAIL        "org.emailotp.Mail."
#define SOCKET      "mail.sock"
#define METHOD_SIZE 64

void mailer_init(struct mailer *mailer, const struct session *like,
	const struct arguments *arguments)
{
	const char *slash = strrchr(like->socket, '/');
	int front = slash ? (int)(slash + 1 - like->socket) : 0;

	*mailer = (struct mailer){ .session = SESSION_INIT };
	if (arguments->mail_socket)
		snprintf(mailer->path, sizeof(mailer->path), "%s",
			arguments->mail_socket);
	else
		snprintf(mailer->path, sizeof(mailer->path), "%.*s" SOCKET, front,
			like->socket);
	mailer->session.daemon = &session_otpd_mail;
	mailer->session.socket = mailer->path;
	mailer->session.timeout_ms = like->timeout_ms;
	mailer->session.json = like->json;
}

void mailer_close(struct mailer *mailer)
{
	session_close(&mailer->session);
}

int mailer_call(
	struct mailer *mailer, const char *method, json_t *parameters, json_t **ret_out)
{
	char name[METHOD_SIZE];

	snprintf(name, sizeof(name), MAIL "%s", method);
	return session_call(&mailer->session, name, parameters, ret_out);
}

void mailer_fault(const struct mailer *mailer, int r, char text[static SESSION_FAULT])
{
	char why[SESSION_FAULT];

	if (r > 0)
		snprintf(why, sizeof(why), "%s", outcome_text(r));
	else if (r == -EINVAL)
		snprintf(why, sizeof(why), "it does not accept the call");
	else
		session_fault(&mailer->session, r, why);
	snprintf(text, SESSION_FAULT, "%.60s: %.240s", mailer->path, why);
}
