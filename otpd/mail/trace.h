/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRACE_H
#define OTPD_MAIL_TRACE_H

/*
 * The way of a test mail, step by step, for otpctl send-test. Other mails have none:
 * their parcel's trace is NULL, and trace_step() does nothing.
 */
struct trace;

/*
 * Notes a step that has ended now ("connect", "tls", "auth", "rcpt", ...; otpctl(8)
 * lists them) and what was said at its end: printable or not, it is cleaned here.
 */
void trace_step(struct trace *trace, const char *step, const char *said);

#endif
