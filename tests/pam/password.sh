#!/bin/sh
# SPDX-License-Identifier: MIT
# password.sh TEST_PAM_TABLE MODULE HELPER: runs the rows of password=system with the real
# unix_chkpwd, in a mount namespace whose /etc has users of ours.
set -eu

skip() {
	echo "$1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

[ "$(id -u)" = 0 ] || skip "not root: no private /etc/shadow"
[ -x /usr/sbin/unix_chkpwd ] || skip "there is no /usr/sbin/unix_chkpwd"
unshare -m true 2>/dev/null || skip "this system gives no mount namespace"

table=$(realpath "$1") module=$(realpath "$2") helper=$(realpath "$3")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# All of /etc, since pam_unix replaces /etc/shadow by rename(2).
cp -a /etc "$dir/etc"
n=61000
while read -r name hash; do
	echo "$name:x:$n:$n::/nonexistent:/bin/false" >>"$dir/etc/passwd"
	echo "$name:$hash:19000:0:99999:7:::" >>"$dir/etc/shadow"
	n=$((n + 1))
done <<'EOF'
otpgood $6$otptest$3u6L9de66D244g9n8qYef4KDQFlZcJKN.99n7V7IgDDIAHX6QktCTVXmGuMebEt0aipHhLShaYsZ6PwVeBKxp.
otplong $6$otptest$6Fn0rDVKlxpq5fOu3FdxTkpsKVzxVgmLSW6Zp8N2t5ln9u9VlGjLPXqLsreLWHCUqJsiqLZPv5UA/qyhkqLwG0
otpdigits $6$otptest$HUuh390zSFzN.DOlW4k7cEY0ceWd5F4JQMIwnV6PbI02GNx6hpEmes0J9PVZ.5M0PbyqKTakFR9zEADypoiaI.
otpchange $6$otptest$3u6L9de66D244g9n8qYef4KDQFlZcJKN.99n7V7IgDDIAHX6QktCTVXmGuMebEt0aipHhLShaYsZ6PwVeBKxp.
otpdash $6$otptest$Z/V4xsH3pxN9k.uGqYBup/LRh3NLLAybawBTrbm/srGTUEwAxbWQSKIYQiJFetGRr8YH0V6Q71ubcGjvziMyY1
otplocked !
otpempty
EOF

# The table's own exit code is the result.
# shellcheck disable=SC2016
unshare -m --propagation private sh -c '
	mount --bind "$1/etc" /etc
	shift
	exec "$@"' sh "$dir" "$table" "$module" "$helper" password
