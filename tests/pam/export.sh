#!/bin/sh
# SPDX-License-Identifier: MIT
# export.sh MODULE: the module shows PAM its four functions and nothing else, and needs
# libpam and libc and nothing else.
set -eu

passed=0 failed=0
is() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s:\n  expected %s\n  got %s\n' "$1" "$2" "$3"
	fi
}

words() {
	sort | tr '\n' ' ' | sed 's/ $//'
}

is "what the module exports" "pam_sm_acct_mgmt pam_sm_authenticate pam_sm_chauthtok pam_sm_setcred" \
	"$(nm -D --defined-only "$1" | awk '{ print $3 }' | words)"
is "what the module needs" "libc.so.6 libpam.so.0" \
	"$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | words)"
is "calls that have no place in another's process" "" \
	"$(nm -D --undefined-only "$1" | awk '{ print $2 }' | sed 's/@.*//' |
		grep -Ex '(secure_)?getenv|openlog|closelog|select|signal|pthread_.*|malloc|calloc|realloc|strdup|system|popen|setlocale|printf|exit|abort|dlopen|vfork|usleep|sleep|alarm' |
		words)"
is "what changes the stack's protection" "" \
	"$(readelf -lW "$1" | awk '/GNU_STACK/ && /E/ && $0 ~ /RWE/ { print }')"
version=$(sed -n 's/^#define OTPD_VERSION "\(.*\)"/\1/p' otpd/version.h)
is "the version that the file tells" "pam_emailotp $version" \
	"$(readelf -p .rodata "$1" | sed -n 's/.*\(pam_emailotp [0-9].*\)/\1/p')"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
