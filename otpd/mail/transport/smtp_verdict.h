/* SPDX-License-Identifier: MIT */
/*
 * What became of a mail, by where the conversation ended and how. Sections are those of
 * RFC 5321 where no other RFC is named; x.y.z are enhanced status codes (RFC 3463).
 * The first row that fits holds.
 *
 * where and what                                       result    cause      complain
 * ---------------------------------------------------- --------- ---------- --------
 * resolving, connecting, TLS, greeting, EHLO,
 *   STARTTLS, AUTH (3.1, 4.1.1.1, RFC 3207, 4954):
 *   5xx, a bad certificate, a refused login            deferred  transport  yes
 *   4xx, timeout, broken off                           deferred  transport  no
 * 2xx to the dot (4.2.5: the server has the mail)      sent      -          no
 * after the dot: broken off, timeout, nonsense
 *   (4.5.3.2.6: it may have the mail)                  deferred  recipient  no
 * broken off, timeout, nonsense anywhere before        deferred  transport  no
 * 421 anywhere (3.8: the server closes)                deferred  transport  no
 * 530, 534, 535, 538: login first, login refused (RFC
 *   4954 6)                                            deferred  transport  yes
 * 500, 502, 503, 504, 555 (4.2.4): one of the two does
 *   not speak SMTP as the other does                   deferred  transport  yes
 * RCPT: 454 (Postfix: relaying denied)                 deferred  policy     no
 * RCPT: 5.7.z but 5.7.17 and 18 (RFC 7293); 5.1.7 and
 *   5.1.8: relaying or access denied, blocked, our
 *   sender is not wanted there                         refused   policy     no
 * 454, 432, 4.7.8 to 14: login or TLS not now
 *   (RFC 4954 6, RFC 3207 4)                           deferred  transport  no
 * 5.7.8 to 14, 5.7.60 (RFC 4954 6; 5.7.60 is
 *   Microsoft's: not this sender's account)            deferred  transport  yes
 * x.7.23 to 27, x.1.7, x.1.8 (RFC 7372, 7505): who we
 *   are, or our sender                                 deferred  transport  if 5xx
 * x.3.z: the server's own system, disk or set-up       deferred  transport  if 5xx
 * MAIL: 4xx and 5xx, since no recipient has been named
 *   yet: our sender, our size, our address, its state  deferred  transport  if 5xx
 * RCPT, DATA, dot: any other 4xx (greylisting, 452 and
 *   4.2.2: mailbox full)                               deferred  recipient  no
 * RCPT: any other 5xx (550, 551, 553 no such mailbox,
 *   552 and 5.2.2 full)                                refused   recipient  no
 * DATA, dot: x.1.z and x.2.z (RFC 3463 3.2, 3.3)       refused   recipient  no
 * DATA, dot: any other 5xx (554 content, policy)       refused   mail       no
 *
 * A sender that the relay refuses for good is the administrator's fault, not the
 * user's: the address must not be counted as a bad one, another transport may take it,
 * and the log says it loudly.
 *
 * What a relay says at RCPT may hold for this recipient only, and the recipient may be
 * anybody's choice. So a policy there asks the next transport (transport.h) and neither
 * pauses this one nor says anything in the log that the result does not.
 *
 * A mail that may have been taken is "recipient": no other transport makes a second
 * copy of it. otpd may repeat it once, with the same Message-ID (smtp_doubt.h).
 */
#ifndef OTPD_MAIL_TRANSPORT_SMTP_VERDICT_H
#define OTPD_MAIL_TRANSPORT_SMTP_VERDICT_H

#include <stdbool.h>

#include "otpd/mail/transport/smtp_talk.h"
#include "otpd/mail/transport/transport.h"

struct smtp_verdict {
	enum send_result result;
	enum send_cause cause;
	bool complain;    /* the administrator has to act */
	bool is_in_doubt; /* the server may have taken the mail */
};

/* Of a conversation that has come to its end. */
struct smtp_verdict smtp_verdict(const struct smtp_talk *talk);

/*
 * For a complaint: the codes and the command that they answer, "550 5.7.1 to MAIL". No
 * words of the server: they may name the recipient.
 */
void smtp_verdict_codes(const struct smtp_talk *talk, char *out, size_t size);

#endif
