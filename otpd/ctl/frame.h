/* SPDX-License-Identifier: MIT */
#ifndef OTPD_CTL_FRAME_H
#define OTPD_CTL_FRAME_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What otpctl top shows. JSON is as otpd has answered, and borrowed. */
struct frame_data {
	const json_t *status;
	const json_t *events; /* array, the newest first */
	const json_t *mails;  /* array, the newest first */
	const char *fault;    /* why there is nothing newer; or NULL */
	int64_t now_s;
	double calls_per_s; /* less than 0: not known yet */
};

/* How it is shown. */
struct frame {
	FILE *out;
	int width;
	int height;
	bool screen; /* over the last one, with ANSI sequences; else lines for a file */
	bool colour;
	int line;
};

/* Draws at most height lines of at most width columns. */
void frame_draw(struct frame *frame, const struct frame_data *data);

#endif
