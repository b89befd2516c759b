/* SPDX-License-Identifier: MIT */
/*
 * What the doctor can find. One row for each finding: its name, which programs and
 * otpctl-doctor(8) rely on, how bad it is, and why it matters.
 */
#ifndef OTPD_CTL_DOCTOR_FINDING_H
#define OTPD_CTL_DOCTOR_FINDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum severity {
	SEVERITY_ERROR,   /* somebody gets in without a code, or cannot get in */
	SEVERITY_WARNING, /* it will happen, or happens to some */
	SEVERITY_HINT,
	N_SEVERITIES,
};

/* In the order of the table in findings.c. */
enum finding {
	FIND_PAM_BROKEN,
	FIND_PAM_SKIPPED,
	FIND_PAM_OPTIONAL,
	FIND_PAM_FAILURE_IGNORED,
	FIND_PAM_NO_FIRST_FACTOR,
	FIND_PAM_PASSWORD_UNCHECKED,
	FIND_PAM_COMMON,
	FIND_PAM_CANNOT_ASK,
	FIND_PAM_OPTIONS,
	FIND_PAM_NULLOK_ALONE,
	FIND_PAM_EXEMPT_REFUSED,
	FIND_PAM_PASSWD,
	FIND_PAM_SOCKET,
	FIND_PAM_LOCKER,
	FIND_PAM_CONSOLE,
	FIND_PAM_ORDER,
	FIND_PAM_MAIL_EARLY,
	FIND_PAM_TWICE,
	FIND_PAM_REQUIRED,
	FIND_PAM_UNUSED,
	FIND_MODULE_MISSING,
	FIND_MODULE_VERSION,
	FIND_SSHD_CONFIG,
	FIND_SSHD_KBDINT_OFF,
	FIND_SSHD_USEPAM_OFF,
	FIND_SSHD_METHODS,
	FIND_SSHD_CODE_ALONE,
	FIND_SSHD_EMPTY_PASSWORDS,
	FIND_SSHD_MATCH_OFF,
	FIND_SSHD_KEY_ALONE,
	FIND_SSHD_PASSWORD_ON,
	FIND_SSHD_GRACE,
	FIND_SSHD_TRIES,
	FIND_SSHD_ROOT,
	FIND_SSHD_OVERRIDDEN,
	FIND_SSHD_OLD_SPELLING,
	FIND_SUDO_SYNTAX,
	FIND_SUDO_ONE_OF_TWO,
	FIND_SUDO_NO_AUTHENTICATE,
	FIND_SUDO_TARGETPW,
	FIND_SUDO_PAM_SERVICE,
	FIND_SUDO_FOREVER,
	FIND_SUDO_NOPASSWD,
	FIND_OTPD_DOWN,
	FIND_OTPD_CONFIG,
	FIND_OTPD_VERSION,
	FIND_SOCKET_OPEN,
	FIND_MAIL_SOCKET_OPEN,
	FIND_CLIENTS_PEOPLE,
	FIND_FILE_WRITABLE,
	FIND_FILE_READABLE,
	FIND_FILE_OWNER,
	FIND_KEY_LOST,
	FIND_UNIT_FAILED,
	FIND_UNIT_DISABLED,
	FIND_CLOCK,
	FIND_MAIL_CONFIG,
	FIND_MAIL_DOWN,
	FIND_MAIL_FROM,
	FIND_MAIL_WARNING,
	FIND_MAIL_TRANSPORT,
	FIND_MAIL_SLOW,
	FIND_MAIL_QUEUE,
	FIND_DNS_NO_DOMAIN,
	FIND_DNS_SPF,
	FIND_DNS_NULL_MX,
	FIND_DNS_DMARC,
	FIND_DNS_NO_ANSWER,
	FIND_POLICY_NOBODY,
	FIND_POLICY_UNKNOWN_NAME,
	FIND_USERS_NONE,
	FIND_USERS_UNDELIVERABLE,
	FIND_USERS_LOCAL_MAILBOX,
	FIND_RECOVERY_NONE,
	FIND_ADMINISTRATORS_NONE,
	FIND_ROOT_LOCKED,
	FIND_USER_UNKNOWN,
	FIND_USER_NOT_ENROLLED,
	FIND_USER_DISABLED,
	FIND_USER_LOCKED,
	FIND_USER_NO_MAILS_LEFT,
	FIND_USER_UNDELIVERABLE,
	FIND_USER_EXPIRED,
	FIND_USER_SHELL,
	FIND_USER_DENIED,
	FIND_USER_PASSWORD,
	FIND_USER_UNVERIFIED,
	FIND_USER_EXEMPT,
	N_FINDINGS,
};

const char *finding_name(enum finding finding); /* "sshd-kbdint-off" */
enum severity finding_severity(enum finding finding);
const char *finding_why(enum finding finding);     /* one or two sentences */
const char *severity_name(enum severity severity); /* "error" */

/* Where a finding is: a file and a line (0: the whole file); or NULL. */
struct where {
	const char *file;
	unsigned line;
};

#define NOWHERE ((struct where){ NULL, 0 })

/* What was found, in the order in which it was. */
struct findings {
	struct found {
		enum finding finding;
		char *file; /* NULL: it is in no file */
		unsigned line;
		char *about;  /* whom or what it concerns: "service sudo"; "" */
		char *change; /* the line to write, or the command to type; "" */
	} * items;
	size_t n;
	bool failed; /* there was not enough memory for all */
};

void findings_fini(struct findings *findings);

/*
 * Adds what was found, once: the same at the same place about the same is there
 * already. change is a format: a line to write, or a command.
 */
void findings_add(struct findings *findings, enum finding finding, struct where where,
	const char *about, const char *change, ...)
	__attribute__((format(printf, 5, 6)));

size_t findings_count(const struct findings *findings, enum severity severity);

/* For people, the worst first, with a last line that counts; and for programs. */
void findings_print(const struct findings *findings);
json_t *findings_json(const struct findings *findings);

#endif
