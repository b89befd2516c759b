/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzing harness on files, without libFuzzer: each argument is a file or a
 * directory of files. A harness that finds a fault aborts, so to have come to the end
 * is to have passed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAX_FILE (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n_files;

static int replay_file(const char *path)
{
	static uint8_t data[MAX_FILE];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		return -1;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	/* So that the name of the file that fails is the last that was said. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	n_files++;
	return 0;
}

static int replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while (r == 0 && (entry = readdir(dir))) {
		char *file;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			return -1;
		r = replay_file(file);
		free(file);
	}
	closedir(dir);
	return r;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

		if ((directory ? replay_directory(argv[i]) : replay_file(argv[i])) < 0)
			return 1;
	}
	printf("%d passed, 0 failed, 0 skipped\n", n_files);
	return n_files == 0;
}
