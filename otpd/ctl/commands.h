/* SPDX-License-Identifier: MIT */
/*
 * The commands. Each gets its operands counted and its options checked already, and
 * returns an exit code (enum output_exit).
 */
#ifndef OTPD_CTL_COMMANDS_H
#define OTPD_CTL_COMMANDS_H

#include "otpd/ctl/arguments.h"
#include "otpd/ctl/session.h"

typedef int command_run(struct session *session, const struct arguments *arguments);

command_run users_add, users_list, users_show;
command_run users_verify, users_disable, users_unlock, users_remove;
command_run users_language, users_second;
command_run accounts_add, accounts_list, accounts_show;
command_run accounts_verify, accounts_disable, accounts_unlock, accounts_remove;
command_run accounts_require_reset, accounts_allow_reset, accounts_logout;
command_run tokens_keys, tokens_rotate, tokens_revoke_all;
command_run import_run;
command_run enrol_run, self_run, recovery_run, users_recovery, breakglass_run;
command_run status_run;
command_run queue_run;
command_run audit_run;
command_run metrics_run;
command_run top_run;
command_run config_run;
command_run backup_run, restore_run;
command_run mailstats_run;
command_run sendtest_run;
command_run doctor_run;
command_run setup_run;

#endif
