/* SPDX-License-Identifier: MIT */
/*
 * The one line behind "@include common-auth". What setup does not understand it MUST
 * NOT touch: a stack that somebody has built by hand is shown with the line that is in
 * the way, and stays as it is.
 */
#include "otpd/ctl/setup/pam_edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"

#define LINE    "auth [success=ok default=die] pam_emailotp.so"
#define LENIENT "auth [success=ok ignore=ignore default=die] pam_emailotp.so"
#define PERMIT  "auth required pam_permit.so"
#define MODULE  "pam_emailotp.so"
#define INCLUDE "@include common-auth"

/* A line without its end. */
struct line {
	const char *at;
	size_t size;
};

const char *pam_edit_line(const struct pam_edit *edit)
{
	return edit->exempts ? LENIENT : LINE;
}

/* The words of a line, with one blank between them, without comment. */
static void normalise(struct line line, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < line.size && line.at[i] != '#' && n + 2 < size; i++) {
		char c = line.at[i];

		if (c == ' ' || c == '\t' || c == '\r') {
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
		} else
			out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* Its "die" ends the substack and not the stack: behind it, a mail would go out for
 * every wrong password. */
static bool is_substack(const char *words)
{
	return strcmp(words, "auth substack common-auth") == 0;
}

static bool is_password(const char *words)
{
	return strcmp(words, INCLUDE) == 0 ||
		strcmp(words, "auth include common-auth") == 0 || is_substack(words);
}

/* What there is in a file: lines are counted from 1, 0 is none. */
struct found {
	unsigned password;
	unsigned second_password;
	unsigned substack;
	unsigned module;
	bool module_is_ours;
};

static struct line next_line(const char **text)
{
	struct line line = { *text, strcspn(*text, "\n") };

	*text += line.size + ((*text)[line.size] == '\n');
	return line;
}

static void look(const struct pam_edit *edit, const char *text, struct found *ret_found)
{
	char words[256];

	*ret_found = (struct found){ 0 };
	for (unsigned n = 1; *text; n++) {
		normalise(next_line(&text), words, sizeof(words));
		if (is_substack(words))
			ret_found->substack = n;
		if (is_password(words)) {
			if (ret_found->password)
				ret_found->second_password = n;
			else
				ret_found->password = n;
		}
		if (strstr(words, MODULE)) {
			ret_found->module = n;
			ret_found->module_is_ours =
				strcmp(words, pam_edit_line(edit)) == 0;
		}
	}
}

static void add_line(struct buffer *out, const char *text)
{
	buffer_puts(out, text);
	buffer_puts(out, "\n");
}

/* The text with the line behind line number at. */
static void insert(
	struct buffer *out, const struct pam_edit *edit, const char *text, unsigned at)
{
	for (unsigned n = 1; *text; n++) {
		struct line line = next_line(&text);

		if (n == at && edit->key_first)
			buffer_puts(out, "#");
		buffer_add(out, line.at, line.size);
		buffer_puts(out, "\n");
		if (n != at)
			continue;
		add_line(out, pam_edit_line(edit));
		/* A stack in which every module says "ignore" refuses. */
		if (edit->key_first && edit->exempts)
			add_line(out, PERMIT);
	}
}

static enum pam_edit_problem judge(
	const struct pam_edit *edit, const struct found *found, unsigned *ret_line)
{
	/* Before a key it is taken out. */
	if (found->substack && !edit->key_first) {
		*ret_line = found->substack;
		return PAM_EDIT_SUBSTACK;
	}
	if (found->module) {
		*ret_line = found->module;
		/* By hand, and as it would be here: behind the password, or without. */
		return found->module_is_ours &&
				(edit->key_first ? !found->password
						 : found->password &&
							found->password < found->module)
			? PAM_EDIT_FINE
			: PAM_EDIT_BY_HAND;
	}
	*ret_line = found->second_password;
	if (!found->password)
		return PAM_EDIT_NO_PLACE;
	return found->second_password ? PAM_EDIT_TWO : PAM_EDIT_FINE;
}

int pam_edit_insert(const struct pam_edit *edit, const struct edit_file *before,
	struct edit_file *ret_after, enum pam_edit_problem *ret_problem,
	unsigned *ret_line)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };
	struct found found;
	int r;

	*ret_line = 0;
	*ret_problem = PAM_EDIT_NO_PLACE;
	/* With a NUL in it, it is not what we would write back. */
	if (strlen(before->text) != before->size)
		return 0;
	look(edit, before->text, &found);
	*ret_problem = judge(edit, &found, ret_line);
	if (*ret_problem != PAM_EDIT_FINE)
		return 0;
	if (found.module)
		buffer_add(&out, before->text, before->size);
	else
		insert(&out, edit, before->text, found.password);
	if (out.failed)
		return -ENOMEM;
	r = edit_file_set(ret_after, out.data, out.size, before->mode);
	ret_after->uid = before->uid;
	ret_after->gid = before->gid;
	return r;
}
