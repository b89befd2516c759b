/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies. MUST be a disk: on tmpfs an fsync costs nothing, and every
 * number of this benchmark would be a lie.
 */
#include "tests/bench/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/bench/say.h"

/* Set once, before the exit handler that reads it is registered. */
static char place[PATH_MAX];

static bool is_disk(const char *dir)
{
	struct statfs fs;

	return dir && *dir && statfs(dir, &fs) == 0 && access(dir, W_OK) == 0 &&
		fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC;
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

static void place_remove(void)
{
	nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void place_open(const char *dir)
{
	const char *candidates[] = { getenv("TMPDIR"), "build", "/var/tmp" };
	char path[PATH_MAX];

	if (dir && !is_disk(dir))
		die("%s is not a directory on a disk that can be written", dir);
	for (size_t i = 0; !dir && i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (is_disk(candidates[i]))
			dir = candidates[i];
	if (!dir || !realpath(dir, path))
		die("no directory on a disk found; name one with --dir");
	if ((size_t)snprintf(place, sizeof(place), "%.*s/otpd-bench-XXXXXX",
		    PATH_MAX - 32, path) >= PLACE_PATH - 24)
		die("%s is too long for the path of a socket; name another with --dir",
			path);
	if (!mkdtemp(place))
		die("cannot make %s: %s", place, strerror(errno));
	atexit(place_remove);
	say("everything lies in %s", place);
}

void place_path(char out[PLACE_PATH], const char *format, ...)
{
	size_t length = strlen(place);
	va_list args;
	int n;

	memcpy(out, place, length);
	out[length++] = '/';
	va_start(args, format);
	n = vsnprintf(out + length, PLACE_PATH - length, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= PLACE_PATH - length)
		die("a path below %s is too long", place);
}

void place_dir(const char *name)
{
	char path[PLACE_PATH];

	place_path(path, "%s", name);
	if (mkdir(path, 0700) < 0)
		die("cannot make %s: %s", path, strerror(errno));
}

/* otpd-mail takes files of up to 1 MiB. */
static void copy_file(const char *from, const char *to)
{
	static char text[1 << 20];
	FILE *file = fopen(from, "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (!file || ferror(file))
		die("cannot read %s; run this from the top of the tree", from);
	fclose(file);
	text[n] = '\0';
	place_write(to, 0644, "%s", text);
}

void place_templates(const char *name)
{
	DIR *templates = opendir("templates");
	struct dirent *entry;

	if (!templates)
		die("no templates here; run this from the top of the tree");
	place_dir(name);
	while ((entry = readdir(templates))) {
		char from[PATH_MAX], to[PLACE_PATH];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(from, sizeof(from), "templates/%s", entry->d_name);
		place_path(to, "%s/%.32s", name, entry->d_name);
		copy_file(from, to);
	}
	closedir(templates);
}

void place_write(const char *path, mode_t mode, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	va_list args;
	int r;

	if (!file)
		die("cannot write %s: %s", path, strerror(errno));
	va_start(args, format);
	r = vfprintf(file, format, args);
	va_end(args);
	if (fclose(file) != 0 || r < 0)
		die("cannot write %s: %s", path, strerror(errno));
}
