/* SPDX-License-Identifier: MIT */
/*
 * What the mails say. No links and no pictures: a mail that asks people to click
 * teaches them to click. The subject and the preheader never hold the code, since
 * lock screens show them; the reference makes each subject unique and tells people
 * which prompt the mail belongs to.
 *
 * The HTML is one column of tables with inline styles, since mail programs know little
 * else; the style block only adds what those that read it can do: dark colours and
 * narrow screens. Colours keep a contrast of 4.5 (WCAG 2.1 1.4.3) in both. The groups
 * of the code are set apart by margins, so that it copies as digits.
 */
#include "otpd/mail/message/catalogue.h"

#define REFERENCE "{{#reference}} ({{reference}}){{/reference}}"

const struct catalogue_entry catalogue[LETTER_KINDS] = {
	[LETTER_LOGIN] = {
		.subject = "Your sign-in code for {{host}}" REFERENCE,
		.preheader = "For {{service}} on {{host}}, asked for at {{clock}}.",
		.heading = "Your sign-in code",
		.intro = "Enter this code where you are signing in to {{host}}.",
		.expiry = "Valid for {{minutes}}, until {{expires}}.",
		.advice = "If you are not signing in right now, somebody else has your "
			  "password or key: change it and tell your administrator. Never "
			  "pass this code on; nobody who may help you needs it.",
	},
	[LETTER_VERIFY] = {
		.subject = "Confirm your e-mail address for {{host}}" REFERENCE,
		.preheader = "For {{user}} on {{host}}, asked for at {{clock}}.",
		.heading = "Confirm your e-mail address",
		.intro = "Enter this code to confirm that sign-in codes for {{user}} on "
			 "{{host}} may be sent to this address.",
		.expiry = "Valid for {{minutes}}, until {{expires}}.",
		.advice = "If you did not ask for this, ignore this mail: without the "
			  "code nothing changes. Never pass this code on; nobody who may "
			  "help you needs it.",
	},
	[LETTER_LOCKED] = {
		.subject = "Sign-in to {{host}} is locked" REFERENCE,
		.preheader = "Too many wrong codes for {{user}} on {{host}}.",
		.heading = "Sign-in is locked",
		.intro = "Too many wrong codes were entered for {{user}} on {{host}}, so "
			 "no further code is accepted for now.",
		.expiry = "The lock ends at {{expires}}.",
		.advice = "If this was you, wait or ask your administrator to unlock your "
			  "sign-in. If it was not, somebody else has your password or "
			  "key: change it and tell your administrator.",
	},
	[LETTER_TEST] = {
		.subject = "Test message from {{host}}" REFERENCE,
		.preheader = "Sign-in codes of {{host}} can reach this address.",
		.heading = "Mail works",
		.intro = "An administrator of {{host}} has asked for this test message. "
			 "It shows that sign-in codes can reach this address.",
		.expiry = "",
		.advice = "There is nothing that you have to do. If you do not know "
			  "{{host}}, ignore this mail.",
	},
};

/* clang-format off */
const char catalogue_text[] =
"{{brand}}\n"
"{{heading}}\n"
"\n"
"Hello{{#greeting}} {{greeting}}{{/greeting}},\n"
"\n"
"{{intro}}\n"
"\n"
"{{#code}}    {{code}}\n"
"\n{{/code}}"
"{{#expiry}}{{expiry}}\n{{/expiry}}"
"{{#prompt}}{{prompt}}\n{{/prompt}}"
"{{#expiry}}\n{{/expiry}}"
"{{#service}}    Service    {{service}}\n{{/service}}"
"{{#user}}    User       {{user}}\n{{/user}}"
"    Host       {{host}}\n"
"{{#rhost}}    From       {{rhost}}\n{{/rhost}}"
"{{#tty}}    Terminal   {{tty}}\n{{/tty}}"
"    Time       {{time}}\n"
"{{#reference}}    Reference  {{reference}}\n{{/reference}}"
"\n"
"{{advice}}\n"
"\n"
"-- \n"
"Sent automatically for {{host}}. Replies are not read.\n";

#define SANS "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto," \
	"Helvetica,Arial,sans-serif"
#define MONO "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas," \
	"'Liberation Mono',monospace"
#define PARAGRAPH(extra, text) \
"<p class=\"ink\" style=\"margin:0 0 16px;color:#1f2430;" extra "\">\n" text "</p>\n"
#define ROW(label, value) \
"<tr>\n" \
"<td class=\"dim\" style=\"padding:5px 16px 5px 0;color:#565e6b;white-space:nowrap;\n" \
"vertical-align:top\">" label "</td>\n" \
"<td class=\"ink\" style=\"padding:5px 0;color:#1f2430;width:100%;\n" \
"word-break:break-word;overflow-wrap:anywhere\">" value "</td>\n" \
"</tr>\n"
/* A list of mails fills its line with what follows: invisible, so that it is not the code. */
#define FILL "&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;\n"
#define FILLS FILL FILL FILL FILL FILL FILL FILL FILL FILL FILL

const char catalogue_html[] =
"<!DOCTYPE html>\n"
"<html lang=\"en\">\n"
"<head>\n"
"<meta charset=\"utf-8\">\n"
"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
"<meta name=\"color-scheme\" content=\"light dark\">\n"
"<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
"<meta name=\"format-detection\" content=\"telephone=no,date=no,address=no\">\n"
"<title>{{heading}}</title>\n"
"<style>\n"
":root { color-scheme: light dark; supported-color-schemes: light dark }\n"
"@media (max-width: 480px) {\n"
"  .page { padding: 0 !important; background: #ffffff !important }\n"
"  .card { border: 0 !important; border-radius: 0 !important;\n"
"    padding: 24px 20px !important }\n"
"}\n"
"@media (prefers-color-scheme: dark) {\n"
"  .page { background: #101317 !important }\n"
"  .card { background: #1a1f26 !important; border-color: #313945 !important }\n"
"  .ink { color: #e9ecf0 !important }\n"
"  .dim { color: #a8b1be !important }\n"
"  .code { background: #232c40 !important; color: #e3eaff !important;\n"
"    border-color: #3d4a68 !important }\n"
"  .rule { border-color: #313945 !important }\n"
"}\n"
"@media (prefers-color-scheme: dark) and (max-width: 480px) {\n"
"  .page { background: #1a1f26 !important }\n"
"}\n"
"</style>\n"
"</head>\n"
"<body class=\"page\" style=\"margin:0;padding:0;background:#f1f3f6\">\n"
"<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;\n"
"color:transparent\">{{preheader}}\n" FILLS "</div>\n"
"<table role=\"presentation\" width=\"100%\" cellspacing=\"0\" cellpadding=\"0\"\n"
"border=\"0\"><tr><td class=\"page\" align=\"center\"\n"
"style=\"padding:32px 12px;background:#f1f3f6\">\n"
"<table role=\"presentation\" width=\"100%\" cellspacing=\"0\" cellpadding=\"0\"\n"
"border=\"0\" style=\"max-width:560px;border-collapse:separate\"><tr>\n"
"<td class=\"card\" align=\"left\" style=\"padding:32px 36px;background:#ffffff;\n"
"border:1px solid #dce0e7;border-radius:10px;font-size:16px;line-height:1.5;\n"
SANS "\">\n"
"<p class=\"dim\" style=\"margin:0 0 4px;color:#565e6b;font-size:14px;\n"
"font-weight:600;overflow-wrap:anywhere\">{{brand}}</p>\n"
"<h1 class=\"ink\" style=\"margin:0 0 20px;color:#1f2430;font-size:24px;\n"
"line-height:1.25;font-weight:700\">{{heading}}</h1>\n"
PARAGRAPH("overflow-wrap:anywhere",
	"Hello{{#greeting}} {{greeting}}{{/greeting}},")
PARAGRAPH("overflow-wrap:anywhere", "{{intro}}")
"{{#code}}<p class=\"code\" style=\"margin:20px 0 12px;padding:18px 8px;\n"
"background:#eef2fb;color:#17224a;border:1px solid #cdd7ee;border-radius:8px;\n"
"text-align:center;font-size:{{code_size}};line-height:1.2;font-weight:700;\n"
"letter-spacing:2px;" MONO ";\nwhite-space:nowrap\">{{code_html}}</p>\n{{/code}}"
"{{#expiry}}<p class=\"dim\" style=\"margin:0 0 4px;color:#565e6b;font-size:14px\">\n"
"{{expiry}}</p>\n{{/expiry}}"
"{{#prompt}}<p class=\"dim\" style=\"margin:0;color:#565e6b;font-size:14px\">\n"
"{{prompt}}</p>\n{{/prompt}}"
"<table class=\"rule\" role=\"presentation\" width=\"100%\" cellspacing=\"0\"\n"
"cellpadding=\"0\" border=\"0\" style=\"margin:24px 0 20px;font-size:15px;\n"
"line-height:1.4;border:solid #dce0e7;border-width:1px 0;padding:10px 0;\n"
"border-collapse:separate\">\n"
"{{#service}}" ROW("Service", "{{service}}") "{{/service}}"
"{{#user}}" ROW("User", "{{user}}") "{{/user}}"
ROW("Host", "{{host}}")
"{{#rhost}}" ROW("From", "{{rhost}}") "{{/rhost}}"
"{{#tty}}" ROW("Terminal", "{{tty}}") "{{/tty}}"
ROW("Time", "{{time}}")
"{{#reference}}" ROW("Reference", "<b>{{reference}}</b>") "{{/reference}}"
"</table>\n"
PARAGRAPH("font-size:15px;overflow-wrap:anywhere", "{{advice}}")
"<p class=\"dim\" style=\"margin:20px 0 0;color:#565e6b;font-size:13px;\n"
"overflow-wrap:anywhere\">Sent automatically for {{host}}. Replies are not read.</p>\n"
"</td></tr></table>\n"
"</td></tr></table>\n"
"</body>\n"
"</html>\n";
/* clang-format on */
