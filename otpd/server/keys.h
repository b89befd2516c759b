/* SPDX-License-Identifier: MIT */
#ifndef OTPD_SERVER_KEYS_H
#define OTPD_SERVER_KEYS_H

#include "otpd/core/code.h"

/*
 * The key behind the hashes, from the systemd credential "otpd.key" if there is one,
 * else from path; made there if there is none. In guarded memory, for sodium_free().
 * NULL after logging why not.
 */
struct code_key *keys_load(const char *path);

/* The number of the key in this file, which is read and never made; 0: it cannot be. */
int64_t keys_id_of(const char *path);

#endif
