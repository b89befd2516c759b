/* SPDX-License-Identifier: MIT */
/*
 * An organisation chooses one colour, and everybody must be able to read what stands on
 * it or is written in it, by day and by night. So the others are computed.
 */
#include "otpd/mail/message/colour.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_COLOUR "#24478f"
#define STEPS          32 /* from a colour to black or white */

static const struct colour white = { { 255, 255, 255 } };
static const struct colour black = { { 0, 0, 0 } };

bool colour_parse(const char *text, struct colour *ret)
{
	unsigned r, g, b;

	if (strlen(text) != COLOUR_TEXT - 1 || text[0] != '#' ||
		strspn(text + 1, "0123456789abcdefABCDEF") != COLOUR_TEXT - 2 ||
		sscanf(text, "#%2x%2x%2x", &r, &g, &b) != 3)
		return false;
	*ret = (struct colour){ { (unsigned char)r, (unsigned char)g,
		(unsigned char)b } };
	return true;
}

void colour_print(char out[COLOUR_TEXT], struct colour colour)
{
	snprintf(out, COLOUR_TEXT, "#%02x%02x%02x", colour.rgb[0], colour.rgb[1],
		colour.rgb[2]);
}

/* WCAG 2.1, "relative luminance". */
static double luminance(struct colour colour)
{
	static const double weights[3] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		double c = colour.rgb[i] / 255.0;

		sum += weights[i] *
			(c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

double colour_contrast(struct colour a, struct colour b)
{
	double x = luminance(a), y = luminance(b);

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

struct colour colour_text_on(struct colour background)
{
	/* One of the two is always above 4.58, the root of 21. */
	return colour_contrast(white, background) >= COLOUR_CONTRAST ? white : black;
}

static struct colour mix(struct colour from, struct colour to, int step)
{
	struct colour out;

	for (int i = 0; i < 3; i++)
		out.rgb[i] = (unsigned char)((from.rgb[i] * (STEPS - step) +
						     to.rgb[i] * step) /
			STEPS);
	return out;
}

struct colour colour_readable(
	struct colour colour, struct colour background, double contrast)
{
	struct colour goal = colour_text_on(background), out = colour;

	for (int step = 1; colour_contrast(out, background) < contrast && step <= STEPS;
		step++)
		out = mix(colour, goal, step);
	return out;
}

void palette_make(struct palette *palette, const char *text)
{
	struct colour colour, box, box_dark;

	if (!colour_parse(text, &colour))
		(void)colour_parse(DEFAULT_COLOUR, &colour);
	(void)colour_parse(PALETTE_BOX, &box);
	(void)colour_parse(PALETTE_BOX_DARK, &box_dark);
	colour_print(palette->colour, colour);
	colour_print(palette->colour_text, colour_text_on(colour));
	colour_print(palette->accent, colour_readable(colour, box, COLOUR_CONTRAST));
	colour_print(palette->accent_dark,
		colour_readable(colour, box_dark, COLOUR_CONTRAST_DARK));
}
