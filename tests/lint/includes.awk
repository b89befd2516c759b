# SPDX-License-Identifier: MIT
# Who may include whom. usage: awk -f includes.awk FILES (paths from the top directory).
# A row names what a directory may include: directories, or single headers. A library's
# header belongs to the directories that are listed for it, and no others.

function allow(who, what,    words, n, i)
{
	known[who] = 1
	n = split(what, words, " ")
	for (i = 1; i <= n; i++)
		allowed[who, words[i]] = 1
}

function only(header, who)
{
	owners[header] = " " who " "
}

BEGIN {
	allow("otpd/util", "otpd/util")
	allow("otpd/proto", "otpd/proto otpd/util")
	allow("otpd/varlink", "otpd/varlink otpd/proto otpd/util otpd/version.h")
	allow("otpd/config", "otpd/config otpd/util")
	allow("otpd/core", "otpd/core otpd/util otpd/proto/limits.h otpd/proto/outcome.h")
	allow("otpd/sandbox", "otpd/sandbox otpd/util")
	allow("otpd/store", "otpd/store otpd/core otpd/util otpd/proto")
	allow("otpd/server", "otpd/server otpd/account otpd/store otpd/core otpd/config otpd/varlink" \
		" otpd/sandbox/sandbox.h otpd/proto otpd/util otpd/version.h")
	allow("otpd/account", "otpd/account otpd/server otpd/store otpd/core otpd/varlink" \
		" otpd/proto otpd/util")
	allow("otpd/mail", "otpd/mail otpd/mail/message otpd/mail/transport otpd/varlink" \
		" otpd/sandbox/sandbox.h otpd/config otpd/core/address.h otpd/proto otpd/util" \
		" otpd/version.h")
	allow("otpd/mail/message", "otpd/mail/message otpd/mail/config.h otpd/config" \
		" otpd/core/address.h otpd/proto/limits.h otpd/util")
	allow("otpd/mail/transport", "otpd/mail/transport otpd/mail/message" \
		" otpd/mail/config.h otpd/mail/trace.h otpd/config otpd/core/address.h" \
		" otpd/proto/limits.h otpd/util")
	# What the rest of this host looks like: it knows nothing of otpd.
	allow("otpd/host", "otpd/host otpd/util")
	allow("otpd/ctl", "otpd/ctl otpd/core/address.h otpd/core/event.h otpd/core/language.h otpd/proto" \
		" otpd/util otpd/version.h")
	# The doctor knows the module's options from the module.
	allow("otpd/ctl/doctor", "otpd/ctl/doctor otpd/ctl otpd/host otpd/proto otpd/util" \
		" pam_emailotp/options.h otpd/version.h")
	allow("otpd/ctl/setup", "otpd/ctl/setup otpd/ctl otpd/host otpd/core/address.h" \
		" otpd/proto otpd/util")
	allow("otpd", "otpd/server otpd/store otpd/core otpd/config otpd/varlink otpd/proto" \
		" otpd/sandbox/sandbox.h otpd/util otpd/version.h")
	allow("pam_emailotp", "pam_emailotp otpd/proto/limits.h otpd/proto/outcome.h" \
		" otpd/util/cleanup.h otpd/util/text.h otpd/util/parse.h otpd/version.h")

	only("sqlite3.h", "otpd/store")
	only("curl/", "otpd/mail/transport")
	only("confuse.h", "otpd/config")
	only("uv.h", "otpd/varlink otpd/server otpd/mail otpd/mail/transport otpd")
	# otpd/core: the claims of tokens are JSON, read behind a good signature.
	only("jansson.h", "otpd/util otpd/core otpd/config otpd/proto otpd/varlink otpd/server otpd/account" \
		" otpd/mail otpd/mail/message" \
		" otpd/mail/transport otpd/ctl otpd/ctl/doctor otpd/ctl/setup otpd/store")
	only("sodium.h", "otpd/util otpd/core otpd/server otpd/account otpd/mail otpd/mail/message" \
		" otpd/mail/transport otpd otpd/ctl")
	only("security/", "pam_emailotp")
	only("seccomp.h", "otpd/sandbox")
	only("linux/landlock.h", "otpd/sandbox")
}

FNR == 1 {
	dir = FILENAME
	sub("/[^/]*$", "", dir)
	if (!(dir in known))
		complain("no rule says what " dir " may include")
}

# The comment mark of clang-format or a condition around it does not matter.
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	target = part[2]
	targetdir = target
	sub("/[^/]*$", "", targetdir)
	if (target ~ /^gen\//)
		next
	if (!((dir, target) in allowed) && !((dir, targetdir) in allowed))
		complain(dir " may not include " target)
}

/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, part, "[<>]")
	for (header in owners)
		if (index(part[2], header) == 1 && !index(owners[header], " " dir " "))
			complain(part[2] " belongs to" owners[header] "only")
}

function complain(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	failed = 1
}

END { exit failed }
