/* SPDX-License-Identifier: MIT */
/*
 * Reading templates and composing mails with the n-th allocation failing, for every n
 * until none is left to fail: -ENOMEM comes back and nothing half-made comes out. What
 * leaks is found by AddressSanitizer, with CK_FORK=no.
 *
 * Links with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup.
 */
#include <errno.h>
#include <sodium.h>

#include "otpd/mail/message/message.h"
#include "tests/unit/letters.h"
#include "tests/unit/unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

static bool armed;
static long countdown, happened;

/* Whether this allocation is the one that fails. */
static bool fails(void)
{
	if (!armed || countdown-- != 0)
		return false;
	happened++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void arm(long n)
{
	countdown = n;
	happened = 0;
	armed = true;
}

static struct mail_config set_up(void)
{
	char path[UNIT_PATH];

	snprintf(path, sizeof(path), "%s/XXXXXX", unit_directory);
	copy_templates(path);
	return letters_config(path);
}

START_TEST(templates_are_read_whole_or_not_at_all)
{
	static const char *const others[] = { "words.es", "words.fr", "words.ja",
		"words.pt" };
	static struct tenant_config tenant;
	struct mail_config config = set_up();
	char path[300];
	long n = 0;

	snprintf(path, sizeof(path), "%.200s", config.template_overrides);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	/* Two languages show what six would, in a ninth of the time. */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "%.200s/%s", config.templates, others[i]);
		ck_assert_int_eq(unlink(path), 0);
	}
	tenant = config.common;
	text_copy(tenant.title, sizeof(tenant.title), "acme");
	config.tenants.items = &tenant;
	config.tenants.n = 1;
	snprintf(path, sizeof(path), "%.200s/acme", config.template_overrides);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	write_text(path, "words.en", "kind test { heading = \"x\" }\n");
	for (;; n++) {
		struct templates *templates = NULL;
		char error[512];
		int r;

		arm(n);
		r = templates_load(&config, &templates, error, sizeof(error));
		armed = false;
		if (happened == 0) {
			ck_assert_int_eq(r, 0);
			templates_free(templates);
			break;
		}
		/* libconfuse's copy of a file's name, for errors, may be missing. */
		if ((r == 0) != (templates != NULL) || (r < 0 && !error[0]))
			ck_abort_msg("%ld: %d %s", n, r, error);
		templates_free(templates);
	}
	ck_assert_int_gt(n, 500);
}
END_TEST

START_TEST(mails_are_composed_whole_or_not_at_all)
{
	static const char *const targets[] = { "jane@example.net", "+4930123456" };
	struct mail_config config = set_up();
	struct templates *templates = NULL;
	char error[512];

	ck_assert_int_eq(templates_load(&config, &templates, error, sizeof(error)), 0);
	for (size_t i = 0; i < 2; i++) {
		struct letter letter = login_letter();
		long n = 0;

		text_copy(letter.to, sizeof(letter.to), targets[i]);
		text_copy(letter.language, sizeof(letter.language), "ja");
		for (;; n++) {
			struct message message;
			int r;

			arm(n);
			r = message_compose(
				&message, &letter, &config.common, templates, MAIL);
			armed = false;
			if (happened == 0) {
				ck_assert_int_eq(r, 0);
				message_fini(&message);
				break;
			}
			if (r != -ENOMEM || message.bytes || message.text ||
				message.html || message.subject)
				ck_abort_msg("%ld: %d", n, r);
		}
		ck_assert_int_gt(n, 5);
	}
	templates_free(templates);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		templates_are_read_whole_or_not_at_all,
		mails_are_composed_whole_or_not_at_all,
	};

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	return unit_run("message_no_memory", tests, sizeof(tests) / sizeof(tests[0]));
}
