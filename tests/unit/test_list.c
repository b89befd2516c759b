/* SPDX-License-Identifier: MIT */
/* The list, against an array that does the same. */
#include "otpd/util/list.h"

#include "tests/unit/unit.h"

struct item {
	int number;
	struct list link;
};

#define N 32

static size_t walk(struct list *list, int *out)
{
	size_t n = 0;

	list_for_each(it, list)
		out[n++] = list_entry(it, struct item, link)->number;
	return n;
}

START_TEST(an_empty_list_has_nothing)
{
	struct list list = LIST_INIT(list);

	ck_assert(list_is_empty(&list));
	ck_assert_ptr_null(list_pop(&list));
	list_remove(&list);
	ck_assert(list_is_empty(&list));
	list_for_each(it, &list)
		ck_abort_msg("an element of nothing");
}
END_TEST

START_TEST(elements_leave_in_the_order_in_which_they_came)
{
	struct item items[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list list;

	list_init(&list);
	for (int i = 0; i < 3; i++)
		list_append(&list, &items[i].link);
	for (int i = 0; i < 3; i++) {
		struct list *link = list_pop(&list);

		ck_assert_ptr_nonnull(link);
		ck_assert_int_eq(list_entry(link, struct item, link)->number, i + 1);
		/* Alone again, so that a second removal is harmless. */
		list_remove(link);
		ck_assert(list_is_empty(link));
	}
	ck_assert(list_is_empty(&list));
}
END_TEST

START_TEST(the_loop_may_remove_what_it_stands_on)
{
	struct item items[N];
	struct list list;
	int seen = 0, left[N];

	list_init(&list);
	for (int i = 0; i < N; i++) {
		items[i].number = i;
		list_append(&list, &items[i].link);
	}
	list_for_each(it, &list) {
		ck_assert_int_eq(list_entry(it, struct item, link)->number, seen++);
		if (seen % 2)
			list_remove(it);
	}
	ck_assert_int_eq(seen, N);
	ck_assert_uint_eq(walk(&list, left), N / 2);
	for (int i = 0; i < N / 2; i++)
		ck_assert_int_eq(left[i], 2 * i + 1);
}
END_TEST

START_TEST(random_steps_agree_with_an_array)
{
	struct item items[N];
	struct list list;
	int model[N], real[N];
	size_t n = 0;
	uint64_t state = 11;

	list_init(&list);
	for (int i = 0; i < N; i++) {
		items[i].number = i;
		list_init(&items[i].link);
	}
	for (int step = 0; step < 20000; step++) {
		int which = (int)(unit_random(&state) % N);
		size_t at = 0;

		while (at < n && model[at] != which)
			at++;
		if (at == n) {
			list_append(&list, &items[which].link);
			model[n++] = which;
		} else if (at == 0) {
			ck_assert_ptr_eq(list_pop(&list), &items[which].link);
			memmove(model, model + 1, --n * sizeof(int));
		} else {
			list_remove(&items[which].link);
			memmove(model + at, model + at + 1, (--n - at) * sizeof(int));
		}
		ck_assert_uint_eq(walk(&list, real), n);
		ck_assert_mem_eq(model, real, n * sizeof(int));
	}
}
END_TEST

UNIT_MAIN("list", an_empty_list_has_nothing,
	elements_leave_in_the_order_in_which_they_came,
	the_loop_may_remove_what_it_stands_on, random_steps_agree_with_an_array);
