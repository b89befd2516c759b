#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""otpctl against a fake otpd: OTPCTL=build/otpctl /usr/bin/python3 tests/ctl/run.py"""
import test_accounts
import test_audit
import test_backup
import test_commands
import test_completion
import test_config
import test_daemon
import test_enrol
import test_import
import test_mail_stats
import test_metrics
import test_profile
import test_recovery
import test_send_test
import test_setup
import test_top
import test_usage
from harness import main

main(test_usage, test_commands, test_accounts, test_profile, test_send_test, test_mail_stats,
     test_audit, test_metrics, test_import, test_enrol, test_recovery, test_daemon, test_setup,
     test_backup, test_config, test_top, test_completion)
