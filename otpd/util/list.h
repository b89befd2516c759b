/* SPDX-License-Identifier: MIT */
/* An intrusive, doubly linked, circular list. A member says what list it is in. */
#ifndef OTPD_UTIL_LIST_H
#define OTPD_UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev;
	struct list *next;
};

#define LIST_INIT(name)          \
	{                        \
		&(name), &(name) \
	}

#define list_entry(link, type, member) \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

/* The loop's body may remove the element that it stands on, and no other. */
#define list_for_each(it, head)                                                    \
	for (struct list *it = (head)->next, *it##_next_ = it->next; it != (head); \
		it = it##_next_, it##_next_ = it->next)

static inline void list_init(struct list *list)
{
	list->prev = list;
	list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

/* Takes the element out of the list that it is in; harmless if it is in none. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Takes the first element out, or NULL. */
static inline struct list *list_pop(struct list *list)
{
	struct list *first = list->next;

	if (first == list)
		return NULL;
	list_remove(first);
	return first;
}

#endif
