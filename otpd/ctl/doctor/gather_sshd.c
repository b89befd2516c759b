/* SPDX-License-Identifier: MIT */
/* What sshd would do: for everybody, and for whomever each Match block fits. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/doctor/gather.h"

#define CONFIG       "/etc/ssh/sshd_config"
#define MAX_CONTEXTS 40

static int add_context(struct facts *facts, size_t match, const char *context)
{
	struct sshd_facts *sshd = &facts->sshd;
	struct sshd_context_facts *more, one = { .match = match };
	char why[SSHD_WHY];
	int r;

	if (sshd->n_contexts >= MAX_CONTEXTS)
		return 0;
	r = sshd_settings_read(NULL, context, why, &one.settings);
	if (r < 0) {
		facts_skip(facts, "sshd -T -C %.80s: %.60s", context,
			why[0] ? why : strerror(-r));
		return r == -ENOMEM ? r : 0;
	}
	more = reallocarray(sshd->contexts, sshd->n_contexts + 1, sizeof(*more));
	if (!more) {
		sshd_settings_fini(&one.settings);
		return -ENOMEM;
	}
	sshd->contexts = more;
	sshd->contexts[sshd->n_contexts++] = one;
	return 0;
}

static int try_match(struct facts *facts, size_t i)
{
	const struct sshd_match *match = &facts->sshd.files.matches[i];
	char name[64], context[SSHD_CONTEXT];
	const struct group *group = NULL;
	const char *member = NULL;

	if (sshd_criteria_group(match->criteria, name, sizeof(name))) {
		group = getgrnam(name);
		member = group ? group->gr_mem[0] : NULL;
	}
	if (sshd_context(match->criteria, member, context))
		return add_context(facts, i + 1, context);
	facts_skip(facts, "Match %.60s at %.60s:%u, which nobody could be found for",
		match->criteria, match->file, match->line);
	return 0;
}

int gather_sshd(struct facts *facts)
{
	struct sshd_facts *sshd = &facts->sshd;
	int r;

	sshd->error = sshd_settings_read(NULL, NULL, sshd->why, &sshd->settings);
	if (sshd->error == -ENOMEM)
		return -ENOMEM;
	sshd->exists = sshd->error != -ENOENT;
	if (!sshd->exists)
		return 0;
	r = sshd_files_read(CONFIG, &sshd->files);
	if (r < 0)
		facts_skip(facts, CONFIG ": %s", strerror(-r));
	if (r == -ENOMEM || sshd->error < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < sshd->files.n_matches; i++)
		if (try_match(facts, i) < 0)
			return -ENOMEM;
	return 0;
}
