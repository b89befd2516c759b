/* SPDX-License-Identifier: MIT */
/*
 * How many mails a second otpd-mail sends, beside nodemailer's pool and Postfix's
 * smtp-source: four connections each, into the same sink, the same number of mails of
 * the same size, in turns. otpd-mail and nodemailer open, render and compose each mail
 * while the clock runs; smtp-source sends the same letter X all the time. otpd-mail
 * gets its mails over its socket, as from otpd, and logs a line for each to a file.
 *
 * The same with TLS into a sink of this benchmark, since smtp-sink has none.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/letters.h"
#include "tests/bench/parts.h"
#include "tests/bench/peers.h"
#include "tests/bench/post.h"
#include "tests/bench/results.h"
#include "tests/bench/samples.h"
#include "tests/bench/say.h"
#include "tests/bench/sender.h"
#include "tests/bench/sink.h"

#define ROUNDS    3
#define WARM_UP   1000 /* mails of each run, not timed: connections, V8's compiler */
#define CAPTURE_S 30
#define NUMBER    4242 /* of the mail that is the sample */

struct bench_mails {
	const struct options *options;
	struct peers peers;
	struct post post;
	struct letters letters;
	struct sender sender;
	struct loop loop;
	struct child sink;
	int port;
	char ca[PLACE_PATH];     /* "": without TLS */
	char sample[PLACE_PATH]; /* one of otpd-mail's mails */
	char words[PLACE_PATH];  /* what stands in it */
	size_t bytes;            /* of the sample */
	size_t n;
	long long n_sent;                             /* to the sink by all */
	struct samples ours, nodemailer, smtp_source; /* mails per second */
	struct samples cpu; /* of otpd-mail for one mail, us */
};

/* The one mail that came last, kept. */
struct capture {
	size_t n;
	size_t size;
	char bytes[SINK_BYTES + 1];
};

static void keep(void *context, const struct sink_mail *mail)
{
	struct capture *capture = context;

	memcpy(capture->bytes, mail->bytes, mail->size + 1);
	capture->size = mail->size;
	capture->n++;
}

static void wait_capture(struct bench_mails *bench, const struct capture *capture)
{
	int64_t until = now_ns() + CAPTURE_S * INT64_C(1000000000);

	while (capture->n == 0 && now_ns() < until)
		loop_turn(&bench->loop, 10000000);
	if (capture->n == 0)
		die("no mail comes into the sink");
}

static void write_words(const char *path, const struct letter_words *words)
{
	place_write(path, 0600,
		"{\"to\":\"%s\",\"name\":\"%s\",\"user\":\"%s\",\"rhost\":\"%s\","
		"\"code\":\"%s\",\"reference\":\"%s\"}\n",
		words->to, words->name, words->user, words->rhost, words->code,
		words->reference);
}

/* One of ours, which is the sample. */
static void capture_ours(
	struct bench_mails *bench, struct sink *sink, struct capture *capture)
{
	struct letter_words words;
	char transport[POST_TRANSPORT];

	place_dir("sample");
	post_smtp(transport, sink->port);
	post_start(&bench->post, bench->options->build, "sample", transport);
	letters_open(&bench->letters, bench->post.socket, 1);
	sender_open(&bench->sender, &bench->loop, bench->post.socket);
	bench->letters.next = NUMBER;
	letters_seal(&bench->letters, 1);
	sender_run(&bench->sender, &bench->letters);
	letters_words(&words, NUMBER);
	if (capture->n != 1 || !strstr(capture->bytes, words.code) ||
		!strstr(capture->bytes, words.reference))
		die("the mail is not the one that was sent");
	place_path(bench->sample, "sample.eml");
	place_write(bench->sample, 0600, "%s", capture->bytes);
	place_path(bench->words, "sample.json");
	write_words(bench->words, &words);
	bench->bytes = capture->size;
	sender_close(&bench->sender);
	letters_close(&bench->letters);
	post_stop(&bench->post);
}

/* One of nodemailer's, which must be as large. */
static void capture_nodemailer(
	struct bench_mails *bench, struct sink *sink, struct capture *capture)
{
	const struct peers_mails mails = {
		.mail = bench->sample, .words = bench->words, .port = sink->port, .n = 1
	};
	struct child child;
	double ratio;

	capture->n = 0;
	peers_nodemailer_start(&bench->peers, &child, &mails);
	wait_capture(bench, capture);
	/* Its end is a QUIT, which wants an answer. */
	while (child_runs(&child))
		loop_turn(&bench->loop, 10000000);
	peers_nodemailer_end(&bench->peers, &child);
	say("mails: the peer is %s", bench->peers.version);
	ratio = (double)capture->size / (double)bench->bytes;
	if (ratio < 0.8 || ratio > 1.25)
		die("nodemailer's mail has %zu bytes, otpd-mail's %zu: they cannot be "
		    "compared",
			capture->size, bench->bytes);
	results_add("mail_bytes", (double)bench->bytes, "bytes");
	results_add("nodemailer_mail_bytes", (double)capture->size, "bytes");
}

static void make_sample(struct bench_mails *bench)
{
	static struct sink sink; /* large, as the next */
	static struct capture capture;

	sink.got = keep;
	sink.context = &capture;
	sink_open(&sink, &bench->loop);
	capture_ours(bench, &sink, &capture);
	capture_nodemailer(bench, &sink, &capture);
	sink_close(&sink);
}

static void run_ours(struct bench_mails *bench)
{
	double cpu, seconds;

	letters_seal(&bench->letters, WARM_UP);
	sender_run(&bench->sender, &bench->letters);
	letters_seal(&bench->letters, bench->n);
	cpu = child_cpu_s(&bench->post.child);
	seconds = sender_run(&bench->sender, &bench->letters);
	cpu = child_cpu_s(&bench->post.child) - cpu;
	samples_add(&bench->cpu, cpu * 1e6 / (double)bench->n);
	bench->n_sent += (long long)(WARM_UP + bench->n);
	samples_add(&bench->ours, (double)bench->n / seconds);
}

static void run_nodemailer(struct bench_mails *bench)
{
	const struct peers_mails mails = {
		.mail = bench->sample,
		.words = bench->words,
		.port = bench->port,
		.ca = bench->ca[0] ? bench->ca : NULL,
		.n = bench->n,
		.warm_up = WARM_UP,
	};
	struct child child;
	double seconds;

	peers_nodemailer_start(&bench->peers, &child, &mails);
	seconds = peers_nodemailer_end(&bench->peers, &child);
	bench->n_sent += (long long)(WARM_UP + bench->n);
	samples_add(&bench->nodemailer, (double)bench->n / seconds);
}

static void run_smtp_source(struct bench_mails *bench)
{
	double seconds = peers_smtp_source(bench->port, bench->n, bench->bytes);

	bench->n_sent += (long long)bench->n;
	samples_add(&bench->smtp_source, (double)bench->n / seconds);
}

/* Rounds against the sink at bench->port. */
static void run_rounds(struct bench_mails *bench, const char *name,
	const char *transport, bool with_source)
{
	post_start(&bench->post, bench->options->build, name, transport);
	letters_open(&bench->letters, bench->post.socket,
		bench->n > WARM_UP ? bench->n : WARM_UP);
	sender_open(&bench->sender, &bench->loop, bench->post.socket);
	bench->n_sent = 0;
	for (int round = 0; round < ROUNDS; round++) {
		run_ours(bench);
		run_nodemailer(bench);
		if (with_source)
			run_smtp_source(bench);
	}
	sender_close(&bench->sender);
	letters_close(&bench->letters);
}

static void forget(struct bench_mails *bench)
{
	samples_fini(&bench->ours);
	samples_fini(&bench->nodemailer);
	samples_fini(&bench->smtp_source);
	samples_fini(&bench->cpu);
}

static void measure_plain(struct bench_mails *bench)
{
	char transport[POST_TRANSPORT];
	double ours, nodemailer, smtp_source;

	place_dir("mails");
	bench->n = (size_t)bench->options->mails;
	bench->ca[0] = '\0';
	peers_smtp_sink_start(&bench->sink, &bench->port);
	post_smtp(transport, bench->port);
	say("mails: %zu of each, %d rounds", bench->n, ROUNDS);
	run_rounds(bench, "mails", transport, true);
	if (peers_smtp_sink_count(&bench->sink) != bench->n_sent)
		die("smtp-sink has got %lld mails, %lld were sent",
			peers_smtp_sink_count(&bench->sink), bench->n_sent);
	ours = samples_median(&bench->ours);
	nodemailer = samples_median(&bench->nodemailer);
	smtp_source = samples_median(&bench->smtp_source);
	results_add("mails_vs_nodemailer", ours / nodemailer, "ratio");
	results_add("mails_vs_smtp_source", ours / smtp_source, "ratio");
	results_add("mails_per_s", ours, "1/s");
	results_add("nodemailer_per_s", nodemailer, "1/s");
	results_add("smtp_source_per_s", smtp_source, "1/s");
	results_add("mail_cpu_us_per_mail", samples_median(&bench->cpu), "us");
	results_add("rss_mail_load_mib", child_memory_mib(&bench->post.child, "VmHWM:"),
		"MiB");
	post_stop(&bench->post);
	child_kill(&bench->sink);
	forget(bench);
}

static void measure_tls(struct bench_mails *bench)
{
	char transport[POST_TRANSPORT];
	double ours, nodemailer;

	place_dir("mails-tls");
	bench->n = (size_t)bench->options->mails / 2;
	sink_start_tls(&bench->sink, "mails-tls", &bench->port);
	place_path(bench->ca, "mails-tls/sink.crt");
	post_smtps(transport, bench->port, "mails-tls");
	say("mails: %zu of each with TLS, %d rounds", bench->n, ROUNDS);
	run_rounds(bench, "mails-tls", transport, false);
	ours = samples_median(&bench->ours);
	nodemailer = samples_median(&bench->nodemailer);
	results_add("mails_vs_nodemailer_tls", ours / nodemailer, "ratio");
	results_add("mails_per_s_tls", ours, "1/s");
	results_add("nodemailer_per_s_tls", nodemailer, "1/s");
	results_add("mail_cpu_us_per_mail_tls", samples_median(&bench->cpu), "us");
	post_stop(&bench->post);
	child_kill(&bench->sink);
	forget(bench);
}

void mails_measure(const struct options *options)
{
	static struct bench_mails bench; /* large; the parts run one after the other */

	bench.options = options;
	peers_find(&bench.peers, options->build);
	loop_open(&bench.loop);
	make_sample(&bench);
	measure_plain(&bench);
	measure_tls(&bench);
	loop_close(&bench.loop);
}
