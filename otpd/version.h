/* SPDX-License-Identifier: MIT */
#ifndef OTPD_VERSION_H
#define OTPD_VERSION_H

#define OTPD_VERSION "0.2.0"

#endif
