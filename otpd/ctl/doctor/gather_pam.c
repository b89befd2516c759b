/* SPDX-License-Identifier: MIT */
/* The stacks of all services, and the module in all places where libpam may look. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/util/cleanup.h"

#define MAX_SERVICES 500
#define MARK         "pam_emailotp "

/* What package managers leave is no service. */
static bool is_service(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 0 && entry->d_name[n - 1] != '~' &&
		!(dot &&
			(strncmp(dot, ".dpkg-", 6) == 0 ||
				strncmp(dot, ".ucf-", 5) == 0));
}

static int add_service(struct facts *facts, const char *name)
{
	struct service_facts *service, *more;

	if (facts_service(facts, name) || facts->n_services >= MAX_SERVICES)
		return 0;
	more = reallocarray(facts->services, facts->n_services + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	facts->services = more;
	service = &facts->services[facts->n_services];
	*service = (struct service_facts){ 0 };
	service->error = pamstack_read(pamstack_directories, name, &service->stack);
	if (service->error == -ENOMEM)
		return -ENOMEM;
	if (service->error < 0) {
		facts_skip(facts, "the PAM service %.60s: %s", name,
			strerror(-service->error));
		return 0;
	}
	service->uses_us = pamstack_find(&service->stack, PAM_TYPE_AUTH, MODULE_NAME,
				   0) < service->stack.n ||
		pamstack_find(&service->stack, PAM_TYPE_PASSWORD, MODULE_NAME, 0) <
			service->stack.n;
	facts->n_services++;
	return 0;
}

static int add_directory(struct facts *facts, const char *directory)
{
	struct dirent **entries = NULL;
	int n = scandir(directory, &entries, NULL, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		if (r == 0 && is_service(entries[i]))
			r = add_service(facts, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Whether the file of a service is read by another one. */
static bool is_included(const struct facts *facts, const struct service_facts *service)
{
	for (size_t i = 0; i < facts->n_services; i++) {
		const struct pamstack *stack = &facts->services[i].stack;

		if (&facts->services[i] == service)
			continue;
		for (size_t j = 1; j < stack->n_files; j++)
			if (service->stack.path &&
				strcmp(stack->files[j], service->stack.path) == 0)
				return true;
	}
	return false;
}

/* The version that stands in a module, behind the mark; "" if none does. */
static void read_version(const char *path, char version[static 32])
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	const char *data, *at;
	size_t n = 0;

	version[0] = '\0';
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return;
	for (at = data; (at = memmem(at, (size_t)(data + st.st_size - at), MARK,
				 strlen(MARK))) != NULL;) {
		at += strlen(MARK);
		while (n < 31 && at + n < data + st.st_size &&
			strchr("0123456789.abcdefghijklmnopqrstuvwxyz~+-", at[n]) &&
			at[n])
			n++;
		if (n > 0 && at[0] >= '0' && at[0] <= '9')
			break;
		n = 0;
	}
	if (at)
		memcpy(version, at, n);
	version[n] = '\0';
	munmap((void *)(uintptr_t)data, (size_t)st.st_size);
}

static void add_module(struct facts *facts, const char *path)
{
	struct stat st, other;

	if (facts->n_modules >= FACTS_MODULES || stat(path, &st) < 0)
		return;
	/* /lib is /usr/lib. */
	for (size_t i = 0; i < facts->n_modules; i++)
		if (stat(facts->modules[i].path, &other) == 0 &&
			other.st_ino == st.st_ino && other.st_dev == st.st_dev)
			return;
	snprintf(facts->modules[facts->n_modules].path, sizeof(facts->modules[0].path),
		"%s", path);
	read_version(path, facts->modules[facts->n_modules++].version);
}

static void find_modules(struct facts *facts)
{
	static const char *const patterns[] = { "/usr/lib/*/security/" MODULE_NAME,
		"/lib/*/security/" MODULE_NAME, "/usr/lib/security/" MODULE_NAME,
		"/lib/security/" MODULE_NAME };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found = { 0 };

		if (glob(patterns[i], 0, NULL, &found) == 0)
			for (size_t j = 0; j < found.gl_pathc; j++)
				add_module(facts, found.gl_pathv[j]);
		globfree(&found);
	}
	/* And where a line names a path. */
	for (size_t i = 0; i < facts->n_services; i++) {
		const struct pamstack *stack = &facts->services[i].stack;

		for (size_t j = 0; j < stack->n; j++)
			if (pam_entry_is(&stack->entries[j], MODULE_NAME) &&
				stack->entries[j].module[0] == '/')
				add_module(facts, stack->entries[j].module);
	}
}

int gather_pam(struct facts *facts)
{
	for (size_t i = 0; pamstack_directories[i]; i++)
		if (add_directory(facts, pamstack_directories[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < facts->n_services; i++)
		facts->services[i].included = is_included(facts, &facts->services[i]);
	find_modules(facts);
	return 0;
}
