/* SPDX-License-Identifier: MIT */
/* A list of findings, and how it is told: to people the worst first, to programs as
 * JSON. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/doctor/finding.h"
#include "otpd/ctl/wrap.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/text.h"

#define PLACE 4200

static void found_fini(struct found *found)
{
	free(found->file);
	free(found->about);
	free(found->change);
}

void findings_fini(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		found_fini(&findings->items[i]);
	free(findings->items);
	*findings = (struct findings){ 0 };
}

static bool is_same(const struct found *a, const struct found *b)
{
	return a->finding == b->finding && a->line == b->line && !a->file == !b->file &&
		(!a->file || strcmp(a->file, b->file) == 0) &&
		strcmp(a->about, b->about) == 0;
}

/* Takes what found owns. */
static void keep(struct findings *findings, struct found *found)
{
	struct found *more;

	for (size_t i = 0; i < findings->n; i++)
		if (is_same(&findings->items[i], found)) {
			found_fini(found);
			return;
		}
	more = reallocarray(findings->items, findings->n + 1, sizeof(*more));
	if (!more) {
		findings->failed = true;
		found_fini(found);
		return;
	}
	findings->items = more;
	findings->items[findings->n++] = *found;
}

/* A copy without controls and without what is no UTF-8, which JSON could not carry. */
static char *copy_clean(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (copy)
		text_copy_clean(copy, size, text);
	return copy;
}

void findings_add(struct findings *findings, enum finding finding, struct where where,
	const char *about, const char *change, ...)
{
	CLEANUP(freep) char *raw = NULL;
	struct found found = { .finding = finding, .line = where.line };
	va_list arguments;
	int r;

	va_start(arguments, change);
	r = vasprintf(&raw, change, arguments);
	va_end(arguments);
	if (r < 0)
		raw = NULL;
	found.file = where.file ? copy_clean(where.file) : NULL;
	found.about = copy_clean(about);
	found.change = raw ? copy_clean(raw) : NULL;
	if (!found.change || !found.about || (where.file && !found.file)) {
		found_fini(&found);
		findings->failed = true;
		return;
	}
	keep(findings, &found);
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += finding_severity(findings->items[i].finding) == severity;
	return n;
}

static void print_one(const struct found *found)
{
	char place[PLACE];

	if (found->file && found->line)
		snprintf(place, sizeof(place), "%s:%u", found->file, found->line);
	else
		snprintf(place, sizeof(place), "%s", found->file ? found->file : "");
	printf("  %s", finding_name(found->finding));
	if (found->about[0])
		printf(" (%s)", found->about);
	putchar('\n');
	if (place[0])
		wrap_write(stdout, "    where:  ", place);
	wrap_write(stdout, "    why:    ", finding_why(found->finding));
	if (found->change[0])
		printf("    do:     %s\n", found->change);
}

/* "1 error", "2 errors". */
static void print_count(size_t n, const char *name, const char *end)
{
	printf("%zu %s%s%s", n, name, n == 1 ? "" : "s", end);
}

void findings_print(const struct findings *findings)
{
	static const char *const titles[N_SEVERITIES] = {
		"Errors:", "Warnings:", "Hints:"
	};

	for (enum severity severity = 0; severity < N_SEVERITIES; severity++) {
		if (findings_count(findings, severity) == 0)
			continue;
		puts(titles[severity]);
		for (size_t i = 0; i < findings->n; i++)
			if (finding_severity(findings->items[i].finding) == severity)
				print_one(&findings->items[i]);
		putchar('\n');
	}
	print_count(findings_count(findings, SEVERITY_ERROR), "error", ", ");
	print_count(findings_count(findings, SEVERITY_WARNING), "warning", ", ");
	print_count(findings_count(findings, SEVERITY_HINT), "hint", "\n");
}

json_t *findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (enum severity severity = 0; severity < N_SEVERITIES; severity++)
		for (size_t i = 0; i < findings->n; i++) {
			const struct found *found = &findings->items[i];

			if (finding_severity(found->finding) != severity)
				continue;
			(void)json_array_append_new(list,
				json_pack("{s:s, s:s, s:s, s:s, s:s?, s:i, s:s}", "id",
					finding_name(found->finding), "severity",
					severity_name(severity), "about", found->about,
					"why", finding_why(found->finding), "file",
					found->file, "line", (int)found->line, "change",
					found->change));
		}
	return list;
}
