/* SPDX-License-Identifier: MIT */
/*
 * How long a code takes from Begin until a mail server has accepted its mail: the call,
 * the commit, the seal, otpd-mail, SMTP, the 250. The times are those of the plan, so a
 * Begin that starts late counts as late.
 */
#include <string.h>

#include "tests/bench/chain.h"
#include "tests/bench/fill.h"
#include "tests/bench/parts.h"
#include "tests/bench/results.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"
#include "tests/bench/sink.h"

#define PER_S   50
#define FOR_S   10
#define WARM_UP PER_S /* Begins, not measured: SMTP connects */
#define LAST_S  30
#define TOTAL   (WARM_UP + PER_S * FOR_S)

/* The Begins by the number of their user, which is their turn. */
struct arrival {
	struct chain chain;
	struct sink sink;
	struct loop loop;
	int64_t since_ns[TOTAL];
	int64_t accepted_ns[TOTAL]; /* 0: not yet */
	char in_mail[TOTAL][8];     /* the references, as the mails have them ... */
	char in_answer[TOTAL][8];   /* ... and as the answers have them */
	struct samples answered;    /* us from the plan to the answer */
	int n_accepted;
};

static void on_begun(void *context, int64_t user, const char *reference, int64_t ns)
{
	struct arrival *arrival = context;

	if (strlen(reference) != 3)
		die("a reference is %s", reference);
	memcpy(arrival->in_answer[user], reference, 4);
	if (user >= WARM_UP)
		samples_add(&arrival->answered, (double)ns / 1e3);
}

/* The reference stands in brackets in the subject; NULL if not. */
static const char *find_reference(const struct sink_mail *mail)
{
	const char *subject = strstr(mail->bytes, "\r\nSubject: ");
	const char *open = subject ? strchr(subject, '(') : NULL;

	return open && strcspn(open + 1, ")") == 3 ? open + 1 : NULL;
}

static void on_mail(void *context, const struct sink_mail *mail)
{
	struct arrival *arrival = context;
	int64_t now = now_ns(), user = fill_number(mail->to);
	const char *reference = find_reference(mail);

	if (user < 0 || user >= TOTAL || arrival->since_ns[user] == 0)
		die("a mail to %s, who did not begin", mail->to);
	if (arrival->accepted_ns[user])
		die("a second mail to %s", mail->to);
	if (!reference)
		die("the subject of a mail has no reference: %s", mail->bytes);
	memcpy(arrival->in_mail[user], reference, 3);
	arrival->accepted_ns[user] = now;
	arrival->n_accepted++;
}

static void run(struct arrival *arrival)
{
	int64_t step = 1000000000 / PER_S, next = now_ns();
	int64_t until = next + TOTAL * step + LAST_S * INT64_C(1000000000);
	int started = 0;

	while (arrival->n_accepted < TOTAL || arrival->chain.n_busy > 0) {
		int64_t now = now_ns();

		if (now > until)
			die("%d of %d mails have not come", TOTAL - arrival->n_accepted,
				TOTAL);
		if (started == TOTAL || now < next) {
			loop_turn(&arrival->loop,
				started == TOTAL ? 10000000 : next - now);
			continue;
		}
		arrival->since_ns[started] = next;
		if (chain_begin(&arrival->chain, next) < 0) {
			loop_turn(&arrival->loop, 1000000);
			continue;
		}
		started++;
		next += step;
	}
}

static void report(struct arrival *arrival)
{
	struct samples samples = { 0 };

	for (int i = 0; i < TOTAL; i++) {
		if (strcmp(arrival->in_mail[i], arrival->in_answer[i]) != 0)
			die("a mail is for %s, its prompt is for %s",
				arrival->in_mail[i], arrival->in_answer[i]);
		if (i >= WARM_UP)
			samples_add(&samples,
				(double)(arrival->accepted_ns[i] -
					arrival->since_ns[i]) /
					1e3);
	}
	results_add("begin_to_sink_p50_ms", samples_median(&samples) / 1e3, "ms");
	results_add(
		"begin_to_sink_p99_ms", samples_quantile(&samples, 0.99) / 1e3, "ms");
	results_add("begin_to_answer_p50_ms", samples_median(&arrival->answered) / 1e3,
		"ms");
	samples_fini(&samples);
}

void arrival_measure(const struct options *options)
{
	static struct arrival arrival; /* large; the parts run one after the other */

	loop_open(&arrival.loop);
	arrival.sink.got = on_mail;
	arrival.sink.context = &arrival;
	sink_open(&arrival.sink, &arrival.loop);
	arrival.chain.begun = on_begun;
	arrival.chain.context = &arrival;
	chain_start(&arrival.chain, &arrival.loop, options->build, "arrival",
		arrival.sink.port);
	say("arrival: %d Begins a second for %d s", PER_S, FOR_S);
	run(&arrival);
	report(&arrival);
	chain_stop(&arrival.chain);
	sink_close(&arrival.sink);
	loop_close(&arrival.loop);
	samples_fini(&arrival.answered);
}
