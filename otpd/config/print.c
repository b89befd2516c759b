/* SPDX-License-Identifier: MIT */
/* A configuration as it would stand in the file, so that it can be read again. */
#include <stdio.h>

#include "otpd/config/settings.h"
#include "otpd/config/value.h"

void settings_print(const struct settings_schema *schema, const void *root, FILE *out)
{
	for (const struct setting *s = schema->settings; s->name; s++)
		value_print(s, root, "", out);
	for (const struct settings_section *s = schema->sections; s && s->name; s++) {
		const struct settings_array *array =
			(const void *)((const char *)root + s->array_offset);

		for (size_t i = 0; i < array->n; i++) {
			const char *at = (const char *)array->items + i * s->size;

			fprintf(out, "%s ", s->name);
			value_print_text(at, out);
			fputs(" {\n", out);
			for (const struct setting *v = s->settings; v->name; v++)
				if (!s->stray || !s->stray(at, v))
					value_print(v, at, "\t", out);
			fprintf(out, "}\n");
		}
	}
}
