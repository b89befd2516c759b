/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CONFIG_SOURCE_H
#define OTPD_CONFIG_SOURCE_H

/*
 * Makes the text of a configuration file ready for libconfuse: comments become blanks,
 * line ends stay. Returns 0, or the number of the first line with a "${" in double
 * quotes.
 */
int source_prepare(char *text);

#endif
