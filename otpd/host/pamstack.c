/* SPDX-License-Identifier: MIT */
/*
 * Reads the files of a PAM service. An entry that libpam cannot use stays in the stack
 * as one that fails, as it does there: leaving it out would make a stack look open or
 * closed that is not. MUST NOT follow a file into a device or a FIFO, and has limits
 * for depth, lines and entries. It runs nothing and opens no module.
 */
#include "otpd/host/pamstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANY_TYPE (-1)

const char *const pamstack_directories[] = { "/etc/pam.d", "/usr/lib/pam.d", NULL };

static const char *const types[] = { "auth", "account", "password", "session" };

/* Where a line comes from. */
struct place {
	struct pamstack *stack;
	const char *const *directories;
	const char *file;
	unsigned line;
	unsigned top_line; /* 0: this is the service's own file */
	int type;          /* only these entries, or ANY_TYPE */
	int includes;
	int level;
};

__attribute__((format(printf, 2, 3))) static void complain(
	const struct place *place, const char *format, ...)
{
	struct pamstack *stack = place->stack;
	va_list arguments;
	int n;

	if (stack->problem[0])
		return;
	n = snprintf(stack->problem, sizeof(stack->problem), "%.150s:%u: ", place->file,
		place->line);
	if (n < 0 || (size_t)n >= sizeof(stack->problem))
		return;
	va_start(arguments, format);
	(void)vsnprintf(stack->problem + n, sizeof(stack->problem) - (size_t)n, format,
		arguments);
	va_end(arguments);
}

static void entry_fini(struct pam_entry *entry)
{
	for (size_t i = 0; i < entry->n_arguments; i++)
		free(entry->arguments[i]);
	free(entry->arguments);
	free(entry->control);
	free(entry->module);
}

void pamstack_fini(struct pamstack *stack)
{
	for (size_t i = 0; i < stack->n; i++)
		entry_fini(&stack->entries[i]);
	for (size_t i = 0; i < stack->n_files; i++)
		free(stack->files[i]);
	free(stack->entries);
	free(stack->files);
	free(stack->service);
	free(stack->path);
	*stack = (struct pamstack){ 0 };
}

static int read_arguments(struct pam_entry *entry, char *rest)
{
	size_t room = rest ? strlen(rest) / 2 + 2 : 1;
	char *word;

	entry->arguments = calloc(room, sizeof(entry->arguments[0]));
	if (!entry->arguments)
		return -ENOMEM;
	while (rest && (word = pamline_word(&rest))) {
		entry->arguments[entry->n_arguments] = strdup(word);
		if (!entry->arguments[entry->n_arguments])
			return -ENOMEM;
		entry->n_arguments++;
	}
	return 0;
}

/* A new entry at the end, of the type of the line and with nothing in it. */
static struct pam_entry *append(
	const struct place *place, int type, const char *control, const char *module)
{
	struct pamstack *stack = place->stack;
	struct pam_entry *entry;

	if (stack->n % 16 == 0) {
		struct pam_entry *more = reallocarray(
			stack->entries, stack->n + 16, sizeof(stack->entries[0]));

		if (!more)
			return NULL;
		stack->entries = more;
	}
	entry = &stack->entries[stack->n++];
	*entry = (struct pam_entry){
		.type = type == ANY_TYPE ? PAM_TYPE_AUTH : (enum pam_type)type,
		.level = place->level,
		.control = strdup(control ? control : ""),
		.module = strdup(module ? module : ""),
		.file = place->file,
		.line = place->line,
		.top_line = place->top_line ? place->top_line : place->line,
	};
	return entry->control && entry->module ? entry : NULL;
}

static int append_failing(
	const struct place *place, int type, const char *control, const char *module)
{
	struct pam_entry *entry = append(place, type, control, module);

	if (!entry)
		return -ENOMEM;
	entry->must_fail = true;
	(void)pamline_control(control ? control : "[", entry->actions);
	return read_arguments(entry, NULL);
}

static int read_file(struct place *place, const char *name);

/* include, substack, and Debian's @include. A type of ANY_TYPE takes all lines of the
 * other file.
 */
static int include(
	const struct place *place, int type, const char *control, const char *name)
{
	bool is_substack = strcasecmp(control, "substack") == 0;
	struct place inside = *place;
	int r = -EBADMSG;

	if (is_substack) {
		struct pam_entry *entry = append(place, type, control, name);

		if (!entry || read_arguments(entry, NULL) < 0)
			return -ENOMEM;
		entry->is_substack = true;
	}
	inside.type = type;
	inside.includes++;
	inside.level += is_substack;
	if (!inside.top_line)
		inside.top_line = place->line;
	if (!name)
		complain(place, "%s names no file", control);
	else if (inside.includes >= PAMSTACK_LEVELS)
		complain(place, "includes are too deep; does a file include itself?");
	else
		r = read_file(&inside, name);
	if (r == -ENOENT)
		complain(place, "there is no file %s to include", name);
	if (r != -ENOENT && r != -EBADMSG)
		return r;
	/*
	 * Debian's @include takes the file that it stands in with it, unless that is
	 * itself included for one type. Without a name libpam 1.5 crashes, and with it
	 * the program that asked.
	 */
	return !name || type == ANY_TYPE ? -EBADMSG
					 : append_failing(place, type, NULL, name);
}

static int read_type(char *word)
{
	if (*word == '-')
		word++;
	for (int i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++)
		if (strcasecmp(word, types[i]) == 0)
			return i;
	return ANY_TYPE;
}

static int append_module(
	const struct place *place, int type, const char *control, char *rest)
{
	const char *module = pamline_word(&rest);
	struct pam_entry *entry;

	if (!module) {
		complain(place, "the line names no module");
		return append_failing(place, type, control, NULL);
	}
	entry = append(place, type, control, module);
	if (!entry)
		return -ENOMEM;
	if (!pamline_control(control, entry->actions))
		complain(place, "the control [%s] is malformed", control);
	return read_arguments(entry, rest);
}

static int read_line(const struct place *place, char *rest)
{
	char *word = pamline_word(&rest);
	const char *control;
	bool is_bad = false;
	int type;

	if (place->stack->n >= PAMSTACK_ENTRIES)
		return -E2BIG;
	if (!word)
		return 0;
	if (strcasecmp(word, "@include") == 0)
		return include(place, place->type, "@include", pamline_word(&rest));
	type = read_type(word);
	if (type == ANY_TYPE) {
		complain(place, "\"%s\" is no type of a line", word);
		type = place->type == ANY_TYPE ? PAM_TYPE_AUTH : place->type;
		is_bad = true;
	}
	if (place->type != ANY_TYPE && type != place->type)
		return 0;
	control = pamline_word(&rest);
	if (!control) {
		complain(place, "the line has no control and no module");
		return append_failing(place, type, NULL, NULL);
	}
	if (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)
		return include(place, type, control, pamline_word(&rest));
	return is_bad ? append_failing(place, type, control, pamline_word(&rest))
		      : append_module(place, type, control, rest);
}

static int keep_file(struct pamstack *stack, char *path)
{
	char **more = reallocarray(stack->files, stack->n_files + 1, sizeof(char *));

	if (!more)
		return -ENOMEM;
	stack->files = more;
	stack->files[stack->n_files++] = path;
	return 0;
}

/* The first of the directories that has the file. */
static int open_file(
	const char *const directories[], const char *name, FILE **ret, char **ret_path)
{
	static const char *const root[] = { "", NULL };

	for (directories = name[0] == '/' ? root : directories; *directories;
		directories++) {
		CLEANUP(freep) char *path = NULL;
		CLEANUP(closep) int fd = -1;
		struct stat st;

		if (asprintf(&path, "%s%s%s", *directories, name[0] == '/' ? "" : "/",
			    name) < 0)
			return -ENOMEM;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue;
		if (fd < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (!S_ISREG(st.st_mode))
			return -EBADMSG;
		*ret = fdopen(fd, "re");
		if (!*ret)
			return -errno;
		(void)take_fd(&fd);
		*ret_path = TAKE_PTR(path);
		return 0;
	}
	return -ENOENT;
}

/* Adds the entries of a file. -ENOENT, or -EBADMSG where libpam gives up on the file.
 */
static int read_file(struct place *place, const char *name)
{
	CLEANUP(fclosep) FILE *file = NULL;
	char buffer[PAMLINE_MAX], *path = NULL;
	unsigned count = 0;
	int r;

	if (!name[0])
		return -EBADMSG;
	r = open_file(place->directories, name, &file, &path);
	if (r < 0)
		return r;
	place->file = path;
	r = keep_file(place->stack, path);
	if (r < 0) {
		free(path);
		return r;
	}
	while ((r = pamline_next(file, buffer, &count, &place->line)) > 0) {
		r = read_line(place, buffer);
		if (r < 0)
			return r;
	}
	place->line = r < 0 ? count : place->line;
	if (r < 0)
		complain(place,
			"the file ends within a line that a \\ continues, or "
			"has a line that is too long");
	return r;
}

int pamstack_read(
	const char *const directories[], const char *service, struct pamstack *ret)
{
	struct pamstack stack = { .service = strdup(service) };
	struct place place = {
		.stack = &stack, .directories = directories, .type = ANY_TYPE
	};
	int r = stack.service ? 0 : -ENOMEM;

	if (r == 0)
		r = strchr(service, '/') ? -ENOENT : read_file(&place, service);
	if (r == -EBADMSG)
		stack.is_refused = true;
	else if (r < 0 && r != -ENOENT) {
		pamstack_fini(&stack);
		return r;
	}
	if (stack.n_files) {
		stack.path = strdup(stack.files[0]);
		if (!stack.path) {
			pamstack_fini(&stack);
			return -ENOMEM;
		}
	}
	*ret = stack;
	return 0;
}

bool pam_entry_is(const struct pam_entry *entry, const char *module)
{
	const char *slash = strrchr(entry->module, '/');

	return !entry->is_substack && !entry->must_fail &&
		strcmp(slash ? slash + 1 : entry->module, module) == 0;
}

bool pamstack_has(const struct pamstack *stack, enum pam_type type)
{
	for (size_t i = 0; i < stack->n; i++)
		if (stack->entries[i].type == type)
			return true;
	return false;
}

size_t pamstack_find(
	const struct pamstack *stack, enum pam_type type, const char *module, size_t i)
{
	while (i < stack->n &&
		(stack->entries[i].type != type ||
			!pam_entry_is(&stack->entries[i], module)))
		i++;
	return i;
}
