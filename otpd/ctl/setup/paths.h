/* SPDX-License-Identifier: MIT */
/* What setup changes on this host, and where it keeps what was there before. */
#ifndef OTPD_CTL_SETUP_PATHS_H
#define OTPD_CTL_SETUP_PATHS_H

#define PATH_PAM          "/etc/pam.d/"
#define PATH_SSHD_CONFIG  "/etc/ssh/sshd_config"
#define PATH_SSHD_DROP_IN "/etc/ssh/sshd_config.d/10-emailotp.conf"
#define PATH_OTPD_CONFIG  "/etc/otpd/otpd.conf"
#define PATH_OTPD_DROP_IN "/etc/otpd/otpd.conf.d/setup.conf"
#define PATH_MAIL_CONFIG  "/etc/otpd/mail.conf"
#define PATH_MAIL_DROP_IN "/etc/otpd/mail.conf.d/setup.conf"
#define PATH_PASSWORD     "/etc/otpd/smtp-password"
#define PATH_STATE        "/var/lib/otpd-setup"
#define PATH_LOCK         PATH_STATE "/lock"
#define PATH_PENDING      PATH_STATE "/pending.json"
#define PATH_MANIFEST     PATH_STATE "/manifest.json"
#define PATH_BACKUP       PATH_STATE "/backup"
#define PATH_TRIAL_CONFIG PATH_STATE "/trial_sshd_config"
#define SERVICE_TRIAL     "sshd-emailotp"

#endif
