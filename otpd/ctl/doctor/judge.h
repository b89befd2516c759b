/* SPDX-License-Identifier: MIT */
/* Findings from facts. All are pure functions of the facts, but for memory. */
#ifndef OTPD_CTL_DOCTOR_JUDGE_H
#define OTPD_CTL_DOCTOR_JUDGE_H

#include "otpd/ctl/doctor/facts.h"
#include "otpd/ctl/doctor/finding.h"

void judge_pam(const struct facts *facts, struct findings *findings);
void judge_sshd(const struct facts *facts, struct findings *findings);
void judge_sudo(const struct facts *facts, struct findings *findings);
void judge_host(const struct facts *facts, struct findings *findings);
void judge_mail(const struct facts *facts, struct findings *findings);
void judge_users(const struct facts *facts, struct findings *findings);
/* The one user that is asked for. */
void judge_user(const struct facts *facts, struct findings *findings);

/* ---- what several of them need */

/* Whether a service of that name asks for a code (its auth lines). */
bool judge_asks(const struct facts *facts, const char *service);
/* Whether any does. */
bool judge_is_used(const struct facts *facts);

/* The section of otpd.conf that holds for a service: its own, "default", or NULL. */
const char *judge_policy(const struct facts *facts, const char *service);
/* Whether some users need no code by the policy of the service. */
bool judge_exempts(const struct facts *facts, const char *service);

/* Whether somebody who is not enrolled is, at the first login by the service. */
bool judge_enrols(const struct facts *facts, const char *service);
/* The setting by which the user that is asked for needs no code by a policy; or NULL.
 */
const char *judge_exempted_by(const struct facts *facts, const char *policy);

/* Adds that a daemon refuses its configuration, with the place that it names. */
void judge_refused(struct findings *findings, enum finding finding,
	const struct effective *effective, const char *command);

/* Whether every way that sshd asks PAM begins with a key. */
bool judge_key_first(const struct sshd_settings *settings);

/* ---- one stack; see stack.c */

/*
 * The line of a stack that lets somebody in without our module, in *ret_entry. Lines
 * that are there to make a difference between users (pam_succeed_if ...) may.
 */
bool stack_skips(const struct pamstack *stack, size_t *ret_entry);
/* Whether a failure of our module at entry does not count. */
bool stack_ignores(const struct pamstack *stack, size_t entry);
/* Whether the code alone lets somebody in, every check of a password having failed. */
bool stack_needs_only_us(const struct pamstack *stack);
/* Whether the stack checks a password, or the like, at all; before an entry. */
bool stack_has_factor(const struct pamstack *stack, size_t before);
/* Whether our module at entry is called with no factor before it that has been asked.
 */
bool stack_asks_first(const struct pamstack *stack, size_t entry);
/* The factor whose failure does not keep our module at entry from being called. */
bool stack_asks_after_failure(
	const struct pamstack *stack, size_t entry, size_t *ret_factor);
/* Whether a user for whom our module says "ignore" can get in. */
bool stack_lets_ignored_in(const struct pamstack *stack);
/* Whether our module at entry is called although it said yes before. */
bool stack_asks_again(const struct pamstack *stack, size_t entry);

#endif
