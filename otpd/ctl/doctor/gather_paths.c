/* SPDX-License-Identifier: MIT */
/* Configurations of the daemons, and modes and owners of everything that they trust. */
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "otpd/ctl/doctor/gather.h"
#include "otpd/proto/limits.h"

#define OTPD_CONF "/etc/otpd/otpd.conf"
#define MAIL_CONF "/etc/otpd/mail.conf"

int gather_settings(struct facts *facts)
{
	int r = effective_read("/usr/sbin/otpd", OTPD_CONF, &facts->otpd);

	if (r < 0)
		return r;
	r = effective_read("/usr/sbin/otpd-mail", MAIL_CONF, &facts->mail);
	if (facts->otpd.status < 0)
		facts_skip(facts, OTPD_CONF " (otpd --check: %s)",
			strerror(-facts->otpd.status));
	if (facts->mail.status < 0)
		facts_skip(facts, MAIL_CONF " (otpd-mail --check: %s)",
			strerror(-facts->mail.status));
	return r;
}

/* owner may be NULL: root's. */
static int add_path(
	struct facts *facts, enum path_kind kind, const char *path, const char *owner)
{
	const struct passwd *user = owner ? getpwnam(owner) : NULL;
	struct path_facts *one, *more;
	struct stat st;

	if (path[0] != '/')
		return 0;
	more = reallocarray(facts->paths, facts->n_paths + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	facts->paths = more;
	one = &facts->paths[facts->n_paths++];
	*one = (struct path_facts){ .kind = kind, .path = strdup(path) };
	if (!one->path)
		return -ENOMEM;
	if (user) {
		one->owner = user->pw_uid;
		snprintf(one->owner_name, sizeof(one->owner_name), "%s", owner);
	}
	one->exists = stat(path, &st) == 0;
	if (one->exists) {
		one->mode = st.st_mode;
		one->uid = st.st_uid;
		one->gid = st.st_gid;
	}
	return 0;
}

static int add_pattern(struct facts *facts, enum path_kind kind, const char *pattern)
{
	glob_t found = { 0 };
	int r = 0;

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
			r = add_path(facts, kind, found.gl_pathv[i], NULL);
	globfree(&found);
	return r;
}

/* The directory that a file is in. */
static int add_directory(
	struct facts *facts, enum path_kind kind, const char *path, const char *owner)
{
	char directory[512];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return 0;
	*slash = '\0';
	return add_path(facts, kind, directory, owner);
}

/* Files that mail.conf names and that hold secrets. */
static int add_secrets(struct facts *facts)
{
	for (size_t i = 0; i < facts->mail.n; i++) {
		const struct effective_value *value = &facts->mail.items[i];
		size_t n = strlen(value->name);

		if (n < 5 || strcmp(value->name + n - 5, "_file") != 0 ||
			strcmp(value->name, "ca_file") == 0 ||
			strcmp(value->name, "certificate_file") == 0 ||
			strcmp(value->name, "key_file") == 0)
			continue;
		if (add_path(facts, PATH_SECRET, value->value, "otpd-mail") < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Files of the services that ask for a code, and of sshd. */
static int add_trusted(struct facts *facts)
{
	int r = 0;

	for (size_t i = 0; i < facts->n_services && r == 0; i++) {
		const struct service_facts *service = &facts->services[i];

		for (size_t j = 0; j < service->stack.n_files && r == 0; j++)
			if (service->uses_us)
				r = add_path(facts, PATH_TRUSTED,
					service->stack.files[j], NULL);
	}
	for (size_t i = 0; i < facts->n_modules && r == 0; i++)
		r = add_path(facts, PATH_TRUSTED, facts->modules[i].path, NULL);
	if (r == 0)
		r = add_pattern(facts, PATH_TRUSTED, "/etc/ssh/sshd_config");
	return r == 0
		? add_pattern(facts, PATH_TRUSTED, "/etc/ssh/sshd_config.d/*.conf")
		: r;
}

int gather_paths(struct facts *facts)
{
	static const char *const patterns[] = { "/etc/otpd", OTPD_CONF, MAIL_CONF,
		OTPD_CONF ".d", MAIL_CONF ".d", OTPD_CONF ".d/*.conf",
		MAIL_CONF ".d/*.conf" };
	const struct effective *otpd = &facts->otpd, *mail = &facts->mail;
	const char *key =
		effective_get(otpd, "", "", "key_file", "/var/lib/otpd/otpd.key");
	const char *store =
		effective_get(otpd, "", "", "database", "/var/lib/otpd/otpd.db");
	const char *mail_key =
		effective_get(mail, "", "", "key_file", "/var/lib/otpd-mail/mail.key");
	const char *mail_user = effective_get(otpd, "", "", "mail_user", "otpd-mail");
	const char *otpd_user = effective_get(mail, "", "", "otpd_user", "otpd");
	int r = 0;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && r == 0; i++)
		r = add_pattern(facts, PATH_TRUSTED, patterns[i]);
	if (r < 0 || add_trusted(facts) < 0 || add_secrets(facts) < 0 ||
		add_path(facts, PATH_KEY, key, otpd_user) < 0 ||
		add_path(facts, PATH_KEY, mail_key, mail_user) < 0 ||
		add_path(facts, PATH_STATE, store, otpd_user) < 0 ||
		add_directory(facts, PATH_STATE, store, otpd_user) < 0 ||
		add_directory(facts, PATH_STATE, mail_key, mail_user) < 0 ||
		add_path(facts, PATH_SOCKET,
			effective_get(otpd, "", "", "socket", OTPD_SOCKET), NULL) < 0 ||
		add_path(facts, PATH_MAIL_SOCKET,
			effective_get(otpd, "", "", "mail_socket", OTPD_MAIL_SOCKET),
			NULL) < 0)
		return -ENOMEM;
	return 0;
}
