/* SPDX-License-Identifier: MIT */
/* Colours of an organisation, made readable: WCAG 2.1, 1.4.3. */
#ifndef OTPD_MAIL_MESSAGE_COLOUR_H
#define OTPD_MAIL_MESSAGE_COLOUR_H

#include <stdbool.h>

#define COLOUR_TEXT          8   /* "#1a4fd0" */
#define COLOUR_CONTRAST      4.5 /* what text needs at least */
#define COLOUR_CONTRAST_DARK 7.0 /* by night, where 4.5 looks dull */

struct colour {
	unsigned char rgb[3];
};

/* false if text is not of the form #1a4fd0. */
bool colour_parse(const char *text, struct colour *ret);
void colour_print(char out[COLOUR_TEXT], struct colour colour);

/* 1 (the same) to 21 (black and white). */
double colour_contrast(struct colour a, struct colour b);

/* White, or else the nearly black ink, whichever is the easier to read on it. */
struct colour colour_text_on(struct colour background);

/*
 * The colour, made darker or lighter until it has this contrast, at most
 * COLOUR_CONTRAST_DARK, to the background.
 */
struct colour colour_readable(
	struct colour colour, struct colour background, double contrast);

/* What the layout needs, as text. */
struct palette {
	char colour[COLOUR_TEXT];      /* of the band */
	char colour_text[COLOUR_TEXT]; /* on the band */
	char accent[COLOUR_TEXT];      /* the colour, readable on PALETTE_BOX */
	char accent_dark[COLOUR_TEXT]; /* the same on PALETTE_BOX_DARK */
};

/* Behind the code in layout.html. */
#define PALETTE_BOX      "#f3f5f9"
#define PALETTE_BOX_DARK "#262d38"

/* Of a tenant; text may be empty, then of a neutral blue. */
void palette_make(struct palette *palette, const char *text);

#endif
