/* SPDX-License-Identifier: MIT */
/*
 * What an administrator has put into the directory of his own templates, or believes to
 * have put there, and nothing reads. Said by --check and in the log; no mistake, since
 * a tenant may come later, and his directory before him.
 */
#include "otpd/mail/message/overrides.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "otpd/mail/config.h"

static bool is_tenant(const struct mail_config *config, const char *name)
{
	const struct tenant_config *tenants = config->tenants.items;

	for (size_t i = 0; i < config->tenants.n; i++)
		if (strcmp(tenants[i].title, name) == 0)
			return true;
	return false;
}

static bool is_directory(const char *parent, const char *name)
{
	char path[MAIL_PATH_MAX + NAME_MAX + 2];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether the name is that of a directory for a tenant that there is not. */
static bool is_idle(const struct mail_config *config, const char *name)
{
	return name[0] != '.' && !is_tenant(config, name) &&
		is_directory(config->template_overrides, name);
}

bool overrides_warning(
	const struct mail_config *config, unsigned i, char *out, size_t size)
{
	const char *path = config->template_overrides;
	struct dirent **list = NULL;
	bool found = false;
	int n;

	if (!path[0])
		return false;
	n = scandir(path, &list, NULL, alphasort);
	/* The default need not be there. */
	if (n < 0 && errno == ENOENT && strcmp(path, MAIL_OVERRIDES) != 0 && i == 0) {
		snprintf(out, size, "template_overrides: %s is not there", path);
		return true;
	}
	for (int at = 0; at < n; at++) {
		const char *name = list[at]->d_name;

		if (!found && is_idle(config, name) && i-- == 0) {
			snprintf(out, size,
				"%s/%s: there is no tenant %s, so nothing reads these "
				"templates",
				path, name, name);
			found = true;
		}
		free(list[at]);
	}
	free(list);
	return found;
}
