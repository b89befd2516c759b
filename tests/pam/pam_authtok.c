/* SPDX-License-Identifier: MIT */
/*
 * A module for the tests: set=TEXT leaves PAM_AUTHTOK as an earlier first factor would,
 * old=TEXT the same with PAM_OLDAUTHTOK, check=TEXT fails unless PAM_AUTHTOK is that.
 */
#include <security/pam_modules.h>
#include <string.h>

static int run(pam_handle_t *pamh, int argc, const char **argv)
{
	const void *authtok = NULL;

	if (argc == 1 && strncmp(argv[0], "set=", 4) == 0)
		return pam_set_item(pamh, PAM_AUTHTOK, argv[0] + 4);
	if (argc == 1 && strncmp(argv[0], "old=", 4) == 0)
		return pam_set_item(pamh, PAM_OLDAUTHTOK, argv[0] + 4);
	if (argc != 1 || strncmp(argv[0], "check=", 6) != 0)
		return PAM_SERVICE_ERR;
	pam_get_item(pamh, PAM_AUTHTOK, &authtok);
	return authtok && strcmp(authtok, argv[0] + 6) == 0 ? PAM_SUCCESS
							    : PAM_AUTHTOK_ERR;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return run(pamh, argc, argv);
}

/* There is nothing to check before the second pass. */
int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	if (flags & PAM_PRELIM_CHECK && argc == 1 && strncmp(argv[0], "check=", 6) == 0)
		return PAM_SUCCESS;
	return run(pamh, argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
