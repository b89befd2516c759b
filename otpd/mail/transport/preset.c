/* SPDX-License-Identifier: MIT */
/*
 * The HTTP mail services that are known by name, one row each. Click and open tracking
 * is off wherever a mail can say so: it would rewrite the mail and load pictures.
 * The Message-ID is ours where the service lets it be, so that delivery reports and
 * repeats are recognised.
 *
 * Where a service takes recipients as text that it parses ("Name <address>"), the name
 * is left out: a person's name comes from strangers, and their parsers are not ours.
 *
 * To add one: its row here, its name in config.h and options.c, its needs in
 * config_http.c, and its request in tests/mail/checks_presets.py.
 */
#include "otpd/mail/transport/preset.h"

/* Mailjet, Send API v3.1. It makes Message-IDs itself and forbids others. */
#define MAILJET_BODY                                                          \
	"{\"Messages\":[{"                                                    \
	"\"From\":{\"Email\":\"{{from}}\",\"Name\":\"{{from_name}}\"},"       \
	"\"To\":[{\"Email\":\"{{to}}\",\"Name\":\"{{to_name}}\"}],"           \
	"{{#reply_to}}\"ReplyTo\":{\"Email\":\"{{reply_to}}\"},{{/reply_to}}" \
	"\"Subject\":\"{{subject}}\","                                        \
	"\"TextPart\":\"{{text}}\","                                          \
	"\"HTMLPart\":\"{{html}}\","                                          \
	"\"TrackOpens\":\"disabled\",\"TrackClicks\":\"disabled\","           \
	"\"CustomID\":\"{{mail}}\","                                          \
	"\"Headers\":{\"Auto-Submitted\":\"auto-generated\"}"                 \
	"}]}"

/* Twilio SendGrid, v3 Mail Send. The plain part has to be the first. */
#define SENDGRID_BODY                                                          \
	"{\"personalizations\":[{\"to\":[{\"email\":\"{{to}}\""                \
	"{{#to_name}},\"name\":\"{{to_name}}\"{{/to_name}}}]}],"               \
	"\"from\":{\"email\":\"{{from}}\",\"name\":\"{{from_name}}\"},"        \
	"{{#reply_to}}\"reply_to\":{\"email\":\"{{reply_to}}\"},{{/reply_to}}" \
	"\"subject\":\"{{subject}}\","                                         \
	"\"content\":[{\"type\":\"text/plain\",\"value\":\"{{text}}\"},"       \
	"{\"type\":\"text/html\",\"value\":\"{{html}}\"}],"                    \
	"\"headers\":{\"Message-ID\":\"{{message_id}}\","                      \
	"\"Auto-Submitted\":\"auto-generated\"},"                              \
	"\"custom_args\":{\"mail\":\"{{mail}}\"},"                             \
	"\"tracking_settings\":{"                                              \
	"\"click_tracking\":{\"enable\":false,\"enable_text\":false},"         \
	"\"open_tracking\":{\"enable\":false},"                                \
	"\"subscription_tracking\":{\"enable\":false}}}"

/* Postmark, /email. X-PM-KeepID keeps it from making a Message-ID itself. */
#define POSTMARK_BODY                                                          \
	"{\"From\":\"{{from_mailbox}}\","                                      \
	"\"To\":\"{{to}}\","                                                   \
	"{{#reply_to}}\"ReplyTo\":\"{{reply_to}}\",{{/reply_to}}"              \
	"\"Subject\":\"{{subject}}\","                                         \
	"\"TextBody\":\"{{text}}\","                                           \
	"\"HtmlBody\":\"{{html}}\","                                           \
	"\"TrackOpens\":false,\"TrackLinks\":\"None\","                        \
	"\"MessageStream\":\"outbound\","                                      \
	"\"Metadata\":{\"mail\":\"{{mail}}\"},"                                \
	"\"Headers\":[{\"Name\":\"Message-ID\",\"Value\":\"{{message_id}}\"}," \
	"{\"Name\":\"X-PM-KeepID\",\"Value\":\"true\"},"                       \
	"{\"Name\":\"Auto-Submitted\",\"Value\":\"auto-generated\"}]}"

/* Mailgun, /v3/DOMAIN/messages. */
#define MAILGUN_BODY                                                       \
	"from={{from_mailbox}}&to={{to}}&subject={{subject}}"              \
	"&text={{text}}&html={{html}}"                                     \
	"{{#reply_to}}&h%3AReply-To={{reply_to}}{{/reply_to}}"             \
	"&h%3AMessage-Id={{message_id}}&h%3AAuto-Submitted=auto-generated" \
	"&v%3Amail={{mail}}"                                               \
	"&o%3Atracking=no&o%3Atracking-clicks=no&o%3Atracking-opens=no"

/* Amazon SES API v2, SendEmail with the mail as it is. */
#define SES_BODY                                          \
	"{\"FromEmailAddress\":\"{{from}}\","             \
	"\"Destination\":{\"ToAddresses\":[\"{{to}}\"]}," \
	"\"Content\":{\"Raw\":{\"Data\":\"{{raw}}\"}}}"

/* An organisation's own endpoint: ours, and described in mail.conf(5). */
#define WEBHOOK_BODY                                                               \
	"{\"mail\":\"{{mail}}\",\"kind\":\"{{kind}}\","                            \
	"\"to\":\"{{to}}\",\"to_name\":\"{{to_name}}\","                           \
	"\"from\":\"{{from}}\",\"from_name\":\"{{from_name}}\","                   \
	"\"subject\":\"{{subject}}\",\"text\":\"{{text}}\",\"html\":\"{{html}}\"," \
	"\"language\":\"{{language}}\",\"tenant\":\"{{tenant}}\","                 \
	"\"user\":\"{{user}}\",\"host\":\"{{host}}\","                             \
	"{{#expires_at}}\"expires_at\":{{expires_at}},{{/expires_at}}"             \
	"\"reference\":\"{{reference}}\"}"

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static const struct preset presets[] = {
	[PRESET_NONE] = {
		.accepted = "2xx",
		.refused = "400 413 422",
	},
	[PRESET_MAILJET] = {
		.url = "https://api.mailjet.com/v3.1/send",
		.content_type = JSON,
		.body = MAILJET_BODY,
		.accepted = "200",
		.refused = "400 413",
		.accepted_field = "Messages.0.Status=success",
		/* mj-0013: the format of an address is invalid. */
		.refused_field = "Messages.0.Errors.0.ErrorCode",
		.refused_words = "mj-0013",
	},
	[PRESET_SENDGRID] = {
		.url = "https://api.sendgrid.com/v3/mail/send",
		.headers = { "Authorization: Bearer {{key}}" },
		.content_type = JSON,
		.body = SENDGRID_BODY,
		.accepted = "202",
		.refused = "400 413",
		/* A 400 names the member that it does not like. */
		.refused_field = "errors.0.field",
		.refused_words = "personalizations.0.to.0.email",
	},
	[PRESET_POSTMARK] = {
		.url = "https://api.postmarkapp.com/email",
		.headers = { "X-Postmark-Server-Token: {{key}}",
			"Accept: application/json" },
		.content_type = JSON,
		.body = POSTMARK_BODY,
		.accepted = "200",
		.refused = "406 413 422",
		.accepted_field = "ErrorCode=0",
		/*
		 * 406: the recipient is inactive, since mails to him bounced. 300, an
		 * invalid request, may speak of the sender as well.
		 */
		.refused_field = "ErrorCode",
		.refused_words = "406",
	},
	[PRESET_MAILGUN] = {
		/* The EU's is https://api.eu.mailgun.net/... */
		.url = "https://api.mailgun.net/v3/{{domain}}/messages",
		.content_type = FORM,
		.body = MAILGUN_BODY,
		.accepted = "200",
		.refused = "400 413",
		.auth = PRESET_AUTH_API,
	},
	[PRESET_SES] = {
		.url = "https://email.{{region}}.amazonaws.com"
		       "/v2/email/outbound-emails",
		.content_type = JSON,
		.body = SES_BODY,
		.accepted = "200",
		.refused = "400 413",
		/*
		 * An account that is paused, in the sandbox, or without a verified
		 * sender is a 400, too: MessageRejected, SendingPausedException and
		 * others.
		 */
		.refused_field = "header",
		.refused_words = "BadRequestException",
		.auth = PRESET_AUTH_SIGV4,
	},
	[PRESET_WEBHOOK] = {
		.headers = { "Authorization: {{#key}}Bearer {{key}}{{/key}}" },
		.content_type = JSON,
		.body = WEBHOOK_BODY,
		.accepted = "2xx",
		.refused = "400 413 422",
	},
};

const struct preset *preset_get(enum transport_preset preset)
{
	return &presets[preset];
}
