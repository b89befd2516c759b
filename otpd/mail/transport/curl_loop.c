/* SPDX-License-Identifier: MIT */
/*
 * libcurl says which sockets and which time it waits for; libuv waits, and tells it.
 * Watchers live until libuv has closed them, which is later than libcurl's last word
 * about their socket, so each is a piece of memory of its own.
 */
#include "otpd/mail/transport/curl_loop.h"

#include <stdlib.h>

#include "otpd/util/cleanup.h"

struct curl_loop {
	CURLM *multi;
	uv_loop_t *loop;
	uv_timer_t timer;
	void (*ended)(void *context, CURL *easy, CURLcode code);
	void *context;
};

struct watcher {
	uv_poll_t poll;
	struct curl_loop *curl_loop; /* not owned */
	curl_socket_t socket;
	int events; /* that libcurl waits for */
};

static void on_watcher_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void report_ended(struct curl_loop *curl_loop)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(curl_loop->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_loop->ended(curl_loop->context, easy, code);
	}
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct watcher *watcher = poll->data;
	struct curl_loop *curl_loop = watcher->curl_loop;
	int flags = 0, running;

	/*
	 * An error comes in place of the events. What the peer had said before it can
	 * still be read, and libcurl meets the error by itself; told of it, it would
	 * not read, and an answer would be lost that has arrived.
	 */
	if (status < 0)
		flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(curl_loop->multi, watcher->socket, flags, &running);
	/* libuv has stopped at the error; if libcurl has not, it goes on. */
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
		(void)uv_poll_start(poll, watcher->events, on_socket);
	report_ended(curl_loop);
}

static void on_timer(uv_timer_t *timer)
{
	struct curl_loop *curl_loop = timer->data;
	int running;

	curl_multi_socket_action(curl_loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	report_ended(curl_loop);
}

static struct watcher *watch(struct curl_loop *curl_loop, curl_socket_t socket)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return NULL;
	if (uv_poll_init_socket(curl_loop->loop, &watcher->poll, socket) < 0) {
		free(watcher);
		return NULL;
	}
	watcher->poll.data = watcher;
	watcher->curl_loop = curl_loop;
	watcher->socket = socket;
	curl_multi_assign(curl_loop->multi, socket, watcher);
	return watcher;
}

static int want_socket(
	CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct curl_loop *curl_loop = context;
	struct watcher *watcher = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (!watcher)
			return 0;
		uv_poll_stop(&watcher->poll);
		uv_close((uv_handle_t *)&watcher->poll, on_watcher_closed);
		curl_multi_assign(curl_loop->multi, socket, NULL);
		return 0;
	}
	if (!watcher)
		watcher = watch(curl_loop, socket);
	if (!watcher)
		return -1;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	watcher->events = events;
	return uv_poll_start(&watcher->poll, events, on_socket) < 0 ? -1 : 0;
}

static int want_time(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_loop *curl_loop = context;

	(void)multi;
	if (timeout_ms < 0)
		return uv_timer_stop(&curl_loop->timer);
	return uv_timer_start(&curl_loop->timer, on_timer, (uint64_t)timeout_ms, 0);
}

struct curl_loop *curl_loop_new(uv_loop_t *loop,
	void (*ended)(void *context, CURL *easy, CURLcode code), void *context)
{
	CLEANUP(freep) struct curl_loop *curl_loop = calloc(1, sizeof(*curl_loop));
	struct curl_loop *made;

	if (!curl_loop)
		return NULL;
	curl_loop->multi = curl_multi_init();
	if (!curl_loop->multi)
		return NULL;
	made = TAKE_PTR(curl_loop);
	made->loop = loop;
	made->ended = ended;
	made->context = context;
	(void)uv_timer_init(loop, &made->timer); /* cannot fail */
	made->timer.data = made;
	curl_multi_setopt(made->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(made->multi, CURLMOPT_SOCKETDATA, made);
	curl_multi_setopt(made->multi, CURLMOPT_TIMERFUNCTION, want_time);
	curl_multi_setopt(made->multi, CURLMOPT_TIMERDATA, made);
	return made;
}

void curl_loop_free(struct curl_loop *curl_loop)
{
	if (!curl_loop)
		return;
	curl_multi_cleanup(curl_loop->multi);
	uv_timer_stop(&curl_loop->timer);
	uv_close((uv_handle_t *)&curl_loop->timer, on_timer_closed);
}

CURLMcode curl_loop_add(struct curl_loop *curl_loop, CURL *easy)
{
	return curl_multi_add_handle(curl_loop->multi, easy);
}

void curl_loop_remove(struct curl_loop *curl_loop, CURL *easy)
{
	curl_multi_remove_handle(curl_loop->multi, easy);
}
