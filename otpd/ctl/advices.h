/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_ADVICES_H
#define OTPD_CTL_ADVICES_H

/*
 * One row of advice. codes: alternatives parted by '|', "535", "5.7.8", "http 401", or
 * the begin of one ("5.7.", "http 5", "4"); words: alternatives that stand anywhere, in
 * either case, each of at most 63 bytes. Where both are given both must fit; where
 * neither is, the row ends the table and fits everything.
 */
struct advice {
	const char *codes;
	const char *words;
	const char *advice;
};

extern const struct advice advices[];

#endif
