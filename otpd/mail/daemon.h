/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_DAEMON_H
#define OTPD_MAIL_DAEMON_H

/* Runs otpd-mail with this configuration file until SIGTERM. The exit status. */
int daemon_run(const char *config_path);

#endif
