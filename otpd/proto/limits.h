/* SPDX-License-Identifier: MIT */
/*
 * Every size and count that stands on the wire or in the store. Sizes of strings are
 * without the NUL that ends them in C.
 */
#ifndef OTPD_PROTO_LIMITS_H
#define OTPD_PROTO_LIMITS_H

#define LIMIT_FRAME     8192  /* bytes of one call, its NUL included */
#define LIMIT_REPLY     65536 /* bytes of one answer, its NUL included */
#define LIMIT_USER      255   /* bytes; useradd(8) stops at 32, directories do not */
#define LIMIT_SERVICE   63
#define LIMIT_RHOST     255 /* a host name is at most 253 (RFC 1035) */
#define LIMIT_TTY       63
#define LIMIT_ADDRESS   254 /* RFC 5321 4.5.3.1.3, less the angle brackets */
#define LIMIT_NAME      128 /* bytes of a person's name, UTF-8 */
#define LIMIT_LANGUAGE  15  /* a tag of BCP 47, "pt-BR" */
#define LIMIT_TENANT    63
#define LIMIT_TRANSPORT 63 /* title of a section of mail.conf */
#define LIMIT_REFERENCE 3
#define LIMIT_EVENT     31
#define LIMIT_CHALLENGE 32 /* hexadecimal digits of 128 bits */
#define LIMIT_CODE      16 /* the longest code, with room for the breaker's 3 */
#define LIMIT_CODE_MIN  6  /* NIST SP 800-63B-4 3.1.3.2: at least 20 bits */
#define LIMIT_DETAIL    200
#define LIMIT_SEALED    4096 /* bytes of a sealed mail, before base64 */
#define LIMIT_LOGIN     64   /* bytes of an account's user name */
#define LIMIT_PASSWORD  1024 /* bytes of a password, UTF-8 */
#define LIMIT_PASSWORD_MIN \
	8 /* characters; NIST SP 800-63B-4 3.1.1.2 beside a second step */
#define LIMIT_PROFILE        4096 /* bytes of a profile, as otpd writes the JSON */
#define LIMIT_PROFILE_DEPTH  8
#define LIMIT_ACCOUNT        32   /* hexadecimal digits of an account's identifier */
#define LIMIT_TOKEN          1536 /* bytes of a token of any kind */
#define LIMIT_AUDIENCE       255
#define LIMIT_RECOVERY       24  /* a recovery code as it is typed */
#define LIMIT_GRANT_S        900 /* seconds that a grant is good */
#define LIMIT_RECEIPT_S      300 /* seconds that a receipt is good */
#define LIMIT_BOUNCES        16 /* delivery reports of one answer: so many ids fit a call */
#define LIMIT_BOUNCE_ID      200 /* bytes of a report's name; longer ones are filed away */
#define LIMIT_IMPORT         40 /* users of one ImportUsers, so that they fit a frame */
#define LIMIT_PAGE           40 /* rows of one list answer; the longest ones fit LIMIT_REPLY */
#define LIMIT_EVENTS         100 /* events of one Audit, as many of them as fit LIMIT_REPLY */
#define LIMIT_FRAME_S        5  /* seconds to finish a frame that was begun */
#define LIMIT_UID_CONNS      16 /* connections of one uid that is not root or a client */
#define LIMIT_RESERVED_CONNS 32 /* connections that only root gets */

/* Letters of codes and references: no vowels, and neither of any pair that looks alike.
 */
#define CODE_LETTERS "CDFGHJKMNPQRTVWXY34679"

#define OTPD_SOCKET      "/run/otpd/otpd.sock"
#define OTPD_MAIL_SOCKET "/run/otpd/mail.sock"

#endif
