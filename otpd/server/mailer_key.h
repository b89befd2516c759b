/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_MAILER_KEY_H
#define OTPD_SERVER_MAILER_KEY_H

#include <stdint.h>

#include "otpd/server/seal.h"

struct daemon;

/* Seals with this key from now on, and writes it to the store, if it is another one. */
void mailer_key_keep(struct daemon *daemon, const uint8_t key[MAIL_KEY]);

#endif
