/* SPDX-License-Identifier: MIT */
/* Messages in a stream of bytes, however the bytes arrive. */
#include "otpd/proto/frame.h"

#include <errno.h>

#include "otpd/proto/limits.h"
#include "tests/unit/unit.h"

static void feed(struct frame_buffer *buffer, const char *data, size_t size)
{
	char *at;

	ck_assert_uint_ge(frame_buffer_space(buffer, &at), size);
	memcpy(at, data, size);
	frame_buffer_filled(buffer, size);
}

START_TEST(a_message_is_whole_with_its_last_byte_only)
{
	struct frame_buffer buffer;

	ck_assert_int_eq(frame_buffer_init(&buffer, 64), 0);
	ck_assert_int_eq(frame_buffer_peek(&buffer), -EAGAIN);
	for (int i = 0; i < 5; i++) {
		feed(&buffer, &"hello"[i], 1);
		ck_assert_int_eq(frame_buffer_peek(&buffer), -EAGAIN);
	}
	feed(&buffer, "", 1);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 5);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 5);
	ck_assert_str_eq(buffer.data, "hello");
	frame_buffer_drop(&buffer, 5);
	ck_assert_int_eq(frame_buffer_peek(&buffer), -EAGAIN);
	ck_assert_uint_eq(buffer.filled, 0);
	frame_buffer_fini(&buffer);
	ck_assert_ptr_null(buffer.data);
	frame_buffer_fini(&buffer);
}
END_TEST

START_TEST(pipelined_messages_come_out_one_by_one)
{
	static const char three[] = "one\0\0three\0fo";
	struct frame_buffer buffer;

	ck_assert_int_eq(frame_buffer_init(&buffer, 64), 0);
	feed(&buffer, three, sizeof(three) - 1);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 3);
	frame_buffer_drop(&buffer, 3);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 0);
	frame_buffer_drop(&buffer, 0);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 5);
	ck_assert_str_eq(buffer.data, "three");
	frame_buffer_drop(&buffer, 5);
	ck_assert_int_eq(frame_buffer_peek(&buffer), -EAGAIN);
	feed(&buffer, "ur", 3);
	ck_assert_int_eq(frame_buffer_peek(&buffer), 4);
	ck_assert_str_eq(buffer.data, "four");
	frame_buffer_fini(&buffer);
}
END_TEST

START_TEST(a_message_may_fill_the_buffer_and_not_one_byte_more)
{
	struct frame_buffer buffer;
	char *at;

	ck_assert_int_eq(frame_buffer_init(&buffer, LIMIT_FRAME), 0);
	for (int i = 0; i < LIMIT_FRAME - 1; i++)
		feed(&buffer, "x", 1);
	ck_assert_int_eq(frame_buffer_peek(&buffer), -EAGAIN);
	feed(&buffer, "", 1);
	ck_assert_int_eq(frame_buffer_peek(&buffer), LIMIT_FRAME - 1);
	frame_buffer_drop(&buffer, LIMIT_FRAME - 1);
	for (int i = 0; i < LIMIT_FRAME; i++)
		feed(&buffer, "x", 1);
	ck_assert_int_eq(frame_buffer_peek(&buffer), -EMSGSIZE);
	ck_assert_uint_eq(frame_buffer_space(&buffer, &at), 0);
	frame_buffer_fini(&buffer);
}
END_TEST

START_TEST(used_bytes_are_wiped)
{
	struct frame_buffer buffer;

	ck_assert_int_eq(frame_buffer_init(&buffer, 64), 0);
	memset(buffer.data, 0, 64);
	feed(&buffer, "secret\0rest", 12);
	frame_buffer_drop(&buffer, 6);
	ck_assert_str_eq(buffer.data, "rest");
	for (int i = 5; i < 64; i++)
		ck_assert_int_eq(buffer.data[i], 0);
	frame_buffer_fini(&buffer);
}
END_TEST

START_TEST(random_streams_in_random_pieces_come_out_as_they_went_in)
{
	static char stream[1 << 18];
	size_t sent = 0, taken = 0, size = sizeof(stream);
	struct frame_buffer buffer;
	uint64_t state = 5;
	size_t since = 0;

	for (size_t i = 0; i < size; i++) {
		bool end =
			since == 99 || unit_random(&state) % 20 == 0 || i == size - 1;

		stream[i] = end ? '\0' : (char)('a' + unit_random(&state) % 26);
		since = end ? 0 : since + 1;
	}
	ck_assert_int_eq(frame_buffer_init(&buffer, 100), 0);
	while (taken < size) {
		char *at;
		size_t space = frame_buffer_space(&buffer, &at);
		size_t n = 1 + unit_random(&state) % 100;
		int length;

		n = n < space ? n : space;
		n = n < size - sent ? n : size - sent;
		memcpy(at, stream + sent, n);
		frame_buffer_filled(&buffer, n);
		sent += n;
		while ((length = frame_buffer_peek(&buffer)) >= 0) {
			ck_assert_str_eq(buffer.data, stream + taken);
			ck_assert_uint_eq((size_t)length, strlen(stream + taken));
			taken += (size_t)length + 1;
			frame_buffer_drop(&buffer, (size_t)length);
		}
		ck_assert_int_eq(length, -EAGAIN);
	}
	frame_buffer_fini(&buffer);
}
END_TEST

UNIT_MAIN("frame", a_message_is_whole_with_its_last_byte_only,
	pipelined_messages_come_out_one_by_one,
	a_message_may_fill_the_buffer_and_not_one_byte_more, used_bytes_are_wiped,
	random_streams_in_random_pieces_come_out_as_they_went_in);
