/* SPDX-License-Identifier: MIT */
/* What of a profile is kept, and what is refused. */
#include "otpd/account/profile.h"

#include <string.h>

#include "tests/unit/unit.h"

static char out[LIMIT_PROFILE + 1];

static const char *reading(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	const char *problem;

	ck_assert_msg(json_is_object(json), "%s", text);
	problem = profile_read(json, out);
	json_decref(json);
	return problem;
}

START_TEST(it_is_kept_compact_and_in_its_order)
{
	ck_assert_ptr_null(profile_read(NULL, out));
	ck_assert_str_eq(out, "{}");
	ck_assert_ptr_null(
		reading("{ \"z\" : [ 1, 2.5, null ] , \"a\": {\"b\":\"x\"}}"));
	ck_assert_str_eq(out, "{\"z\":[1,2.5,null],\"a\":{\"b\":\"x\"}}");
	ck_assert_ptr_null(reading("{\"n\\u00f6\\n\":\"\\\"\\\\\\u0001\"}"));
	ck_assert_str_eq(out, "{\"n\xc3\xb6\\n\":\"\\\"\\\\\\u0001\"}");
}
END_TEST

START_TEST(as_long_as_the_limit_and_no_longer)
{
	char text[LIMIT_PROFILE + 64];
	int fill = LIMIT_PROFILE - (int)strlen("{\"a\":\"\"}");

	snprintf(text, sizeof(text), "{ \"a\": \"%0*d\" }", fill, 0);
	ck_assert_ptr_null(reading(text));
	ck_assert_uint_eq(strlen(out), LIMIT_PROFILE);
	snprintf(text, sizeof(text), "{\"a\":\"%0*d\"}", fill + 1, 0);
	ck_assert_ptr_nonnull(strstr(reading(text), "4096"));
}
END_TEST

START_TEST(as_deep_as_the_limit_and_no_deeper)
{
	ck_assert_ptr_null(reading("{\"a\":[[[{\"b\":[[[]]]}]]]}"));
	ck_assert_ptr_nonnull(reading("{\"a\":[[[{\"b\":[[[[]]]]}]]]}"));
	ck_assert_ptr_nonnull(
		strstr(reading("{\"a\":[[[{\"b\":[[[{}]]]}]]]}"), "deep"));
	/* Brackets that are text, and many beside each other, are no depth. */
	ck_assert_ptr_null(reading("{\"[[[[[[[[[[{\":\"\\\"[[[[[[[[[[[[\\\\\"}"));
	ck_assert_ptr_null(reading("{\"a\":[[],[],[],[],[],[],[],[],[],[],{}]}"));
}
END_TEST

UNIT_MAIN("profile", it_is_kept_compact_and_in_its_order,
	as_long_as_the_limit_and_no_longer, as_deep_as_the_limit_and_no_deeper);
