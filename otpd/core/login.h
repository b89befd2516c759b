/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CORE_LOGIN_H
#define OTPD_CORE_LOGIN_H

/*
 * Why text cannot be the user name of an account, as a clause for people; NULL if it
 * can: 3 to LIMIT_LOGIN letters of ASCII, digits, '.', '_' and '-', of which the first
 * is a letter or a digit. Capitals are no other letters. There is never an '@' in it,
 * which tells it from an address, nor a ':', which tells it from a principal.
 */
const char *login_problem(const char *text);

/* Makes the capitals of ASCII small; a user name is kept so. */
void login_lower(char *text);

#endif
