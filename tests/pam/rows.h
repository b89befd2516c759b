/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PAM_ROWS_H
#define TESTS_PAM_ROWS_H

#include <security/pam_appl.h>
#include <stddef.h>

#include "tests/pam/host.h"

#define ID "0123456789abcdef0123456789abcdef"

/* The answer of Begin; the fields as they stand in the interface. */
#define CHALLENGE_AS(purpose, reference, delivery, resumed)                           \
	"{'parameters':{'state':'challenge','challenge':'" ID "','purpose':'" purpose \
	"','reference':'" reference                                                   \
	"','length':6,'alphabet':'digits','expires_in':600,'resend_in':60,"           \
	"'tries_left':5,'delivery':'" delivery "','resumed':" resumed "}}"
#define CHALLENGE CHALLENGE_AS("login", "K7Q", "queued", "false")
#define LETTERS                                                                      \
	"{'parameters':{'state':'challenge','challenge':'" ID "','purpose':'login'," \
	"'reference':'K7Q','length':8,'alphabet':'letters','expires_in':90,"         \
	"'resend_in':60,'tries_left':5,'delivery':'queued','resumed':false}}"
#define STATE(state) "{'parameters':{'state':'" state "'}}"
#define VERIFIED     STATE("verified")
#define VERIFIED_BUT(undeliverable) \
	"{'parameters':{'state':'verified','undeliverable':" undeliverable "}}"
#define ERROR(name) "{'error':'org.emailotp.Error." name "'}"
#define ERROR_AFTER(name, seconds)                                                    \
	"{'error':'org.emailotp.Error." name "','parameters':{'retry_after':" seconds \
	"}}"
#define WRONG_AS(tries, delivery)                                                   \
	"{'error':'org.emailotp.Error.WrongCode','parameters':{'tries_left':" tries \
	",'resend_in':30,'delivery':'" delivery "'}}"
#define WRONG(tries) WRONG_AS(tries, "sent")

#define REASON(text) \
	"{'error':'org.emailotp.Error.BadPassword','parameters':{'reason':'" text "'}}"
#define RECOVERY(tries)                                                                  \
	"{'error':'org.emailotp.Error.RecoveryNeeded','parameters':{'tries_left':" tries \
	"}}"

/* Signed in, with the receipt; the token is a text of the right characters. */
#define TOKEN                "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiI3In0.c2ln-_bmF0dXJl"
#define VERIFIED_WITH(token) "{'parameters':{'state':'verified','token':'" token "'}}"

/* The answers of Account that have no state. */
#define CODE_FOR(purpose)                                                      \
	"{'parameters':{'challenge':'" ID "','purpose':'" purpose              \
	"','reference':'K7Q','length':6,'alphabet':'digits','expires_in':600," \
	"'resend_in':60,'tries_left':5,'delivery':'queued','resumed':false}}"
#define GRANT "Z3JhbnQ-_7"
#define GRANT_FOR(purpose)                                                      \
	"{'parameters':{'purpose':'" purpose "','account':null,'grant':'" GRANT \
	"','grant_expires_in':900}}"
#define PASSWORD_IS_SET "{'parameters':{'account':'" ID "'}}"

/* What Find says. */
#define FOUND(form) "{'parameters':{'state':'challenge','challenge':'" ID "'," form "}}"
#define SIX_DIGITS  "'length':6,'alphabet':'digits'"
#define REMEMBERED  "{'parameters':{'state':'verified'," SIX_DIGITS "}}"
#define NONE        STATE("none")

#define FIRST \
	"on:A code was e-mailed to you (reference K7Q, valid for 10 minutes). Code, r for a new one, or a recovery code: "

#define FIRST_OF_CHANGE \
	"on:A code was e-mailed to you (reference K7Q, valid for 10 minutes). Code, or r for a new one: "

/* A recovery code as it is typed, and as it is sent. */
#define WRITTEN  "cdfg-hjkm-npqr-tvwx-0123"
#define SQUEEZED "CDFGHJKMNPQRTVWX0123"
#define RECOVER(code)                                                          \
	"{'method':'org.emailotp.Auth.Recover','parameters':{'challenge':'" ID \
	"','code':'" code "'}}"

struct rows {
	const char *name;
	const struct row *rows;
	size_t n_rows;
};

extern const struct rows rows_auth;
extern const struct rows rows_account;
extern const struct rows rows_talk;
extern const struct rows rows_otpd;
extern const struct rows rows_sign_in;
extern const struct rows rows_append;
extern const struct rows rows_change;
extern const struct rows rows_gate;
extern const struct rows rows_recovery;
extern const struct rows rows_enrol;
extern const struct rows rows_password;

#define DEFINE_ROWS(name)                               \
	const struct rows rows_##name = { #name, table, \
		sizeof(table) / sizeof(table[0]) }

#endif
