/* SPDX-License-Identifier: MIT */
/* Token requests and answers (RFC 6749), and the refresh tokens that are kept. */
#include <sodium.h>

#include "otpd/mail/transport/oauth_answer.h"
#include "otpd/mail/transport/oauth_store.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/secret.h"
#include "otpd/util/text.h"
#include "tests/unit/unit.h"

static const char *const none[] = { NULL };

static void read_with(struct oauth_answer *answer, long status, const char *body,
	const char *const *secrets)
{
	oauth_answer_read(answer, status, body, strlen(body), secrets);
}

START_TEST(forms_are_percent_encoded)
{
	CLEANUP(buffer_fini) struct buffer form = { 0 };

	oauth_form_add(&form, "grant_type", "refresh_token");
	oauth_form_add(&form, "a", "az-AZ_09.~");
	oauth_form_add(&form, "b", "&=+%/ ?#\r\n\"\x7f\xc3\xa4");
	oauth_form_add(&form, "c", "");
	ck_assert_str_eq(form.data,
		"grant_type=refresh_token&a=az-AZ_09.~"
		"&b=%26%3D%2B%25%2F%20%3F%23%0D%0A%22%7F%C3%A4&c=");
}
END_TEST

START_TEST(a_token_is_taken)
{
	CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

	read_with(&answer, 200,
		"{\"access_token\":\"ya29.a-b_c/d+e=\",\"token_type\":\"Bearer\","
		"\"expires_in\":3599,\"scope\":\"x\",\"refresh_token\":\"new\"}",
		none);
	ck_assert_str_eq(answer.access_token, "ya29.a-b_c/d+e=");
	ck_assert_str_eq(answer.refresh_token, "new");
	ck_assert_int_eq(answer.life_s, 3599);
	ck_assert_str_eq(answer.why, "");
}
END_TEST

START_TEST(lives_are_bounded)
{
	static const struct {
		const char *said;
		int64_t life_s;
	} cases[] = {
		{ "\"expires_in\":\"3600\"", 3600 },
		{ "\"expires_in\":\"soon\"", OAUTH_LIFE_S },
		{ "\"expires_in\":-5", 0 },
		{ "\"expires_in\":99999999999", 86400 },
		{ "\"expires_in\":null", OAUTH_LIFE_S },
		{ "\"x\":1", OAUTH_LIFE_S },
	};
	char body[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

		snprintf(body, sizeof(body),
			"{\"access_token\":\"t\",\"token_type\":\"bearer\",%s}",
			cases[i].said);
		read_with(&answer, 200, body, none);
		ck_assert_ptr_nonnull(answer.access_token);
		ck_assert_int_eq(answer.life_s, cases[i].life_s);
	}
}
END_TEST

START_TEST(what_is_no_token_is_not_taken)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{}",
		"{\"access_token\":\"t\"}",
		"{\"access_token\":\"t\",\"token_type\":\"mac\"}",
		"{\"access_token\":\"\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":5,\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"a\\r\\nRCPT TO:<x>\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"a\\u0001auth\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"a\\u0000b\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"\xc3\xa4\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"t\",\"access_token\":\"u\",\"token_type\":\"Bearer\"}",
		"{\"access_token\":\"t\",\"token_type\":\"Bearer\"} x",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

		read_with(&answer, 200, bodies[i], none);
		ck_assert_msg(!answer.access_token, "%s", bodies[i]);
		ck_assert(answer.is_refused);
		ck_assert_ptr_nonnull(strstr(answer.why, "no bearer token"));
	}
}
END_TEST

START_TEST(an_error_is_told_clean)
{
	static const char body[] =
		"{\"error\":\"invalid_grant\",\"error_description\":"
		"\"AADSTS70000: expired\\r\\nTrace\\u001b[31m \xc3\xa4\"}";
	CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

	read_with(&answer, 400, body, none);
	ck_assert(!answer.access_token && answer.is_refused && answer.is_bad_grant);
	ck_assert_str_eq(answer.why,
		"token_url answered 400: invalid_grant: AADSTS70000: expired  Trace [31m   ");
	read_with(&answer, 401, "{\"error\":\"invalid_client\"}", none);
	ck_assert(answer.is_refused && !answer.is_bad_grant);
	ck_assert_str_eq(answer.why, "token_url answered 401: invalid_client");
	read_with(&answer, 404, "<html>", none);
	ck_assert_str_eq(answer.why, "token_url answered 404");
	ck_assert(answer.is_refused);
	read_with(&answer, 302, "", none);
	ck_assert(answer.is_refused);
}
END_TEST

START_TEST(what_passes_is_no_refusal)
{
	static const long passing[] = { 408, 429, 500, 502, 503, 504 };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

		read_with(&answer, passing[i],
			"{\"error\":\"temporarily_unavailable\"}", none);
		ck_assert(!answer.is_refused);
	}
}
END_TEST

START_TEST(a_server_that_repeats_secrets_is_not_quoted)
{
	static const char *const secrets[] = { "", "s3cret", "r-token", NULL };
	CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };

	read_with(&answer, 400,
		"{\"error\":\"invalid_client\",\"error_description\":\"not s3\\u0063ret\"}",
		secrets);
	ck_assert_str_eq(answer.why, "token_url answered 400: invalid_client");
	read_with(&answer, 400, "{\"error\":\"r-token is bad\"}", secrets);
	ck_assert_str_eq(answer.why, "token_url answered 400");
}
END_TEST

START_TEST(a_long_description_is_cut)
{
	CLEANUP(oauth_answer_fini) struct oauth_answer answer = { 0 };
	char body[5000] = "{\"error\":\"x\",\"error_description\":\"";
	size_t n = strlen(body);

	memset(body + n, 'a', 4000);
	memcpy(body + n + 4000, "\"}", 3);
	read_with(&answer, 400, body, none);
	ck_assert_uint_eq(strlen(answer.why), OAUTH_WHY - 1);
}
END_TEST

START_TEST(a_refused_token_is_explained)
{
	char text[200];

	/* {"status":"401","schemes":"bearer"} */
	oauth_refusal_text(text, sizeof(text),
		"334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=");
	ck_assert_str_eq(text,
		"the access token is refused: {\"status\":\"401\",\"schemes\":\"bearer\"}");
	oauth_refusal_text(text, sizeof(text), "334 !!!");
	ck_assert_str_eq(text, "the access token is refused");
	oauth_refusal_text(text, sizeof(text), "334");
	ck_assert_str_eq(text, "the access token is refused");
}
END_TEST

static struct transport_config config = { .title = "relay" };

static void kept_is(const char *configured, const char *token)
{
	char *kept = oauth_store_load(&config, configured);

	if (token)
		ck_assert_pstr_eq(kept, token);
	else
		ck_assert_ptr_null(kept);
	secret_free(kept);
}

START_TEST(the_newest_refresh_token_is_kept)
{
	char path[UNIT_PATH];
	struct stat st;

	text_copy(
		config.state_directory, sizeof(config.state_directory), unit_directory);
	kept_is("first", NULL);
	ck_assert_int_eq(oauth_store_keep(&config, "first", "second"), 0);
	kept_is("first", "second");
	ck_assert_int_eq(oauth_store_keep(&config, "first", "third"), 0);
	kept_is("first", "third");
	/* What an administrator has put into the file since then is newer. */
	kept_is("another", NULL);
	snprintf(path, sizeof(path), "%s/relay.refresh-token", unit_directory);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	/* One that others may read, a damaged one, a draft of a crash. */
	ck_assert_int_eq(chmod(path, 0644), 0);
	kept_is("first", NULL);
	ck_assert_int_eq(chmod(path, 0600), 0);
	kept_is("first", "third");
	ck_assert_int_eq(truncate(path, 70), 0);
	kept_is("first", NULL);
	snprintf(path, sizeof(path), "%s/relay.refresh-token.new", unit_directory);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(oauth_store_keep(&config, "first", "fourth"), 0);
	kept_is("first", "fourth");
	/* Only the one that was refused is deleted, not one that came since. */
	ck_assert_int_eq(oauth_store_drop(&config, "first", "third"), 0);
	kept_is("first", "fourth");
	ck_assert_int_eq(oauth_store_drop(&config, "another", "fourth"), 0);
	kept_is("first", "fourth");
	ck_assert_int_eq(oauth_store_drop(&config, "first", "fourth"), 0);
	kept_is("first", NULL);
	ck_assert_int_eq(oauth_store_drop(&config, "first", "fourth"), 0);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_an_error)
{
	snprintf(config.state_directory, sizeof(config.state_directory), "%s/none",
		unit_directory);
	ck_assert_int_eq(oauth_store_keep(&config, "a", "b"), -ENOENT);
}
END_TEST

UNIT_MAIN("mail_oauth", forms_are_percent_encoded, a_token_is_taken, lives_are_bounded,
	what_is_no_token_is_not_taken, an_error_is_told_clean,
	what_passes_is_no_refusal, a_server_that_repeats_secrets_is_not_quoted,
	a_long_description_is_cut, a_refused_token_is_explained,
	the_newest_refresh_token_is_kept, a_directory_that_is_not_there_is_an_error);
