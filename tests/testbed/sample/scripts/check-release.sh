#!/bin/sh
# check-release VERSION: whether that release is here, whole.
. "${0%/*}/lib.sh"
need "${1:-}" version
plain "$1"
cd "releases/$1" 2>/dev/null || fail "release $1 is not here"
sha256sum -c SHA256SUMS
