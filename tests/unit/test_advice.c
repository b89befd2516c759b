/* SPDX-License-Identifier: MIT */
/* What servers say and what is advised. Links advice.o and advices.o. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "otpd/ctl/advice.h"
#include "otpd/ctl/advices.h"

#define NOTHING_KNOWN "check mail.conf (otpd-mail --check)"
#define LONGEST       240 /* bytes; three lines of a terminal */

/* Sentences as servers and libraries say them, and a part of the advice. */
static const struct {
	const char *words;
	const char *advice;
} cases[] = {
	/* Gmail */
	{ "534-5.7.9 Application-specific password required. For more information, go to",
		"apppasswords" },
	{ "534 5.7.9 Please log in with your web browser and then try again.",
		"apppasswords" },
	{ "535-5.7.8 Username and Password not accepted. For more information, go to 535 "
	  "5.7.8 https://support.google.com/mail/?p=BadCredentials x1-20020a gsmtp",
		"apppasswords" },
	{ "534 5.7.14 <https://accounts.google.com/signin/continue> Please log in via your "
	  "web browser",
		"apppasswords" },
	{ "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail",
		"per_minute" },
	{ "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail",
		"per_minute" },
	{ "550-5.7.26 This mail has been blocked because the sender is unauthenticated. "
	  "Gmail requires all senders to authenticate with either SPF or DKIM.",
		"DMARC" },
	{ "550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR",
		"reverse DNS" },
	{ "550-5.1.1 The email account that you tried to reach does not exist. Please try",
		"no such mailbox" },
	{ "452-4.2.2 The recipient's inbox is out of storage space.",
		"mailbox is full" },
	{ "550-5.2.1 The email account that you tried to reach is disabled.",
		"disabled" },
	/* Microsoft 365 */
	{ "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
	  "for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
		"SmtpClientAuthenticationDisabled $false" },
	{ "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
		"auth = oauth2" },
	{ "530 5.7.57 Client not authenticated to send mail. [FR0P281CA0001.DEU]",
		"smtp.office365.com" },
	{ "535 5.7.3 Authentication unsuccessful [AM0PR01CA0098]", "password_file" },
	{ "554 5.2.252 SendAsDenied; ada@example.org not allowed to send as x@example.org",
		"Send As" },
	{ "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
		"Send As" },
	{ "550 5.7.64 TenantAttribution; Relay Access Denied", "connector" },
	{ "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
		"no such mailbox" },
	{ "550 5.7.515 Access denied, sending domain example.org does not meet the "
	  "required authentication level.",
		"DMARC" },
	{ "550 5.7.509 Access denied, sending domain example.org does not pass DMARC",
		"DMARC" },
	{ "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this "
	  "IP.",
		"per_minute" },
	/* Amazon SES */
	{ "554 Message rejected: Email address is not verified. The following identities "
	  "failed the check in region EU-WEST-1: ada@example.org",
		"production access" },
	{ "HTTP 400 {\"__type\":\"MessageRejected\",\"message\":\"Email address is not "
	  "verified.\"}",
		"production access" },
	{ "454 Throttling failure: Maximum sending rate exceeded.", "per_minute" },
	{ "454 Throttling failure: Daily message quota exceeded.", "per_minute" },
	{ "554 Transaction failed: Sending paused for this account.", "paused" },
	{ "535 Authentication Credentials Invalid", "password_file" },
	{ "HTTP 403 {\"message\":\"The request signature we calculated does not match: "
	  "SignatureDoesNotMatch\"}",
		"access key" },
	{ "HTTP 403 AccessDenied: User is not authorized to perform ses:SendEmail",
		"ses:SendRawEmail" },
	/* Tokens */
	{ "token: HTTP 400 invalid_grant: Token has been expired or revoked.",
		"refresh_token_file" },
	{ "token: HTTP 401 invalid_client", "client_secret_file" },
	{ "invalid_client AADSTS7000215: Invalid client secret provided.",
		"client_secret_file" },
	{ "invalid_grant: AADSTS50076: Due to a configuration change made by your "
	  "administrator, you must use multi-factor authentication",
		"consent" },
	{ "invalid_grant AADSTS700082: The refresh token has expired due to inactivity.",
		"refresh_token_file" },
	{ "invalid_scope", "check scope" },
	{ "unauthorized_client", "grant" },
	{ "HTTP 401 invalid_token", "the token was given for" },
	{ "invalid_request: missing client_id", "token_url" },
	/* libcurl and TLS */
	{ "SSL certificate problem: self-signed certificate", "ca_file" },
	{ "SSL certificate problem: unable to get local issuer certificate",
		"ca_file" },
	{ "SSL peer certificate or SSH remote key was not OK", "ca_file" },
	{ "SSL certificate problem: certificate has expired", "expired" },
	{ "SSL certificate problem: certificate is not yet valid", "clock" },
	{ "SSL: no alternative certificate subject name matches target host name 'mx'",
		"another name" },
	{ "SSL: certificate subject name 'a' does not match target hostname 'b'",
		"another name" },
	{ "STARTTLS not supported.", "tls = implicit" },
	{ "STARTTLS denied, code 454", "tls = implicit" },
	{ "Requested SSL level failed", "tls = implicit" },
	{ "530 5.7.0 Must issue a STARTTLS command first", "tls = starttls" },
	{ "error:0A00010B:SSL routines::wrong version number", "tls = starttls" },
	{ "error:0A000102:SSL routines::unsupported protocol", "too old" },
	{ "error:0A00045C:SSL routines::tlsv13 alert certificate required",
		"certificate_key_file" },
	{ "could not load PEM client certificate, OpenSSL error", "certificate_file" },
	{ "error setting certificate verify locations:  CAfile: /etc/x", "ca_file" },
	{ "Could not resolve host: nowhere.invalid", "DNS" },
	{ "Resolving timed out after 5000 milliseconds", "DNS" },
	{ "Failed to connect to 127.0.0.1 port 587 after 0 ms: Connection refused",
		"nobody listens" },
	{ "Failed to connect to mx port 465 after 12 ms: Couldn't connect to server",
		"firewall" },
	{ "Connection timed out after 15001 milliseconds", "firewall" },
	{ "Timeout was reached", "firewall" },
	{ "connect to 2001:db8::1 port 587 from :: failed: Network is unreachable",
		"ip route" },
	{ "No route to host", "ip route" },
	{ "bind failed with errno 99: Cannot assign requested address", "source" },
	{ "Login denied", "password_file" },
	{ "Access denied: 535", "password_file" },
	{ "the server took too long", "too slowly" },
	{ "the server closed the connection", "hung up" },
	{ "Recv failure: Connection reset by peer", "hung up" },
	{ "Weird server reply", "no mail server" },
	{ "No known authentication mechanisms supported!", "no way to log in" },
	/* Postfix, Exim and the rest */
	{ "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", "password_file" },
	{ "530 5.7.0 Authentication required", "587 or 465" },
	{ "538 5.7.11 Encryption required for requested authentication mechanism",
		"no way to log in" },
	{ "554 5.7.1 <a***@example.com>: Relay access denied", "does not forward" },
	{ "550 5.7.1 Unable to relay", "does not forward" },
	{ "550 relay not permitted", "does not forward" },
	{ "450 4.2.0 <a***@example.org>: Recipient address rejected: Greylisted, see "
	  "http://postgrey.schweikert.ch/help/example.org.html",
		"makes new senders wait" },
	{ "451 4.7.1 Please try again later", "makes new senders wait" },
	{ "550 5.1.1 <a***@example.org>: Recipient address rejected: User unknown in local "
	  "recipient table",
		"no such mailbox" },
	{ "550 5.1.1 x", "no such mailbox" },
	{ "550 No such user here", "no such mailbox" },
	{ "550-5.1.2 bad destination system", "domain does not exist" },
	{ "552 5.2.2 <a***@example.org>: Over quota", "mailbox is full" },
	{ "452 4.2.2 Mailbox full", "mailbox is full" },
	{ "553 5.7.1 <x@example.org>: Sender address rejected: not owned by user ada",
		"set from" },
	{ "450 4.1.8 <x@y.z>: Sender address rejected: Domain not found", "set from" },
	{ "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname",
		"hostname -f" },
	{ "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
	  "zen.spamhaus.org",
		"block list" },
	{ "550 5.7.23 The message was rejected because of SPF policy", "SPF" },
	{ "550 5.7.1 rejected by DMARC policy for example.org", "DMARC" },
	{ "550 5.7.1 Message rejected", "policy forbids" },
	{ "552 5.3.4 Message size exceeds fixed limit", "too large" },
	{ "454 4.7.0 Temporary authentication failure", "login" },
	{ "421 4.3.2 Service shutting down", "busy" },
	{ "451 4.3.0 local error", "tries again by itself" },
	{ "554 transaction failed", "refuses sender or recipient" },
	{ "502 5.5.1 Command not implemented", "does not understand us" },
	{ "471 odd", "tries again by itself" },
	{ "599 odd", "for good" },
	/* HTTP */
	{ "HTTP 401 {\"Message\":\"\"}", "api_key_file" },
	{ "HTTP/1.1 401 Unauthorized", "api_key_file" },
	{ "HTTP 402", "billing" },
	{ "HTTP 403 Forbidden", "right to send" },
	{ "HTTP 403 The from address does not match a verified Sender Identity.",
		"verify the address" },
	{ "HTTP 422 {\"ErrorCode\":412,\"Message\":\"While your account is pending "
	  "approval, all recipient addresses must share the same domain\"}",
		"trial" },
	{ "HTTP 404 page not found", "url" },
	{ "HTTP 429 Retry-After: 30", "per_minute" },
	{ "HTTP 500", "trouble of its own" },
	{ "HTTP 503 Service Unavailable", "trouble of its own" },
	{ "HTTP 301", "redirects" },
	{ "HTTP 200 {\"status\":\"error\"}", "accepted_field" },
	{ "HTTP 422", "body_file" },
	{ "HTTP 413", "too large" },
	{ "HTTP 418", "what it said" },
	{ "The requested URL returned error: 401", "api_key_file" },
	{ "HTTP 400 The 'To' number +4917 is not a valid phone number.",
		"this number" },
	{ "HTTP 400 insufficient balance", "top it up" },
	{ "HTTP 403 request not authorized: permission denied", "forbids it" },
	{ "530 5.5.1 Authentication required", "587 or 465" },
	{ "550 5.7.0 This message contains spam", "for spam" },
	{ "5.7.10 Encryption needed", "tls = starttls" },
	{ "534 other", "another kind of password" },
	{ "552 too much", "too large" },
	/* As otpd-mail's HTTP transports say it, and its token endpoint */
	{ "401 Unauthorized: {\"ErrorCode\":10}", "api_key_file" },
	{ "401: {\"error\":1}", "api_key_file" },
	{ "404 Not Found", "url" },
	{ "429 Too Many Requests: slow down", "per_minute" },
	{ "503: ", "trouble of its own" },
	{ "503 Service Unavailable: <html>", "trouble of its own" },
	{ "200 OK: {\"status\":\"error\"}", "accepted_field" },
	{ "302 Found", "redirects" },
	{ "the service answers 403", "right to send" },
	{ "token_url answered 400: invalid_grant: Bad Request", "refresh_token_file" },
	{ "token_url answered 500", "trouble of its own" },
	{ "the server said 550 5.1.1 to RCPT", "no such mailbox" },
	{ "the access token is refused", "the token was given for" },
	/* Our own, and nothing at all */
	{ "sent, but no answer came: Operation timed out", "may have arrived" },
	{ "the server answered before it had the mail", "hung up" },
	{ "every transport has had its mails of this minute", "raise" },
	{ "no transport of type sms", "type sms" },
	{ "no transport for addresses", "add one for mail" },
	{ "it cannot be opened", "restart both" },
	{ "otpd-mail is stopping", "tries again by itself" },
	{ "no memory", "limits" },
	{ "all transports are paused", "otpctl mail stats" },
	{ "expired", "within its life" },
	{ "open: No such file or directory", "mail.conf names" },
	{ "No space left on device", "df -h" },
	{ "what?", NOTHING_KNOWN },
	{ "", NOTHING_KNOWN },
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

START_TEST(what_servers_say_leads_to_what_helps)
{
	const char *advice = advice_for(cases[_i].words);

	ck_assert_msg(strstr(advice, cases[_i].advice), "\"%s\" leads to \"%s\"",
		cases[_i].words, advice);
}
END_TEST

/* A row that nothing reaches is a mistake, and so is one that nobody has tried. */
START_TEST(every_row_is_reached)
{
	for (const struct advice *row = advices;; row++) {
		bool reached = false;

		for (size_t i = 0; i < N_CASES && !reached; i++)
			reached = advice_for(cases[i].words) == row->advice;
		ck_assert_msg(reached, "no case reaches \"%s\"", row->advice);
		if (!row->codes && !row->words)
			break;
	}
}
END_TEST

START_TEST(advice_is_short_and_begins_and_ends_as_a_clause)
{
	for (const struct advice *row = advices; row->codes || row->words; row++) {
		size_t n = strlen(row->advice);

		ck_assert_msg(n <= LONGEST, "%zu bytes: %s", n, row->advice);
		ck_assert_int_ne(row->advice[n - 1], '.');
		ck_assert_int_ne(row->advice[n - 1], ' ');
		ck_assert_ptr_null(strstr(row->advice, "  "));
	}
}
END_TEST

static void expect(
	const char *words, const char *reply, const char *enhanced, const char *http)
{
	struct advice_codes codes;

	advice_read(&codes, words);
	ck_assert_str_eq(codes.reply, reply);
	ck_assert_str_eq(codes.enhanced, enhanced);
	ck_assert_str_eq(codes.http, http);
}

START_TEST(codes_are_found_where_they_stand_and_nowhere_else)
{
	expect("550 5.1.1 x", "550", "5.1.1", "");
	expect("550-5.1.1 x", "550", "5.1.1", "");
	expect("relay: 550 x", "550", "", "");
	expect("550", "550", "", "");
	expect("421 busy", "421", "", "");
	expect("503 bad sequence", "503", "", "");
	expect("503 Service unavailable", "", "", "503");
	expect("550: x", "", "", "550");
	expect("422 Unprocessable: 550 5.1.1 x", "", "5.1.1", "422");
	expect("202 Accepted", "", "", "202");
	expect("4507 x", "", "", "");
	expect("x550 y", "", "", "");
	expect("550x y", "", "", "");
	expect("[5.7.1.2] 5.7.1.2 x", "", "", "");
	expect("192.5.7.1 x", "", "", "");
	expect("5.7.26.", "", "5.7.26", "");
	expect("5.7 x 5.7. x 5..1 x 5.7.1234", "", "", "");
	expect("5.123.456", "", "5.123.456", "");
	expect("connect to x port 587 failed after 512 ms", "", "", "");
	expect("HTTP 401 535 x", "", "", "401");
	expect("HTTP/2 503", "", "", "503");
	expect("http status code: 404", "", "", "404");
	expect("550 5.7.1 https://x/401 http://y/ 5", "550", "5.7.1", "");
	expect("HTTP", "", "", "");
	expect("HTTP/", "", "", "");
	expect("HTTP 4", "", "", "");
	expect("", "", "", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("advice");
	TCase *tcase = tcase_create("advice");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
		tcase, what_servers_say_leads_to_what_helps, 0, (int)N_CASES);
	tcase_add_test(tcase, every_row_is_reached);
	tcase_add_test(tcase, advice_is_short_and_begins_and_ends_as_a_clause);
	tcase_add_test(tcase, codes_are_found_where_they_stand_and_nowhere_else);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
