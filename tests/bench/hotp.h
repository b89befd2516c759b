/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_HOTP_H
#define TESTS_BENCH_HOTP_H

#include <stdint.h>

/* The secret of RFC 4226 appendix D, as the peers' files want it. */
#define HOTP_SECRET        "12345678901234567890"
#define HOTP_SECRET_HEX    "3132333435363738393031323334353637383930"
#define HOTP_SECRET_BASE32 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

/* The code of six digits for this counter and that secret (RFC 4226). */
void hotp_code(char out[7], uint64_t counter);

/* Dies unless the codes are those of the RFC. */
void hotp_check(void);

#endif
