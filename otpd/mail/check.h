/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_CHECK_H
#define OTPD_MAIL_CHECK_H

/*
 * Reads the configuration and all that it names, and says what it means and everything
 * that is wrong with it. The exit status.
 */
int check_config(const char *config_path);

#endif
