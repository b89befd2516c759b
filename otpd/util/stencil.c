/* SPDX-License-Identifier: MIT */
/*
 * A template becomes a list of pieces: text, variable, section. Filling it in is one
 * walk over the list, without a search. All faults are found when it is read, so that
 * filling cannot fail but for memory, which the buffer remembers.
 */
#include "otpd/util/stencil.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/util/cleanup.h"

#define MAX_DEPTH 8
#define MAX_NAME  32

enum piece_kind {
	PIECE_TEXT,
	PIECE_VALUE,
	PIECE_MARKUP, /* a value that is not escaped */
	PIECE_SECTION,
};

struct piece {
	uint8_t kind; /* enum piece_kind */
	uint8_t name;
	uint32_t at;   /* of text: where it begins; of a section: the piece behind it */
	uint32_t size; /* of text */
};

struct stencil {
	size_t n;
	uint64_t shows;
	char *text; /* behind the pieces, in the same block */
	struct piece pieces[];
};

/* A template that is being read. */
struct reader {
	const char *text;
	const char *at;
	const struct stencil_name *names;
	uint64_t allowed;
	struct stencil *stencil;
	size_t used; /* bytes of stencil->text */
	struct {
		size_t piece;
		const char *at;
	} open[MAX_DEPTH];
	size_t depth;
	struct stencil_fault *fault;
};

/* A mark: "{{", perhaps one of # / !, a name, "}}". */
struct mark {
	const char *begin;
	const char *end; /* behind the "}}" */
	const char *name;
	size_t size; /* of the name */
	char sign;   /* '#', '/', '!', or NUL */
};

DEFINE_CLEANUP(struct stencil *, stencil_free);

void stencil_free(struct stencil *stencil)
{
	free(stencil);
}

uint64_t stencil_shows(const struct stencil *stencil)
{
	return stencil->shows;
}

/* Tells the fault, and the line that at is on. */
__attribute__((format(printf, 3, 4))) static int refuse(
	const struct reader *reader, const char *at, const char *format, ...)
{
	va_list args;

	reader->fault->line = 1;
	for (const char *c = reader->text; c < at; c++)
		reader->fault->line += *c == '\n';
	va_start(args, format);
	vsnprintf(reader->fault->text, sizeof(reader->fault->text), format, args);
	va_end(args);
	return -EINVAL;
}

static size_t count_marks(const char *text)
{
	size_t n = 0;

	for (text = strstr(text, "{{"); text; text = strstr(text + 2, "{{"))
		n++;
	return n;
}

/* Room for everything that can come out of the text: one block. */
static struct stencil *make_room(const char *text)
{
	size_t pieces = 2 * count_marks(text) + 1;
	size_t head = sizeof(struct stencil) + pieces * sizeof(struct piece);
	struct stencil *stencil = calloc(1, head + strlen(text) + 1);

	if (stencil)
		stencil->text = (char *)stencil + head;
	return stencil;
}

static void add_piece(struct reader *reader, enum piece_kind kind, size_t name)
{
	reader->stencil->pieces[reader->stencil->n++] = (struct piece){
		.kind = (uint8_t)kind,
		.name = (uint8_t)name,
	};
}

static void add_text(struct reader *reader, const char *from, const char *to)
{
	size_t size = (size_t)(to - from);

	if (size == 0)
		return;
	memcpy(reader->stencil->text + reader->used, from, size);
	add_piece(reader, PIECE_TEXT, 0);
	reader->stencil->pieces[reader->stencil->n - 1].at = (uint32_t)reader->used;
	reader->stencil->pieces[reader->stencil->n - 1].size = (uint32_t)size;
	reader->used += size;
}

/* Reads the mark that begins at begin. */
static int read_mark(const struct reader *reader, const char *begin, struct mark *ret)
{
	const char *end = strstr(begin + 2, "}}");
	char sign = begin[2];

	if (!end)
		return refuse(reader, begin, "{{ without }}");
	*ret = (struct mark){ .begin = begin, .end = end + 2, .name = begin + 2 };
	if (sign == '#' || sign == '/' || sign == '!') {
		ret->sign = sign;
		ret->name++;
	}
	ret->size = (size_t)(end - ret->name);
	if (sign != '!' && ret->size > MAX_NAME)
		return refuse(reader, begin,
			"{{%.*s...: a name is shorter, or }} is "
			"missing",
			MAX_NAME, ret->name);
	return 0;
}

/*
 * Where the line of a mark that stands alone on it begins and where the next one does;
 * then neither the mark nor the line leaves a trace.
 */
static void widen(const struct reader *reader, struct mark *mark)
{
	const char *from = mark->begin, *to = mark->end;

	while (from > reader->at && (from[-1] == ' ' || from[-1] == '\t'))
		from--;
	to += strspn(to, " \t");
	if ((from == reader->text || from[-1] == '\n') && *to == '\n') {
		mark->begin = from;
		mark->end = to + 1;
	}
}

static int find_name(const struct reader *reader, const struct mark *mark, size_t *ret)
{
	for (size_t i = 0; reader->names[i].name; i++) {
		if (strlen(reader->names[i].name) != mark->size ||
			memcmp(reader->names[i].name, mark->name, mark->size) != 0)
			continue;
		*ret = i;
		if (reader->allowed >> i & 1)
			return 0;
		return refuse(reader, mark->begin,
			"variable {{%.*s}} may not stand here", (int)mark->size,
			mark->name);
	}
	return refuse(reader, mark->begin, "unknown variable {{%.*s}}", (int)mark->size,
		mark->name);
}

static int close_section(struct reader *reader, const struct mark *mark, size_t name)
{
	struct piece *pieces = reader->stencil->pieces;

	if (reader->depth == 0 ||
		pieces[reader->open[reader->depth - 1].piece].name != name)
		return refuse(reader, mark->begin, "{{/%.*s}} closes nothing",
			(int)mark->size, mark->name);
	pieces[reader->open[--reader->depth].piece].at = (uint32_t)reader->stencil->n;
	return 0;
}

static int open_section(struct reader *reader, const struct mark *mark, size_t name)
{
	if (reader->depth == MAX_DEPTH)
		return refuse(reader, mark->begin,
			"more than %d sections in each other", MAX_DEPTH);
	reader->open[reader->depth].piece = reader->stencil->n;
	reader->open[reader->depth++].at = mark->begin;
	add_piece(reader, PIECE_SECTION, name);
	return 0;
}

static int take_mark(struct reader *reader, const struct mark *mark)
{
	size_t name = 0;
	int r;

	if (mark->sign == '!')
		return 0;
	r = find_name(reader, mark, &name);
	if (r < 0)
		return r;
	if (mark->sign == '#')
		return open_section(reader, mark, name);
	if (mark->sign == '/')
		return close_section(reader, mark, name);
	reader->stencil->shows |= UINT64_C(1) << name;
	add_piece(reader, reader->names[name].is_markup ? PIECE_MARKUP : PIECE_VALUE,
		name);
	return 0;
}

static int read_all(struct reader *reader)
{
	const char *begin;
	int r = 0;

	while (r == 0 && (begin = strstr(reader->at, "{{"))) {
		struct mark mark = { 0 };

		r = read_mark(reader, begin, &mark);
		if (r < 0)
			return r;
		if (mark.sign)
			widen(reader, &mark);
		add_text(reader, reader->at, mark.begin);
		reader->at = mark.end;
		r = take_mark(reader, &mark);
	}
	if (r < 0)
		return r;
	add_text(reader, reader->at, reader->at + strlen(reader->at));
	if (reader->depth == 0)
		return 0;
	begin = reader->names[reader->stencil->pieces[reader->open[0].piece].name].name;
	return refuse(
		reader, reader->open[0].at, "section {{#%s}} is not closed", begin);
}

int stencil_new(const char *text, const struct stencil_name *names, uint64_t allowed,
	struct stencil **ret, struct stencil_fault *fault)
{
	CLEANUP(stencil_freep) struct stencil *stencil = make_room(text);
	struct reader reader = {
		.text = text,
		.at = text,
		.names = names,
		.allowed = allowed,
		.stencil = stencil,
		.fault = fault,
	};
	int r;

	*fault = (struct stencil_fault){ 0 };
	if (!stencil)
		return -ENOMEM;
	r = read_all(&reader);
	if (r == 0)
		*ret = TAKE_PTR(stencil);
	return r;
}

void stencil_fill(const struct stencil *stencil, struct buffer *out,
	const char *const *values, enum template_escape escape)
{
	for (size_t i = 0; i < stencil->n; i++) {
		const struct piece *piece = &stencil->pieces[i];
		const char *value = values[piece->name];

		switch ((enum piece_kind)piece->kind) {
		case PIECE_TEXT:
			buffer_add(out, stencil->text + piece->at, piece->size);
			break;
		case PIECE_VALUE:
			template_escape(out, value, escape);
			break;
		case PIECE_MARKUP:
			buffer_puts(out, value);
			break;
		case PIECE_SECTION:
			if (!value[0])
				i = piece->at - 1;
			break;
		}
	}
}
