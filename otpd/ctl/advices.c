/* SPDX-License-Identifier: MIT */
/*
 * What to do about which words; see advice.c for how a row is chosen and where the
 * words come from. The order is: certificates and TLS, tokens, single providers, the
 * way to the server, what servers say in words, enhanced codes, reply codes, HTTP. A
 * row that is less certain stands below the one that is more so.
 */
#include "otpd/ctl/advices.h"

#include <stddef.h>

#define APP_PASSWORD                                                                   \
	"Google takes no account password here: turn on 2-Step Verification, make an " \
	"app password at myaccount.google.com/apppasswords, and put it into "          \
	"password_file without blanks"
#define SELF_SIGNED                                                                      \
	"the server's certificate is not trusted: name the authority that signed it in " \
	"ca_file, or update ca-certificates; if nobody you know signed it, this is not " \
	"your server"
#define GREYLISTED                                                                         \
	"nothing is wrong: the recipient's server makes new senders wait, and otpd tries " \
	"again by itself; where logins must not wait, have this sender exempted there"
#define UNKNOWN_USER \
	"the recipient's server knows no such mailbox: check the address for slips"
#define MAILBOX_FULL "the recipient's mailbox is full; its owner must make room"
#define TOO_MANY                                                                      \
	"the server limits how much it takes: wait, set per_minute of the transport " \
	"below the limit, or raise the quota there; a second transport can take over"
#define AUTHENTICATE_DOMAIN                                                                \
	"the recipient checks SPF, DKIM and DMARC of from's domain: let its DNS name the " \
	"relay in SPF, have the relay sign with DKIM, or take a from that belongs to the " \
	"relay's account"
#define LOGIN_NEEDED                                                                     \
	"the server takes no mail without a login: set user and password_file (or auth " \
	"= oauth2), and send through the port for clients, 587 or 465"
#define WRONG_PASSWORD                                                                    \
	"the server does not accept user and password: check user and the first line of " \
	"password_file; many providers want an app password, or auth = oauth2"
#define NO_RELAY                                                                           \
	"this server does not forward mail for you: set user and password_file, use port " \
	"587 or 465, or have this host's address allowed on the relay"
#define REFRESH_TOKEN                                                                     \
	"the refresh token is expired, revoked, or of another client_id: sign in again, " \
	"and put the new token into refresh_token_file"
#define CLIENT_SECRET                                                                    \
	"the token endpoint does not know this application: check client_id, token_url " \
	"(the tenant stands in it), and whether the secret in client_secret_file has "   \
	"expired"
#define NOT_REACHED                                                                        \
	"nothing answers at host and port: check both, and whether a firewall here or at " \
	"your provider blocks the port (25 often is; take 587 or 465)"
#define API_KEY                                                                            \
	"the service does not accept the key: check api_key_file (one line, nothing else " \
	"in it), whether the key may send, and its region"
#define SES_IDENTITY                                                                       \
	"Amazon SES knows no such identity in this region: verify from (or its domain) "   \
	"there; while the account is in the sandbox each recipient must be verified too, " \
	"so ask for production access"
#define FROM_REFUSED                                                                 \
	"the server refuses the sender: set from to an address that belongs to the " \
	"account, in a domain that exists"
#define SENDER_IDENTITY                                                                 \
	"the service does not know from as a sender: verify the address or its domain " \
	"there"
#define SMTP_AUTH_OFF                                                                   \
	"Microsoft 365 has SMTP AUTH turned off for this mailbox or the whole tenant: " \
	"take auth = oauth2, or allow it (Set-CASMailbox MAILBOX "                      \
	"-SmtpClientAuthenticationDisabled $false), also past security defaults"
#define SEND_AS                                                                        \
	"the account may not send as from: set from to the account's own address, or " \
	"give it Send As for that mailbox"

/* clang-format off */
const struct advice advices[] = {
	/* Certificates and TLS: the texts of OpenSSL, GnuTLS and libcurl. */
	{ NULL, "certificate has expired|certificate is expired|certificate expired",
		"the server's certificate has expired: have it renewed; if it is good "
		"elsewhere, check this machine's clock (timedatectl)" },
	{ NULL, "not yet valid",
		"the certificate is of the future: check this machine's clock (timedatectl)" },
	{ NULL, "subject name|does not match target|hostname mismatch|not match the host",
		"the certificate is for another name: set host to the name that the "
		"certificate has, not to an IP address or an alias" },
	{ NULL, "certificate required|bad certificate|handshake failure|unknown ca|"
		"sslv3 alert",
		"the server breaks off TLS: it may want a client certificate "
		"(certificate_file, certificate_key_file), or shares no cipher with us" },
	{ NULL, "client certificate|private key|PEM client|PEM file",
		"the client certificate cannot be used: check certificate_file and "
		"certificate_key_file (PEM, belonging together, readable to otpd-mail)" },
	{ NULL, "CAfile|CA cert|trust anchors|certificate verify locations",
		"the file of trusted certificates cannot be read: check ca_file (PEM, "
		"readable to otpd-mail)" },
	{ NULL, "self-signed|self signed|issuer|certificate problem|certificate verif|"
		"verify failed|peer certificate|not trusted", SELF_SIGNED },
	{ NULL, "STARTTLS first|STARTTLS command first|must issue a STARTTLS",
		"the server wants TLS: set tls = starttls" },
	{ NULL, "wrong version number|packet length|unknown protocol|record layer",
		"what answers does not speak TLS at once: for port 587 set tls = starttls, "
		"for 465 tls = implicit" },
	{ NULL, "protocol version|unsupported protocol|no protocols available",
		"the server speaks only TLS that is too old (1.1 or less): have it updated, "
		"or take another relay" },
	{ NULL, "STARTTLS|SSL level|TLS not available|TLS is not available",
		"the server offers no STARTTLS here, and codes go nowhere in clear: try port "
		"465 with tls = implicit, or have TLS turned on there" },

	/* Tokens: RFC 6749 5.2, and what Microsoft and Google add. */
	{ NULL, "AADSTS50076|AADSTS50079|AADSTS53003|AADSTS65001",
		"Microsoft wants somebody to consent or a second factor: sign in again with "
		"the account and consent, or except it from that rule of conditional access" },
	{ NULL, "AADSTS7000215|AADSTS7000222|AADSTS700016|AADSTS90002|invalid_client",
		CLIENT_SECRET },
	{ NULL, "AADSTS700082|AADSTS70008|AADSTS50173|invalid_grant", REFRESH_TOKEN },
	{ NULL, "unauthorized_client|unsupported_grant_type|AADSTS700",
		"the application may not ask for tokens in this way: allow the grant where "
		"it is registered, or set refresh_token_file" },
	{ NULL, "invalid_scope|AADSTS70011",
		"the token endpoint does not know the scope: check scope (Microsoft: "
		"https://outlook.office365.com/.default, Google: https://mail.google.com/)" },
	{ NULL, "access token is refused|invalid_token|token expired|token is expired",
		"the access token is not accepted: check scope, and that user is the account "
		"that the token was given for" },
	{ NULL, "invalid_request",
		"the token endpoint does not understand the request: check token_url, "
		"client_id and scope" },

	/* Gmail. */
	{ "534|535", "gsmtp|google|application-specific|BadCredentials|InvalidSecondFactor",
		APP_PASSWORD },
	{ "5.7.9", NULL, APP_PASSWORD },
	{ NULL, "application-specific password|app password", APP_PASSWORD },
	{ "5.4.5|4.7.28|5.7.28", NULL, TOO_MANY },

	/* Microsoft 365. */
	{ "5.7.139", NULL, SMTP_AUTH_OFF },
	{ NULL, "SmtpClientAuthentication is disabled|basic authentication is disabled", SMTP_AUTH_OFF },
	{ "5.7.57", NULL,
		"Microsoft 365 got no login: set user and password_file, better auth = "
		"oauth2, with host smtp.office365.com and port 587" },
	{ "5.7.60|5.2.252", NULL, SEND_AS },
	{ NULL, "SendAsDenied|send as this sender", SEND_AS },
	{ "5.7.64", NULL,
		"Microsoft 365 cannot tell whose mail this is: have the connector list this "
		"host's address or certificate, or log in" },
	{ "5.7.515|5.7.509", NULL, AUTHENTICATE_DOMAIN },
	{ "5.7.705|5.7.708|5.1.90", NULL, TOO_MANY },

	/* Amazon SES, by SMTP and by HTTP. */
	{ NULL, "address is not verified|identities failed|MailFromDomainNotVerified",
		SES_IDENTITY },
	{ NULL, "sending paused|SendingPaused|sending is paused|sending has been paused",
		"the provider has paused this account: look for its mail or the console "
		"(bounces and complaints), and have it opened again" },
	{ NULL, "SignatureDoesNotMatch|InvalidClientTokenId|security token|InvalidSignature",
		"Amazon does not accept the signature: check user (the access key id), the "
		"secret in password_file or api_key_file, region, and this machine's clock" },
	{ NULL, "AccessDenied|not authorized to perform",
		"the key is good but may not send: allow ses:SendEmail and ses:SendRawEmail "
		"for it" },

	/* Other HTTP services, and SMS gateways. */
	{ NULL, "verified sender identity|sender identity|sender signature|From address",
		SENDER_IDENTITY },
	{ NULL, "pending approval|test purposes only|sandbox|trial account|unverified number",
		"the account is on trial and sends only to recipients that are listed or "
		"verified there: have it opened, or add the recipient" },
	{ NULL, "insufficient balance|insufficient funds|insufficient credit|no credit",
		"the account has no credit left: top it up" },
	{ NULL, "not a valid phone number|invalid phone|invalid 'To'|invalid number|"
		"not a mobile number",
		"the gateway does not take this number: check it (+, country, number), and "
		"that it can receive text messages" },

	/* The way to the server. */
	{ NULL, "but no answer came",
		"the mail may have arrived all the same: look there first; it is tried "
		"again with the same identifier" },
	{ NULL, "resolve host|resolve proxy|resolving timed out|name or service not known|"
		"name resolution|resolve",
		"the name cannot be found: check host (or url) for slips, and whether DNS "
		"works here (getent hosts NAME)" },
	{ NULL, "connection refused",
		"nobody listens at host and port: check both (587 with tls = starttls, 465 "
		"with tls = implicit), and that the server runs" },
	{ NULL, "network is unreachable|no route to host|host is unreachable",
		"there is no way to the server: check this machine's network (ip route), and "
		"IPv6 if host has such an address" },
	{ NULL, "cannot assign requested address|bind failed|bind to|couldn't bind",
		"source is no address of this machine: correct it or take it out (ip addr)" },
	{ NULL, "permission denied|operation not permitted",
		"this machine forbids it: check the firewall and what otpd-mail's unit allows "
		"(systemctl cat otpd-mail), and the modes of the files that it names" },
	{ NULL, "took too long|operation timed out|operation too slow",
		"the server answers too slowly: try again later, and look at the server; if "
		"nothing came at all, a firewall may swallow the traffic" },
	{ NULL, "timed out|timeout|couldn't connect|could not connect|failed to connect",
		NOT_REACHED },
	{ NULL, "closed the connection|connection broke|answered before it had|connection reset|connection died|"
		"empty reply|server returned nothing|broken pipe|recv failure|send failure|"
		"SSL_ERROR_SYSCALL|unexpected eof",
		"the server hung up: check that port and tls belong together (587 with "
		"starttls, 465 with implicit), then the server's own log" },
	{ NULL, "weird server reply",
		"what answers is no mail server: check host and port" },
	{ NULL, "authentication mechanism|login options|no known auth|no mechanism",
		"the server offers no way to log in that we know (PLAIN, LOGIN, SCRAM): it may "
		"want auth = oauth2, or offers it only with TLS or on port 587" },
	{ NULL, "login denied|access denied: 5|authentication failed|auth failed",
		WRONG_PASSWORD },

	/* What servers say in words, whatever their code. */
	{ NULL, "greylist|graylist|grey-list|gray-list|postgrey", GREYLISTED },
	{ NULL, "relay access denied|relaying denied|unable to relay|relay not permitted|"
		"relaying not|not permitted to relay|relay denied|no relaying", NO_RELAY },
	{ NULL, "spamhaus|blocklist|blacklist|block list|dnsbl|blocked using|reputation",
		"the sending address is on a block list: look it up where the server points "
		"to, or send through a relay of good standing" },
	{ NULL, "SPF|DMARC|DKIM", AUTHENTICATE_DOMAIN },
	{ NULL, "over quota|mailbox full|mailbox is full|quota exceeded for|"
		"exceeded storage|out of storage", MAILBOX_FULL },
	{ "552|452", "quota|full|storage", MAILBOX_FULL },
	{ NULL, "sending limit|sending quota|message quota|sending rate|rate limit|"
		"too many|throttl|quota exceeded|limit exceeded", TOO_MANY },
	{ NULL, "user unknown|unknown user|no such user|no such mailbox|does not exist|"
		"recipient not found|mailbox not found|user not found|no mailbox here|"
		"invalid recipient|unknown recipient|unrouteable address", UNKNOWN_USER },
	{ "5.4.1", "recipient", UNKNOWN_USER },
	{ NULL, "domain not found|domain of sender|sender address rejected|"
		"sender verify|sender denied|not owned by", FROM_REFUSED },
	{ NULL, "fully-qualified|HELO|EHLO",
		"the server does not like this host's name: give the machine a full name "
		"(hostname -f) that DNS knows" },
	{ NULL, "authentication required|client not authenticated|must authenticate|"
		"authenticate first|need to authenticate", LOGIN_NEEDED },
	{ NULL, "spam|content rejected|message content",
		"the server takes the mail for spam: check SPF and DKIM of from's domain, and "
		"have this sender allowed there" },

	/* Enhanced codes (RFC 3463, RFC 4954, RFC 7372, RFC 7505). */
	{ "5.7.26|5.7.20|5.7.21|5.7.22|5.7.23|5.7.24|4.7.26|4.7.23|4.7.24", NULL,
		AUTHENTICATE_DOMAIN },
	{ "5.7.25|4.7.25|5.7.27", NULL,
		"the sending address has no matching reverse DNS, or from's domain takes no "
		"mail: have both set right, or send through a relay" },
	{ "5.1.1|5.1.3|5.1.6", NULL, UNKNOWN_USER },
	{ "5.1.2|5.4.4|4.1.2|4.4.4|5.1.10", NULL,
		"the recipient's domain does not exist or takes no mail: check the address "
		"for slips" },
	{ "5.1.7|5.1.8|4.1.8|4.1.7|5.1.0", NULL, FROM_REFUSED },
	{ "5.2.2|4.2.2", NULL, MAILBOX_FULL },
	{ "5.2.1|4.2.1", NULL,
		"the recipient's mailbox is disabled or gets too much mail: ask its owner" },
	{ "5.2.3|5.3.4", NULL,
		"the mail is too large for the server: make your templates smaller" },
	{ "5.7.8|5.7.3", NULL, WRONG_PASSWORD },
	{ "4.7.0", "auth|login|credential",
		"the server could not check the login just now: wait, then try again; if it "
		"stays, check user and password_file" },
	{ "5.7.11|5.7.10", NULL, "the server wants TLS for the login: set tls = starttls" },
	{ "5.7.14", NULL, APP_PASSWORD },
	{ "4.2.0|4.7.1", NULL, GREYLISTED },
	{ "5.7.1", NULL,
		"the server's policy forbids it: check that from belongs to the account, that "
		"you are logged in (user), and SPF and DKIM of from's domain" },

	/* HTTP. */
	{ "http 429", NULL, TOO_MANY },
	{ "http 401", NULL, API_KEY },
	{ "http 402", NULL, "the account has no credit left or no plan: see its billing" },
	{ "http 403", NULL,
		"the service forbids it: the key may lack the right to send, from may not be "
		"verified there, or this host's address is not on its list" },
	{ "http 404|http 405|http 410", NULL,
		"there is nothing at url: check it letter by letter, also region or domain of "
		"the preset, and method" },
	{ "http 400|http 415|http 422", NULL,
		"the service does not understand or accept the mail: see what it said, check "
		"body_file and content_type, and that from is verified there" },
	{ "http 413", NULL, "the mail is too large for the service: make templates smaller" },
	{ "http 3", NULL, "url points elsewhere, and redirects are not followed: set the "
		"address that it names" },
	{ "http 2", NULL,
		"the service answered, but not with what accepted and accepted_field ask for: "
		"see what it said" },
	{ "http 5|http 408", NULL,
		"the service has trouble of its own; otpd tries again by itself. See its status "
		"page; a second transport can take over" },
	{ "http 4", NULL, "the service does not take the mail: see what it said" },

	/* Reply codes (RFC 5321 4.2.2, RFC 4954 6). */
	{ "535|538", NULL, WRONG_PASSWORD },
	{ "534|432", NULL,
		"the server wants another kind of password or login: often an app password, "
		"or auth = oauth2" },
	{ "530", NULL, LOGIN_NEEDED },
	{ "550|551|553", "sender|mail from", FROM_REFUSED },
	{ "550|551|553|554", NULL,
		"the server refuses sender or recipient: check both addresses, and that from "
		"belongs to the account" },
	{ "552", NULL, "the mailbox is full or the mail too large for the server" },
	{ "450|451|452", NULL,
		"the server cannot take it now, or makes new senders wait (greylisting); otpd "
		"tries again by itself" },
	{ "421|454", NULL,
		"the server is busy or going down; otpd tries again by itself. If it stays so, "
		"look at the server" },
	{ "500|501|502|503|504", NULL,
		"the server does not understand us: check that port is one for mail (587, "
		"465), and see the server's log" },
	{ "4", NULL, "the server cannot take it now; otpd tries again by itself" },
	{ "5", NULL, "the server refuses the mail for good: see what it said" },

	/* Our own. */
	{ NULL, "mails of this minute",
		"per_minute of every transport is used up: otpd tries again by itself; raise "
		"it if this happens often" },
	{ NULL, "no transport of type sms",
		"a telephone number needs a transport of the type sms in mail.conf" },
	{ NULL, "no transport for addresses",
		"mail.conf has only transports for telephone numbers: add one for mail" },
	{ NULL, "cannot be opened|not understood",
		"otpd and otpd-mail do not fit each other: after an upgrade or a new key "
		"restart both (systemctl restart otpd-mail otpd)" },
	{ NULL, "is stopping|already on its way",
		"otpd-mail was busy with it or stopping; otpd tries again by itself" },
	{ NULL, "no memory", "otpd-mail has no memory left: look at its limits (systemctl "
		"status otpd-mail)" },
	{ NULL, "paused",
		"the transport failed before and is left alone for a while: otpctl mail stats "
		"says why" },
	{ NULL, "expired",
		"it could not be sent within its life: see the steps for what took so long" },
	{ NULL, "no space left|disk quota|read-only file",
		"the disk is full or read-only: make room (df -h)" },
	{ NULL, "no such file|not a directory",
		"a file that mail.conf names is not there: check it with otpd-mail --check" },
	{ NULL, NULL,
		"check mail.conf (otpd-mail --check), and look at: journalctl -u otpd-mail" },
};
/* clang-format on */
