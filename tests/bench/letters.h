/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_LETTERS_H
#define TESTS_BENCH_LETTERS_H

#include <stddef.h>
#include <stdint.h>

#define LETTERS_FRAME 1536 /* bytes of one Send, its NUL included */
#define LETTERS_TEXT  48

/* What differs from mail to mail. */
struct letter_words {
	char to[LETTERS_TEXT];
	char name[LETTERS_TEXT];
	char user[LETTERS_TEXT];
	char rhost[LETTERS_TEXT];
	char code[8];
	char reference[4];
};

/* Those of the mail of this number: every mail has its own. */
void letters_words(struct letter_words *words, uint32_t number);

/* Calls of org.emailotp.Mail.Send with sealed login codes, ready to be written. */
struct letters {
	uint8_t secret[32]; /* the sender's, as long as this process runs */
	uint8_t sender[32];
	uint8_t shared[32]; /* with that otpd-mail */
	uint32_t next;      /* number of the next mail */
	size_t n;
	char (*frames)[LETTERS_FRAME];
};

/* Asks the otpd-mail at this socket for its key; max mails at a time. */
void letters_open(struct letters *letters, const char *socket, size_t max);
void letters_close(struct letters *letters);

/* Makes n new ones in place of what was there. */
void letters_seal(struct letters *letters, size_t n);

#endif
