/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_KEY_H
#define OTPD_MAIL_KEY_H

#include <sodium.h>

/* The key pair that otpd seals mails to. */
struct mail_key {
	unsigned char public[crypto_box_PUBLICKEYBYTES];
	unsigned char secret[crypto_box_SECRETKEYBYTES];
};

/*
 * Where the key is: the systemd credential "mail.key" if there is one, else key_file.
 * -ENAMETOOLONG.
 */
int key_path(char *out, size_t size, const char *key_file);

/* Reads the key file, or makes one when there is none (-EBADMSG: not a key). */
int key_load(struct mail_key *key, const char *path);
void key_wipe(struct mail_key *key);

#endif
