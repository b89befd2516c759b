/* SPDX-License-Identifier: MIT */
/* The steps of test mails (trace.h), as far as they are SMTP's. */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_TRACE_H
#define OTPD_MAIL_TRANSPORT_SMTP_TRACE_H

#include "otpd/mail/transport/smtp_conn.h"

/* The relay's name has been resolved. */
void smtp_trace_resolved(struct smtp_conn *conn);

/* A line of the opening has come in, which stood at before. */
void smtp_trace_line(struct smtp_conn *conn, enum smtp_opening before);

/* The mail's connection is one that was open. */
void smtp_trace_reuse(const struct smtp_conn *conn);

/* The reply to a command of the mail, that of stage, is whole. */
void smtp_trace_reply(const struct smtp_conn *conn, enum smtp_stage stage);

/* The access token has come, or not. */
void smtp_trace_token(const struct smtp *smtp, const char *said);

#endif
