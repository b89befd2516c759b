#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""otpctl against a fake otpd: OTPCTL=build/otpctl /usr/bin/python3 tests/ctl/run.py"""
import test_accounts
import test_commands
import test_completion
import test_daemon
import test_enrol
import test_import
import test_mail_stats
import test_profile
import test_send_test
import test_usage
from harness import main

main(test_usage, test_commands, test_accounts, test_profile, test_send_test, test_mail_stats, test_import,
     test_enrol, test_daemon, test_completion)
