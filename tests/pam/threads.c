/* SPDX-License-Identifier: MIT */
/*
 * A host with threads: threads MODULE [N]. 64 threads sign in N times each (by default
 * 20) through libpam, every time as somebody else, with right and wrong passwords and
 * codes, with two boxes and with one, with recovery codes, and enrolling. Each must get
 * exactly what is his: the reference in his prompt, the result, the token, the recovery
 * codes. Built with TSan it shows that the module shares nothing.
 *
 * <syslog.h> is left out on purpose: this program stands in for syslog (-rdynamic).
 */
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/pam/fake_otpd.h"

#define N_THREADS 64

enum kind {
	RIGHT,
	WRONG_PASSWORD,
	SECOND_CODE,
	WRONG_CODES,
	ONE_BOX,
	ONE_BOX_WRONG_CODE,
	RECOVERY,
	ENROLMENT, /* of a user of the system; who it is stands in PAM_RHOST */
	N_KINDS
};

/* One sign-in: the n-th of thread t. All that is his follows from the two numbers. */
struct person {
	unsigned t, n;
	enum kind kind;
	int n_codes; /* that were asked for */
	bool mixed;  /* was shown what is somebody else's */
};

static char dir[64], socket_path[96];
static int n_rounds = 20;

void syslog(int priority, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...);

void syslog(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

static void make_code(char out[7], unsigned t, unsigned n)
{
	snprintf(out, 7, "%06u", (t * 7919 + n * 104729 + 17) % 1000000);
}

/* One of his recovery codes. */
static void make_recovery(char out[25], unsigned t, unsigned n)
{
	snprintf(out, 25, "%04u-%04u-CDFG-HJKM-0000", t % 10000, n % 10000);
}

static void make_reference(char out[4], unsigned t, unsigned n)
{
	snprintf(out, 4, "%c%c%c", 'A' + t % 26, 'A' + n % 26,
		'A' + (t / 26 + n / 26) % 26);
}

static void make_token(char out[64], unsigned t, unsigned n)
{
	snprintf(out, 64, "receipt.%u.%u", t, n);
}

/* ---- otpd, in a process of its own */

static void answer_challenge(
	const char *purpose, unsigned t, unsigned n, char *out, size_t size)
{
	char reference[4];

	make_reference(reference, t, n);
	snprintf(out, size,
		"{\"parameters\":{\"state\":\"challenge\",\"challenge\":"
		"\"%016x%016x\",\"purpose\":\"%s\",\"reference\":\"%s\","
		"\"length\":6,\"alphabet\":\"digits\",\"expires_in\":600,"
		"\"resend_in\":60,\"tries_left\":5,\"delivery\":\"queued\","
		"\"resumed\":true}}",
		t, n, purpose, reference);
}

/* As the module sends it: without hyphens. */
static void squeeze(char *code)
{
	char *to = code;

	for (; *code; code++)
		if (*code != '-')
			*to++ = *code;
	*to = '\0';
}

static bool read_id(const char *call, unsigned *ret_t, unsigned *ret_n)
{
	const char *id = strstr(call, "\"challenge\":\"");

	return id && sscanf(id, "\"challenge\":\"%16x%16x", ret_t, ret_n) == 2;
}

static void answer_codes(const char *call, char *out, size_t size)
{
	unsigned t = 0, n = 0;
	char code[25];

	if (!read_id(call, &t, &n))
		return;
	make_recovery(code, t, n);
	snprintf(out, size,
		"{\"parameters\":{\"codes\":\"%s %s %s %s %s %s %s %s %s %s\"}}", code,
		code, code, code, code, code, code, code, code, code);
}

static void answer_verify(const char *call, char *out, size_t size)
{
	const char *code = strstr(call, "\"code\":\"");
	char wanted[25], token[64];
	unsigned t = 0, n = 0;

	if (!code || !read_id(call, &t, &n))
		return;
	if (strstr(call, ".Recover\""))
		make_recovery(wanted, t, n);
	else
		make_code(wanted, t, n);
	squeeze(wanted);
	make_token(token, t, n);
	if (strncmp(code + strlen("\"code\":\""), wanted, strlen(wanted)) == 0)
		snprintf(out, size,
			"{\"parameters\":{\"state\":\"verified\",\"token\":\"%s\"}}",
			token);
	else
		snprintf(out, size,
			"{\"error\":\"org.emailotp.Error.WrongCode\",\"parameters\":"
			"{\"tries_left\":3,\"resend_in\":0,\"delivery\":\"sent\"}}");
}

static void answer_login(const char *call, char *out, size_t size)
{
	const char *login = strstr(call, "\"login\":\"");
	char right[80];
	unsigned t = 0, n = 0;

	if (!login || sscanf(login, "\"login\":\"p%u.%u@", &t, &n) != 2)
		return;
	snprintf(right, sizeof(right), "\"password\":\"secret of %u.%u\"", t, n);
	if (strstr(call, right))
		answer_challenge("login", t, n, out, size);
	else
		snprintf(out, size, "{\"error\":\"org.emailotp.Error.WrongPassword\"}");
}

static void answer_find(const char *call, char *out, size_t size)
{
	const char *user = strstr(call, "\"user\":\"");
	unsigned t = 0, n = 0;

	if (user && sscanf(user, "\"user\":\"p%u.%u@", &t, &n) == 2)
		/* It has what Find has, and more. */
		answer_challenge("login", t, n, out, size);
}

static void answer_enrol(const char *call, char *out, size_t size)
{
	const char *rhost = strstr(call, "\"rhost\":\"");
	const char *address = strstr(call, "\"address\":\"");
	unsigned t = 0, n = 0, t_address = 0, n_address = 0;

	if (rhost && address && sscanf(rhost, "\"rhost\":\"p%u.%u", &t, &n) == 2 &&
		sscanf(address, "\"address\":\"p%u.%u@", &t_address, &n_address) == 2 &&
		t == t_address && n == n_address)
		answer_challenge("enrol", t, n, out, size);
}

static void answer(const char *call, char *out, size_t size)
{
	snprintf(out, size, "nonsense");
	if (strstr(call, ".Begin\""))
		snprintf(out, size, "{\"parameters\":{\"state\":\"enrol\"}}");
	else if (strstr(call, ".Enrol\""))
		answer_enrol(call, out, size);
	else if (strstr(call, ".RecoveryCodes\""))
		answer_codes(call, out, size);
	else if (strstr(call, ".Verify\"") || strstr(call, ".Recover\""))
		answer_verify(call, out, size);
	else if (strstr(call, ".Login\""))
		answer_login(call, out, size);
	else if (strstr(call, ".Find\""))
		answer_find(call, out, size);
}

/* ---- the host */

static bool has_one_box(const struct person *person)
{
	return person->kind == ONE_BOX || person->kind == ONE_BOX_WRONG_CODE;
}

static void type_password(const struct person *person, char out[80])
{
	char code[8] = "";

	if (has_one_box(person))
		make_code(code, person->t, person->n);
	if (person->kind == ONE_BOX_WRONG_CODE)
		code[5] = code[5] == '9' ? '0' : (char)(code[5] + 1);
	snprintf(out, 80, "%ssecret of %u.%u%s",
		person->kind == WRONG_PASSWORD ? "no " : "", person->t, person->n,
		code);
}

static void type_code(struct person *person, char out[80])
{
	if (person->kind == RECOVERY) {
		make_recovery(out, person->t, person->n);
		return;
	}
	make_code(out, person->t, person->n);
	person->n_codes++;
	if (person->kind == WRONG_CODES ||
		(person->kind == SECOND_CODE && person->n_codes == 1))
		out[0] = out[0] == '9' ? '0' : (char)(out[0] + 1);
}

/* Whether the prompt shows what is his: the reference, or his recovery codes. */
static bool shows_his(const struct person *person, const char *prompt)
{
	char his[40], name[4], code[25];

	make_reference(name, person->t, person->n);
	make_recovery(code, person->t, person->n);
	snprintf(his, sizeof(his), "reference %s", name);
	return strstr(prompt, his) || strstr(prompt, code);
}

static void answer_prompt(struct person *person, const char *prompt, char out[80])
{
	if (strstr(prompt, "Your e-mail address")) {
		snprintf(out, 80, "p%u.%u@example.org", person->t, person->n);
		return;
	}
	person->mixed = person->mixed || !shows_his(person, prompt);
	type_code(person, out);
}

static int converse(int n, const struct pam_message **messages,
	struct pam_response **ret, void *data)
{
	struct person *person = data;
	const struct pam_message *message = messages[0];
	char text[80] = "";

	(void)n;
	*ret = calloc(1, sizeof(**ret));
	if (message->msg_style == PAM_PROMPT_ECHO_OFF) {
		type_password(person, text);
	} else if (message->msg_style == PAM_PROMPT_ECHO_ON) {
		answer_prompt(person, message->msg, text);
	}
	if (*text)
		(*ret)->resp = strdup(text);
	return PAM_SUCCESS;
}

static void no_delay(int status, unsigned usec, void *data)
{
	(void)status;
	(void)usec;
	(void)data;
}

static bool is_right(pam_handle_t *pamh, const struct person *person, int r)
{
	bool wanted = person->kind == RIGHT || person->kind == SECOND_CODE ||
		person->kind == ONE_BOX || person->kind == RECOVERY ||
		person->kind == ENROLMENT;
	const char *token = pam_getenv(pamh, "EMAILOTP_TOKEN");
	char mine[64];

	make_token(mine, person->t, person->n);
	if (person->mixed)
		return false;
	if (wanted)
		return r == PAM_SUCCESS && token && strcmp(token, mine) == 0;
	return r == PAM_AUTH_ERR && !token;
}

static bool sign_in(struct person *person)
{
	const struct pam_conv conv = { converse, person };
	pam_handle_t *pamh = NULL;
	char user[80];
	bool right;
	int r;
	bool enrols = person->kind == ENROLMENT;
	const char *service = enrols  ? "enrolment"
		: has_one_box(person) ? "onebox"
				      : "twoboxes";

	snprintf(user, sizeof(user), "p%u.%u@example.org", person->t, person->n);
	if (pam_start_confdir(service, enrols ? "daemon" : user, &conv, dir, &pamh) !=
		PAM_SUCCESS)
		return false;
	if (enrols)
		pam_set_item(pamh, PAM_RHOST, user);
	pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)(uintptr_t)no_delay);
	r = pam_authenticate(pamh, 0);
	right = is_right(pamh, person, r);
	pam_end(pamh, r);
	return right;
}

static void *sign_in_often(void *data)
{
	unsigned t = (unsigned)(uintptr_t)data;
	intptr_t n_right = 0;

	for (unsigned n = 0; n < (unsigned)n_rounds; n++) {
		struct person person = { .t = t, .n = n, .kind = (t + n) % N_KINDS };

		n_right += sign_in(&person);
	}
	return (void *)n_right;
}

static int count_entries(const char *path)
{
	DIR *entries = opendir(path);
	int n = 0;

	while (readdir(entries))
		n++;
	closedir(entries);
	return n;
}

static void write_stack(const char *service, const char *module, const char *args)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, service);
	f = fopen(path, "w");
	fprintf(f, "auth requisite %s socket=%s timeout=60 token %s\n", module,
		socket_path, args);
	fclose(f);
}

static void remove_all(void)
{
	static const char *const names[] = { "onebox", "twoboxes", "enrolment" };
	char path[200];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static long run_threads(void)
{
	static pthread_t threads[N_THREADS];
	long n_right = 0;

	for (uintptr_t t = 0; t < N_THREADS; t++)
		if (pthread_create(&threads[t], NULL, sign_in_often, (void *)t) != 0)
			abort();
	for (int t = 0; t < N_THREADS; t++) {
		void *ret = NULL;

		pthread_join(threads[t], &ret);
		n_right += (intptr_t)ret;
	}
	return n_right;
}

/* Whether a process is as it was: the dispositions of signals, and open descriptors. */
static bool runs_and_leaves_no_trace(long *ret_right)
{
	struct sigaction before[32], after;
	int fds = count_entries("/proc/self/fd");
	bool same;

	for (int i = 1; i < 32; i++)
		sigaction(i, NULL, &before[i]);
	*ret_right = run_threads();
	same = count_entries("/proc/self/fd") == fds;
	for (int i = 1; i < 32; i++) {
		sigaction(i, NULL, &after);
		same = same && after.sa_handler == before[i].sa_handler;
	}
	return same;
}

int main(int argc, char **argv)
{
	static char module[PATH_MAX];
	struct fake_otpd *fake;
	long n_right, n_all;
	bool same;

	if (argc < 2)
		return 2;
	if (geteuid() != 0) {
		printf("not root: the module believes only root's otpd\n"
		       "0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	if (argc > 2)
		n_rounds = atoi(argv[2]);
	snprintf(dir, sizeof(dir), "/tmp/pam_emailotp.XXXXXX");
	if (!realpath(argv[1], module) || !mkdtemp(dir))
		return 2;
	snprintf(socket_path, sizeof(socket_path), "%s/otpd.sock", dir);
	write_stack("twoboxes", module, "password=account");
	write_stack("onebox", module, "password=account append");
	write_stack("enrolment", module, "");
	fake = fake_start_crowd(socket_path, answer);
	same = runs_and_leaves_no_trace(&n_right);
	fake_stop(fake, socket_path);
	remove_all();
	n_all = (long)N_THREADS * n_rounds;
	if (!same)
		printf("FAILED: a descriptor or the disposition of a signal is left\n");
	printf("%d threads, %ld sign-ins\n%ld passed, %ld failed, 0 skipped\n",
		N_THREADS, n_all, n_right + same, n_all - n_right + !same);
	return n_right != n_all || !same;
}
