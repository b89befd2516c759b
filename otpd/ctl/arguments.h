/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ARGUMENTS_H
#define OTPD_CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* The options, as bits: what a command takes is a set of them, and there are more than
 * an int has bits. */
__extension__ enum {
	ARGUMENT_HELP = 1u << 0,
	ARGUMENT_VERSION = 1u << 1,
	ARGUMENT_SOCKET = 1u << 2,
	ARGUMENT_JSON = 1u << 3,
	ARGUMENT_TIMEOUT = 1u << 4,
	ARGUMENT_GLOBAL = (1u << 5) - 1,
	ARGUMENT_NAME = 1u << 5,
	ARGUMENT_VERIFIED = 1u << 6,
	ARGUMENT_REPLACE = 1u << 7,
	ARGUMENT_UNVERIFIED = 1u << 8,
	ARGUMENT_DISABLED = 1u << 9,
	ARGUMENT_YES = 1u << 10,
	ARGUMENT_DRY_RUN = 1u << 11,
	ARGUMENT_UPDATE = 1u << 12,
	ARGUMENT_SKIP_BAD = 1u << 13,
	ARGUMENT_OPEN = 1u << 14,
	ARGUMENT_LIMIT = 1u << 15,
	ARGUMENT_USER = 1u << 16,
	ARGUMENT_WAIT = 1u << 17,
	ARGUMENT_MAIL_SOCKET = 1u << 18,
	ARGUMENT_LANGUAGE = 1u << 19,
	ARGUMENT_TENANT = 1u << 20,
	ARGUMENT_UNDELIVERABLE = 1u << 21,
	ARGUMENT_SECOND = 1u << 22,
	ARGUMENT_NONE = 1u << 23,
	ARGUMENT_LOGIN = 1u << 24,
	ARGUMENT_FOR = 1u << 25,
	ARGUMENT_EVENT = UINT64_C(1) << 26,
	ARGUMENT_SERVICE = UINT64_C(1) << 27,
	ARGUMENT_FROM = UINT64_C(1) << 28,
	ARGUMENT_SINCE = UINT64_C(1) << 29,
	ARGUMENT_UNTIL = UINT64_C(1) << 30,
	ARGUMENT_ALL = UINT64_C(1) << 31,
	ARGUMENT_CSV = UINT64_C(1) << 32,
	ARGUMENT_RELAY = UINT64_C(1) << 33,
	ARGUMENT_RELAY_USER = UINT64_C(1) << 34,
	ARGUMENT_PASSWORD_FILE = UINT64_C(1) << 35,
	ARGUMENT_ADDRESS = UINT64_C(1) << 36,
	ARGUMENT_SERVICES = UINT64_C(1) << 37,
	ARGUMENT_FIRST_FACTOR = UINT64_C(1) << 38,
	ARGUMENT_USERS = UINT64_C(1) << 39,
	ARGUMENT_TRIAL = UINT64_C(1) << 40,
	ARGUMENT_TRIAL_PORT = UINT64_C(1) << 41,
	ARGUMENT_UNDO = UINT64_C(1) << 42,
	ARGUMENT_FORCE_NO_WAY_BACK = UINT64_C(1) << 43,
	ARGUMENT_CONFIG = UINT64_C(1) << 44,
	ARGUMENT_MAIL = UINT64_C(1) << 45,
	ARGUMENT_INTERVAL = UINT64_C(1) << 46,
	ARGUMENT_PLAIN = UINT64_C(1) << 47,
	ARGUMENT_LOCKED = UINT64_C(1) << 48,
};

/* The command line, read. Strings point into argv. */
struct arguments {
	uint64_t given;
	const char *socket;
	int64_t timeout_s;
	const char *name;
	int64_t limit;
	const char *user;
	int64_t wait_s;
	const char *mail_socket; /* NULL: the one beside otpd's */
	const char *language;
	const char *tenant;
	const char *login;
	int64_t for_s;
	const char *event;
	const char *service;
	const char *from;
	int64_t since_s; /* since 1970 */
	int64_t until_s;
	const char *relay; /* this and the following: of setup */
	const char *relay_user;
	const char *password_file;
	const char *address;
	const char *services;
	const char *first_factor;
	const char *users;
	const char *trial;
	int64_t trial_port;
	const char *config; /* NULL: otpd's default */
	int64_t interval_s;
	int n_words; /* the command and what it works on */
	char *const *words;
};

/* Whether json must already be assumed where the command line itself is wrong. */
bool arguments_want_json(int argc, char *const *argv);

/* Reads the options wherever they stand. 0, or -EINVAL and it has said why. */
int arguments_read(struct arguments *arguments, int argc, char **argv);

/* 0 if every option is in allowed; else -EINVAL, having said which one is not. */
int arguments_check(
	const struct arguments *arguments, uint64_t allowed, const char *command);

/* One line of help for each option of the set, as it is meant in this command, if any.
 */
void arguments_print_help(const char *command, uint64_t set);

/* "Usage: otpctl users add [--name NAME] [--verified] USER ADDRESS", in 80 columns. */
void arguments_print_usage(const char *command, uint64_t set, const char *operands);

#endif
