/* SPDX-License-Identifier: MIT */
#ifndef PAM_EMAILOTP_RESULT_H
#define PAM_EMAILOTP_RESULT_H

/*
 * How a call of the module can end: a negative errno, an enum outcome, or one of these.
 * They are 31 bits wide, 16 bits away from each other, and RESULT_VERIFIED is 13 bits
 * away from every errno and outcome, RESULT_MAY_CHANGE and RESULT_PASSWORD_SET 11: no
 * flipped bit turns a refusal into an open door, and 0, which a forgotten assignment
 * leaves behind, is no result at all. The numbers are words of a shifted simplex code;
 * tests/unit/test_result.c holds them to it.
 */
enum result {
	RESULT_VERIFIED =
		0x0458d7ef, /* the code was right, or a step-up is remembered */
	RESULT_CHALLENGE = 0x7d0d02cb,      /* not an end: a code is to be asked for */
	RESULT_EXEMPT = 0x78f01672,         /* the policy of otpd asks for no code */
	RESULT_NOT_ENROLLED = 0x6815750c,   /* and nullok lets the user pass */
	RESULT_NOT_ALLOWED_IN = 0x668690e4, /* not enrolled, and there is no nullok */
	RESULT_ADDRESS_VERIFIED = 0x5a64afc5, /* the code proved the address, no more */
	RESULT_NOT_A_CODE =
		0x510a5e94, /* the last prompt was answered with something else */
	RESULT_ENROL = 0x0acb3207,      /* not an end: an address is to be asked for */
	RESULT_CODES = 0x637b845d,      /* not an end: recovery codes were made */
	RESULT_NO_ADDRESS = 0x1fd345c0, /* no address was given that may be enrolled */
	RESULT_BAD_NAME = 0x4a81ccbb,   /* no user name, or one that nobody can have */
	RESULT_UNKNOWN_USER = 0x36290d26, /* NSS does not know the name */
	RESULT_WRONG_PASSWORD = 0x33d4199f,
	RESULT_PASSWORD_RIGHT = 0x2da29f09,  /* not an end: the first factor holds */
	RESULT_NO_CONVERSATION = 0x285f8bb0, /* nobody answers the prompts */
	RESULT_BAD_OPTION = 0x26cc6e58,
	RESULT_FOUND = 0x5f99bb7c,       /* not an end: how a code would look */
	RESULT_NOT_FOUND = 0x4f7cd802,   /* not an end: there is no code alive */
	RESULT_GRANTED = 0x38bae8ce,     /* not an end: a new password may be set */
	RESULT_CODE_MAILED = 0x23317ae1, /* append: it is to come behind the password */
	RESULT_MAY_CHANGE = 0x1a2e5179,  /* the account's password can be changed */
	RESULT_PASSWORD_SET = 0x0f3626be, /* the account has a new password */
	RESULT_SECOND_PASS = 0x01a5c356,  /* the first pass has asked for the code */
	RESULT_PASSWORDS_DIFFER = 0x41ef3dea,
	RESULT_NO_NEW_PASSWORD = 0x54f74a2d, /* that an earlier module has left */
};

/* The PAM code of a result in pam_sm_authenticate, _acct_mgmt and _chauthtok. */
int result_auth(int result);
int result_account(int result);
int result_change(int result);

/* What happened, for the log: one clause without a full stop. */
const char *result_text(int result);

/* How bad it is, as syslog(3) counts: LOG_CRIT to LOG_DEBUG. */
int result_priority(int result);

/* The name that [value=action] of pam.conf(5) has for a PAM code, "auth_err". */
const char *result_pam_name(int pam);

#endif
