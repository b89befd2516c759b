/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_PARTS_H
#define TESTS_BENCH_PARTS_H

/* What the command line says. */
struct options {
	const char *build; /* where otpd, otpd-mail and pam_emailotp.so are, absolute */
	double seconds;    /* of the pairs */
	int logins;        /* of each stack */
	int mails;         /* of each mailer, in each round */
};

/* Each measures, prints its results, and leaves nothing running. */
void login_measure(const struct options *options);
void pairs_measure(const struct options *options);
void latency_measure(const struct options *options);
void scale_measure(const struct options *options);
void memory_measure(const struct options *options);
void mails_measure(const struct options *options);
void arrival_measure(const struct options *options);
void prompt_measure(const struct options *options);
void accounts_measure(const struct options *options);
void crowd_measure(const struct options *options);
void equal_measure(const struct options *options);
void web_measure(const struct options *options);

#endif
