/* SPDX-License-Identifier: MIT */
/* The .varlink files as text; the Makefile makes idl.c of them. */
#ifndef OTPD_PROTO_IDL_H
#define OTPD_PROTO_IDL_H

extern const char idl_service[];
extern const char idl_error[];
extern const char idl_auth[];
extern const char idl_account[];
extern const char idl_self[];
extern const char idl_admin[];
extern const char idl_mail[];

#endif
