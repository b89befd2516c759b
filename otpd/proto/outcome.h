/* SPDX-License-Identifier: MIT */
#ifndef OTPD_PROTO_OUTCOME_H
#define OTPD_PROTO_OUTCOME_H

/*
 * The answers that are not the plain success. A function of this tree returns 0 (done),
 * a negative errno (something broke, pass it up), or one of these (the caller handles
 * it). Each is an error of org.emailotp.Error; the text is for people.
 */
#define OUTCOMES(X)                                                                  \
	X(WRONG_CODE, "WrongCode", "the code is wrong")                              \
	X(EXPIRED, "Expired", "the code has expired")                                \
	X(BURNT, "Burnt", "the code has used up its tries")                          \
	X(LOCKED, "Locked", "too many wrong codes, or disabled by an administrator") \
	X(THROTTLED, "Throttled", "no further code can be sent yet")                 \
	X(NO_CHALLENGE, "NoChallenge", "there is no such challenge")                 \
	X(DENIED, "Denied", "this caller may not do that")                           \
	X(UNAVAILABLE, "Unavailable", "otpd cannot do that now; see its log")        \
	X(BAD_ADDRESS, "BadAddress", "the address is not acceptable")                \
	X(BAD_NAME, "BadName", "the user name is not acceptable")                    \
	X(NO_USER, "NoUser", "the user is not enrolled")                             \
	X(EXISTS, "Exists", "the user is enrolled already")                          \
	X(NOT_ALLOWED, "NotAllowed", "the policy does not allow it")                 \
	X(WRONG_PASSWORD, "WrongPassword", "the login or the password is wrong")     \
	X(BUSY, "Busy", "too many passwords are being checked; try again")           \
	X(NOT_VERIFIED, "NotVerified", "the address was never proven")               \
	X(DISABLED, "Disabled", "an administrator has disabled the account")         \
	X(MUST_RESET, "MustReset", "the password must be reset first")               \
	X(BAD_PASSWORD, "BadPassword", "the password is not acceptable")             \
	X(BAD_LOGIN, "BadLogin", "the user name is not acceptable")                  \
	X(BAD_PROFILE, "BadProfile", "the profile is not acceptable")                \
	X(BAD_TOKEN, "BadToken", "the token is not good, or no longer")              \
	X(RECOVERY_NEEDED, "RecoveryNeeded", "a recovery code is needed as well")

#define OUTCOME_INTERFACE "org.emailotp.Error"

enum outcome {
	OUTCOME_OK = 0,
#define X(id, name, text) OUTCOME_##id,
	OUTCOMES(X)
#undef X
	OUTCOME_MAX,
};

/* The error's name without its interface, "WrongCode"; NULL for 0 and what is no
 * outcome. */
const char *outcome_name(int outcome);

/* The whole Varlink error, "org.emailotp.Error.WrongCode". */
const char *outcome_error(int outcome);

/* One clause for people. */
const char *outcome_text(int outcome);

/* The outcome of a Varlink error; -ENOENT if it is none of ours. */
int outcome_from_error(const char *error);

#endif
