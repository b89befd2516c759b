/* SPDX-License-Identifier: MIT */
/* Long sentences, and the long words of servers, on a terminal of 80 columns. */
#include "otpd/ctl/wrap.h"

#include <string.h>

#include "otpd/ctl/table.h"
#include "otpd/util/text.h"

#define TEXT_MAX 1024 /* bytes that are shown; what comes from servers has 200 */

static void break_line(FILE *out, size_t indent)
{
	fputc('\n', out);
	for (size_t i = 0; i < indent; i++)
		fputc(' ', out);
}

void wrap_write(FILE *out, const char *label, const char *text)
{
	char clean[TEXT_MAX], *rest = NULL;
	size_t indent = table_width(label), at = indent;
	size_t end = strlen(label);

	text_copy_clean(clean, sizeof(clean), text);
	table_straighten(clean);
	if (!clean[strspn(clean, " ")]) {
		/* The blanks of a label lead to nothing. */
		while (end > 0 && label[end - 1] == ' ')
			end--;
		fprintf(out, "%.*s\n", (int)end, label);
		return;
	}
	fputs(label, out);
	for (char *word = strtok_r(clean, " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		size_t width = table_width(word);

		if (at > indent && at + 1 + width > WRAP_WIDTH) {
			break_line(out, indent);
			at = indent;
		}
		if (at > indent)
			fputc(' ', out);
		at += width + (at > indent);
		fputs(word, out);
	}
	fputc('\n', out);
}
