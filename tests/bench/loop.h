/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_LOOP_H
#define TESTS_BENCH_LOOP_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor in a loop, embedded in what it belongs to. */
struct source {
	int fd;
	void (*ready)(struct source *source); /* it can be read */
};

/*
 * One epoll for clients and mailer together: whatever the benchmark spends on threads,
 * otpd lacks on two cores.
 */
struct loop {
	int fd;
};

void loop_open(struct loop *loop);
void loop_close(struct loop *loop);
void loop_add(struct loop *loop, struct source *source);

/* Takes the descriptor out and closes it. */
void loop_drop(struct loop *loop, struct source *source);

/* Serves what is ready; waits for it at most so long (below 0: 0). */
void loop_turn(struct loop *loop, int64_t wait_ns);

/* Frames of Varlink as they come in. */
#define INBOX_SIZE 16384
struct inbox {
	char data[INBOX_SIZE];
	size_t filled;
};

/* Reads what is there; 0: the other side is gone. Dies if a frame does not fit. */
size_t inbox_fill(struct inbox *inbox, int fd);

/* The first whole message, a string in data, or NULL; inbox_drop takes it out. */
char *inbox_peek(struct inbox *inbox);
void inbox_drop(struct inbox *inbox);

/* Sends a message with the NUL that ends it. Dies if the socket does not take it whole.
 */
void send_frame(int fd, const char *text);

/*
 * Copies the string member of that name, which must be unique in the text, as it stands
 * in the JSON. No parser: otpd's own output is well formed, and this process shares its
 * cores. Returns its length, 0 if there is none or it does not fit.
 */
size_t frame_string(const char *text, const char *name, char *out, size_t size);

#endif
