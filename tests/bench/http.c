/* SPDX-License-Identifier: MIT */
/*
 * As much of HTTP/1.1 as Express needs to be asked: POST with a JSON body, and answers
 * with a Content-Length, one at a time.
 */
#include "tests/bench/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/say.h"

void http_post(char *out, size_t size, const char *path, const char *json)
{
	int n = snprintf(out, size,
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		path, strlen(json), json);

	if (n < 0 || (size_t)n >= size)
		die("a request to %s is too long", path);
}

char *http_peek(struct inbox *inbox)
{
	static const char key[] = "\r\ncontent-length: ";
	const char *length;
	size_t head;
	char *end;

	if (inbox->filled == INBOX_SIZE)
		die("an answer has more than %d bytes", INBOX_SIZE - 1);
	inbox->data[inbox->filled] = '\0';
	end = strstr(inbox->data, "\r\n\r\n");
	if (!end)
		return NULL;
	length = strcasestr(inbox->data, key);
	if (strncmp(inbox->data, "HTTP/1.1 200 ", 13) != 0 || !length || length > end)
		die("Express has answered: %s", inbox->data);
	head = (size_t)(end + 4 - inbox->data);
	if (inbox->filled < head + strtoul(length + sizeof(key) - 1, NULL, 10))
		return NULL;
	return end + 4;
}

/* One request, one answer: there is nothing behind it. */
void http_drop(struct inbox *inbox)
{
	inbox->filled = 0;
}
