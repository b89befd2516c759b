/* SPDX-License-Identifier: MIT */
/* The facts as a whole: their end, and looking one up. */
#include "otpd/ctl/doctor/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpd/ctl/doctor/gather.h"

static void sshd_fini(struct sshd_facts *sshd)
{
	for (size_t i = 0; i < sshd->n_contexts; i++)
		sshd_settings_fini(&sshd->contexts[i].settings);
	free(sshd->contexts);
	sshd_settings_fini(&sshd->settings);
	sshd_files_fini(&sshd->files);
}

static void sudo_fini(struct sudo_facts *sudo)
{
	for (size_t i = 0; i < sudo->n; i++) {
		free(sudo->lines[i].file);
		free(sudo->lines[i].text);
	}
	free(sudo->lines);
}

void facts_fini(struct facts *facts)
{
	for (size_t i = 0; i < facts->n_services; i++)
		pamstack_fini(&facts->services[i].stack);
	free(facts->services);
	for (size_t i = 0; i < facts->n_paths; i++)
		free(facts->paths[i].path);
	free(facts->paths);
	sshd_fini(&facts->sshd);
	sudo_fini(&facts->sudo);
	effective_fini(&facts->otpd);
	effective_fini(&facts->mail);
	sshd_settings_fini(&facts->user.sshd);
	json_decref(facts->status);
	json_decref(facts->users);
	json_decref(facts->queue);
	json_decref(facts->mail_status);
	json_decref(facts->mail_stats);
	json_decref(facts->user.show);
	json_decref(facts->user.events);
	*facts = (struct facts){ 0 };
}

void facts_skip(struct facts *facts, const char *format, ...)
{
	va_list arguments;

	if (facts->n_skipped >= FACTS_SKIPPED)
		return;
	va_start(arguments, format);
	(void)vsnprintf(
		facts->skipped[facts->n_skipped++], FACTS_TEXT, format, arguments);
	va_end(arguments);
}

const struct service_facts *facts_service(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_services; i++)
		if (strcmp(facts->services[i].stack.service, name) == 0)
			return &facts->services[i];
	return NULL;
}
