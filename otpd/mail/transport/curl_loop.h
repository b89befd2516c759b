/* SPDX-License-Identifier: MIT */
#ifndef OTPD_MAIL_TRANSPORT_CURL_LOOP_H
#define OTPD_MAIL_TRANSPORT_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

/* libcurl's transfers on libuv's loop. */
struct curl_loop;

/*
 * ended is called when a transfer is over, outside of libcurl; its handle is still in
 * the loop. It may add and remove handles. Returns NULL if there is no memory.
 */
struct curl_loop *curl_loop_new(uv_loop_t *loop,
	void (*ended)(void *context, CURL *easy, CURLcode code), void *context);

/* No handle may be left in it. */
void curl_loop_free(struct curl_loop *curl_loop);

CURLMcode curl_loop_add(struct curl_loop *curl_loop, CURL *easy);
void curl_loop_remove(struct curl_loop *curl_loop, CURL *easy);

#endif
