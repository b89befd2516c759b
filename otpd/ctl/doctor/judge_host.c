/* SPDX-License-Identifier: MIT */
/* Files, sockets, units, the clock, and whether otpd answers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "otpd/ctl/doctor/judge.h"

/* A sentence of --check that begins with a place, "otpd: /etc/x:3: why", taken apart.
 */
void judge_refused(struct findings *findings, enum finding finding,
	const struct effective *effective, const char *command)
{
	char file[300];
	const char *from = strchr(effective->said, '/'), *text = effective->said;
	unsigned line = 0;

	snprintf(file, sizeof(file), "%s", effective->path);
	if (from) {
		size_t n = strcspn(from, ": ");

		if (from[n] == ':' && isdigit((unsigned char)from[n + 1])) {
			snprintf(file, sizeof(file), "%.*s", (int)n, from);
			for (text = from + n + 1; isdigit((unsigned char)*text); text++)
				line = line * 10 + (unsigned)(*text - '0');
			text += strspn(text, ": ");
		}
	}
	findings_add(
		findings, finding, (struct where){ file, line }, text, "%s", command);
}

static void judge_owner(
	const struct path_facts *path, struct findings *findings, bool root_too)
{
	struct where where = { path->path, 0 };

	if (path->uid == path->owner || (root_too && path->uid == 0) ||
		(!path->owner && !path->owner_name[0] && path->kind != PATH_TRUSTED))
		return;
	findings_add(findings, FIND_FILE_OWNER, where, "", "chown %s %s",
		path->owner_name[0] ? path->owner_name : "root", path->path);
}

static void judge_mode(const struct path_facts *path, struct findings *findings,
	mode_t unread, mode_t unwritten)
{
	struct where where = { path->path, 0 };

	if (path->mode & unwritten)
		findings_add(findings, FIND_FILE_WRITABLE, where, "", "chmod go-w %s",
			path->path);
	else if (path->mode & unread)
		findings_add(findings, FIND_FILE_READABLE, where, "", "chmod o= %s",
			path->path);
}

static void judge_sockets(const struct facts *facts, const struct path_facts *path,
	struct findings *findings)
{
	bool is_mail = path->kind == PATH_MAIL_SOCKET;
	const struct effective *from = is_mail ? &facts->mail : &facts->otpd;

	if (!S_ISSOCK(path->mode) || !(path->mode & S_IRWXO))
		return;
	findings_add(findings, is_mail ? FIND_MAIL_SOCKET_OPEN : FIND_SOCKET_OPEN,
		facts->has_systemd ? (struct where){ path->path, 0 }
				   : effective_where(from, "", "", "socket_mode"),
		"", "%s",
		facts->has_systemd
			? (is_mail ? "SocketMode=0600 in otpd-mail.socket"
				   : "SocketMode=0660 in otpd.socket")
			: (is_mail ? "socket_mode = 0600" : "socket_mode = 0660"));
}

/* The store is there, so there was a key. */
static void judge_lost_key(const struct facts *facts, const struct path_facts *key,
	struct findings *findings)
{
	const char *ours = effective_get(&facts->otpd, "", "", "key_file", "");
	const char *store = effective_get(&facts->otpd, "", "", "database", "");

	if (key->exists || strcmp(key->path, ours) != 0)
		return;
	for (size_t i = 0; i < facts->n_paths; i++)
		if (strcmp(facts->paths[i].path, store) == 0 && facts->paths[i].exists)
			findings_add(findings, FIND_KEY_LOST,
				(struct where){ key->path, 0 }, "", "%s",
				"put it back from a backup, before otpd is restarted");
}

static void judge_path(const struct facts *facts, const struct path_facts *path,
	struct findings *findings)
{
	if (path->kind == PATH_KEY)
		judge_lost_key(facts, path, findings);
	if (!path->exists)
		return;
	switch (path->kind) {
	case PATH_TRUSTED:
		judge_owner(path, findings, true);
		judge_mode(path, findings, 0, S_IWGRP | S_IWOTH);
		break;
	case PATH_SECRET:
	case PATH_KEY:
		judge_owner(path, findings, true);
		judge_mode(path, findings, S_IRWXO, S_IWGRP | S_IWOTH);
		break;
	case PATH_STATE:
		judge_owner(path, findings, false);
		judge_mode(path, findings, S_IRWXO, S_IWGRP | S_IWOTH);
		break;
	case PATH_SOCKET:
	case PATH_MAIL_SOCKET:
		judge_sockets(facts, path, findings);
		break;
	}
}

static void judge_units(const struct facts *facts, struct findings *findings)
{
	for (size_t i = 0; i < facts->n_units; i++) {
		const struct unit_facts *unit = &facts->units[i];
		bool is_socket = strstr(unit->name, ".socket") != NULL;

		if (unit->found && strcmp(unit->active, "failed") == 0)
			findings_add(findings, FIND_UNIT_FAILED, NOWHERE, unit->name,
				"journalctl -u %s, then systemctl restart %s",
				unit->name, unit->name);
		if (unit->found && is_socket && strcmp(unit->enabled, "enabled") != 0 &&
			strcmp(unit->enabled, "static") != 0)
			findings_add(findings, FIND_UNIT_DISABLED, NOWHERE, unit->name,
				"systemctl enable --now %s", unit->name);
	}
}

static void judge_otpd(const struct facts *facts, struct findings *findings)
{
	const char *version =
		json_string_value(json_object_get(facts->status, "version"));

	if (facts->otpd.status > 0)
		judge_refused(findings, FIND_OTPD_CONFIG, &facts->otpd,
			"correct it, then systemctl reload otpd");
	if (!facts->status && judge_is_used(facts))
		findings_add(findings, FIND_OTPD_DOWN, NOWHERE, facts->status_why, "%s",
			"systemctl start otpd.socket otpd.service; journalctl -u otpd");
	if (version && strcmp(version, facts->version) != 0) {
		char about[100];

		snprintf(about, sizeof(about), "%s runs, %s is installed", version,
			facts->version);
		findings_add(findings, FIND_OTPD_VERSION, NOWHERE, about, "%s",
			"systemctl restart otpd otpd-mail");
	}
}

void judge_host(const struct facts *facts, struct findings *findings)
{
	judge_otpd(facts, findings);
	for (size_t i = 0; i < facts->n_paths; i++)
		judge_path(facts, &facts->paths[i], findings);
	judge_units(facts, findings);
	if (facts->clock == CLOCK_ALONE)
		findings_add(findings, FIND_CLOCK, NOWHERE, "", "%s",
			"apt-get install systemd-timesyncd (or chrony); timedatectl");
	if (facts->people[0])
		findings_add(findings, FIND_CLIENTS_PEOPLE,
			(struct where){ "/etc/group", 0 }, facts->people,
			"gpasswd -d %.*s %s", (int)strcspn(facts->people, " "),
			facts->people,
			effective_get(
				&facts->otpd, "", "", "socket_group", "otpd-clients"));
}
