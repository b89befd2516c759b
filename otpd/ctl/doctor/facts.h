/* SPDX-License-Identifier: MIT */
/*
 * Everything that the doctor looks at, gathered once. What gathers (gather_*.c) judges
 * nothing; what judges (judge_*.c) reads nothing but this.
 */
#ifndef OTPD_CTL_DOCTOR_FACTS_H
#define OTPD_CTL_DOCTOR_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "otpd/ctl/doctor/settings.h"
#include "otpd/host/pamstack.h"
#include "otpd/host/sshd.h"

#define MODULE_NAME   "pam_emailotp.so"
#define FACTS_TEXT    160
#define FACTS_MODULES 8
#define FACTS_DOMAINS 17
#define FACTS_SKIPPED 8

/* A service of /etc/pam.d. */
struct service_facts {
	struct pamstack stack;
	int error;     /* its files could not be read */
	bool uses_us;  /* has an auth or password line of ours, included ones too */
	bool included; /* another service includes its file */
};

struct sshd_facts {
	bool exists;
	int error;
	char why[SSHD_WHY];
	struct sshd_settings settings;
	struct sshd_files files;
	struct sshd_context_facts {
		size_t match; /* as in sshd_files: 1 ... */
		struct sshd_settings settings;
	} * contexts;
	size_t n_contexts;
};

/* A logical line of sudoers that matters. */
struct sudo_line {
	char *file;
	unsigned line;
	char *text;
};

struct sudo_facts {
	bool exists;
	bool is_broken;
	char why[FACTS_TEXT];
	struct sudo_line *lines;
	size_t n;
};

/* What is wrong about a path, if anything, is judged by its kind. */
enum path_kind {
	PATH_TRUSTED,     /* configuration, the module: only root writes */
	PATH_SECRET,      /* and others do not read it */
	PATH_KEY,         /* the same, and it belongs to a daemon */
	PATH_STATE,       /* a directory or a store of a daemon's */
	PATH_SOCKET,      /* of otpd */
	PATH_MAIL_SOCKET, /* of otpd-mail */
};

struct path_facts {
	enum path_kind kind;
	char *path;
	bool exists;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uid_t owner; /* whose it should be, besides root's; 0: root's */
	char owner_name[64];
};

struct unit_facts {
	char name[64];
	bool found;
	char active[32];
	char enabled[32];
};

enum dns_state {
	DNS_NO_ANSWER,
	DNS_NO_DOMAIN,
	DNS_KNOWN,
};

struct dns_facts {
	char domain[256];
	enum dns_state state;
	bool spf, dmarc, null_mx;
};

enum clock_state {
	CLOCK_UNKNOWN,
	CLOCK_RIGHT,
	CLOCK_ALONE,
};

/* One user, where the doctor is asked about one. */
struct user_facts {
	const char *name; /* NULL: about nobody */
	bool exists;
	uid_t uid;
	char shell[FACTS_TEXT];
	bool shell_listed;
	bool expired;
	bool no_password;
	char groups[1024]; /* ":a:b:" */
	bool sshd_denied;
	struct where denied_by;
	char denied_name[64];      /* "DenyUsers" */
	struct sshd_settings sshd; /* for this user */
	json_t *show;              /* Admin.ShowUser; NULL: not enrolled */
	json_t *events;            /* the last ones of the audit */
};

struct facts {
	const char *version; /* of what is installed */
	struct service_facts *services;
	size_t n_services;
	struct sshd_facts sshd;
	struct sudo_facts sudo;
	struct effective otpd; /* otpd.conf */
	struct effective mail; /* mail.conf */
	struct path_facts *paths;
	size_t n_paths;
	struct module_facts {
		char path[256];
		char version[32]; /* "": it does not say */
	} modules[FACTS_MODULES];
	size_t n_modules;
	bool has_systemd;
	struct unit_facts units[4];
	size_t n_units;
	enum clock_state clock;
	int64_t now;
	/* Of the daemons; NULL where there was no answer, and then why. */
	json_t *status;
	char status_why[512];
	json_t *users; /* an array, at most 1000 */
	json_t *queue; /* open mails */
	json_t *mail_status;
	char mail_why[512];
	json_t *mail_stats;
	struct dns_facts domains[FACTS_DOMAINS];
	size_t n_domains;
	char people[512];        /* members of socket_group who are people */
	char unknown_names[512]; /* of policies: "policy.name=value " */
	char local_names[1024];  /* ":host:host.example.org:" domains of this host */
	bool root_locked;
	struct user_facts user;
	char skipped[FACTS_SKIPPED][FACTS_TEXT]; /* what was not looked at, and why */
	size_t n_skipped;
};

#endif
